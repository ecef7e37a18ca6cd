/**
 * Which files of a tree must be read again where an index of a like tree is at hand, and what they tell: an index of the whole tree is made
 * in minutes, this in seconds.
 *
 * What a file tells depends on its own text and on what headers declare. So a file is read again where its content differs, or where it uses
 * something that a changed header declares otherwise: the text of the headers before is kept with the index, and both versions are read as
 * the index reads them. A declaration that differs can change others: macros that spell it, members of a type that it names, headers whose
 * conditions ask for it. Those are followed until nothing more comes.
 */

import { textOf } from '../../c/lex/spelling.js';
import type { MacroText } from '../../c/outline/conditions.js';
import type { TypeName } from '../../c/outline/declarators.js';
import type { FactSink, NameIndex, NameTables } from '../../kernel/names.js';
import { isPublicHeader } from '../public-header.js';
import { partOf } from './header-ranks.js';
import { type IndexedTree, readFile } from './indexed-tree.js';
import type { Declared, TreeNames } from './tree-names.js';

/** A word whose meaning differs, for the files below some folders; '' is all. */
type Words = Map<string, Set<string>>;

export interface Versions {
  readonly before: TreeNames;
  readonly after: TreeNames;
}

/** No more turns than this are followed, and no more files than this part of the tree: a new index is as quick. */
const mostTurns = 8;
const mostFiles = 0.3;

/** Paths of the tree to be read again, the changed ones among them; null where so many differ that a new index is as quick. */
export function filesToRead(
  index: NameIndex,
  indexed: IndexedTree,
  versions: Versions,
  changed: ReadonlySet<string>,
): { readonly files: readonly string[]; readonly words: ReadonlySet<string> } | null {
  const differences = new Differences(index, indexed, versions);
  const words = differences.follow([...changed].filter((path) => path.endsWith('.h')));
  if (words === null) return null;
  const found = new Set([...changed, ...differences.filesByIndex(), ...differences.filesSpelling(words)]);
  const files = indexed.files.filter((path) => found.has(path));
  return files.length > mostFiles * indexed.files.length ? null : { files, words: new Set(words.keys()) };
}

class Differences {
  readonly #index: NameIndex;
  readonly #indexed: IndexedTree;
  readonly #versions: Versions;
  readonly #headers: readonly string[];
  /** Headers of which both versions were compared. */
  readonly #compared = new Set<string>();
  /** `struct s.m` of members with another type, `struct s` of records with other members at all or in another order. */
  readonly #members = new Set<string>();
  readonly #records = new Set<string>();
  /** Files that initialise a record by the order of its members, which differs. */
  readonly #positional = new Set<string>();
  readonly #words: Words = new Map();
  #fresh: Words = new Map();

  constructor(index: NameIndex, indexed: IndexedTree, versions: Versions) {
    this.#index = index;
    this.#indexed = indexed;
    this.#versions = versions;
    this.#headers = indexed.files.filter((path) => path.endsWith('.h'));
  }

