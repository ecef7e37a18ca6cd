/**
 * The ids of the files that units read, by which a later build or review knows that a unit need not be read again: Git's blob ids, which a git
 * tree has at no cost. Of a configuration's header only what a type can depend on counts: each build of a distribution has another salt and
 * version text in it.
 */
import type { SourceTree } from '../../tree/source-tree.js';
import { blobId } from '../trees/blob-id.js';

const configHeader = /(^|\/)autoconf\.h$/;

/** Path -> id, each asked of the tree once; null where there is no file. */
export function inputIds(tree: SourceTree): (path: string) => string | null {
  const known = new Map<string, string | null>();
  return (path) => {
    let id = known.get(path);
    if (id === undefined) {
      id = idOf(tree, path);
      known.set(path, id);
    }
    return id;
  };
}

function idOf(tree: SourceTree, path: string): string | null {
  const content = tree.contentId(path);
  if (content === null) return null;
  if (/^[0-9a-f]{40}$/.test(content) && !configHeader.test(path)) return content;
  const bytes = tree.read(path);
  if (bytes === null) return null;
  return configHeader.test(path) ? `config ${blobId(withoutTexts(bytes))}` : blobId(bytes);
}

/** Options whose value is a string or a tool's version: no declaration can depend on them. */
function withoutTexts(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const kept = text.split('\n').filter((line) => /^#define CONFIG_/.test(line) && !/ "|_VERSION \d/.test(line));
  return Buffer.from(kept.sort().join('\n'), 'latin1');
}
