/**
 * Spellings that hold a value of `__COUNTER__`. Headers make names with it (`__UNIQUE_ID_x17`, `__compiletime_assert_18`); a stretch that
 * is used again stands where the counter has come to another value, and these are spelled anew.
 */
import { spellingOf, textOf } from '../lex/spelling.js';

/** The text around the value, and which of the stretch's values it is, from 0. */
export interface CountedSpelling {
  readonly before: string;
  readonly index: number;
  readonly after: string;
}

export interface CountedSide {
  readonly spelling: number;
  readonly isCounted: boolean;
}

export class CountedSpellings {
  /** The value of the counter where the stretch began, and now. */
  #first = 0;
  #next = 0;
  /** null: it holds more than one value, or came about in two ways. */
  readonly #spellings = new Map<number, CountedSpelling | null>();

  /** A stretch begins. */
  begin(): void {
    this.#first = this.#next;
    this.#spellings.clear();
  }

  /** How many values the stretch has taken. */
  get count(): number {
    return this.#next - this.#first;
  }

  /** The next value, as text. */
  take(): string {
    const text = String(this.#next);
    this.#note(spellingOf(text), { before: '', index: this.#next - this.#first, after: '' });
    this.#next++;
    return text;
  }

  /** As if `count` values had been taken. */
  pass(count: number): void {
    this.#next += count;
  }

  /** left ## right gave `joined`, where one of the two, or both, hold a value. */
  join(left: CountedSide, right: CountedSide, joined: number): void {
    const counted = this.of((left.isCounted ? left : right).spelling);
    if (counted === undefined || (left.isCounted && right.isCounted)) {
      this.#spellings.set(joined, null);
      return;
    }
    const { before, index, after } = counted;
    if (left.isCounted) this.#note(joined, { before, index, after: after + textOf(right.spelling) });
    else this.#note(joined, { before: textOf(left.spelling) + before, index, after });
  }

  #note(spelling: number, counted: CountedSpelling): void {
    const known = this.#spellings.get(spelling);
    const isSame = known === undefined || (known?.index === counted.index && known.before === counted.before);
    this.#spellings.set(spelling, isSame ? counted : null);
  }

  of(spelling: number): CountedSpelling | undefined {
    return this.#spellings.get(spelling) ?? undefined;
  }

  /** The spelling with the values that a stretch takes which begins now. */
  spelled({ before, index, after }: CountedSpelling): number {
    return spellingOf(`${before}${this.#next + index}${after}`);
  }
}
