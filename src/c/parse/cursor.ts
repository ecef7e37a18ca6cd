/**
 * A place in the tokens of one view that moves forward, with every bracket's partner known beforehand: skipping a function
 * body or an initialiser is one step, and text whose brackets do not match still has an end.
 *
 * Pragmas do not belong to the grammar and may stand anywhere, so they are taken out first: `tokens` is the list without
 * them. A pragma is one token of the preprocessor's or, in text that is only tokenised, a line that begins with `#` (every
 * other directive goes the same way). Only `#pragma pack` means anything to a layout; `packAt` answers for it.
 */

import { textOf } from '../lex/spelling.js';
import { BeginsLine, End, Pragma, TokenList } from '../lex/tokens.js';
import { sign } from './keywords.js';

/** A declaration that cannot be read. Thrown only inside the parser, caught at its one recovery point. */
export class Unreadable extends Error {
  readonly at: number;
  constructor(why: string, at: number) {
    super(why);
    this.at = at;
  }
}

/** Deeper nesting than this is no code of people's: gcc and clang themselves stop at 256 brackets. */
const deepest = 256;

export class Cursor {
  readonly tokens: TokenList;
  readonly kind: Uint8Array;
  readonly spelling: Int32Array;
  at = 0;
  readonly #partner: Int32Array;
  readonly #packs: Pack[];
  #depth = 0;

  constructor(tokens: TokenList) {
    const { list, packs } = withoutDirectives(tokens);
    this.tokens = list;
    this.kind = list.kind;
    this.spelling = list.spelling;
    this.#packs = packs;
    this.#partner = partners(list);
  }

  is(spelling: number): boolean {
    return this.spelling[this.at] === spelling;
  }

  next(spelling: number): boolean {
    return this.spelling[this.at + 1] === spelling;
  }

  accept(spelling: number): boolean {
    if (this.spelling[this.at] !== spelling) return false;
    this.at++;
    return true;
  }

  expect(spelling: number): void {
    if (this.spelling[this.at] !== spelling) this.fail(`expected '${textOf(spelling)}'`);
    this.at++;
  }

  get ended(): boolean {
    return this.kind[this.at] === End;
  }

  /** The token after the bracket group that opens at `open`; always further on. */
  after(open: number): number {
    const partner = this.#partner[open] as number;
    return closes(this.spelling[partner] as number, this.spelling[open] as number) ? partner + 1 : partner;
  }

  /** The closing bracket of the group that opens at `open`, or where an unclosed group ends. */
  closing(open: number): number {
    return this.#partner[open] as number;
  }

  isOpening(): boolean {
    const spelling = this.spelling[this.at] as number;
    return spelling === sign.open || spelling === sign.openBracket || spelling === sign.openBrace;
  }

  skipGroup(): void {
    this.at = this.after(this.at);
  }

  fail(why: string, at = this.at): never {
    const found =
      this.kind[at] === End ? 'the end of the text' : `'${textOf(this.spelling[at] as number).slice(0, 60)}'`;
    throw new Unreadable(`${why} at ${found}`, at);
  }

  /** Runs one level of nested grammar, or fails where the nesting is absurd. */
  enter(): void {
    if (++this.#depth > deepest) {
      throw new Unreadable(`nested more than ${deepest} deep`, this.at);
    }
  }

  leave(): void {
    this.#depth--;
  }

  restart(at: number): void {
    this.at = at;
    this.#depth = 0;
  }

  /** Bytes, of the `#pragma pack` in force at a token; 0 where there is none. */
  packAt(at: number): number {
    let low = 0;
    let high = this.#packs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#packs[middle] as Pack).at <= at) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#packs[low - 1] as Pack).value;
  }

  text(first: number, end: number): string {
    const words: string[] = [];
    for (let at = first; at < end && words.length < 200; at++) words.push(textOf(this.spelling[at] as number));
    return words.join(' ');
  }
}

function closes(closer: number, opener: number): boolean {
  if (opener === sign.open) return closer === sign.close;
  if (opener === sign.openBrace) return closer === sign.closeBrace;
  return opener === sign.openBracket && closer === sign.closeBracket;
}

