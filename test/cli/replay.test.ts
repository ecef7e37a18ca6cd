/** A replay accounts for every mail, and goes on where it was stopped. Runs the built program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { diff, rawMail } from '../mail/mails.js';

if (!existsSync('dist/cli/main.js')) execFileSync('npm', ['run', 'build']);
const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

function replay(...args: string[]): Record<string, number> {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['dist/cli/main.js', 'replay', '--json', ...args], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const mails = Array.from({ length: 300 }, (_, index) => {
  const [thread, place] = [Math.floor(index / 3), index % 3];
  const first = `0@${thread}`;
  if (place === 2) return rawMail({ id: `2@${thread}`, subject: 'Re: x', at: index, answers: [first], body: '> x' });
  return rawMail({
    id: `${place}@${thread}`,
    subject: `[PATCH ${place + 1}/2] box ${thread}: part`,
    at: thread * 100 + place,
    answers: place === 0 ? [] : [first],
    body: diff,
  });
});
const mbox = (some: readonly string[]): string =>
  some.map((mail) => `From mboxrd@z Thu Jan  1 00:00:00 1970\n${mail}\n`).join('');

test('every mail is a patch, a cover, a comment, a pull request, a copy or another', () => {
  const path = join(folder, 'all.mbox');
  writeFileSync(path, mbox([...mails, mails[0] as string, rawMail({ id: 'o@x', subject: 'hello' })]));
  expect(replay(path)).toMatchObject({
    mails: 302,
    copies: 1,
    patches: 200,
    comments: 100,
    others: 1,
    series: 100,
    complete: 100,
    matter: 201,
  });
});

test('a stopped replay goes on, and ends as one that was not', () => {
  const path = join(folder, 'growing.mbox');
  const state = join(folder, 'growing.state');
  writeFileSync(path, mbox(mails.slice(0, 120)));
  expect(replay('--state', state, path)).toMatchObject({ mails: 120, resumed: 0 });
  // Killed while it wrote a line.
  const text = readFileSync(state, 'utf8');
  writeFileSync(state, text.slice(0, -30));
  appendFileSync(path, mbox(mails.slice(120)));
  const {
    seconds: _s,
    perSecond: _p,
    cpuSeconds: _c,
    peakMB: _m,
    resumed,
    ...resumedCounts
  } = replay('--state', state, path);
  expect(resumed).toBe(119);
  const { seconds: _s2, perSecond: _p2, cpuSeconds: _c2, peakMB: _m2, resumed: _r, ...counts } = replay(path);
  expect(resumedCounts).toEqual(counts);
});

test('a state of another archive is refused', () => {
  const [state, path] = [join(folder, 'other.state'), join(folder, 'other.mbox')];
  writeFileSync(path, mbox(mails.slice(0, 3)));
  replay('--state', state, path);
  const { status, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', 'replay', '--state', state, folder], {
    encoding: 'utf8',
  });
  expect([status, stderr.split('\n').length]).toEqual([2, 2]);
});
