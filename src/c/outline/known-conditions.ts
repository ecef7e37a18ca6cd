/**
 * What must have held for control to come to a token of a function, as far as the text's structure tells: conditions of the `if`, `while` and
 * `?:` around it, those before it in the same `&&`, and those whose opposite has left the function before. No values are followed.
 *
 * Worked example: in `if (!(a->flags & F)) return 0; if (b && a->op) a->op();` the conditions at the call are `a->flags & F`, `b` and `a->op`.
 */

import { spellingOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { closing, openers, punct } from './brackets.js';

const S = spellingOf;
const sign = { and: S('&&'), or: S('||'), not: S('!'), question: S('?') };
const key = { if: S('if'), else: S('else'), while: S('while'), do: S('do'), for: S('for'), switch: S('switch') };
const leaving = new Set(['return', 'goto', 'break', 'continue'].map(S));
const returnWord = S('return');
const labels = new Set(['case', 'default'].map(S));
/** Blocks and brackets inside each other that are followed. */
const mostDepth = 200;

/** Tokens from `start` to before `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** `body` is what stands between the function's braces, `at` a token of it. */
export function conditionsAt(tokens: TokenList, body: Range, at: number): readonly Range[] {
  const reader = new ConditionReader(tokens, at);
  reader.block(body.start, body.end, 0);
  return reader.known;
}

class ConditionReader {
  known: Range[] = [];
  readonly #tokens: TokenList;
  readonly #at: number;

  constructor(tokens: TokenList, at: number) {
    this.#tokens = tokens;
    this.#at = at;
  }

  #spelling(at: number): number {
    return this.#tokens.spelling[at] ?? 0;
  }

  /** Statements one after the other, to the one in which the token stands. */
  block(start: number, end: number, depth: number): void {
    const before = this.known.length;
    for (let at = start; at < end; ) {
      // Who comes here by a jump has not passed what stands before, nor what stands around.
      if (this.#isLabel(at)) this.known.length = labels.has(this.#spelling(at)) ? before : 0;
      const next = this.#statementEnd(at, end, depth);
      if (this.#at < next) {
        this.#inside(at, next, depth);
        return;
      }
      if (this.#spelling(at) === key.if) this.#passed(at, next, depth);
      at = Math.max(next, at + 1);
    }
  }

  #isLabel(at: number): boolean {
    const isName = this.#tokens.kind[at] === Identifier && this.#spelling(at + 1) === punct.colon;
    return isName || labels.has(this.#spelling(at));
  }

  /** After the last token of the statement that begins here. */
  #statementEnd(at: number, end: number, depth: number): number {
    const spelling = this.#spelling(at);
    if (depth > mostDepth) return end;
    if (spelling === punct.brace) return Math.min(end, closing(this.#tokens, at, end) + 1);
    if (this.#isLabel(at)) {
      for (let one = at; one < end; one++) if (this.#spelling(one) === punct.colon) return one + 1;
      return end;
    }
    if (this.#headed(at)) {
      const then = this.#statementEnd(closing(this.#tokens, at + 1, end) + 1, end, depth + 1);
      const hasElse = spelling === key.if && then < end && this.#spelling(then) === key.else;
      return hasElse ? this.#statementEnd(then + 1, end, depth + 1) : then;
    }
    if (spelling === key.do || spelling === key.else) {
      const inner = this.#statementEnd(at + 1, end, depth + 1);
      return spelling === key.do ? this.#semicolon(inner, end) : inner;
    }
    return this.#semicolon(at, end);
  }

  #headed(at: number): boolean {
    const spelling = this.#spelling(at);
    const isHead = [key.if, key.while, key.for, key.switch].includes(spelling);
    // for_each_entry(…) { … } is a loop whose head is a macro.
    const isLoop =
      this.#tokens.kind[at] === Identifier && this.#spelling(at + 1) === punct.open && this.#opensBlock(at);
    return (isHead && this.#spelling(at + 1) === punct.open) || isLoop;
  }

  #opensBlock(at: number): boolean {
    return this.#spelling(closing(this.#tokens, at + 1, this.#tokens.length) + 1) === punct.brace;
  }

  #semicolon(at: number, end: number): number {
    for (let one = at; one < end; one++) {
      if (openers.has(this.#spelling(one))) one = closing(this.#tokens, one, end);
      else if (this.#spelling(one) === punct.semi) return one + 1;
    }
    return end;
  }

  /** The token stands in the statement from `start` to `end`. */
  #inside(start: number, end: number, depth: number): void {
    if (depth > mostDepth) return;
    const spelling = this.#spelling(start);
    if (spelling === punct.brace) {
      this.block(start + 1, end - 1, depth + 1);
      return;
    }
    if (spelling === key.do || spelling === key.else) {
      this.block(start + 1, end, depth + 1);
      return;
    }
    if (!this.#headed(start)) {
      this.#expression(start, end, depth);
      return;
    }
    const close = closing(this.#tokens, start + 1, end);
    if (this.#at <= close) {
      this.#expression(start + 2, close, depth);
      return;
    }
    const then = this.#statementEnd(close + 1, end, depth + 1);
    const isCondition = spelling === key.if || spelling === key.while;
    if (this.#at < then) {
      if (isCondition) this.#holds(start + 2, close, depth);
      this.#inside(close + 1, then, depth + 1);
      return;
    }
    this.#fails(start + 2, close, depth);
    this.#inside(then + 1, end, depth + 1);
  }

  /** An `if` before the token: where its branch leaves, its condition has failed. */
  #passed(start: number, end: number, depth: number): void {
    const close = closing(this.#tokens, start + 1, end);
    const then = this.#statementEnd(close + 1, end, depth + 1);
    if (then === end && this.#leaves(close + 1, then)) this.#fails(start + 2, close, depth);
  }

  #leaves(start: number, end: number): boolean {
    if (leaving.has(this.#spelling(start))) return true;
    if (this.#spelling(start) !== punct.brace) return false;
    let last = start;
    for (let at = start + 1; at < end - 1; at = Math.max(at + 1, this.#statementEnd(at, end - 1, 0))) last = at;
    return leaving.has(this.#spelling(last));
  }

  /** `return x`, `a = x` and `a, x` have no condition but those of `x`. */
  #value(start: number, end: number): Range {
    let from = start;
    for (const between of [punct.comma, punct.equals]) {
      const part = this.#parts(from, end, between).find((one) => this.#at < one.end);
      if (part !== undefined) from = part.start;
      if (between === punct.comma && part !== undefined) end = part.end;
    }
    return { start: this.#spelling(from) === returnWord ? from + 1 : from, end };
  }

  #expression(from: number, to: number, depth: number): void {
    if (depth > mostDepth) return;
    const { start, end } = this.#value(from, to);
    const question = this.#parts(start, end, sign.question);
    if (question.length > 1) {
      const [condition, ...rest] = question as [Range, ...Range[]];
      const then = rest[0]?.start ?? end;
      if (this.#at < then) {
        this.#expression(condition.start, condition.end, depth + 1);
        return;
      }
      const colon = this.#parts(then, end, punct.colon)[0]?.end ?? end;
      if (this.#at < colon) this.#holds(condition.start, condition.end, depth);
      this.#expression(this.#at < colon ? then : colon + 1, this.#at < colon ? colon : end, depth + 1);
      return;
    }
    for (const one of [sign.or, sign.and]) {
      const parts = this.#parts(start, end, one);
      if (parts.length < 2) continue;
      for (const part of parts) {
        if (this.#at < part.end) {
          this.#expression(part.start, part.end, depth + 1);
          return;
        }
        if (one === sign.and) this.#holds(part.start, part.end, depth);
        else this.#fails(part.start, part.end, depth);
      }
      return;
    }
    for (let at = start; at < Math.min(end, this.#at); at++) {
      if (!openers.has(this.#spelling(at))) continue;
      const close = closing(this.#tokens, at, end);
      if (this.#at < close) {
        if (this.#spelling(at) === punct.brace) {
          this.block(at + 1, close, depth + 1);
          return;
        }
        this.#expression(at + 1, close, depth + 1);
        return;
      }
      at = close;
    }
  }

  /** What stands between such signs outside brackets. */
  #parts(start: number, end: number, between: number): Range[] {
    const parts: Range[] = [];
    let from = start;
    for (let at = start; at < end; at++) {
      const spelling = this.#spelling(at);
      if (openers.has(spelling)) at = closing(this.#tokens, at, end);
      else if (spelling === between) {
        parts.push({ start: from, end: at });
        from = at + 1;
      }
    }
    return [...parts, { start: from, end }];
  }

  /** Without parentheses around all of it. */
  #bare({ start, end }: Range): Range {
    let bare = { start, end };
    while (
      bare.start < bare.end &&
      this.#spelling(bare.start) === punct.open &&
      closing(this.#tokens, bare.start, bare.end) === bare.end - 1
    )
      bare = { start: bare.start + 1, end: bare.end - 1 };
    return bare;
  }

  /** Each part of an `&&` holds; of an `||` nobody knows which. */
  #holds(start: number, end: number, depth: number): void {
    const bare = this.#bare({ start, end });
    if (depth > mostDepth || this.#parts(bare.start, bare.end, sign.or).length > 1) return;
    const parts = this.#parts(bare.start, bare.end, sign.and);
    if (parts.length > 1) for (const part of parts) this.#holds(part.start, part.end, depth + 1);
    else if (this.#spelling(bare.start) === sign.not && this.#spelling(bare.start + 1) === sign.not)
      this.#holds(bare.start + 2, bare.end, depth + 1);
    else this.known.push(bare);
  }

  /** Each part of an `||` fails: what it denies holds. */
  #fails(start: number, end: number, depth: number): void {
    const bare = this.#bare({ start, end });
    if (depth > mostDepth || this.#parts(bare.start, bare.end, sign.and).length > 1) return;
    const parts = this.#parts(bare.start, bare.end, sign.or);
    if (parts.length > 1) for (const part of parts) this.#fails(part.start, part.end, depth + 1);
    else if (this.#spelling(bare.start) === sign.not) this.#holds(bare.start + 1, bare.end, depth + 1);
  }
}
