/** A wrong `.github/kabiwatch.yml` is reported where it is wrong. */
import { expect, test } from '@jest/globals';
import { parseRepositoryConfig } from '../../src/github/repository-config.js';

function linesOf(text: string): number[] {
  const read = parseRepositoryConfig(text);
  return read.ok ? [] : read.errors.map(({ line }) => line);
}

test('an unknown key has its own line, not that of a like-named key, value or comment', () => {
  expect(linesOf('# pol\npolicy: advisory\npaths:\n  - pol\npol: 1\n')).toEqual([5]);
  expect(linesOf('labels: {}\n"label": x\n')).toEqual([2]);
});

test('a wrong value is on the line of its key, in a map of its own too', () => {
  expect(linesOf('# policy\ncomment: never\npolicy: perhaps\n')).toEqual([3]);
  expect(linesOf('policy: enforced\nlabels:\n  none: fine\n  policy: x\n')).toEqual([4]);
  expect(linesOf('references:\n  - good\n  - ../bad\n')).toEqual([3]);
});

test('what is no YAML, and a key given twice, have a line', () => {
  expect(linesOf('policy: [\n')).toHaveLength(1);
  expect(linesOf('drafts: true\ndrafts: false\n')).toEqual([2]);
});
