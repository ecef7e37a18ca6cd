/**
 * What do the layouts of one unit cost beside gcc and pahole? The whole process cold; then, in a process that has read the unit once, the
 * other view, and the unit again after a change to one header. gcc compiles with the unit's own flags from the same tree.
 *
 *   npm run bench:layout -- TREE [UNIT [ROUNDS]]
 *
 * TREE is kernel source that is configured and prepared (make modules_prepare); the median of the rounds is printed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LexCache } from '../dist/c/lex/lex-cache.js';
import { readDeclarations } from '../dist/c/parse/declarations.js';
import { predefinedMacros } from '../dist/c/predefined.js';
import { preprocess } from '../dist/c/preprocess/preprocess.js';
import { targets } from '../dist/c/target.js';
import { directoryTree } from '../dist/disk/trees/directory-tree.js';
import { readConfig } from '../dist/kernel/config.js';
import { builtTree } from '../dist/kernel/generated.js';
import { unitAt } from '../dist/kernel/kbuild.js';
import { flaggedUnit } from '../dist/kernel/unit.js';
import { overlayFiles } from '../dist/tree/overlay.js';

const [dir = 'absent', path = 'kernel/fork.c', rounds = '5'] = process.argv.slice(2);
const header = 'include/linux/sched.h';
if (!existsSync(join(dir, '.config'))) {
  console.log('skipped: name a configured kernel tree');
  process.exit(0);
}
const tree = builtTree(directoryTree(dir), null, 'x86', null);
const values = [...readConfig(readFileSync(join(dir, '.config'), 'latin1'))];
const config = new Map(values.map(([name, value]) => [name, value.replace(/^"(.*)"$/, '$1')]));
const built = unitAt(tree, config, 'x86', path);
if (built === null) throw new Error(`the config builds no ${path}`);
const scratch = mkdtempSync(join(tmpdir(), 'kabiwatch-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const object = join(scratch, 'unit.o');
const { flags, basename, modname, modfile } = built;
const compile = [
  ...accepted(flags.options),
  ...flags.defines.map(([name, value]) => (value === null ? `-U${name}` : `-D${name}=${value}`)),
  ...flags.includes.flatMap((one) => ['-I', one]),
  ...flags.preincludes.flatMap((one) => ['-include', one]),
  ...[`-DKBUILD_MODFILE="${modfile}"`, `-DKBUILD_BASENAME="${basename}"`, `-DKBUILD_MODNAME="${modname}"`],
  ...[`-D__KBUILD_MODNAME=kmod_${modname}`, '-g', '-c', path, '-o', object],
];

/** kbuild asks the compiler about each option and our makefiles take all: those that this gcc refuses by name are left out. */
function accepted(options) {
  const { stderr } = spawnSync('gcc', [...options, '-E', '-x', 'c', '/dev/null'], { encoding: 'utf8' });
  const refused = new Set(
    Array.from(stderr.matchAll(/unrecogni[sz]ed [^\n]*?option ‘?'?(-[^’'\n]*)/g), ([, one]) => one),
  );
  return options.filter((one) => !refused.has(one));
}

/** Milliseconds of a program that must succeed; whether its answer is whole (3) is not asked here. */
function run(program, args, cwd) {
  const begin = performance.now();
  const done = spawnSync(program, args, { cwd, maxBuffer: 1 << 30 });
  if (done.status !== 0 && done.status !== 3) throw new Error(`${program}: ${done.stderr?.toString().slice(0, 2000)}`);
  if (done.stdout.length === 0 && program !== 'gcc') throw new Error(`${program} printed nothing`);
  return performance.now() - begin;
}

const macros = predefinedMacros('x86_64');
const cache = new LexCache();

/** Every layout of the unit, in this process. */
function layouts(from, view) {
  const begin = performance.now();
  const { tokens } = preprocess(flaggedUnit(path, built, flags, macros, view), from, cache, 'empty');
  const unit = readDeclarations(tokens, { target: targets.x86_64 });
  for (const record of [...unit.records.values()].flat()) unit.layouts.of(record, null);
  return performance.now() - begin;
}

const times = { gcc: [], pahole: [], cold: [], view: [], header: [] };
const command = ['dist/cli/main.js', 'layout', '--all', '--tree', dir, '--tu', path];
layouts(tree, 'compiler');
for (let round = 0; round < Number(rounds); round++) {
  times.gcc.push(run('gcc', compile, dir));
  times.pahole.push(run('pahole', [object], dir));
  times.cold.push(run(process.execPath, command, '.'));
  times.view.push(layouts(tree, 'genksyms'));
  const changed = Buffer.concat([tree.read(header), Buffer.from(`\nstruct bench_${round} { long one; };\n`)]);
  times.header.push(layouts(overlayFiles(tree, new Map([[header, changed]]), `round ${round}`), 'compiler'));
}
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const floor = median(times.gcc) + median(times.pahole);
const rows = [
  ['gcc -g -c', median(times.gcc)],
  ['pahole', median(times.pahole)],
  ['kabiwatch layout --all, whole process', median(times.cold)],
  ['the genksyms view, warm', median(times.view)],
  [`${header} changed, warm`, median(times.header)],
];
for (const [what, ms] of rows)
  console.log(`${what.padEnd(40)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / floor).toFixed(2)} of gcc + pahole`);
const atExit = "process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS))";
const peak = spawnSync(process.execPath, ['--import', `data:text/javascript,${atExit}`, ...command], {
  maxBuffer: 1 << 30,
});
const kilobytes = /peak (\d+)/.exec(peak.stderr.toString())?.[1];
console.log(
  `${'peak memory of the whole process'.padEnd(40)} ${kilobytes === undefined ? 'not measured' : `${(Number(kilobytes) / 1024).toFixed(0).padStart(6)} MB`}`,
);
