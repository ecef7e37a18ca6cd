/** Which of the headers that declare a name code means: how likely each is, from where it stands and where the code does. */
import type { DeclaredKind } from '../../kernel/mentions.js';
import { isPublicHeader } from '../public-header.js';

/** Which headers declare a name, as the tree's index knows. */
export interface DeclaringHeaders {
  filesDeclaring(kind: DeclaredKind, name: string): readonly string[];
  filesIncluding(name: string): readonly string[];
}

/** Code of an architecture sees that architecture's headers before the others. */
export type Asker = 'inArch' | 'elsewhere';

export function askerOf(path: string): Asker {
  return path.startsWith('arch/') ? 'inArch' : 'elsewhere';
}

/** Headers that declare a name: those that all code may include, best first for code of an architecture and other code. */
interface Candidates extends Readonly<Record<Asker, readonly Ranked[]>> {
  /** Headers that are not for all, by the part of the tree in which they may be included. */
  readonly isPrivate: ReadonlyMap<string, readonly string[]>;
}
interface Ranked {
  readonly file: string;
  readonly rank: number;
}

const none: Candidates = { inArch: [], elsewhere: [], isPrivate: new Map() };

export class HeaderRanks {
  readonly #index: DeclaringHeaders;
  /** `x86` for x86_64 and i386: the directory under arch/ whose headers count. */
  readonly #archDirectory: string;
  readonly #candidates: Readonly<Record<DeclaredKind, Map<string, Candidates>>> = {
    record: new Map(),
    typedef: new Map(),
    object: new Map(),
    macro: new Map(),
  };

  constructor(index: DeclaringHeaders, archDirectory: string) {
    this.#index = index;
    this.#archDirectory = archDirectory;
  }

  candidatesFor(kind: DeclaredKind, name: string): Candidates {
    const known = this.#candidates[kind].get(name);
    if (known !== undefined) return known;
    const files = this.#index.filesDeclaring(kind, name);
    if (files.length === 0) return none;
    const ranked = (asker: Asker): Ranked[] =>
      files
        .map((file) => ({ file, rank: this.publicRank(file, asker) }))
        .filter(({ rank }) => rank > 0)
        .sort((a, b) => b.rank - a.rank);
    const isPrivate = new Map<string, string[]>();
    for (const file of files) {
      if (isPublicHeader(file) || !this.concernsArch(file)) continue;
      const part = partOf(file);
      isPrivate.set(part, [...(isPrivate.get(part) ?? []), file]);
    }
    const made = { inArch: ranked('inArch'), elsewhere: ranked('elsewhere'), isPrivate };
    this.#candidates[kind].set(name, made);
    return made;
  }

  /** The headers that code in `path` may mean, best first: those for all, and those of its part of the tree. */
  askedFrom(path: string, kind: DeclaredKind, name: string): readonly Ranked[] {
    const { isPrivate, [askerOf(path)]: everyones } = this.candidatesFor(kind, name);
    if (isPrivate.size === 0) return everyones;
    const near = new Set([partOf(path), partOf(path.slice(0, path.indexOf('/') + 1))]);
    const own = [...near].flatMap((part) =>
      (isPrivate.get(part) ?? []).map((file) => ({ file, rank: privateRank(path, file) })),
    );
    return own.length === 0 ? everyones : [...everyones, ...own].sort((a, b) => b.rank - a.rank);
  }

  /** A header of the architecture itself. */
  isOfArch(file: string): boolean {
    return file.startsWith(`arch/${this.#archDirectory}/include/`);
  }

  concernsArch(file: string): boolean {
    return !file.startsWith('arch/') || file.startsWith(`arch/${this.#archDirectory}/`);
  }

  /** How likely code means the declaration in a header that all may include: 0 for never. */
  publicRank(file: string, asker: Asker): number {
    if (file.startsWith('arch/')) {
      if (!isPublicHeader(file) || !this.concernsArch(file)) return 0;
      return asker === 'inArch' ? 9 : 7;
    }
    if (file.startsWith('include/asm-generic/')) return 5;
    if (file.startsWith('include/asm-')) return file.startsWith(`include/asm-${this.#archDirectory}/`) ? 5 : 0;
    // What every architecture may replace comes after what this one says.
    if (file.startsWith('include/')) return file.startsWith('include/uapi/') ? 6 : 8;
    return 0;
  }
}

/** `drivers/net/`: the part of the tree whose code may include a private header; `kernel/` for one that stands at the top of it. */
export function partOf(file: string): string {
  const first = file.indexOf('/') + 1;
  const second = file.indexOf('/', first) + 1;
  return file.slice(0, second === 0 ? first : second);
}

/** How likely code means a private header's declaration: one beside it, in folders around it, at the top of its part of the tree. */
function privateRank(path: string, file: string): number {
  if (isBeside(path, file)) return 10;
  const shared = sharedFolders(file, path);
  return shared > 1 ? 4 : 2;
}

/** In the same folder. */
export function isBeside(path: string, file: string): boolean {
  const slash = file.lastIndexOf('/') + 1;
  return path.lastIndexOf('/') + 1 === slash && path.startsWith(file.slice(0, slash));
}

/** Leading folders that two paths have in common. */
function sharedFolders(a: string, b: string): number {
  let shared = 0;
  for (let at = 0; at < a.length && a.charCodeAt(at) === b.charCodeAt(at); at++)
    if (a.charCodeAt(at) === SLASH) shared++;
  return shared;
}

const SLASH = 47;
