/**
 * What does a reference of a whole kernel cost beside the versions alone as a build makes them? `reference build` with nothing to take over,
 * and `gcc -E -D__GENKSYMS__ | genksyms` over the same units, two processes at a time; wall time of both in one run.
 *
 *   npm run bench:reference -- TREE [STEP]
 *
 * TREE is kernel source that is configured and prepared (make modules_prepare, which builds scripts/genksyms too). With STEP, gcc is asked
 * about every STEP-th unit only and its time counted STEP times.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configuredTree, preprocessing, quoted } from '../verify/gcc-genksyms.mjs';

const [tree = 'absent', step = '1'] = process.argv.slice(2);
const { genksyms, units: all } = configuredTree(tree, '');
const units = all.filter((_, i) => i % Number(step) === 0);
const scratch = mkdtempSync(join(tmpdir(), 'kabiwatch-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Wall, user and system seconds of a shell line with all that it starts. */
function seconds(line, cwd, env = process.env) {
  const script = `TIMEFORMAT='%R %U %S'; time { ${line}; }`;
  const { status, stderr } = spawnSync('bash', ['-c', script], { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  const times = /([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  if (times === null || status !== 0) throw new Error(stderr.slice(-2000));
  const [wall, user, system] = times.slice(1).map(Number);
  return { wall, processor: user + system };
}

const lines = join(scratch, 'units');
const own = units.map(
  (unit) => `${preprocessing(unit)} 2>/dev/null | ${quoted(resolve(genksyms))} > /dev/null 2>&1; true`,
);
writeFileSync(lines, own.map((line) => `${line}\0`).join(''));
const theirs = seconds(`xargs -0 -P 2 -n 1 sh -c < ${quoted(lines)}`, tree);
const times = all.length / units.length;
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const file = join(scratch, 'whole.kabiref');
const where = resolve(tree);
const build = ['reference', 'build', 'whole', '--tree', where, '--build', where, '--output', file];
const command = [process.execPath, main, ...build].map(quoted).join(' ');
const ours = seconds(`${command} > /dev/null 2>&1`, tree, {
  ...process.env,
  XDG_DATA_HOME: scratch,
  XDG_CACHE_HOME: scratch,
});

const row = (what, wall, processor) =>
  console.log(`${what.padEnd(28)} ${wall.toFixed(0).padStart(6)} s ${processor.toFixed(0).padStart(10)} s`);
console.log(`${all.length} units${times === 1 ? '' : `, gcc asked about ${units.length} of them`}`);
console.log(`${''.padEnd(28)} ${'wall'.padStart(8)} ${'processor'.padStart(12)}`);
row('gcc -E | genksyms, two', theirs.wall * times, theirs.processor * times);
row('kabiwatch reference build', ours.wall, ours.processor);
const ratio = (mine, other) => (mine / (other * times)).toFixed(2);
console.log(
  `ratio ${ratio(ours.wall, theirs.wall)} of the wall time, ${ratio(ours.processor, theirs.processor)} of the processor's`,
);
console.log(`reference file ${(statSync(file).size / 1e6).toFixed(1)} MB`);
process.exitCode = ours.wall / (theirs.wall * times) <= 0.8 ? 0 : 1;
