/**
 * The name index of a tree: which files declare a name, touch a member, spell a tag, call a macro that touches something.
 *
 * It answers "which files could matter", never "which do": the few files it names are then read. Built once for a base and
 * kept by the caller (disk/name-index-file.ts); a file that changed replaces its mentions.
 *
 * Worked example: for a tree with `struct s { struct t *peer; };` in a.h and `p->peer->flags` in b.c, `accesses` of `flags`
 * is [{ operand: 'peer', file: 'b.c' }] and `namesLeadingTo('struct t')` has `peer`.
 */
import type { DeclaredKind, FileMentions } from './mentions.js';
import { makePostings, type Postings, pairsOf } from './postings.js';

/** A list that may live in a file: an array is one. */
export interface NameList {
  readonly length: number;
  at(place: number): string | undefined;
}

/** Flat data, as kept in a file. Names and files are numbers: places in the sorted list `names`, in `files`. */
export interface NameTables {
  readonly files: readonly string[];
  /** Sorted by code unit. */
  readonly names: NameList;
  readonly record: Postings;
  readonly typedef: Postings;
  readonly object: Postings;
  readonly macro: Postings;
  /** member -> (operand, file) */
  readonly access: Postings;
  /** name -> (file, 0) */
  readonly bareArgument: Postings;
  readonly tag: Postings;
  readonly sizeof: Postings;
  readonly include: Postings;
  /** type -> (name that leads to it, file that declares it) */
  readonly leadsTo: Postings;
  /** member, or tag -> (macro that touches or spells it, 1 if whatever its arguments are) */
  readonly touchedBy: Postings;
  /** macro that touches a member -> (macro that calls it, 0) */
  readonly macroCalledBy: Postings;
  /** macro that touches a member -> (file that calls it, 0) */
  readonly calledIn: Postings;
}

export const postingNames = [
  ...([
    'record',
    'typedef',
    'object',
    'macro',
    'access',
    'bareArgument',
    'tag',
    'sizeof',
    'include',
    'leadsTo',
  ] as const),
  ...(['touchedBy', 'macroCalledBy', 'calledIn'] as const),
];

class Triples {
  #array = new Uint32Array(1 << 12);
  #length = 0;

