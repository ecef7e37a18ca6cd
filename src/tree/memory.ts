/** A tree from a map of paths to text or bytes: for fragments, generated headers and tests. */
import type { SourceTree } from './source-tree.js';

export function memoryTree(id: string, files: Readonly<Record<string, string | Uint8Array>>): SourceTree {
  const contents = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries(files)) {
    contents.set(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  }
  return {
    id,
    read: (path) => contents.get(path) ?? null,
    list: (dir) => namesIn([...contents.keys()], dir),
    contentId: (path) => {
      const bytes = contents.get(path);
      return bytes === undefined ? null : contentIdOf(bytes);
    },
  };
}

/** The names directly in `dir` among `paths`, directories with a trailing slash. */
export function namesIn(paths: Iterable<string>, dir: string): string[] {
  const prefix = dir === '' ? '' : `${dir}/`;
  const names = new Set<string>();
  for (const path of paths) {
    if (!path.startsWith(prefix)) continue;
    const rest = path.slice(prefix.length);
    const slash = rest.indexOf('/');
    names.add(slash < 0 ? rest : rest.slice(0, slash + 1));
  }
  return [...names].sort();
}

/**
 * An id of bytes: two FNV-1a hashes of 32 bits and the length. It is the key of caches, never a proof: where content comes from
 * outside and a collision could be made on purpose, the tree gives a git blob id instead.
 */
export function contentIdOf(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 15);
  }
  return `${(a >>> 0).toString(16)}.${(b >>> 0).toString(16)}.${bytes.length.toString(16)}`;
}
