/**
 * What do the symbol versions of a kernel cost beside `gcc -E -D__GENKSYMS__ | genksyms`? Processor seconds of both over the same
 * units, one process each, in one run; wall time would measure the machine's other work.
 *
 *   npm run bench:versions -- TREE [STEP [PREFIX]]
 *
 * TREE is kernel source that is configured and prepared (make modules_prepare, which builds scripts/genksyms too). Every STEP-th unit
 * that may export something is taken (default 40), of those below PREFIX.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBuild } from '../dist/disk/build-world.js';
import { configFacts, versionOfMakefile } from '../dist/kernel/config-facts.js';
import { unitsOf } from '../dist/kernel/kbuild.js';
import { exportingUnits, unitVersions } from '../dist/kernel/unit-versions.js';

const [dir = 'absent', step = '40', prefix = ''] = process.argv.slice(2);
const genksyms = join(dir, 'scripts/genksyms/genksyms');
if (!existsSync(join(dir, '.config')) || !existsSync(genksyms)) {
  console.log('skipped: name a configured kernel tree with its scripts built');
  process.exit(0);
}
const config = readFileSync(join(dir, '.config'), 'latin1');
const { arch, values } = configFacts(config);
const version = versionOfMakefile(readFileSync(join(dir, 'Makefile'), 'latin1'));
const world = openBuild({ tree: dir, builds: [], config, arch, version });
const units = exportingUnits(world.tree, unitsOf(world.tree, values, arch).units).filter(
  ({ language, source }, i) => language === 'c' && i % Number(step) === 0 && source.startsWith(prefix),
);

/** User and system seconds of the programs, from the shell's own account. */
function shellSeconds(lines) {
  const script = [...lines, 'times'].join('\n');
  const { stdout } = spawnSync('bash', [], { cwd: dir, input: script, encoding: 'utf8', maxBuffer: 1 << 30 });
  const children = stdout.trim().split('\n').at(-1);
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function preprocessing({ flags, basename, modname, modfile, source }) {
  const options = [
    ...flags.options.filter(
      (one) => /^-(m|f|O|std|D|U)/.test(one) && !/^-f(plugin|min-func|conserve|zero-call|stri)/.test(one),
    ),
    ...flags.defines.map(([name, value]) => (value === null ? `-U${name}` : `-D${name}=${value}`)),
    ...flags.includes.flatMap((one) => ['-I', one]),
    ...flags.preincludes.flatMap((one) => ['-include', one]),
    ...[`-DKBUILD_MODFILE="${modfile}"`, `-DKBUILD_BASENAME="${basename.replace(/[-,]/g, '_')}"`],
    ...[`-DKBUILD_MODNAME="${modname}"`, `-D__KBUILD_MODNAME=kmod_${modname}`, '-D__GENKSYMS__', '-E', source],
  ];
  return `gcc ${options.map(quoted).join(' ')}`;
}

const lines = units.map((unit) => `${preprocessing(unit)} 2>/dev/null | ${quoted(genksyms)} > /dev/null 2>&1`);
const theirs = shellSeconds(lines);
const begin = process.cpuUsage();
let symbols = 0;
for (const unit of units) symbols += unitVersions(unit, world).versions.length;
const { user, system } = process.cpuUsage(begin);
const ours = (user + system) / 1e6;
console.log(`${units.length} units, ${symbols} symbols; processor seconds, and milliseconds a unit`);
for (const [what, seconds] of [
  ['gcc -E | genksyms', theirs],
  ['kabiwatch', ours],
]) {
  const each = ((seconds / units.length) * 1000).toFixed(0);
  console.log(
    `${what.padEnd(20)} ${seconds.toFixed(1).padStart(7)} s ${each.padStart(5)} ms  ${(seconds / theirs).toFixed(2)}`,
  );
}
