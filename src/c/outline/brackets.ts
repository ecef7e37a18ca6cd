/** Punctuators and words that readers of plain text look for, and what stands between brackets. */
import { spellingOf } from '../lex/spelling.js';
import type { TokenList } from '../lex/tokens.js';

const S = (text: string) => spellingOf(text);
export const punct = {
  open: S('('),
  close: S(')'),
  brace: S('{'),
  endBrace: S('}'),
  bracket: S('['),
  endBracket: S(']'),
  semi: S(';'),
  comma: S(','),
  star: S('*'),
  equals: S('='),
  colon: S(':'),
  arrow: S('->'),
  dot: S('.'),
  amp: S('&'),
  hash: S('#'),
  hashes: S('##'),
};
export const word = {
  struct: S('struct'),
  union: S('union'),
  enum: S('enum'),
  typedef: S('typedef'),
  extern: S('extern'),
  static: S('static'),
  sizeof: S('sizeof'),
  typeof: S('typeof'),
  typeof1: S('__typeof__'),
  typeof2: S('__typeof'),
  attribute: S('__attribute__'),
  attribute1: S('__attribute'),
  autoType: S('__auto_type'),
};
export const openers = new Set([punct.open, punct.brace, punct.bracket]);
const closers = new Set([punct.close, punct.endBrace, punct.endBracket]);
/** 1 opens, -1 closes, by spelling; no other token is asked for as often. */
const nesting = new Int8Array(Math.max(...openers, ...closers) + 1);
for (const spelling of openers) nesting[spelling] = 1;
for (const spelling of closers) nesting[spelling] = -1;

/** The index of the token that closes the bracket at `at`, or `end`. */
export function closing(tokens: TokenList, at: number, end: number): number {
  const { spelling } = tokens;
  let depth = 0;
  for (let i = at; i < end; i++) {
    const text = spelling[i] as number;
    if (text >= nesting.length) continue;
    depth += nesting[text] as number;
    if (depth === 0 && nesting[text] === -1) return i;
  }
  return end;
}

/** The index of the token that opens the bracket closed at `at`, or -1. */
export function opening(tokens: TokenList, at: number, start: number): number {
  const { spelling } = tokens;
  let depth = 0;
  for (let i = at; i >= start; i--) {
    const text = spelling[i] as number;
    if (text >= nesting.length) continue;
    depth -= nesting[text] as number;
    if (depth === 0 && nesting[text] === 1) return i;
  }
  return -1;
}

/** Ranges between commas outside brackets. */
export function splitByCommas(tokens: TokenList, start: number, end: number): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let from = start;
  for (let i = start; i < end; i++) {
    const spelling = tokens.spelling[i] as number;
    if (openers.has(spelling)) i = closing(tokens, i, end);
    else if (spelling === punct.comma) {
      parts.push({ start: from, end: i });
      from = i + 1;
    }
  }
  if (from < end || parts.length > 0) parts.push({ start: from, end });
  return parts;
}
