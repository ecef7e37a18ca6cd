/**
 * What a stretch of a file between two `#include` lines came to, kept for the next unit that meets it.
 *
 * Thousands of units read the same headers under the same macros. A stretch depends on nothing but its text, the macros that it
 * asked for before it set them itself, and for `__FILE__` the name it was included by; so where these are the same again, its tokens
 * and the macros that it leaves are known; what holds a value of `__COUNTER__` is spelled anew. Stretches that ask for more
 * (`__has_include`, an `#include` among a macro's arguments) are not kept.
 */

import type { LexedFile } from '../lex/lexed-file.js';
import { TokenList } from '../lex/tokens.js';
import type { CountedSpelling } from './counted.js';
import type { MacroFacts, MacroTable } from './macro-table.js';

export interface Segment {
  readonly reads: MacroFacts;
  readonly writes: MacroFacts;
  /** The name in `__FILE__`, where that was asked for. */
  readonly fileName: string | null;
  /** How many values of `__COUNTER__` it takes, and the tokens that hold one, counted from `start`. */
  readonly values: number;
  readonly counted: readonly (CountedSpelling & { readonly at: number })[];
  /** Where the file goes on: token, and place in `directives`. */
  readonly at: number;
  readonly directive: number;
  /** Its tokens are list[start, end). */
  list: TokenList;
  start: number;
  end: number;
}

/** Where the tokens of a segment stand in a unit: [start, end). */
export interface Stretch {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
}

/** Of one stretch so many are kept: a header that reads as differently as this will go on doing so. */
const mostVariants = 8;
const mostTokens = 12_000_000;

export class SegmentStore {
  #byFile = new WeakMap<LexedFile, (Segment[] | undefined)[]>();
  #tokens = 0;
  /** Of the run under way: their tokens are still in its output. */
  #recorded: Segment[] = [];

  find(file: LexedFile, directive: number, macros: MacroTable, fileName: string): Segment | undefined {
    const variants = this.#byFile.get(file)?.[directive];
    return variants?.find((one) => (one.fileName === null || one.fileName === fileName) && macros.agrees(one.reads));
  }

  keep(file: LexedFile, directive: number, segment: Segment): void {
    let stretches = this.#byFile.get(file);
    if (stretches === undefined) {
      stretches = [];
      this.#byFile.set(file, stretches);
    }
    const variants = stretches[directive] ?? [];
    stretches[directive] = variants;
    if (variants.length >= mostVariants) variants.pop();
    variants.unshift(segment);
    this.#recorded.push(segment);
  }

  /** The run is over: what was recorded moves to a list of its own, so that the run's output is not kept alive. */
  settle(): void {
    const count = this.#recorded.reduce((sum, { start, end }) => sum + end - start, 0);
    if (this.#tokens + count > mostTokens) {
      this.#byFile = new WeakMap();
      this.#tokens = 0;
    } else {
      const list = new TokenList(count);
      for (const segment of this.#recorded) {
        const start = list.length;
        list.append(segment.list, segment.start, segment.end, 0);
        Object.assign(segment, { list, start, end: list.length });
      }
      this.#tokens += count;
    }
    this.#recorded = [];
  }
}
