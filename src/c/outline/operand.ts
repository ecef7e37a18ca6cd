/** The postfix expression that ends before `.`, `->` or another place: found by walking back over its tokens. */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { closing, opening, punct } from './brackets.js';

const callWords = new Set(
  ['if', 'while', 'for', 'switch', 'return', 'sizeof', 'typeof', '__typeof__', 'defined', 'else', 'do'].map(spellingOf),
);

/** Words before `(` that make no call of it. */
export function isCallWord(spelling: number): boolean {
  return callWords.has(spelling);
}

/** The index at which the postfix expression that ends at `at` begins, or null where none does: `.name = …` has no operand. */
export function operandStart(tokens: TokenList, at: number, start: number): number | null {
  let i = at;
  for (;;) {
    if (i < start) return null;
    const spelling = tokens.spelling[i] as number;
    if (spelling === punct.bracket || spelling === punct.comma || spelling === punct.brace || spelling === punct.equals)
      return null;
    if (spelling === punct.endBracket) {
      i = opening(tokens, i, start) - 1;
      continue;
    }
    if (spelling === punct.close) {
      const open = opening(tokens, i, start);
      if (open <= start) return open < start ? null : open;
      const callee = tokens.spelling[open - 1] as number;
      const isCall =
        callee === punct.close ||
        callee === punct.endBracket ||
        (tokens.kind[open - 1] === Identifier && !callWords.has(callee));
      if (!isCall) return open;
      i = open - 1;
      if (callee === punct.close && isCast(tokens, i, start)) return open;
      continue;
    }
    if (tokens.kind[i] !== Identifier) return null;
    const before = i > start ? (tokens.spelling[i - 1] as number) : 0;
    if (before !== punct.arrow && before !== punct.dot) return i;
    i -= 2;
  }
}

/** Where the operand of a prefix operator ends that begins at `at`: `*p`, `++p->count`. */
export function operandEnd(tokens: TokenList, at: number, end: number): number {
  let stop = at;
  while (tokens.spelling[stop] === punct.star && stop < end) stop++;
  for (; stop < end; stop++) {
    const spelling = tokens.spelling[stop] as number;
    if (spelling === punct.open || spelling === punct.bracket) stop = closing(tokens, stop, end);
    else if (tokens.kind[stop] !== Identifier && spelling !== punct.arrow && spelling !== punct.dot) break;
  }
  return Math.min(stop, end);
}

/** Is `( … )` that closes at `at` a cast, so that what follows in parentheses is its operand and no call? */
function isCast(tokens: TokenList, at: number, start: number): boolean {
  const open = opening(tokens, at, start);
  const text = textOf(tokens.spelling[open + 1] as number);
  return /^(struct|union|const|void|unsigned|typeof|__typeof__)$/.test(text) || tokens.spelling[at - 1] === punct.star;
}
