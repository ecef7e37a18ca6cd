/** A process of its own that makes the name index of a tree: `name-index-builder TREE`. Called by name-index.ts alone. */
import { SingleBar } from 'cli-progress';
import { directoryTree } from './directory-tree.js';
import { gitPlace, gitTree } from './git-tree.js';
import { makeNameIndex } from './name-index.js';

const id = process.argv[2] ?? '';
const place = gitPlace(id);
const bar = new SingleBar({
  format: '{bar} {value}/{total} files: index of the tree, made once',
  clearOnComplete: true,
});
bar.start(1, 0);
makeNameIndex(place === null ? directoryTree(id) : gitTree(place.dir, place.revision), (done, total) => {
  bar.setTotal(total);
  bar.update(done);
});
bar.stop();
