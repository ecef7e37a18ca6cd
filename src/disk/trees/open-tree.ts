/** Kernel source as a command line names it: a directory, or DIR@REVISION of a git repository. */
import type { SourceTree } from '../../tree/source-tree.js';
import { directoryTree } from './directory-tree.js';
import { gitPlace, gitTree } from './git-tree.js';

/** Throws `tree-not-found`. */
export function openTree(text: string): SourceTree {
  const place = gitPlace(text);
  return place === null ? directoryTree(text) : gitTree(place.dir, place.revision);
}
