/** The files of a tree that its name index is made of, and how they are read. */
import type { Conditions } from '../../c/outline/conditions.js';
import type { SourceTree } from '../../tree/source-tree.js';

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

/** Bytes of a file that is read at all. */
export function readFile(tree: SourceTree, path: string): Uint8Array | null {
  const bytes = tree.read(path);
  return bytes !== null && saysSomething(bytes) ? bytes : null;
}
