/**
 * How many messages a second does `kabiwatch replay` take through parsing, threading, diffs, triage and its state file? A whole list
 * archive, three times over in one process, beside git mailsplit and git mailinfo on the same mails as the floor.
 *
 *   npm run bench:replay [-- BUNDLE]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mailsInGit } from '../dist/disk/archives/mail-archive.js';

const bundle = process.argv[2] ?? '../shared/threads/linux-modules.bundle';
if (!existsSync(bundle)) {
  console.log(`skipped: no archive at ${bundle}`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const archive = join(folder, 'archive.git');
execFileSync('git', ['clone', '-q', '--mirror', bundle, archive]);

const mbox = join(folder, 'thrice.mbox');
const file = openSync(mbox, 'w');
let mails = 0;
for (let round = 0; round < 3; round++) {
  for await (const { raw } of mailsInGit(archive)) {
    const quoted = raw.toString('latin1').replace(/^(>*From )/gm, '>$1');
    writeSync(file, Buffer.from(`From mboxrd@z Thu Jan  1 00:00:00 1970\n${quoted}\n`, 'latin1'));
    mails++;
  }
}
closeSync(file);

const cells = (name, ...others) => console.log(name.padEnd(40) + others.map((one) => String(one).padStart(9)).join(''));
/** `idle`: mails a second that the processor time would allow if all processors were ours. */
const row = (name, count, seconds, cpu, memory) =>
  cells(
    name,
    count,
    seconds.toFixed(1),
    Math.round(count / seconds),
    cpu.toFixed(1),
    Math.round((count / cpu) * availableParallelism()),
    memory,
  );
cells('what', 'mails', 'seconds', 'per s', 'cpu s', 'idle', 'peak MB');
/** Processor seconds of all children that have ended. */
const spent = () => {
  const [, , , , , , , , , , , , , , , user, system] = readFileSync('/proc/self/stat', 'latin1').split(' ');
  return (Number(user) + Number(system)) / 100;
};

const cli = new URL('../dist/cli/main.js', import.meta.url).pathname;
for (const [name, path] of [
  ['replay, public-inbox archive', archive],
  ['replay, the same three times as mbox', mbox],
]) {
  const started = performance.now();
  const state = join(folder, `state-${path === mbox ? 'mbox' : 'git'}`);
  const run = spawnSync(process.execPath, [cli, 'replay', '--json', '--state', state, path], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  const { mails: read, peakMB, cpuSeconds } = JSON.parse(run.stdout);
  row(name, read, (performance.now() - started) / 1000, cpuSeconds, Math.round(peakMB));
}

const split = join(folder, 'split');
mkdirSync(split);
const started = performance.now();
const before = spent();
execFileSync('git', ['mailsplit', '--mboxrd', '-d6', `-o${split}`, mbox]);
const names = readdirSync(split).slice(0, 2000);
const splitSeconds = (performance.now() - started) / 1000;
row('git mailsplit, three times', mails, splitSeconds, spent() - before, '-');
const infoBefore = spent();
const infoStarted = performance.now();
for (const name of names)
  spawnSync('git', ['mailinfo', join(folder, 'message'), join(folder, 'patch')], {
    input: readFileSync(join(split, name)),
    cwd: folder,
  });
row('git mailinfo, first 2000', names.length, (performance.now() - infoStarted) / 1000, spent() - infoBefore, '-');
console.log(`${availableParallelism()} processors`);
