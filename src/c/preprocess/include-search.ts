/** Where an `#include` leads: gcc's search order over a tree. No path leaves the tree. */
import type { SourceTree } from '../../tree/source-tree.js';
import type { LexCache } from '../lex/lex-cache.js';
import type { LexedFile } from '../lex/lexed-file.js';

export interface HeaderName {
  readonly name: string;
  readonly isQuoted: boolean;
}

export interface Found {
  readonly path: string;
  /** As gcc spells it in __FILE__: the directory as searched, the name as written, `..` and all. */
  readonly name: string;
  /** Place in the include path where it was found, for include_next; -1 for the unit and what was found beside a file. */
  readonly searched: number;
  readonly file: LexedFile;
}

export class IncludeSearch {
  readonly #tree: SourceTree;
  readonly #cache: LexCache;
  readonly #includePaths: readonly string[];
  readonly #own: string;
  readonly #lexed = new Map<string, LexedFile | null>();
  /** By place in the include path where the search begins, then by name. */
  readonly #resolved: Map<string, Found | null>[] = [];
  readonly #beside = new Map<string, Found | null>();

  /** `own` is the unit's file. */
  constructor(tree: SourceTree, cache: LexCache, includePaths: readonly string[], own: string) {
    this.#tree = tree;
    this.#cache = cache;
    this.#includePaths = includePaths;
    this.#own = own;
  }

  /** From a file of this name, found at this place of the include path. */
  resolve(from: { readonly name: string; readonly searched: number }, header: HeaderName, isNext: boolean) {
    if (isNext) return this.search(header.name, from.searched + 1);
    if (header.isQuoted) {
      const beside = this.#besideOf(from, header.name);
      if (beside !== null) return beside;
    }
    return this.search(header.name, 0);
  }

  #besideOf(from: { readonly name: string; readonly searched: number }, name: string): Found | null {
    const path = from.name.slice(0, from.name.lastIndexOf('/') + 1) + name;
    let found = this.#beside.get(path);
    if (found === undefined || (found !== null && found.searched !== from.searched)) {
      found = this.at(path, from.searched);
      this.#beside.set(path, found);
    }
    return found;
  }

  search(name: string, from: number): Found | null {
    let resolved = this.#resolved[from];
    if (resolved === undefined) {
      resolved = new Map();
      this.#resolved[from] = resolved;
    }
    const known = resolved.get(name);
    if (known !== undefined) return known;
    let found: Found | null = null;
    for (let i = from; i < this.#includePaths.length && found === null; i++) {
      const directory = this.#includePaths[i] as string;
      found = this.at(directory === '' || directory === '.' ? name : `${directory}/${name}`, i);
    }
    resolved.set(name, found);
    return found;
  }

  at(path: string, searched: number): Found | null {
    const normal = normalised(path);
    if (normal === null) return null;
    const known = this.#lexed.get(normal);
    const file = known === undefined ? this.#lex(normal) : known;
    return file === null ? null : { path: normal, name: path, searched, file };
  }

  #lex(path: string): LexedFile | null {
    const id = this.#tree.contentId(path);
    const read = (): Uint8Array | null => this.#tree.read(path);
    let file: LexedFile | null = null;
    if (id !== null) file = path === this.#own ? this.#cache.lexedOwn(id, read) : this.#cache.lexed(id, read);
    this.#lexed.set(path, file);
    return file;
  }
}

/** `<name>` or `"name"` at the beginning of a text. */
export function headerName(text: string): HeaderName | null {
  const match = /^(?:<([^>]+)>|"([^"]+)")/.exec(text.trim());
  if (match === null) return null;
  return { name: (match[1] ?? match[2]) as string, isQuoted: match[2] !== undefined };
}

/** A path without `.`, `..` and doubled slashes; null for one that is absolute or leaves the tree. */
function normalised(path: string): string | null {
  if (path.startsWith('/')) return null;
  if (!path.includes('/.') && !path.startsWith('.') && !path.includes('//')) return path;
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names.join('/');
}
