/**
 * The name index of a tree, made from its files: first what every header declares, then every file's uses. Both passes read each file by
 * itself, so that several readers share the work; what they tell is put together by one builder.
 */
import type { Conditions } from '../c/conditions.js';
import { tokenize } from '../c/tokenize.js';
import { declaredNames, includesOf } from '../kernel/mentions.js';
import { FactSink, HeaderNames, NameIndex, NameIndexBuilder } from '../kernel/names.js';
import type { SourceTree } from '../tree/source-tree.js';
import { fileFacts } from './file-facts.js';
import { isPublicHeader } from './public-header.js';
import { type DeclaringHeaders, TreeNames } from './tree-names.js';

/** What is read, and as which configuration. */
export interface IndexedTree {
  readonly tree: SourceTree;
  /** Every .c and .h that counts; a file's number is its place. */
  readonly files: readonly string[];
  readonly conditions: Conditions;
  /** `x86`, `arm64`, `s390`, …; `i386` or `x86_64` in trees before 2.6.24. */
  readonly archDirectory: string;
}

/** A file that says nothing by name, as lists of register numbers, hundreds of megabytes of them, is not read. */
function saysSomething(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.includes('{') || text.includes('->') || text.includes(';') || bytes.length < 100_000;
}

function readFile(tree: SourceTree, path: string): Uint8Array | null {
  const bytes = tree.read(path);
  return bytes !== null && saysSomething(bytes) ? bytes : null;
}

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
  builder.add(headers, ['record', 'include']);
  builder.add(uses.take());
  return new NameIndex(builder.tables(files, files.map(linkOf)));
}
