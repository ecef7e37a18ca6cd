/**
 * Several trees as one, the first that has a file wins: a source tree over its build directory over headers made in memory.
 * Generated headers have the same relative paths in a build directory as in a tree that was built in place.
 */
import type { SourceTree } from './source-tree.js';

export function unionTree(trees: readonly SourceTree[]): SourceTree {
  const owner = new Map<string, SourceTree | null>();
  const ownerOf = (path: string): SourceTree | null => {
    const known = owner.get(path);
    if (known !== undefined) return known;
    const found = trees.find((tree) => tree.contentId(path) !== null) ?? null;
    owner.set(path, found);
    return found;
  };
  return {
    id: trees.map(({ id }) => id).join(' over '),
    read: (path) => ownerOf(path)?.read(path) ?? null,
    list: (dir) => [...new Set(trees.flatMap((tree) => tree.list(dir)))].sort(),
    contentId: (path) => ownerOf(path)?.contentId(path) ?? null,
  };
}
