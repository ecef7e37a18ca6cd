/** A pull request that breaks its worker is still judged, by less. */
import { expect, test } from '@jest/globals';
import { type Pool, TaskFailed, WorkerLost } from '../../src/service/pool.js';
import type { PullSource } from '../../src/service/ports.js';
import { judgeIn } from '../../src/service/pull-judge.js';
import { reviewPull } from '../../src/service/pull-review.js';
import type { Task } from '../../src/service/tasks.js';

const diff = `diff --git a/include/linux/a.h b/include/linux/a.h
--- a/include/linux/a.h
+++ b/include/linux/a.h
@@ -1,3 +1,4 @@
 struct a {
 	int one;
+	int two;
 };
`;
const source: PullSource = {
  repo: 'o/r',
  number: 1,
  title: 'a: two',
  patches: [{ commit: 'c'.repeat(40), subject: 'a: two', author: 'A <a@x>', diff }],
  tree: { gitDir: '/nowhere', before: 'b'.repeat(40) },
  links: [],
  missing: [],
};

/** Loses a worker on what it is told to, judges the rest here. */
function judging(
  breaks: (source: PullSource) => boolean,
  tried: boolean[],
  lost: Error = new WorkerLost('was killed'),
) {
  const run = async (task: Task) => {
    if (task.kind !== 'pull') throw new Error('not a pull');
    tried.push(task.source.tree !== null);
    if (breaks(task.source)) throw lost;
    return reviewPull(task.source, task.settings);
  };
  const pool: Pool = { run: run as Pool['run'], load: 0, aside: 0, close: async () => {} };
  return judgeIn(pool, { build: [], timeMs: 1000, references: () => ({}) });
}
const settings = { architectures: ['x86_64'], references: [] } as const;

test('where the tree breaks the worker, the diff is judged and the tree is named as missing', async () => {
  const tried: boolean[] = [];
  const { review, patchIds } = await judging(({ tree }) => tree !== null, tried)(source, settings);
  expect(tried).toEqual([true, false]);
  expect(patchIds).toHaveLength(1);
  expect(review.missing).toContainEqual({ what: 'the tree', why: 'judging it was given up: was killed' });
});

test('what fails without breaking the worker is tried again later, until it was enough', async () => {
  const failed = new TaskFailed('/secret/place: no space left on device');
  const judge = judging(({ tree }) => tree !== null, [], failed);
  await expect(judge(source, settings)).rejects.toThrow(failed);
  const { review } = await judge(source, settings, { last: true });
  expect(review.missing).toContainEqual({
    what: 'the tree',
    why: 'judging it was given up: it failed again and again',
  });
  expect(JSON.stringify(review)).not.toContain('secret');
});

test('a worker that was killed from outside is tried once more', async () => {
  const tried: boolean[] = [];
  await judging(
    ({ tree }) => tree !== null && tried.length < 2,
    tried,
    new WorkerLost('was killed', true),
  )(source, settings);
  expect(tried).toEqual([true, true]);
});

test('where the diff alone breaks it too, nothing is known, and that is said', async () => {
  const tried: boolean[] = [];
  const { review } = await judging(() => true, tried)(source, settings);
  expect(tried).toEqual([true, false]);
  expect(review.verdict).toBe('unknown');
  expect(review.missing.map(({ what }) => what)).toEqual(expect.arrayContaining(['the tree', 'the diff']));
});

test('a pool that is closed judges nothing: that pull request is taken up at the next start', async () => {
  const tried: boolean[] = [];
  await expect(judging(() => true, tried, new Error('the pool is closed'))(source, settings)).rejects.toThrow('closed');
  expect(tried).toEqual([true]);
});
