/** Applying a diff, against git: what `git diff` says of two texts turns the one into the other. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { applyPatch } from '../../src/patch/apply.js';
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
  const file = seriesFromDiffs([diff]).patches[0]?.files[0];
  if (file === undefined) expect(after).toBe(before);
  else expect(applyPatch(file, before)).toEqual({ ok: true, text: after });
});

const diff = '--- a/f\n+++ b/f\n@@ -2,3 +2,4 @@\n two\n+new\n three\n four\n';

describe('a hunk', () => {
  const file = seriesFromDiffs([diff]).patches[0]?.files[0] as never;

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
