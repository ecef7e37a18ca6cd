/**
 * What a name means to the code in one file, over the whole tree: the file's own declarations first, then those of headers
 * that it can see. A private declaration of another source file never counts.
 */
import type { Conditions, MacroText } from '../c/conditions.js';
import type { Declarations } from '../c/expressions.js';
import { type Outline, outlineOf, type RecordOutline, type TypeName, unknownType } from '../c/outline.js';
import { tokenize } from '../c/tokenize.js';
import type { DeclaredKind } from '../kernel/mentions.js';
import type { NameIndex } from '../kernel/names.js';
import type { SourceTree } from '../tree/source-tree.js';

interface ReadFile {
  readonly outline: Outline;
  readonly objects: ReadonlyMap<string, TypeName>;
}

/** A declaration, and how near to the asking code it stands. */
interface Seen<T> {
  readonly value: T;
  readonly rank: number;
}

const ownRank = 20;

/** Reads files once and keeps their outlines; one tree, one configuration. */
export class TreeNames {
  readonly #tree: SourceTree;
  readonly #index: NameIndex;
  readonly #conditions: Conditions;
  /** `x86` for x86_64 and i386: the directory under arch/ whose headers count. */
  readonly #archDirectory: string;
  readonly #files = new Map<string, ReadFile>();

  constructor(tree: SourceTree, index: NameIndex, conditions: Conditions, archDirectory: string) {
    this.#tree = tree;
    this.#index = index;
    this.#conditions = conditions;
    this.#archDirectory = archDirectory;
  }

  read(path: string): ReadFile {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const bytes = this.#tree.read(path) ?? new Uint8Array();
    const outline = outlineOf(tokenize(bytes), this.#conditionsIn(path));
    const objects = new Map<string, TypeName>();
    for (const one of outline.functions) objects.set(one.name, { ...unknownType, returns: one.returns });
    for (const variable of outline.variables) objects.set(variable.name, variable.type);
    const file = { outline, objects };
    this.#files.set(path, file);
    return file;
  }

  /**
   * What a file alone does not tell the headers before it may have defined: `#ifndef __HAVE_ARCH_X` in a generic header asks the
   * architecture's. A macro that only the file itself defines is its include guard.
   */
  #conditionsIn(path: string): Conditions {
    return {
      defined: (name) => {
        const known = this.#conditions.defined(name);
        if (known !== null) return known;
        const files = this.#index.filesDeclaring('macro', name);
        if (files.includes(path))
          return files.some((file) => file !== path && file.startsWith(`arch/${this.#archDirectory}/`)) || null;
        return files.some((file) => this.#rank(path, file, 'macro') >= 7) ? true : null;
      },
    };
  }

  /** The declarations as code in `path` sees them. */
  seenFrom(path: string): Declarations {
    const own = this.read(path);
    const cache = new Map<string, Seen<unknown> | null>();
    const look = <T>(kind: DeclaredKind, name: string, from: (file: ReadFile) => T | undefined): Seen<T> | null => {
      const key = `${kind} ${name}`;
      const known = cache.get(key);
      if (known !== undefined) return known as Seen<T> | null;
      const here = from(own);
      const found = here === undefined ? this.#elsewhere(path, kind, name, from) : { value: here, rank: ownRank };
      cache.set(key, found);
      return found;
    };
    const object = (name: string) => look('object', name, (file) => file.objects.get(name));
    return {
      record: (base): RecordOutline | null =>
        look('record', base, (file) => file.outline.records.get(base))?.value ?? null,
      typedef: (name): TypeName | null =>
        look('typedef', name, (file) => file.outline.typedefs.get(name))?.value ?? null,
      object: (name): TypeName | null => object(name)?.value ?? null,
      macro: (name): MacroText | null => {
        const found = look('macro', name, (file) => file.outline.macros.get(name));
        // A generic header's macro yields to the architecture's function of that name.
        return found === null || (found.rank < ownRank && (object(name)?.rank ?? 0) > found.rank) ? null : found.value;
      },
    };
  }

  #elsewhere<T>(
    path: string,
    kind: DeclaredKind,
    name: string,
    from: (file: ReadFile) => T | undefined,
  ): Seen<T> | null {
    // An untagged record at top level is its file's own.
    if (kind === 'record' && name.includes(' @')) return null;
    const visible = this.#index
      .filesDeclaring(kind, name)
      .map((file) => ({ file, rank: this.#rank(path, file, kind) }))
      .filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank);
    for (const { file, rank } of visible) {
      const value = from(this.read(file));
      if (value !== undefined) return { value, rank };
    }
    return null;
  }

  /** How likely code in `path` means the declaration in `file`: 0 for never. */
  #rank(path: string, file: string, kind: DeclaredKind): number {
    const isHeader = file.endsWith('.h');
    if (!isHeader) return kind === 'object' ? 1 : 0;
    if (file.startsWith('arch/')) {
      const own = file.startsWith(`arch/${this.#archDirectory}/`) || file.split('/')[1] === path.split('/')[1];
      return own ? (path.startsWith('arch/') ? 9 : 7) : 0;
    }
    if (file.startsWith('include/asm-'))
      return file.startsWith('include/asm-generic/') || this.#isOldArch(file) ? 5 : 0;
    // What every architecture may replace comes after what this one says.
    if (file.startsWith('include/asm-generic/')) return 5;
    if (file.startsWith('include/')) return file.startsWith('include/uapi/') ? 6 : 8;
    return directoryOf(file) === directoryOf(path) ? 10 : sharedDirectories(file, path) > 1 ? 4 : 2;
  }

  #isOldArch(file: string): boolean {
    return file.startsWith(`include/asm-${this.#archDirectory}/`);
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function sharedDirectories(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  let shared = 0;
  while (shared < left.length - 1 && left[shared] === right[shared]) shared++;
  return shared;
}
