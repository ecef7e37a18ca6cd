/**
 * Text to preprocessing tokens (C11 6.4), once per content: the same tokens serve all four views of a tree.
 *
 * Comes in: the bytes of a file. Goes out: its tokens, with comments and line splices gone. Never happens: an error. A byte
 * that begins no token becomes an `Other` token; an unterminated comment or string ends at the end of the file or line.
 *
 * Splices (backslash, newline) may stand inside any token; they are rare there, so a token is scanned on the raw bytes and
 * only a token that holds a backslash-newline is spelled again from a copy without it.
 */
import { spellingOf, spellingOfBytes } from './spelling.js';
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
const APOSTROPHE = 39;
const SLASH = 47;
const STAR = 42;
const DOT = 46;

/** Longest first for each first byte. Digraphs are not read: the kernel has none, and genksyms knows none. */
const punctuators = new Map<number, string[]>();
for (const text of [
  ...['<<=', '>>=', '...', '->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '*=', '/=', '%=', '+='],
  ...[
    '-=',
    '&=',
    '^=',
    '|=',
    '##',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    '.',
    '&',
    '*',
    '+',
    '-',
    '~',
    '!',
    '/',
    '%',
    '<',
    '>',
  ],
  ...['^', '|', '?', ':', ';', '=', ',', '#'],
]) {
  const list = punctuators.get(text.charCodeAt(0)) ?? [];
  punctuators.set(text.charCodeAt(0), [...list, text]);
}
const single = new Int32Array(256);
for (const [first, list] of punctuators)
  if (list.length === 1 && list[0]?.length === 1) single[first] = spellingOf(list[0]);

/** The end of a backslash-newline at `at`, or `at` itself where there is none. GNU allows blanks between the two. */
function afterSplice(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== BACKSLASH) return at;
  let next = at + 1;
  while (classOf[bytes[next] as number] === Space) next++;
  return bytes[next] === NEWLINE ? next + 1 : at;
}

export function tokenize(bytes: Uint8Array): TokenList {
  return new Tokenizer(bytes).run();
}

class Tokenizer {
  readonly #bytes: Uint8Array;
  readonly #tokens: TokenList;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#tokens = new TokenList(Math.max(16, bytes.length >> 2));
  }

  run(): TokenList {
    const bytes = this.#bytes;
    const length = bytes.length;
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
      else if (byte === BACKSLASH && afterSplice(bytes, this.#at) > this.#at) {
        this.#at = afterSplice(bytes, this.#at);
        flags |= AfterSpace;
      } else {
        this.#token(byte, flags);
        flags = 0;
      }
    }
    this.#tokens.push(End, BeginsLine, 0, 0, length);
    return this.#tokens;
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
      this.#word();
      const next = this.#bytes[this.#at];
      if ((next === QUOTE || next === APOSTROPHE) && this.#isPrefix(start)) this.#literal(start, flags, next);
      else this.#push(Identifier, flags, start);
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

  #word(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (;;) {
      while (((classOf[bytes[at] as number] as number) & (Letter | Digit)) !== 0) at++;
      const next = bytes[at] === BACKSLASH ? afterSplice(bytes, at) : at;
      if (next === at) break;
      at = next;
    }
    this.#at = at;
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
    const only = single[byte] as number;
    if (only !== 0) {
      this.#at++;
      this.#tokens.push(Punctuator, flags, only, 0, start);
      return;
    }
    const spelled = punctuators.get(byte)?.find((text) => this.#matches(text));
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