/** For each opening bracket its closing one, or the token that ends an unclosed group: a `}`, or the end. */
function partners(list: TokenList): Int32Array {
  const { spelling, length } = list;
  const partner = new Int32Array(length);
  let open = new Int32Array(1024);
  let count = 0;
  for (let at = 0; at < length; at++) {
    const id = spelling[at] as number;
    if (id === sign.open || id === sign.openBracket || id === sign.openBrace) {
      if (count === open.length) {
        const larger = new Int32Array(count * 2);
        larger.set(open);
        open = larger;
      }
      open[count++] = at;
    } else if (id === sign.close || id === sign.closeBracket || id === sign.closeBrace) {
      if (id === sign.closeBrace) {
        // A brace ends every parenthesis that was left open inside it, so that one stray `(` costs one declaration.
        while (count > 0 && spelling[open[count - 1] as number] !== sign.openBrace)
          partner[open[--count] as number] = at;
        if (count > 0) partner[open[--count] as number] = at;
      } else if (count > 0 && closes(id, spelling[open[count - 1] as number] as number))
        partner[open[--count] as number] = at;
    }
  }
  while (count > 0) partner[open[--count] as number] = length - 1;
  return partner;
}

interface Pack {
  readonly at: number;
  readonly value: number;
}

function withoutDirectives(tokens: TokenList): { list: TokenList; packs: Pack[] } {
  const { spelling, flags, kind, length } = tokens;
  const stack: number[] = [];
  const packs: Pack[] = [];
  let list: TokenList | null = null;
  let copied = 0;
  let current = 0;
  for (let at = 0; at < length; at++) {
    let end = at + 1;
    if (kind[at] !== Pragma) {
      if (spelling[at] !== sign.hash || ((flags[at] as number) & BeginsLine) === 0) continue;
      while (end < length && ((flags[end] as number) & BeginsLine) === 0 && kind[end] !== End) end++;
    }
    list ??= new TokenList(length);
    append(list, tokens, copied, at);
    const pack = packArguments(tokens, at, end);
    if (pack !== null) {
      current = packed(pack, stack, current);
      packs.push({ at: list.length, value: current });
    }
    copied = end;
    at = end - 1;
  }
  if (list === null) return { list: tokens, packs };
  append(list, tokens, copied, length);
  return { list, packs };
}

/** The words between the parentheses of the `pack(…)` that these tokens say, or null where they say something else. */
function packArguments(tokens: TokenList, first: number, end: number): string[] | null {
  let text = textOf(tokens.spelling[first] as number);
  if (tokens.kind[first] !== Pragma) {
    if (tokens.spelling[first + 1] !== sign.pragma || tokens.spelling[first + 2] !== sign.pack) return null;
    text = Array.from({ length: Math.min(end - first - 2, 20) }, (_, i) =>
      textOf(tokens.spelling[first + 2 + i] as number),
    ).join('');
  }
  const match = /^\s*pack\s*\(([^)]*)\)/.exec(text);
  if (match === null) return null;
  return (match[1] as string)
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function append(list: TokenList, from: TokenList, first: number, end: number): void {
  const at = list.length;
  list.kind.set(from.kind.subarray(first, end), at);
  list.flags.set(from.flags.subarray(first, end), at);
  list.spelling.set(from.spelling.subarray(first, end), at);
  list.offset.set(from.offset.subarray(first, end), at);
  list.file.set(from.file.subarray(first, end), at);
  list.length = at + end - first;
}

/** `pack(1)`, `pack()`, `pack(push)`, `pack(push, 1)`, `pack(push, name, 1)`, `pack(pop)`: the value in force after it. */
function packed(words: readonly string[], stack: number[], current: number): number {
  let value = words.length === 0 ? 0 : current;
  for (const word of words) {
    if (word === 'push') stack.push(current);
    else if (word === 'pop') value = stack.pop() ?? 0;
    else if (/^(1|2|4|8|16)$/.test(word)) value = Number(word);
    else if (word === '0') value = 0;
  }
  return value;
}
