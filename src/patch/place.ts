/**
 * Where the hunks of one file stand in it, by the rules of `git apply` (apply.c, find_pos), with a bound on the time that a hostile file
 * can take. Comes in: the text before, hunks in the order of the diff. Goes out: for each the line at which its old side is, or the
 * first that has no place. Never happens: one hunk over another's lines.
 *
 * git looks in the file as the hunks before leave it: from the line that the hunk names on its new side, one line down, one up, two
 * down, and so on. Places are then counted back to the file before, which is what the `diff` package applies to.
 */
import type { Hunk } from './series.js';
import type { PlacedHunk } from './structured.js';

export type Fit =
  | { readonly kind: 'placed'; readonly placed: readonly PlacedHunk[] }
  /** `hunk`: index of the first that has no place. */
  | { readonly kind: 'absent' | 'not-at-beginning' | 'not-at-end' | 'too-dear'; readonly hunk: number };

/** Comparisons of lines for one file; a kernel's largest file with a hundred drifted hunks needs a tenth. */
const mostComparisons = 50_000_000;

export function placeHunks(text: string, hunks: readonly Hunk[]): Fit {
  const file = new Lines(text);
  const search = new Search(file.ids);
  const placed: PlacedHunk[] = [];
  for (const [index, hunk] of hunks.entries()) {
    const { old, trailing } = oldSide(hunk, file);
    const isFirst = hunk.beforeStart <= 1;
    const isLast = trailing === 0;
    const at = search.find(old, hunk, { isFirst, isLast });
    if (at === 'too-dear') return { kind: 'too-dear', hunk: index };
    if (at === null) {
      // Would it be somewhere else? Then the reader should look at the file's ends, not for the lines.
      const elsewhere = (isFirst || isLast) && search.find(old, hunk, { isFirst: false, isLast: false });
      if (typeof elsewhere !== 'number') return { kind: 'absent', hunk: index };
      return { kind: isFirst ? 'not-at-beginning' : 'not-at-end', hunk: index };
    }
    placed.push({ hunk, at: search.before(at) });
    search.take(at, old.length, hunk.afterLines);
  }
  return { kind: 'placed', placed: placed.toSorted((one, other) => one.at - other.at) };
}

/** A file's lines as numbers, equal where the lines are equal, newline included. */
class Lines {
  readonly ids: Int32Array;
  readonly #numbers = new Map<string, number>();

  constructor(text: string) {
    const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    this.ids = new Int32Array(lines.length);
    for (const [index, line] of lines.entries()) {
      let number = this.#numbers.get(line);
      if (number === undefined) {
        number = this.#numbers.size;
        this.#numbers.set(line, number);
      }
      this.ids[index] = number;
    }
  }

  /** -1 for a line that the file does not have. */
  idOf(line: string): number {
    return this.#numbers.get(line) ?? -1;
  }
}

/** The lines that must be there, and how many of them stand below the last change. */
function oldSide({ lines }: Hunk, file: Lines): { old: Int32Array; trailing: number } {
  const old: string[] = [];
  let trailing = 0;
  let isOld = false;
  for (const line of lines) {
    const mark = line[0];
    if (mark === '\\') {
      if (isOld) old.push((old.pop() as string).slice(0, -1));
      continue;
    }
    isOld = mark !== '+';
    if (isOld) old.push(`${line.slice(1)}\n`);
    trailing = mark === '-' || mark === '+' ? 0 : trailing + 1;
  }
  return { old: Int32Array.from(old, (line) => file.idOf(line)), trailing };
}

interface Ends {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Stands for every line that a hunk has made: none may be changed, or leaned on, twice. */
const taken = -2;

/** The file as the hunks so far leave it. */
class Search {
  #lines: Int32Array;
  /** Of each line its number in the file before, from 0. */
  #numbers: Int32Array;
  #left = mostComparisons;

  constructor(lines: Int32Array) {
    this.#lines = lines;
    this.#numbers = Int32Array.from(lines, (_, index) => index);
  }

  /** The place in the file before of a place in the file as it is. */
  before(at: number): number {
    return Math.max(0, this.#numbers[at] ?? (this.#numbers.at(-1) ?? -1) + 1);
  }

  take(at: number, old: number, fresh: number): void {
    const from = this.before(at);
    this.#lines = spliced(this.#lines, at, old, new Int32Array(fresh).fill(taken));
    this.#numbers = spliced(this.#numbers, at, old, new Int32Array(fresh).fill(from + old - 1));
  }

  /** The place of `old` in the file as it is; null where there is none. */
  find(old: Int32Array, { afterStart }: Hunk, { isFirst, isLast }: Ends): number | null | 'too-dear' {
    const last = this.#lines.length - old.length;
    if (last < 0 || old.includes(-1)) return null;
    if (isFirst || isLast) {
      const at = isFirst ? 0 : last;
      return (!isLast || at === last) && this.#fits(old, at) ? at : null;
    }
    const near = Math.min(Math.max(0, afterStart - 1), this.#lines.length);
    for (let distance = 0; near + distance <= last || near >= distance; distance++) {
      for (const at of distance === 0 ? [near] : [near + distance, near - distance])
        if (at >= 0 && at <= last && this.#fits(old, at)) return at;
      if (this.#left < 0) return 'too-dear';
    }
    return null;
  }

  #fits(old: Int32Array, at: number): boolean {
    const lines = this.#lines;
    for (let index = 0; index < old.length; index++) {
      if (lines[at + index] !== old[index]) {
        this.#left -= index + 1;
        return false;
      }
    }
    this.#left -= old.length;
    return true;
  }
}

function spliced(lines: Int32Array, at: number, gone: number, fresh: Int32Array): Int32Array {
  const made = new Int32Array(lines.length - gone + fresh.length);
  made.set(lines.subarray(0, at));
  made.set(fresh, at);
  made.set(lines.subarray(at + gone), at + fresh.length);
  return made;
}
