/**
 * The name index of a tree in one configuration: which headers declare a name, which files spell a tag, and every use of a record's
 * member or size, its receiver's type already resolved. A question is a look-up; no file is read for it.
 *
 * Worked example: for `struct s { struct t *peer; };` in a.h and `p->peer->flags` in line 7 of b.c, where p is a `struct s *`, `uses` of
 * `struct s.peer` and of `struct t.flags` both give [{ file: 'b.c', line: 7, … }].
 */
import type { DeclaredKind } from './mentions.js';
import { makePostings, type Postings, RowList, rowsOf } from './postings.js';

/** A list that may live in a file: an array is one. */
export interface NameList {
  readonly length: number;
  at(place: number): string | undefined;
}

/** Numbers in a row of each relation; the key is a name. */
export const relations = {
  /** name -> header that declares it */
  record: 1,
  typedef: 1,
  object: 1,
  macro: 1,
  /** `struct tag` -> file that spells it, 1 if in a function's head or body */
  tag: 2,
  /** the same -> header in which the body of a macro spells it */
  macroTag: 1,
  /** type by name -> file that declares something of it */
  type: 1,
  /** last part of an include's path -> file that includes it */
  include: 1,
  /** `access struct s.m`, `sizeof struct s`, `define …`, `embed …` -> file, line, function */
  use: 3,
  /** member -> file, line, function of an access whose operand has a type that the text does not tell */
  open: 3,
} as const;
export type Relation = keyof typeof relations;
export const relationNames = Object.keys(relations) as Relation[];

/** Flat data, as kept in a file. Names and files are numbers: places in the sorted list `names`, in `files`. */
export interface NameTables extends Readonly<Record<Relation, Postings>> {
  readonly files: readonly string[];
  /** By file: the module it is linked into, `vmlinux`, or null where no object is built from it. */
  readonly links: readonly (string | null)[];
  /** Sorted by code unit. */
  readonly names: NameList;
}

export interface UsePlace {
  readonly file: string;
  readonly line: number;
  readonly function: string | null;
}

/** Rows as a reader of files makes them: names by their place in `names`. */
export interface FactRows {
  readonly names: readonly string[];
  readonly rows: Readonly<Record<Relation, Uint32Array>>;
}

/** Columns that hold a name, not a number: a use's function. */
const nameColumn: Partial<Record<Relation, number>> = { use: 2, open: 2 };

/** What a reader of files tells, collected until it is sent. */
export class FactSink {
  #ids = new Map<string, number>();
  #rows = emptyRows();