  push(key: number, first: number, second: number): void {
    if (this.#length + 3 > this.#array.length) {
      const larger = new Uint32Array(this.#array.length * 2);
      larger.set(this.#array);
      this.#array = larger;
    }
    this.#array[this.#length++] = key;
    this.#array[this.#length++] = first;
    this.#array[this.#length++] = second;
  }

  get triples(): Uint32Array {
    return this.#array.subarray(0, this.#length);
  }
}

/** Takes the mentions of one file after the other; `tables()` ends it. */
export class NameIndexBuilder {
  readonly #files: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #relations = Object.fromEntries(postingNames.map((name) => [name, new Triples()])) as Record<
    (typeof postingNames)[number],
    Triples
  >;
  readonly #calls = new Triples();
  readonly #macroCalls = new Triples();

  #id(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(name, id);
    return id;
  }

  add(path: string, mentions: FileMentions): void {
    const file = this.#files.push(path) - 1;
    const to = this.#relations;
    for (const { kind, name } of mentions.declared) to[kind satisfies DeclaredKind].push(this.#id(name), file, 0);
    for (const { operand, member } of mentions.accesses) to.access.push(this.#id(member), this.#id(operand), file);
    for (const name of mentions.bareArguments) to.bareArgument.push(this.#id(name), file, 0);
    for (const tag of mentions.tags) to.tag.push(this.#id(tag), file, 0);
    for (const name of mentions.sizeofs) to.sizeof.push(this.#id(name), file, 0);
    for (const name of mentions.includes) to.include.push(this.#id(name), file, 0);
    for (const { base, name } of mentions.typed) to.leadsTo.push(this.#id(base), this.#id(name), file);
    for (const name of mentions.calls) this.#calls.push(this.#id(name), file, 0);
    for (const macro of mentions.macros) {
      for (const { member, isFixed } of macro.touched)
        to.touchedBy.push(this.#id(member), this.#id(macro.name), isFixed ? 1 : 0);
      for (const name of macro.calls) this.#macroCalls.push(this.#id(name), this.#id(macro.name), 0);
    }
  }

  tables(): NameTables {
    const touching = this.#touchingMacros();
    keepKeys(this.#macroCalls, touching, this.#relations.macroCalledBy);
    keepKeys(this.#calls, touching, this.#relations.calledIn);
    const accessed = new Set<number>();
    const { triples } = this.#relations.access;
    for (let i = 0; i < triples.length; i += 3) accessed.add(triples[i] as number);
    // A member that only container_of() names is accessed nowhere.
    const named = this.#relations.leadsTo.triples;
    for (let i = 0; i < named.length; i += 3) accessed.add(named[i + 1] as number);
    const bare = new Triples();
    keepKeys(this.#relations.bareArgument, accessed, bare);
    this.#relations.bareArgument = bare;
    return this.#sorted();
  }

  /** Macros that touch a member, or call one that does. */
  #touchingMacros(): Set<number> {
    const touching = new Set<number>();
    const direct = this.#relations.touchedBy.triples;
    for (let i = 0; i < direct.length; i += 3) touching.add(direct[i + 1] as number);
    const calls = this.#macroCalls.triples;
    for (let grown = true; grown; ) {
      grown = false;
      for (let i = 0; i < calls.length; i += 3) {
        if (!touching.has(calls[i] as number) || touching.has(calls[i + 1] as number)) continue;
        touching.add(calls[i + 1] as number);
        grown = true;
      }
    }
    return touching;
  }

  /** Names become their place in sorted order, so that a name is found by bisection in the file that keeps them. */
  #sorted(): NameTables {
    const names = [...this.#ids.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const place = new Uint32Array(names.length);
    names.forEach((name, i) => {
      place[this.#ids.get(name) as number] = i;
    });
    const valueIsName = new Set<string>(['access', 'leadsTo', 'touchedBy', 'macroCalledBy']);
    const postings = postingNames.map((relation) => {
      const { triples } = this.#relations[relation];
      for (let i = 0; i < triples.length; i += 3) {
        triples[i] = place[triples[i] as number] as number;
        if (valueIsName.has(relation)) triples[i + 1] = place[triples[i + 1] as number] as number;
      }
      return [relation, makePostings(triples)];
    });
    return { files: this.#files, names, ...Object.fromEntries(postings) } as NameTables;
  }
}

function keepKeys(from: Triples, keys: ReadonlySet<number>, to: Triples): void {
  const { triples } = from;
  for (let i = 0; i < triples.length; i += 3) {
    if (keys.has(triples[i] as number)) to.push(triples[i] as number, triples[i + 1] as number, 0);
  }
}

export class NameIndex {
  readonly tables: NameTables;

  constructor(tables: NameTables) {
    this.tables = tables;
  }

  #id(name: string): number {
    const { names } = this.tables;
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((names.at(middle) as string) < name) low = middle + 1;
      else high = middle;
    }
    return low < names.length && names.at(low) === name ? low : -1;
  }

  #pairs(postings: Postings, name: string): { first: number; second: number }[] {
    const id = this.#id(name);
    return id < 0 ? [] : pairsOf(postings, id);
  }

  #files(postings: Postings, name: string): string[] {
    return this.#pairs(postings, name).map(({ first }) => this.tables.files[first] as string);
  }

  filesDeclaring(kind: DeclaredKind, name: string): string[] {
    return this.#files(this.tables[kind], name);
  }

  accesses(member: string): { operand: string; file: string }[] {
    return this.#pairs(this.tables.access, member).map(({ first, second }) => ({
      operand: this.tables.names.at(first) as string,
      file: this.tables.files[second] as string,
    }));
  }

  filesWithBareArgument(name: string): string[] {
    return this.#files(this.tables.bareArgument, name);
  }

  filesWithTag(base: string): string[] {
    return this.#files(this.tables.tag, base);
  }

  filesWithSizeof(name: string): string[] {
    return this.#files(this.tables.sizeof, name);
  }

  filesIncluding(name: string): string[] {
    return this.#files(this.tables.include, name);
  }

  /** Members, objects, functions and typedefs declared with this type, directly. */
  namesLeadingTo(base: string): string[] {
    return [
      ...new Set(this.#pairs(this.tables.leadsTo, base).map(({ first }) => this.tables.names.at(first) as string)),
    ];
  }

  /** Files that declare a member, object, function or typedef of this type. */
  filesWithType(base: string): string[] {
    return [
      ...new Set(this.#pairs(this.tables.leadsTo, base).map(({ second }) => this.tables.files[second] as string)),
    ];
  }

  /** Macros that touch a member of this name, or spell this tag, themselves or through another macro. */
  macrosTouching(member: string): string[] {
    return this.#withCallers(this.#pairs(this.tables.touchedBy, member));
  }

  /** Those of them that touch it whatever their arguments are, as `current_cred()` does. */
  macrosAlwaysTouching(member: string): string[] {
    return this.#withCallers(this.#pairs(this.tables.touchedBy, member).filter(({ second }) => second === 1));
  }

  #withCallers(direct: readonly { first: number }[]): string[] {
    const found = new Set(direct.map(({ first }) => this.tables.names.at(first) as string));
    for (const macro of found) {
      for (const { first } of this.#pairs(this.tables.macroCalledBy, macro))
        found.add(this.tables.names.at(first) as string);
    }
    return [...found];
  }

  filesCalling(macro: string): string[] {
    return this.#files(this.tables.calledIn, macro);
  }
}
