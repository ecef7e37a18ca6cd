/**
 * Text to preprocessing tokens (C11 6.4), once per content: the same tokens serve all four views of a tree.
 *
 * Comes in: the bytes of a file. Goes out: its tokens, with comments and line splices gone. Never happens: an error. A byte
 * that begins no token becomes an `Other` token; an unterminated comment or string ends at the end of the file or line.
 *
 * Splices (backslash, newline) may stand inside any token; they are rare there, so a token is scanned on the raw bytes and
 * only a token that holds a backslash-newline is spelled again from a copy without it.
 */
import { hashedByte, hashStart, spellingOf, spellingOfBytes, spellingOfHashed } from './spelling.js';
import {
  AfterSpace,
  BeginsLine,
  Character,
  End,
  Identifier,
  Numeral,
  Other,
  Punctuator,
  Text,
  TokenList,
} from './tokens.js';

const Space = 1;
const Letter = 2; // identifier start; `$` and bytes from 0x80 on are GNU's identifier characters
const Digit = 4;
const classOf = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const c = String.fromCharCode(byte);
  if (/[ \t\f\v\r]/.test(c)) classOf[byte] = Space;
  else if (/[A-Za-z_$]/.test(c) || byte >= 0x80) classOf[byte] = Letter;
  else if (/[0-9]/.test(c)) classOf[byte] = Digit;
}

const NEWLINE = 10;
const BACKSLASH = 92;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const SLASH = 47;
const STAR = 42;
const DOT = 46;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;

/** Digraphs are not read: the kernel has none, and genksyms knows none. */
const operators = [
  '<<=',
  '>>=',
  '...',
  '->',
  '++',
  '--',
  '<<',
  '>>',
  '<=',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  '*=',
  '/=',
].concat(['%=', '+=', '-=', '&=', '^=', '|=', '##', ...'[](){}.&*+-~!/%<>^|?:;=,#']);
/** Spellings by their bytes: one, and two joined. */
const single = new Int32Array(256);
const double = new Int32Array(1 << 14);
for (const text of operators) {
  if (text.length === 1) single[text.charCodeAt(0)] = spellingOf(text);
  else if (text.length === 2) double[(text.charCodeAt(0) << 7) | text.charCodeAt(1)] = spellingOf(text);
}
/** Bytes after which an operator may go on. */
const goesOn = new Uint8Array(256);
for (const text of operators) if (text.length > 1) goesOn[text.charCodeAt(0)] = 1;

/** The end of a backslash-newline at `at`, or `at` itself where there is none. GNU allows blanks between the two. */
function afterSplice(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH) return at;
  let next = at + 1;
  while (classOf[bytes[next] as number] === Space) next++;
  return bytes[next] === NEWLINE ? next + 1 : at;
}

export interface TokenizedLines {
  readonly tokens: TokenList;
  /** The tokens that are a `#` at the beginning of a line. */
  readonly directives: readonly number[];
}

/** Where tokens go until their number is known; what is handed out has just their size. */
const scratch = new TokenList(1 << 16);

export function tokenize(bytes: Uint8Array): TokenList {
  return tokenizeLines(bytes).tokens;
}

export function tokenizeLines(bytes: Uint8Array): TokenizedLines {
  scratch.length = 0;
  const directives = new Tokenizer(bytes, scratch).run();
  const tokens = new TokenList(scratch.length);
  tokens.append(scratch, 0, scratch.length, 0);
  scratch.shrink(1 << 20);
  return { tokens, directives };
}

class Tokenizer {
  readonly #bytes: Uint8Array;
  readonly #tokens: TokenList;
  #at = 0;

  constructor(bytes: Uint8Array, tokens: TokenList) {
    this.#bytes = bytes;
    this.#tokens = tokens;
  }

