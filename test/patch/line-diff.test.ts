import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyPatch } from '../../src/patch/apply.js';
import { diffText, filePatchBetween, lineDiff } from '../../src/patch/line-diff.js';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', '{', '}'), { maxLength: 40 });
const text = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('');

test('a diff of two texts leads from one to the other', () => {
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const patch = filePatchBetween('x.h', text(before), text(after));
      if (patch === null) return text(before) === text(after);
      const applied = applyPatch(patch, text(before));
      return applied.ok && applied.text === text(after);
    }),
    { numRuns: 500 },
  );
});

test('it holds no more edits than the texts need', () => {
  const before = ['a', 'b', 'c', 'd', 'e'];
  expect(lineDiff(before, ['a', 'b', 'x', 'c', 'd', 'e'])).toEqual([
    { beforeStart: 2, beforeEnd: 2, afterStart: 2, afterEnd: 3 },
  ]);
  expect(lineDiff(before, ['a', 'c', 'd', 'y', 'e'])).toHaveLength(2);
});

test('git applies what is printed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-diff-'));
  try {
    const [before] = fc.sample(lines, { numRuns: 1, seed: 7 });
    const after = ['struct x {', ...(before ?? []), 'new', '};'];
    writeFileSync(join(dir, 'x.h'), text(before ?? []));
    const patch = filePatchBetween('x.h', text(before ?? []), text(after));
    if (patch === null) throw new Error('they differ');
    const shown = execFileSync('git', ['apply', '--unidiff-zero', '--numstat'], { cwd: dir, input: diffText(patch) });
    expect(shown.toString()).toBe(`3\t0\tx.h\n`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