  /** Every word whose meaning differs; null where there is no end of it. */
  follow(changed: readonly string[]): Words | null {
    for (const header of changed) this.#compare(header);
    for (let turn = 0; this.#fresh.size > 0; turn++) {
      if (turn === mostTurns) return null;
      const fresh = this.#fresh;
      this.#fresh = new Map();
      for (const [header, spelled] of spelling(this.#indexed, this.#headers, fresh)) {
        this.#compare(header);
        this.#dependents(header, spelled);
      }
    }
    return this.#words;
  }

  /** Files that use a member or a record that differs. */
  filesByIndex(): string[] {
    const keys = [...this.#members].map((member) => `access ${member}`);
    const names = new Set([...this.#members].map((member) => member.slice(member.lastIndexOf('.') + 1)));
    const found = [...this.#positional];
    for (const record of this.#records) {
      keys.push(
        ...this.#index.keysWith(`access ${record}.`),
        ...['sizeof', 'define', 'embed'].map((one) => `${one} ${record}`),
      );
      found.push(...this.#index.filesWithTag(record), ...this.#index.filesWithType(record));
    }
    for (const key of keys) for (const { file } of this.#index.uses(key)) found.push(file);
    for (const name of names) for (const { file } of this.#index.open(name)) found.push(file);
    return found;
  }

  filesSpelling(words: Words): string[] {
    return [...spelling(this.#indexed, this.#indexed.files, words).keys()];
  }

  #say(word: string, header: string): void {
    const scope = isPublicHeader(header) ? '' : partOf(header);
    const known = this.#words.get(word) ?? new Set();
    if (known.has(scope) || known.has('')) return;
    this.#words.set(word, known.add(scope));
    this.#fresh.set(word, (this.#fresh.get(word) ?? new Set<string>()).add(scope));
  }

  #compare(header: string): void {
    if (this.#compared.has(header)) return;
    this.#compared.add(header);
    const [was, is] = [this.#versions.before.declaredIn(header), this.#versions.after.declaredIn(header)];
    for (const base of keysOf(was.record, is.record)) this.#compareRecords(base, was, is);
    for (const name of differing(was.typedef, is.typedef, typeText)) this.#say(name, header);
    for (const name of differing(was.object, is.object, typeText)) this.#say(name, header);
    for (const name of differing(was.macro, is.macro, macroText)) this.#say(name, header);
    const paths = new Set([...was.includes, ...is.includes]);
    for (const path of paths) if (was.includes.includes(path) !== is.includes.includes(path)) this.#reach(path);
  }

  #compareRecords(base: string, was: Declared, is: Declared): void {
    const [before, after] = [was.record.get(base), is.record.get(base)];
    const calls = (one: typeof before): string =>
      (one?.macros ?? []).map(({ tokens, start, end }) => wordsOf(tokens.spelling, start, end)).join('; ');
    if (before === undefined || after === undefined || calls(before) !== calls(after)) {
      this.#records.add(base);
      for (const one of [before, after])
        for (const name of one?.members.keys() ?? []) this.#members.add(`${base}.${name}`);
      return;
    }
    for (const name of keysOf(before.members, after.members)) {
      const [one, other] = [before.members.get(name), after.members.get(name)];
      if (one === undefined || other === undefined || typeText(one.type) !== typeText(other.type))
        this.#members.add(`${base}.${name}`);
    }
    // `struct s x = { 1, 2 }` goes by the order.
    if ([...before.members.keys()].join() !== [...after.members.keys()].join())
      for (const { file } of this.#index.uses(`define ${base}`)) this.#positional.add(file);
  }

  /** A header that another begins or ceases to include: which of several declarations of a name counts may change. */
  #reach(path: string): void {
    const { before, after } = this.#versions;
    for (const header of this.#headers) {
      if (!`/${header}`.endsWith(`/${path}`) || before.isIncluded(header) === after.isIncluded(header)) continue;
      const [was, is] = [before.declaredIn(header), after.declaredIn(header)];
      for (const kind of ['record', 'typedef', 'object', 'macro'] as const) {
        for (const name of new Set([...was[kind].keys(), ...is[kind].keys()])) {
          if (this.#index.filesDeclaring(kind, name).length < 2) continue;
          if (kind === 'record') this.#records.add(name);
          else this.#say(name, header);
        }
      }
      for (const next of is.includes) this.#reach(next);
    }
  }

  /** What a header declares by these words. */
  #dependents(header: string, words: ReadonlySet<string>): void {
    const { record, typedef, object, macro } = this.#versions.after.declaredIn(header);
    const isOf = (type: TypeName): boolean => words.has(type.base) || (type.returns !== null && isOf(type.returns));
    for (const [name, text] of macro) if (spells(text, words)) this.#say(name, header);
    for (const [name, type] of typedef) if (isOf(type)) this.#say(name, header);
    for (const [name, type] of object) if (isOf(type)) this.#say(name, header);
    for (const [base, { members }] of record)
      for (const { name, type } of members.values()) if (isOf(type)) this.#members.add(`${base}.${name}`);
  }
}

function keysOf<T>(one: ReadonlyMap<string, T>, other: ReadonlyMap<string, T>): Set<string> {
  return new Set([...one.keys(), ...other.keys()]);
}

function differing<T>(
  was: ReadonlyMap<string, T>,
  is: ReadonlyMap<string, T>,
  written: (value: T) => string,
): string[] {
  const text = (value: T | undefined): string | null => (value === undefined ? null : written(value));
  return [...keysOf(was, is)].filter((name) => text(was.get(name)) !== text(is.get(name)));
}

function typeText({ base, depth, arrays, returns, typeofTokens }: TypeName): string {
  const of =
    typeofTokens === undefined ? '' : wordsOf(typeofTokens.tokens.spelling, typeofTokens.start, typeofTokens.end);
  return `${base} ${depth} ${arrays} ${of} ${returns === null ? '' : typeText(returns)}`;
}

function macroText({ parameters, isVariadic, body }: MacroText): string {
  return `${parameters?.join() ?? ''} ${parameters === null} ${isVariadic} ${wordsOf(body.spelling, 0, body.length)}`;
}

function wordsOf(spelling: Uint32Array | Int32Array | readonly number[], start: number, end: number): string {
  return Array.from(spelling.slice(start, end), (one) => textOf(one)).join(' ');
}

function spells({ body }: MacroText, words: ReadonlySet<string>): boolean {
  for (let at = 0; at < body.length; at++) if (words.has(textOf(body.spelling[at] as number))) return true;
  return false;
}

/** Which of these files spell one of the words that count for them, and which words. */
function spelling(indexed: IndexedTree, files: readonly string[], words: Words): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  if (words.size === 0) return found;
  for (const path of files) {
    const bytes = readFile(indexed.tree, path);
    if (bytes === null) continue;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const [word] of text.matchAll(/[A-Za-z_]\w*/g)) {
      const scopes = words.get(word);
      if (scopes === undefined || ![...scopes].some((scope) => path.startsWith(scope))) continue;
      found.set(path, (found.get(path) ?? new Set<string>()).add(word));
    }
  }
  return found;
}

/**
 * Uses that the macros of public headers spell stand in the header's rows, told by the files that call them. Where such a header is read again
 * and its callers are not, they are taken over, to the line where the macro is now. `read`: the files that are read again; callers among them
 * tell the uses themselves, and what no other file has is theirs to tell.
 */
export function keptMacroUses(
  tables: NameTables,
  versions: Versions & { readonly words: ReadonlySet<string> },
  numbers: ReadonlyMap<string, number>,
  read: ReadonlySet<string>,
  sink: FactSink,
): void {
  const shifts = new Map(
    tables.files.flatMap((file, number) =>
      isPublicHeader(file) && read.has(file) ? [[number, macroShifts(file, versions)] as const] : [],
    ),
  );
  if (shifts.size === 0) return;
  const isRead = tables.files.map((file) => read.has(file));
  const { keys, starts, values, width } = tables.use;
  const begin = starts.slice(0, starts.length);
  const rows = values.slice(0, values.length);
  for (let at = 0; at < keys.length; at++) {
    const own = rows.subarray((begin[at] as number) * width, (begin[at + 1] as number) * width);
    const kept: { file: number; line: number; name: string }[] = [];
    let isElsewhere = false;
    for (let row = 0; row < own.length; row += width) {
      const file = own[row] as number;
      isElsewhere ||= isRead[file] !== true;
      const shifted = shifts.get(file);
      if (shifted === undefined) continue;
      const name = tables.names.at(own[row + 2] as number) as string;
      const shift = shifted.get(name);
      const place = { file: numbers.get(tables.files[file] as string) as number, name };
      if (shift !== undefined) kept.push({ ...place, line: (own[row + 1] as number) + shift });
    }
    if (kept.length === 0 || !isElsewhere) continue;
    const key = tables.names.at(keys.at(at) as number) as string;
    for (const place of kept) sink.addUse('use', key, place);
  }
}

/** By name of a macro that means what it did: how many lines further down it stands. */
function macroShifts(
  header: string,
  { before, after, words }: Parameters<typeof keptMacroUses>[1],
): Map<string, number> {
  const was = before.declaredIn(header).macro;
  return new Map(
    [...after.declaredIn(header).macro].flatMap(([name, macro]) => {
      const old = was.get(name);
      if (old === undefined || words.has(name)) return [];
      return [[name, after.lineIn(header, macro.offset) - before.lineIn(header, old.offset)]];
    }),
  );
}
