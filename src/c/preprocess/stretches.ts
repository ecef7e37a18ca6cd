/**
 * The stretches of a unit, from one `#include` to the next: read, or repeated as segment.ts has kept them. A stretch is kept where
 * nothing but its text and macros decides what it comes to.
 */

import type { Directive } from '../lex/lexed-file.js';
import { Counted, type TokenList } from '../lex/tokens.js';
import type { BodySkipper } from './bodies.js';
import type { CountedSpelling, CountedSpellings } from './counted.js';
import type { FileStack, Frame } from './file-stack.js';
import type { MacroTable } from './macro-table.js';
import type { Segment, SegmentStore, Stretch } from './segment.js';

/** What the stretches of a unit are read with. */
export interface StretchParts {
  readonly stack: FileStack;
  readonly tokens: TokenList;
  readonly macros: MacroTable;
  readonly counted: CountedSpellings;
  readonly skipper: BodySkipper | null;
  /** null: nothing is kept. */
  readonly segments: SegmentStore | null;
}

export class Stretches {
  /** Those that were kept or repeated, in order. */
  readonly list: Stretch[] = [];
  readonly #stack: FileStack;
  readonly #tokens: TokenList;
  readonly #macros: MacroTable;
  readonly #counted: CountedSpellings;
  readonly #skipper: BodySkipper | null;
  readonly #segments: SegmentStore | null;
  readonly #toInclude: (frame: Frame) => void;

  /** `toInclude` reads a frame up to its next `#include`, or its end. */
  constructor(parts: StretchParts, toInclude: (frame: Frame) => void) {
    this.#stack = parts.stack;
    this.#tokens = parts.tokens;
    this.#macros = parts.macros;
    this.#counted = parts.counted;
    this.#skipper = parts.skipper;
    this.#segments = parts.segments;
    this.#toInclude = toInclude;
  }

  /** From where the frame stands to the next `#include` that counts, or the end of the file; as it was kept, if it was. */
  read(frame: Frame): void {
    const { file, directive } = frame;
    const isBetween = this.#skipper?.isBetween ?? true;
    const begins = isBetween && frame.at === (directive === 0 ? 0 : (file.directives[directive - 1] as Directive).end);
    const known = begins ? this.#segments?.find(file, directive, this.#macros, frame.name) : undefined;
    if (known !== undefined) {
      this.#repeat(known, frame);
      return;
    }
    this.#stack.keepable = begins && this.#segments !== null;
    this.#stack.askedName = false;
    this.#counted.begin();
    if (this.#stack.keepable) this.#macros.begin();
    const start = this.#tokens.length;
    this.#toInclude(frame);
    const ends = this.#skipper?.isBetween ?? true;
    const counted = ends && this.#stack.keepable ? this.#countedSince(start) : null;
    if (counted === null) return;
    const segment: Segment = {
      reads: this.#macros.reads,
      writes: this.#macros.writes,
      fileName: this.#stack.askedName ? frame.name : null,
      values: this.#counted.count,
      counted,
      at: frame.at,
      directive: frame.directive,
      list: this.#tokens,
      start,
      end: this.#tokens.length,
    };
    this.#segments?.keep(file, directive, segment);
    this.#kept(segment, start);
  }

  #repeat(segment: Segment, frame: Frame): void {
    const start = this.#tokens.length;
    this.#tokens.append(segment.list, segment.start, segment.end, frame.id);
    for (const one of segment.counted) this.#tokens.spelling[start + one.at] = this.#counted.spelled(one);
    this.#counted.pass(segment.values);
    this.#macros.apply(segment.writes);
    this.#kept(segment, start);
    frame.at = segment.at;
    frame.directive = segment.directive;
  }

  /** The tokens of the stretch that hold a value of the counter; null where one cannot be told from its text. */
  #countedSince(start: number): Segment['counted'] | null {
    if (this.#counted.count === 0) return [];
    const { flags, spelling, length } = this.#tokens;
    const found: (CountedSpelling & { at: number })[] = [];
    for (let at = start; at < length; at++) {
      if (((flags[at] as number) & Counted) === 0) continue;
      const counted = this.#counted.of(spelling[at] as number);
      if (counted === undefined) return null;
      found.push({ at: at - start, ...counted });
    }
    return found;
  }

  #kept(segment: Segment, start: number): void {
    if (start < this.#tokens.length) this.list.push({ segment, start, end: this.#tokens.length });
  }
}
