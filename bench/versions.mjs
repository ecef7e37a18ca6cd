/**
 * What do the symbol versions of a kernel cost beside `gcc -E -D__GENKSYMS__ | genksyms`? Processor seconds of both over the same
 * units, one process each, in one run; wall time would measure the machine's other work.
 *
 *   npm run bench:versions -- TREE [STEP [PREFIX]]
 *
 * TREE is kernel source that is configured and prepared (make modules_prepare, which builds scripts/genksyms too). Every STEP-th unit
 * below PREFIX that may export something is taken (default 40).
 */
import { spawnSync } from 'node:child_process';
import { unitVersions } from '../dist/kernel/unit-versions.js';
import { configuredTree, preprocessing, quoted } from '../verify/gcc-genksyms.mjs';

const [dir = 'absent', step = '40', prefix = ''] = process.argv.slice(2);
const { genksyms, world, units: all } = configuredTree(dir, prefix);
const units = all.filter((_, i) => i % Number(step) === 0);

/** User and system seconds of the programs, from the shell's own account. */
function shellSeconds(lines) {
  const script = [...lines, 'times'].join('\n');
  const { stdout } = spawnSync('bash', [], { cwd: dir, input: script, encoding: 'utf8', maxBuffer: 1 << 30 });
  const children = stdout.trim().split('\n').at(-1);
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0);
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
