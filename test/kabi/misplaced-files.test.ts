/** A diff whose paths begin above the tree has no file of the kernel in it. */
import { afterAll, expect, test } from '@jest/globals';
import { SmallTree } from './small-tree.js';

const header = 'include/linux/box.h';
const small = new SmallTree({ [header]: 'struct box {\n\tint id;\n};\n', 'tools/box.c': 'int box;\n' });
afterAll(() => small.remove());

function reviewOf(path: string, text: string) {
  const series = small.series({ [header]: text });
  const [patch] = series.patches;
  const files = patch?.files.map((file) => ({ ...file, before: path, after: path })) ?? [];
  return small.reviewOf({ ...series, patches: patch === undefined ? [] : [{ ...patch, files }] });
}
const grown = 'struct box {\n\tlong more;\n\tint id;\n};\n';

test('is not known, and where the file is, is said', () => {
  const { verdict, missing } = reviewOf(`linux-6.1/${header}`, grown);
  expect(verdict).toBe('unknown');
  expect(missing).toEqual([
    {
      what: `patch 1 in linux-6.1/${header}`,
      why: `the tree has it as ${header}: make the diff in the tree's own directory`,
    },
  ]);
});

test.each(['tools/box.c', 'Documentation/box.rst', 'drivers'])('%s of the tree, or of none, has no effect', (path) => {
  expect(reviewOf(path, grown)).toMatchObject({ verdict: 'none', missing: [] });
});
