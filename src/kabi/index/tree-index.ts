/**
 * The name index of a tree, made from its files: first what every header declares, then every file's uses. Both passes read each file by
 * itself, so that several readers share the work; what they tell is put together by one builder.
 */
import { tokenize } from '../../c/lex/tokenize.js';
import { declaredNames, includesOf } from '../../kernel/mentions.js';
import {
  type FactRows,
  FactSink,
  HeaderNames,
  NameIndex,
  NameIndexBuilder,
  type NameTables,
} from '../../kernel/names.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { isPublicHeader } from '../public-header.js';
import { fileFacts } from './file-facts.js';
import type { DeclaringHeaders } from './header-ranks.js';
import { filesToRead, keptMacroUses } from './index-delta.js';
import { type IndexedTree, readFile } from './indexed-tree.js';
import { TreeNames } from './tree-names.js';

/** First pass: names that the headers among `numbers` declare. */
export function readHeaders({ tree, files }: IndexedTree, numbers: readonly number[], sink: FactSink): void {
  for (const number of numbers) {
    const path = files[number] as string;
    // Device trees' numbers are no code.
    const counts = path.endsWith('.h') && !path.startsWith('include/dt-bindings/');
    const bytes = counts ? readFile(tree, path) : null;
    if (bytes === null) continue;
    const tokens = tokenize(bytes);
    const numbers = isPublicHeader(path) ? 'numbers too' : 'no numbers';
    declaredNames(tokens, numbers, (kind, name) => sink.add(kind, name, number));
    for (const name of includesOf(tokens)) sink.add('include', name, number);
  }
}

/** Second pass: everything else, with the headers' names at hand. */
export class UseFileReader {
  readonly #indexed: IndexedTree;
  readonly #names: TreeNames;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(indexed: IndexedTree, headers: DeclaringHeaders) {
    this.#indexed = indexed;
    this.#names = new TreeNames(indexed.tree, headers, indexed.conditions, indexed.archDirectory);
    this.#numbers = new Map(indexed.files.map((path, i) => [path, i]));
  }

  read(numbers: readonly number[], sink: FactSink): void {
    const { tree, files } = this.#indexed;
    for (const number of numbers) {
      const path = files[number] as string;
      const bytes = readFile(tree, path);
      if (bytes !== null) fileFacts(path, bytes, this.#names, this.#numbers, sink);
    }
  }
}

/** Code of another architecture cannot run on this one. */
export function concernsArch(file: string, archDirectory: string): boolean {
  if (/^include\/asm-/.test(file))
    return file.startsWith('include/asm-generic/') || file.startsWith(`include/asm-${archDirectory}/`);
  return !file.startsWith('arch/') || file.startsWith(`arch/${archDirectory}/`);
}

/** The whole index by one reader. `linkOf`: the module that a source is linked into, `vmlinux`, or null. */
export function makeIndex(indexed: IndexedTree, linkOf: (file: string) => string | null): NameIndex {
  const { files } = indexed;
  const all = files.map((_, i) => i);
  const builder = new NameIndexBuilder();
  const sink = new FactSink();
  readHeaders(indexed, all, sink);
  const headers = sink.take();
  const first = new NameIndexBuilder();
  first.add(headers);
  const uses = new FactSink();
  new UseFileReader(indexed, new HeaderNames(first.tables(files, []))).read(all, uses);
  builder.add(headers);
  builder.add(uses.take());
  return new NameIndex(builder.tables(files, files.map(linkOf)));
}

/** An index of a like tree, with what is kept of it to make another. */
export interface EarlierIndex {
  readonly tables: NameTables;
  /** A header as it was; null where there was none. */
  readonly headerText: (path: string) => Uint8Array | null;
}

/** The index of a tree as a layer on that of a like one; null where they differ too much. `changed`: paths of which the content differs. */
export function makeLayer(
  indexed: IndexedTree,
  linkOf: (file: string) => string | null,
  earlier: EarlierIndex,
  changed: ReadonlySet<string>,
): { readonly tables: NameTables; readonly hidden: ReadonlySet<string> } | null {
  const { files, conditions, archDirectory } = indexed;
  const numbers = new Map(files.map((path, i) => [path, i]));
  const index = new NameIndex(earlier.tables);
  const headers = headersOf(indexed, numbers, [...changed]);
  const before: DeclaringHeaders = headersIn(index, numbers, new Set());
  const own = new HeaderNames(tablesOf(headers, files));
  const after = headersIn(index, numbers, changed, own);
  const versions = {
    before: new TreeNames(headerTree(earlier), before, conditions, archDirectory),
    after: new TreeNames(indexed.tree, after, conditions, archDirectory),
  };
  const found = filesToRead(index, indexed, versions, changed);
  if (found === null) return null;
  const uses = new FactSink();
  const read = found.files.map((path) => numbers.get(path) as number);
  new UseFileReader(indexed, after).read(read, uses);
  keptMacroUses(earlier.tables, { ...versions, words: found.words }, numbers, new Set(found.files), uses);
  const builder = new NameIndexBuilder();
  builder.add(headersOf(indexed, numbers, found.files));
  builder.add(uses.take());
  const hidden = new Set([...found.files, ...earlier.tables.files.filter((path) => !numbers.has(path))]);
  return { tables: builder.tables(files, files.map(linkOf)), hidden };
}

function headersOf(indexed: IndexedTree, numbers: ReadonlyMap<string, number>, paths: readonly string[]): FactRows {
  const sink = new FactSink();
  readHeaders(
    indexed,
    paths.flatMap((path) => numbers.get(path) ?? []),
    sink,
  );
  return sink.take();
}

function tablesOf(rows: FactRows, files: readonly string[]): NameTables {
  const builder = new NameIndexBuilder();
  builder.add(rows);
  return builder.tables(files, []);
}

/** The headers of an index without those that changed, and with what these declare now; in the order of the files. */
function headersIn(
  index: NameIndex,
  numbers: ReadonlyMap<string, number>,
  changed: ReadonlySet<string>,
  own: DeclaringHeaders | null = null,
): DeclaringHeaders {
  const merged = (known: readonly string[], fresh: readonly string[]): string[] => {
    const kept = known.filter((path) => path.endsWith('.h') && !changed.has(path));
    if (fresh.length === 0) return kept;
    return [...kept, ...fresh].sort((one, other) => (numbers.get(one) ?? 0) - (numbers.get(other) ?? 0));
  };
  return {
    filesDeclaring: (kind, name) => merged(index.filesDeclaring(kind, name), own?.filesDeclaring(kind, name) ?? []),
    filesIncluding: (name) => merged(index.filesIncluding(name), own?.filesIncluding(name) ?? []),
  };
}

/** The headers of an earlier tree alone. */
function headerTree({ headerText }: EarlierIndex): SourceTree {
  return { id: 'the headers before', read: headerText, list: () => [], contentId: () => null };
}
