/** Applying a diff, against git: what `git diff` says of two texts turns the one into the other. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { applyPatch } from '../../src/patch/apply.js';
import { parseDiffs } from '../../src/patch/parse.js';
import type { FilePatch } from '../../src/patch/series.js';
import { memoryTree } from '../../src/tree/memory.js';
import { overlaySeries } from '../../src/tree/overlay.js';
import { seriesFromDiffs } from '../kabi/series.js';

const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-apply-'));
afterAll(() => rmSync(folder, { recursive: true }));

function gitDiff(before: string, after: string): string {
  writeFileSync(join(folder, 'a'), before, 'latin1');
  writeFileSync(join(folder, 'b'), after, 'latin1');
  const made = spawnSync('git', ['diff', '--no-index', '--no-color', 'a', 'b'], { cwd: folder, encoding: 'latin1' });
  return made.stdout.replace(/^--- a\/a$/m, '--- a/f').replace(/^\+\+\+ b\/b$/m, '+++ b/f');
}

/** The same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

function randomText(next: (below: number) => number): string {
  const lines = Array.from({ length: next(60) }, () => `line ${next(9)}${next(20) === 0 ? ' \u00e9' : ''}\n`);
  return lines.join('').replace(/\n$/, next(3) === 0 ? '' : '\n');
}

function edited(text: string, next: (below: number) => number): string {
  const lines = text.split('\n');
  for (let edits = next(6); edits >= 0; edits--)
    lines.splice(next(lines.length + 1), next(3), ...(next(2) === 0 ? [] : [`new ${next(99)}`]));
  return lines.join('\n');
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))('random texts, seed %i', (seed) => {
  const next = random(seed + 1);
  const before = randomText(next);
  const after = edited(before, next);
  const diff = gitDiff(before, after);
  const file = parseDiffs(diff).files[0];
  if (file === undefined) expect(after).toBe(before);
  else expect(applyPatch(file, before)).toEqual({ ok: true, text: after });
});

function fileIn(diff: string): FilePatch {
  return parseDiffs(diff).files[0] as FilePatch;
}

/** What `git apply` makes of `text`, or null where it refuses. */
function gitApplied(text: string, diff: string): string | null {
  writeFileSync(join(folder, 'f'), text, 'latin1');
  const done = spawnSync('git', ['apply', '--whitespace=nowarn', '-'], {
    cwd: folder,
    input: Buffer.from(diff, 'latin1'),
  });
  if (done.status !== 0) return null;
  return existsSync(join(folder, 'f')) ? readFileSync(join(folder, 'f'), 'latin1') : '';
}

const runs = Number(process.env.APPLY_RUNS ?? 150);

test(`${runs} random patches on files that have changed since: applied or refused as git does, with the same result`, () => {
  let [applied, refused] = [0, 0];
  for (let seed = 0; seed < runs; seed++) {
    const next = random(seed + 7000);
    const before = randomText(next);
    const diff = gitDiff(before, edited(before, next)).replace(/^index .*\n/m, '');
    const file = parseDiffs(diff).files[0];
    if (file === undefined) continue;
    const moved = edited(next(2) === 0 ? before : randomText(next) + before, next);
    const theirs = gitApplied(moved, diff);
    const ours = applyPatch(file, moved);
    // git compares bytes, not lines: where a last line without newline has grown one, it joins that line and the next.
    if (!ours.ok && diff.includes('\n\\ No newline')) continue;
    expect({ seed, text: ours.ok ? ours.text : null }).toEqual({ seed, text: theirs });
    if (theirs === null) refused++;
    else applied++;
  }
  expect(Math.min(applied, refused)).toBeGreaterThan(runs / 10);
});

test('a file that repeats one line does not make the search long', () => {
  const same = 'same\n'.repeat(200_000);
  const context = ' same\n'.repeat(50_000);
  const file = fileIn(`--- a/f\n+++ b/f\n@@ -5,100001 +5,100000 @@\n${context}-other\n${context}`);
  const started = process.cpuUsage();
  expect(applyPatch(file, `${same}other\nend\n${same}`)).toMatchObject({ ok: false, hunk: 1, at: 5 });
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(3);
});

test('a hunk may state any line at all', () => {
  const file = fileIn('--- a/f\n+++ b/f\n@@ -999999999,3 +999999999,4 @@\n a\n+b\n c\n d\n');
  expect(applyPatch(file, 'a\nc\nd\n')).toEqual({ ok: true, text: 'a\nb\nc\nd\n' });
});

const diff = '--- a/f\n+++ b/f\n@@ -2,3 +2,4 @@\n two\n+new\n three\n four\n';

describe('a hunk', () => {
  const file = fileIn(diff);

  test('is found where its lines have moved to, the nearest place first', () => {
    const text = 'x\ny\none\ntwo\nthree\nfour\n';
    expect(applyPatch(file, text)).toEqual({ ok: true, text: text.replace('two\n', 'two\nnew\n') });
  });

  test('is refused where a line differs, with the line that it names', () => {
    expect(applyPatch(file, 'one\ntwo\nthree!\nfour\n')).toMatchObject({ ok: false, at: 2 });
    expect(applyPatch(file, null)).toMatchObject({ ok: false });
  });
});

test('an overlay has the file after each patch, and says which did not apply', () => {
  const base = memoryTree('base', { f: 'one\ntwo\nthree\nfour\n', 'd/g': 'g\n' });
  const again = diff.replace('+new', '+other');
  const added = '--- /dev/null\n+++ b/d/h\n@@ -0,0 +1,1 @@\n+h\n';
  const removed = '--- a/d/g\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-g\n';
  const { after, steps, failed } = overlaySeries(base, seriesFromDiffs([diff, again, added + removed]));
  const text = (tree: typeof after, path: string): string | undefined => {
    const bytes = tree.read(path);
    return bytes === null ? undefined : Buffer.from(bytes).toString();
  };
  expect(text(steps[0] as never, 'f')).toBe('one\ntwo\nnew\nthree\nfour\n');
  expect(failed).toMatchObject([{ patch: 2, file: 'f', at: 2 }]);
  expect(after.list('d')).toEqual(['h']);
  expect(text(after, 'd/h')).toBe('h\n');
  expect(text(after, 'd/g')).toBeUndefined();
  expect(after.contentId('f')).not.toBe(base.contentId('f'));
  expect(text(base, 'f')).toBe('one\ntwo\nthree\nfour\n');
});
