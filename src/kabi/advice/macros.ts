/** The kABI macros that a tree itself defines: advice is written in them where there are any. */

import type { SourceTree } from '../../tree/source-tree.js';
import { linesOf } from '../guards/guard-places.js';

export interface TreeMacros {
  /** `RH_KABI_USE` for the slot `RH_KABI_RESERVE(1)`, `RH_KABI_USE_P` for `RH_KABI_RESERVE_P(1)`, … where the tree defines it; null where not. */
  using(reserve: string): string | null;
  /** A macro of the tree that hides a new member and adds its own `;`, or null. */
  readonly fillHole: string | null;
  readonly extend: string | null;
}

const NAME =
  /^\s*#\s*define\s+((?:[A-Z][A-Z0-9]*_)*(?:KABI_(?:USE|USE_P|FILL_HOLE|EXTEND)|BACKPORT_(?:RESERVED_)?USE))\s*\(/;

/** Looks into the headers that distributions keep them in, and into those given. */
export function treeMacros(tree: SourceTree, also: readonly string[]): TreeMacros {
  const headers = tree
    .list('include/linux')
    .filter((name) => /kabi|android_(vendor|backport)/.test(name) && name.endsWith('.h'));
  const found = new Set<string>();
  for (const path of [...headers.map((name) => `include/linux/${name}`), ...also])
    for (const line of linesOf(tree, path) ?? []) {
      const name = NAME.exec(line)?.[1];
      if (name !== undefined) found.add(name);
    }
  const ending = (suffix: string): string | null => [...found].find((name) => name.endsWith(suffix)) ?? null;
  return {
    using: (reserve) => {
      const use = reserve.replace(/RESERVED$/, '$&_USE').replace(/RESERVE(?=_P$|$)/, 'USE');
      return found.has(use) ? use : null;
    },
    fillHole: ending('FILL_HOLE'),
    extend: ending('KABI_EXTEND'),
  };
}
