import { expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';
import { reachGraph, reachGraphSvg } from '../../src/report/reach-graph.js';
import { emptyReview } from '../service/review.js';

type Changed = Review['symbols']['changed'][number];
const symbol = (name: string, because: string[]): Changed => ({
  ...{ name, module: 'vmlinux', before: '0x1', after: '0x2', stable: false, cause: 0, because },
});
const reviewOf = (changed: Changed[], types: Review['types'] = []) =>
  emptyReview({ types, symbols: { exported: 9, changed, causes: [], added: [], removed: [] } });

test('columns are distances from the change, symbols come last', () => {
  const graph = reachGraph(
    reviewOf([
      symbol('mmput', ['mmput', 'struct mm_struct', 'struct mm_context: member added']),
      symbol('wake_up', ['wake_up', 'struct task_struct', 'struct mm_struct', 'struct mm_context: member added']),
    ]),
  );
  expect(graph?.columns.map((column) => column.map(({ name }) => name))).toEqual([
    ['struct mm_context'],
    ['struct mm_struct'],
    ['struct task_struct'],
    ['mmput', 'wake_up'],
  ]);
  expect(graph?.edges).toContainEqual(['struct mm_struct', 'mmput']);
  expect(graph?.edges).toHaveLength(4);
});

test('what only embeds is drawn without symbols; nothing reached is nothing drawn', () => {
  const type: Review['types'][number] = {
    ...{ kind: 'struct', name: 's', file: 'f.h', line: 1, verdict: 'guarded', before: null, after: null, members: [] },
    embeddedIn: ['large'],
  };
  expect(reachGraph(reviewOf([], [type]))?.edges).toEqual([['struct s', 'struct large']]);
  expect(reachGraph(reviewOf([]))).toBeNull();
});

test('cycles end, a crowd is a number, names stay text', () => {
  const crowd = Array.from({ length: 500 }, (_, n) =>
    symbol(`f${n}`, [`f${n}`, 'struct a', 'struct b', 'struct a', 'struct c: x']),
  );
  const graph = reachGraph(reviewOf([...crowd, symbol('<img src=x>', ['<img src=x>', 'struct "d"'])]));
  const svg = graph === null ? '' : reachGraphSvg(graph, 'g');
  expect(graph?.columns.at(-1)).toHaveLength(19);
  expect(svg).toContain('and 382 more');
  expect(svg).not.toContain('<img');
  expect(svg.length).toBeLessThan(40_000);
});