  run(): readonly number[] {
    const bytes = this.#bytes;
    const length = bytes.length;
    const directives: number[] = [];
    let flags = BeginsLine;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3;
    while (this.#at < length) {
      const byte = bytes[this.#at] as number;
      if (byte === NEWLINE) {
        flags = BeginsLine;
        this.#at++;
      } else if (classOf[byte] === Space) {
        flags |= AfterSpace;
        this.#at++;
      } else if (byte === SLASH && this.#comment()) flags |= AfterSpace;
      else if (byte === BACKSLASH && afterSplice(bytes, this.#at) > this.#at) this.#at = afterSplice(bytes, this.#at);
      else {
        if (byte === HASH && (flags & BeginsLine) !== 0) directives.push(this.#tokens.length);
        this.#token(byte, flags);
        flags = 0;
      }
    }
    this.#tokens.push(End, BeginsLine, 0, 0, length);
    return directives;
  }

  /** Skips a comment, or says that there is none here. */
  #comment(): boolean {
    const bytes = this.#bytes;
    const second = bytes[this.#at + 1];
    if (second === STAR) {
      let at = this.#at + 2;
      while (at < bytes.length && !(bytes[at] === STAR && bytes[at + 1] === SLASH)) at++;
      this.#at = Math.min(bytes.length, at + 2);
      return true;
    }
    if (second !== SLASH) return false;
    let at = this.#at + 2;
    while (at < bytes.length && bytes[at] !== NEWLINE) {
      const next = afterSplice(bytes, at);
      at = next > at ? next : at + 1;
    }
    this.#at = at;
    return true;
  }

  #token(byte: number, flags: number): void {
    const start = this.#at;
    const kind = classOf[byte] as number;
    if (kind === Letter) {
      this.#word(start, flags);
      return;
    }
    if (kind === Digit || (byte === DOT && classOf[this.#bytes[start + 1] as number] === Digit)) {
      this.#number();
      this.#push(Numeral, flags, start);
      return;
    }
    if (byte === QUOTE || byte === APOSTROPHE) this.#literal(start, flags, byte);
    else this.#punctuator(byte, flags);
  }

  #word(start: number, flags: number): void {
    const bytes = this.#bytes;
    let at = start;
    let hash = hashStart;
    for (; ((classOf[bytes[at] as number] as number) & (Letter | Digit)) !== 0; at++)
      hash = hashedByte(hash, bytes[at] as number);
    const next = bytes[at];
    this.#at = at;
    if (next === BACKSLASH && afterSplice(bytes, at) > at) this.#splicedWord(start, flags);
    else if ((next === QUOTE || next === APOSTROPHE) && this.#isPrefix(start)) this.#literal(start, flags, next);
    else this.#tokens.push(Identifier, flags, spellingOfHashed(bytes, start, at, hash), 0, start);
  }

  /** A word that goes on behind a splice. */
  #splicedWord(start: number, flags: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (;;) {
      while (((classOf[bytes[at] as number] as number) & (Letter | Digit)) !== 0) at++;
      const next = bytes[at] === BACKSLASH ? afterSplice(bytes, at) : at;
      if (next === at) break;
      at = next;
    }
    this.#at = at;
    this.#push(Identifier, flags, start);
  }

  /** pp-number: digits, letters, dots, and a sign after an exponent letter. */
  #number(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (;;) {
      const byte = bytes[at] as number;
      if (((classOf[byte] as number) & (Letter | Digit)) !== 0 || byte === DOT) {
        const sign = bytes[at + 1];
        at += (byte | 32) === 101 || (byte | 32) === 112 ? (sign === 43 || sign === 45 ? 2 : 1) : 1;
        continue;
      }
      const next = byte === BACKSLASH ? afterSplice(bytes, at) : at;
      if (next === at) break;
      at = next;
    }
    this.#at = at;
  }

  #isPrefix(start: number): boolean {
    const text = String.fromCharCode(...this.#bytes.subarray(start, Math.min(this.#at, start + 3)));
    return this.#at - start <= 2 && (text === 'L' || text === 'u' || text === 'U' || text === 'u8');
  }

  #literal(start: number, flags: number, quote: number): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    while (at < bytes.length && bytes[at] !== quote) {
      if (bytes[at] === NEWLINE) break;
      if (bytes[at] === BACKSLASH) {
        const next = afterSplice(bytes, at);
        at = next > at ? next : at + 2;
      } else at++;
    }
    if (at >= bytes.length || bytes[at] === NEWLINE) {
      // A lone quote, as apostrophes in `#error` lines or in assembler: one byte of nothing, as gcc does.
      this.#at = start + 1;
      this.#push(Other, flags, start);
      return;
    }
    this.#at = at + 1;
    this.#push(quote === QUOTE ? Text : Character, flags, start);
  }

  #punctuator(byte: number, flags: number): void {
    const start = this.#at;
    const one = single[byte] as number;
    if (one === 0) {
      this.#at = start + 1;
      this.#push(Other, flags, start);
      return;
    }
    if (goesOn[byte] === 0) {
      this.#at = start + 1;
      this.#tokens.push(Punctuator, flags, one, 0, start);
      return;
    }
    const next = this.#bytes[start + 1] as number;
    if (next === BACKSLASH || this.#bytes[start + 2] === BACKSLASH) this.#splicedOperator(flags);
    else {
      const length = operatorLength(byte, next, this.#bytes[start + 2] as number);
      this.#at = start + length;
      if (length === 3) this.#push(Punctuator, flags, start);
      else this.#tokens.push(Punctuator, flags, length === 1 ? one : (double[(byte << 7) | next] as number), 0, start);
    }
  }

  /** An operator that has a backslash among its first three bytes: perhaps a splice stands inside. */
  #splicedOperator(flags: number): void {
    const start = this.#at;
    const spelled = operators.find((text) => this.#matches(text));
    if (spelled === undefined) this.#at = start + 1;
    this.#push(spelled === undefined ? Other : Punctuator, flags, start);
  }

  /** Moves past `text` if it stands here, splices inside it included. */
  #matches(text: string): boolean {
    let at = this.#at;
    for (let i = 0; i < text.length; i++) {
      if (i > 0 && this.#bytes[at] === BACKSLASH) at = afterSplice(this.#bytes, at);
      if (this.#bytes[at] !== text.charCodeAt(i)) return false;
      at++;
    }
    this.#at = at;
    return true;
  }

  #push(kind: number, flags: number, start: number): void {
    const bytes = this.#bytes;
    for (let at = start; at < this.#at - 1; at++) {
      if (bytes[at] === BACKSLASH && afterSplice(bytes, at) > at) {
        this.#tokens.push(kind, flags, this.#spelledWithoutSplices(start), 0, start);
        return;
      }
    }
    this.#tokens.push(kind, flags, spellingOfBytes(bytes, start, this.#at), 0, start);
  }

  #spelledWithoutSplices(start: number): number {
    const kept: number[] = [];
    for (let at = start; at < this.#at; ) {
      const next = afterSplice(this.#bytes, at);
      if (next > at) at = next;
      else kept.push(this.#bytes[at++] as number);
    }
    return spellingOfBytes(Uint8Array.from(kept), 0, kept.length);
  }
}

/** How many of the three bytes are one operator; the first is one by itself. */
function operatorLength(first: number, second: number, third: number): number {
  if (first === DOT) return second === DOT && third === DOT ? 3 : 1;
  if (second >= 128 || double[(first << 7) | second] === 0) return 1;
  return third === EQUALS && second === first && (first === LESS || first === GREATER) ? 3 : 2;
}
