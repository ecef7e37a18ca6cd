/** A diff made a directory above the tree: no file that it names is one of the kernel, and without a word it would have no effect. */
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { Missing } from '../review.js';
import { isOfKernel } from './triage.js';

/** More directories than anybody has too many. */
const mostAbove = 4;
const mostTold = 3;

/** Files that the series changes and that the tree has under the end of their path. */
export function noFileOf(series: Series, tree: SourceTree): readonly Missing[] {
  const found = series.patches.flatMap(({ n, files }) =>
    files.flatMap(({ before }): Missing[] => {
      const there = before === null || tree.read(before) !== null ? null : shorterPath(before, tree);
      return there === null
        ? []
        : [
            {
              what: `patch ${n} in ${before}`,
              why: `the tree has it as ${there}: make the diff in the tree's own directory`,
            },
          ];
    }),
  );
  return found.slice(0, mostTold);
}

function shorterPath(path: string, tree: SourceTree): string | null {
  const parts = path.split('/');
  for (let above = 1; above <= Math.min(mostAbove, parts.length - 2); above++) {
    const rest = parts.slice(above).join('/');
    if (isOfKernel(rest) && tree.read(rest) !== null) return rest;
  }
  return null;
}
