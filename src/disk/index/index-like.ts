/**
 * The index of a like tree: another revision, a copy elsewhere, the same with a patch. It is found by what each file's content hashes to, as
 * git names it, so that directories and repositories can be compared; the new index is then a layer on it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type IndexedTree, readFile } from '../../kabi/index/indexed-tree.js';
import { makeLayer } from '../../kabi/index/tree-index.js';
import { blobId } from '../trees/blob-id.js';
import { type IndexContents, type OpenedIndex, openNameIndex } from './name-index-file.js';
import { type IndexKey, indexFolder, keepNameIndex } from './name-index-store.js';

/** A tree of which more differs is read anew. */
const mostChanged = 0.1;

/** What is kept of a tree's files beside its index. */
export function contentsOf(indexed: IndexedTree): IndexContents {
  const { files, tree } = indexed;
  return {
    hashes: hashesOf(indexed),
    headerText: (file) => {
      const path = files[file] as string;
      return path.endsWith('.h') ? readFile(tree, path) : null;
    },
  };
}

/** Makes the index as a layer on the likest one that is kept; false where there is none, or too much differs. */
export function keepLayer(
  identity: IndexKey,
  indexed: IndexedTree,
  linkOf: () => (file: string) => string | null,
): boolean {
  const kept = wholeIndexes(identity.family);
  if (kept.length === 0) return false;
  const { files } = indexed;
  const hashes = hashesOf(indexed);
  const [likest] = kept
    .map((one) => ({ ...one, changed: changedBetween(one, files, hashes) }))
    .sort((a, b) => a.changed.size - b.changed.size);
  if (likest === undefined || likest.changed.size > mostChanged * files.length) return false;
  const { opened, source, changed } = likest;
  const { tables, contents } = opened;
  const numbers = new Map(tables.files.map((path, file) => [path, file]));
  const headerText = (path: string): Uint8Array | null => {
    const file = numbers.get(path);
    return file === undefined ? null : (contents?.headerText(file) ?? null);
  };
  const layer = makeLayer(indexed, linkOf(), { tables, headerText }, changed);
  if (layer === null) return false;
  keepNameIndex(identity, layer.tables, { below: source, hidden: [...layer.hidden] }, null);
  return true;
}

interface WholeIndex {
  readonly source: string;
  readonly opened: OpenedIndex;
}

function wholeIndexes(family: string): WholeIndex[] {
  const folder = indexFolder();
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.names')) : [];
  return names.flatMap((name) => {
    const opened = openNameIndex(join(folder, name), null);
    const isLike = opened !== null && opened.family === family && opened.contents !== null;
    return isLike ? [{ source: name.slice(0, -'.names'.length), opened }] : [];
  });
}

function changedBetween({ opened }: WholeIndex, files: readonly string[], hashes: Uint32Array): Set<string> {
  const { tables, contents } = opened;
  const numbers = new Map(tables.files.map((path, file) => [path, file]));
  const changed = new Set<string>();
  files.forEach((path, at) => {
    const was = numbers.get(path);
    numbers.delete(path);
    const isSame = [0, 1].every(
      (part) => was !== undefined && contents?.hashes[2 * was + part] === hashes[2 * at + part],
    );
    if (!isSame) changed.add(path);
  });
  for (const gone of numbers.keys()) changed.add(gone);
  return changed;
}

/** Half of the name that git gives each content. */
function hashesOf({ tree, files }: IndexedTree): Uint32Array {
  const hashes = new Uint32Array(2 * files.length);
  files.forEach((path, file) => {
    const id = tree.contentId(path) ?? '';
    const name = /^[0-9a-f]{40}$/.test(id) ? id : blobId(tree.read(path) ?? new Uint8Array());
    hashes[2 * file] = Number.parseInt(name.slice(0, 8), 16);
    hashes[2 * file + 1] = Number.parseInt(name.slice(8, 16), 16);
  });
  return hashes;
}
