/**
 * Kernel source as a function from path to bytes. Directory, git revision, memory and overlay are all this; one contract
 * suite (test/contract/source-tree.ts) runs over every one of them.
 *
 * Reading is synchronous on purpose: a unit asks for some 850 files in an order that depends on what they say, and an
 * asynchronous read would colour every function of src/c.
 */
export interface SourceTree {
  /** What this tree is, for people: a directory, `mirror.git@v6.1`, `overlay of 3 patches on …`. */
  readonly id: string;

  /**
   * The bytes of a file, or null where there is none (a directory, too). Paths are relative to the tree's root with
   * `/` between names, already normalised: no leading `/`, no `.`, no `..`. Any other path is answered with null.
   */
  read(path: string): Uint8Array | null;

  /** Names in a directory (files and, with a trailing `/`, directories), sorted; [] where there is none. `''` is the root. */
  list(dir: string): readonly string[];

  /**
   * An id of the file's content, equal only where the bytes are equal (a git blob id where the tree has it at no cost),
   * or null where there is no file. It is the key of every content-addressed cache.
   */
  contentId(path: string): string | null;

  /** A hint that these files are about to be read, for trees that read many at the price of one. */
  prefetch?(paths: readonly string[]): void;
}
