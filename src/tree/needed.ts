/**
 * A tree + the patches that a series needs -> the tree with them. What the tree has already, because a branch moved on, is left as it is; what
 * does not apply is left out and said.
 */
import type { MissingNeed } from '../patch/prerequisites.js';
import { reversePatch } from '../patch/reverse.js';
import type { Patch } from '../patch/series.js';
import { type FailedFile, overlaySeries } from './overlay.js';
import type { SourceTree } from './source-tree.js';

export interface WithNeeded {
  readonly tree: SourceTree;
  readonly missing: readonly MissingNeed[];
}

export function withNeeded(base: SourceTree, needed: readonly Patch[]): WithNeeded {
  // A later one may have changed what an earlier one did: all together are asked for first.
  if (needed.length === 0 || applies(base, needed.map(reversePatch).reverse())) return { tree: base, missing: [] };
  const missing: MissingNeed[] = [];
  let tree = base;
  for (const patch of needed) {
    if (applies(tree, [reversePatch(patch)])) continue;
    const { after, failed } = overlaySeries(tree, { patches: [patch] });
    const [first] = failed;
    if (first === undefined) tree = after;
    else missing.push({ what: `prerequisite "${patch.subject}"`, why: `it does not apply: ${placeOf(first)}` });
  }
  return { tree, missing };
}

function applies(tree: SourceTree, patches: readonly Patch[]): boolean {
  return overlaySeries(tree, { patches }).failed.length === 0;
}

/** `mm/x.c, hunk 2 (line 40): why` */
export function placeOf({ file, hunk, at, why }: FailedFile): string {
  return `${file}${hunk === 0 ? '' : `, hunk ${hunk} (line ${at})`}: ${why}`;
}
