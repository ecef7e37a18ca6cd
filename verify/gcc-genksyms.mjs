/** What a build does for symbol versions, unit by unit: `gcc -E -D__GENKSYMS__ | genksyms` in a configured tree with its scripts built. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBuild } from '../dist/disk/references/build-world.js';
import { configFacts, versionOfMakefile } from '../dist/kernel/config-facts.js';
import { exportingMacros } from '../dist/kernel/exporting-macros.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { exportingUnits } from '../dist/kernel/unit-versions.js';

/** The C units below `prefix` that may export something; says so and ends the process where the tree is not prepared. */
export function configuredTree(dir, prefix) {
  const genksyms = join(dir, 'scripts/genksyms/genksyms');
  if (!existsSync(join(dir, '.config')) || !existsSync(genksyms)) {
    console.log('skipped: name a configured kernel tree with its scripts built');
    process.exit(0);
  }
  const config = readFileSync(join(dir, '.config'), 'latin1');
  const { arch, values } = configFacts(config);
  const version = versionOfMakefile(readFileSync(join(dir, 'Makefile'), 'latin1'));
  const world = openBuild({ tree: dir, builds: [], config, arch, version });
  const units = exportingUnits(world.tree, unitsOf(world.tree, values, arch).units, exportingMacros(world.tree)).filter(
    ({ language, source }) => language === 'c' && source.startsWith(prefix),
  );
  return { genksyms, world, units };
}

/** As a word of the shell. */
export const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

/** The shell command that preprocesses a unit as kbuild does for genksyms, run in the tree. */
export function preprocessing({ flags, basename, modname, modfile, source }) {
  const isMeant = (one) => /^-(m|f|O|std|D|U)/.test(one) && !/^-f(plugin|min-func|conserve|zero-call|stri)/.test(one);
  const inC = (name) => name.replace(/[-,]/g, '_');
  const options = [
    ...flags.options.filter(isMeant),
    ...flags.defines.map(([name, value]) => (value === null ? `-U${name}` : `-D${name}=${value}`)),
    ...flags.includes.flatMap((one) => ['-I', one]),
    ...flags.preincludes.flatMap((one) => ['-include', one]),
    ...[`-DKBUILD_MODFILE="${modfile}"`, `-DKBUILD_BASENAME="${inC(basename)}"`],
    ...[`-DKBUILD_MODNAME="${inC(modname)}"`, `-D__KBUILD_MODNAME=kmod_${inC(modname)}`, '-D__GENKSYMS__'],
  ];
  return `gcc -E ${[...options, source].map(quoted).join(' ')}`;
}