  #id(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(name, id);
    return id;
  }

  add(relation: Relation, key: string, ...row: number[]): void {
    this.#rows[relation].push(this.#id(key), row);
  }

  /** relation `use` or `open`. */
  addUse(
    relation: 'use' | 'open',
    key: string,
    { file, line, name }: { file: number; line: number; name: string },
  ): void {
    this.#rows[relation].push(this.#id(key), [file, line, this.#id(name)]);
  }

  take(): FactRows {
    const rows = Object.fromEntries(relationNames.map((name) => [name, this.#rows[name].numbers.slice()]));
    const taken = { names: [...this.#ids.keys()], rows: rows as FactRows['rows'] };
    this.#ids = new Map();
    this.#rows = emptyRows();
    return taken;
  }
}

function emptyRows(): Record<Relation, RowList> {
  return Object.fromEntries(relationNames.map((name) => [name, new RowList(relations[name])])) as Record<
    Relation,
    RowList
  >;
}

/** Takes rows of several readers; `tables()` ends it. */
export class NameIndexBuilder {
  readonly #ids = new Map<string, number>();
  readonly #rows = emptyRows();

  add({ names, rows }: FactRows, kept: readonly Relation[] = relationNames): void {
    const own = new Int32Array(names.length).fill(-1);
    const idOf = (place: number): number => {
      if ((own[place] as number) < 0) own[place] = this.#id(names[place] as string);
      return own[place] as number;
    };
    for (const relation of kept) {
      const numbers = rows[relation];
      const to = this.#rows[relation];
      const step = to.width + 1;
      const column = nameColumn[relation];
      const row = new Uint32Array(to.width);
      for (let at = 0; at < numbers.length; at += step) {
        row.set(numbers.subarray(at + 1, at + step));
        if (column !== undefined) row[column] = idOf(row[column] as number);
        to.push(idOf(numbers[at] as number), row);
      }
    }
  }

  #id(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(name, id);
    return id;
  }

  /** Names become their place in sorted order, so that a name is found by bisection in the file that keeps them. */
  tables(files: readonly string[], links: readonly (string | null)[]): NameTables {
    const names = [...this.#ids.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const place = new Uint32Array(names.length);
    names.forEach((name, i) => {
      place[this.#ids.get(name) as number] = i;
    });
    const postings = relationNames.map((relation) => {
      const { numbers, width } = this.#rows[relation];
      const column = nameColumn[relation];
      for (let at = 0; at < numbers.length; at += width + 1) {
        numbers[at] = place[numbers[at] as number] as number;
        if (column !== undefined) numbers[at + 1 + column] = place[numbers[at + 1 + column] as number] as number;
      }
      // Each is some hundred megabytes: what was collected goes as its sorted form comes.
      this.#rows[relation] = new RowList(width);
      return [relation, makePostings(numbers, width, names.length)];
    });
    return { files, links, names, ...Object.fromEntries(postings) } as NameTables;
  }
}

/** The headers' part of an index in memory, for readers that ask for each name of each file. */
export class HeaderNames {
  readonly #tables: NameTables;
  readonly #places: Readonly<Record<DeclaredKind | 'include', ReadonlyMap<string, number>>>;

  constructor(tables: NameTables) {
    this.#tables = tables;
    const placesOf = (relation: Relation): Map<string, number> => {
      const { keys } = tables[relation];
      const places = new Map<string, number>();
      for (let i = 0; i < keys.length; i++) places.set(tables.names.at(keys.at(i) as number) as string, i);
      return places;
    };
    const [record, typedef, object] = [placesOf('record'), placesOf('typedef'), placesOf('object')];
    this.#places = { record, typedef, object, macro: placesOf('macro'), include: placesOf('include') };
  }

  #files(relation: DeclaredKind | 'include', name: string): string[] {
    const place = this.#places[relation].get(name);
    if (place === undefined) return nothing;
    const { starts, values } = this.#tables[relation];
    const files = values.slice(starts.at(place) as number, starts.at(place + 1) as number);
    return Array.from(files, (file) => this.#tables.files[file] as string);
  }

  filesDeclaring(kind: DeclaredKind, name: string): string[] {
    return this.#files(kind, name);
  }

  filesIncluding(name: string): string[] {
    return this.#files('include', name);
  }
}

const nothing: string[] = [];

/** The rows of one set of tables, by name; those of files that are hidden are left out. */
class Layer {
  readonly tables: NameTables;
  readonly #hidden: ReadonlySet<string> | null;

  constructor(tables: NameTables, hidden: ReadonlySet<string> | null) {
    this.tables = tables;
    this.#hidden = hidden;
  }

  /** The place of the first name that is not below `name`. */
  #place(name: string): number {
    const { names } = this.tables;
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((names.at(middle) as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  keysWith(start: string): string[] {
    const found: string[] = [];
    for (let at = this.#place(start); ; at++) {
      const name = this.tables.names.at(at);
      if (name === undefined || !name.startsWith(start)) return found;
      found.push(name);
    }
  }

  /** Tells `told` each row: the file, and the numbers after it. */
  rows(relation: Relation, name: string, told: (file: string, second: number, third: number) => void): void {
    const { names, files } = this.tables;
    const id = this.#place(name);
    if (names.at(id) !== name) return;
    const rows = rowsOf(this.tables[relation], id);
    const width = relations[relation];
    for (let at = 0; at < rows.length; at += width) {
      const file = files[rows[at] as number] as string;
      if (this.#hidden?.has(file) !== true) told(file, rows[at + 1] ?? 0, rows[at + 2] ?? 0);
    }
  }
}

/** What an index of a like tree tells of the files that this tree has too; `hidden` are those that are told anew. */
export interface LowerLayer {
  readonly tables: NameTables;
  readonly hidden: ReadonlySet<string>;
}

export class NameIndex {
  /** Of the tree itself: all its files, and the rows of those that no lower layer tells. */
  readonly tables: NameTables;
  readonly #layers: readonly Layer[];
  readonly #places = new Map<string, number>();

  constructor(tables: NameTables, lower: LowerLayer | null = null) {
    this.tables = tables;
    const below = lower === null ? [] : [new Layer(lower.tables, lower.hidden)];
    this.#layers = [new Layer(tables, null), ...below];
  }

  /** Names of the index, keys of uses among them, that begin so. */
  keysWith(start: string): string[] {
    const found = this.#layers.flatMap((layer) => layer.keysWith(start));
    return this.#layers.length === 1 ? found : [...new Set(found)].sort();
  }

  #files(relation: Relation, name: string): string[] {
    const found: string[] = [];
    for (const layer of this.#layers) layer.rows(relation, name, (file) => found.push(file));
    return found;
  }

  filesDeclaring(kind: DeclaredKind, name: string): string[] {
    return this.#files(kind, name);
  }

  /** Files that spell `struct tag`, `union tag` or `enum tag`. */
  filesWithTag(base: string): string[] {
    return [...new Set(this.#files('tag', base))];
  }

  /** Those of them that spell it in the head or the body of a function with a body. */
  filesWithTagInCode(base: string): string[] {
    const found: string[] = [];
    for (const layer of this.#layers)
      layer.rows('tag', base, (file, isCode) => {
        if (isCode === 1) found.push(file);
      });
    return found;
  }

  /** Headers in which the body of a macro spells it. */
  headersWithTagInMacro(base: string): string[] {
    return this.#files('macroTag', base);
  }

  /** Files that declare a member, object, function or typedef of this type. */
  filesWithType(base: string): string[] {
    return this.#files('type', base);
  }

  /** Files that include a header of this name, whatever its folder. */
  filesIncluding(name: string): string[] {
    return this.#files('include', name);
  }

  /** `access struct s.m`, `sizeof struct s`, `define struct s` or `embed struct s`. */
  uses(key: string): UsePlace[] {
    return this.#usePlaces('use', key);
  }

  /** Accesses to a member of this name whose operand has a type that the text does not tell. */
  open(member: string): UsePlace[] {
    return this.#usePlaces('open', member);
  }

  #usePlaces(relation: 'use' | 'open', key: string): UsePlace[] {
    const places: UsePlace[] = [];
    for (const layer of this.#layers)
      layer.rows(relation, key, (file, line, name) =>
        places.push({ file, line, function: layer.tables.names.at(name) || null }),
      );
    return this.#layers.length === 1 ? places : inOrder(places);
  }

  /** The module that a source is linked into, or `vmlinux`; null where no object is built from it. */
  linkOf(file: string): string | null {
    if (this.#places.size === 0) this.tables.files.forEach((name, i) => void this.#places.set(name, i));
    return this.tables.links[this.#places.get(file) ?? -1] ?? null;
  }
}

/** As one set of tables has them: by file and line, each once. A header's macro is told by every file that uses it. */
function inOrder(places: readonly UsePlace[]): UsePlace[] {
  const once = new Map(places.map((one) => [`${one.file}:${one.line} ${one.function}`, one]));
  return [...once.values()].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}
