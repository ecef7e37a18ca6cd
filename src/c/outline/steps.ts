/**
 * Operators that count in objects of a type, or copy one: `p[i]`, `p + 1`, `p - q`, `p++`, `*p = *q`. No `sizeof` is spelled there, and what they do
 * depends on the size as much.
 */

import { spellingOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { opening, punct } from './brackets.js';
import { isTypeof } from './declarators.js';
import { isCallWord, operandEnd, operandStart } from './operand.js';

export interface Step {
  /** Tokens of the operand, `[start, end)`. */
  readonly start: number;
  readonly end: number;
  /** Whose size counts: that of what the operand points to, or its own. */
  readonly of: 'target' | 'operand';
}

const S = spellingOf;
const twice = new Set(['++', '--'].map(S));
const sums = new Set(['+', '-'].map(S));
const stepping = new Set([punct.bracket, punct.equals, ...twice, ...sums, ...['+=', '-='].map(S)]);
/** Before an operand they bind first, or make it another thing; after `)` of a cast it is one. */
const bindingFirst = new Set([punct.star, punct.amp, punct.close, ...twice, ...['!', '~', '-', '/', '%'].map(S)]);
/** Words that an operand can stand behind; behind any other a name is declared. */
const statementWords = new Set(['return', 'else', 'case', 'do', 'in'].map(S));

export function isStepping(spelling: number): boolean {
  return stepping.has(spelling);
}

/** Of the operator at `at`; null where it is none of these, or declares. */
export function stepAt(tokens: TokenList, at: number, start: number, end: number): Step | null {
  const { spelling } = tokens;
  const operator = spelling[at] as number;
  if (!stepping.has(operator)) return null;
  const first = operandStart(tokens, at - 1, start);
  if (operator === punct.equals) return first === null ? null : assignedAt(tokens, first, at, start);
  if (first === null || statementWords.has(spelling[first] as number)) {
    const stop = twice.has(operator) ? operandEnd(tokens, at + 1, end) : at;
    return stop > at + 1 ? { start: at + 1, end: stop, of: 'target' } : null;
  }
  if (isDeclared(tokens, first, start)) return null;
  if (sums.has(operator) && first > start && bindingFirst.has(spelling[first - 1] as number)) return null;
  return { start: first, end: at, of: 'target' };
}

/** `*p = …`, `a->b = …`, `a[i] = …` */
function assignedAt(tokens: TokenList, first: number, end: number, start: number): Step | null {
  let begin = first;
  while (begin > start && tokens.spelling[begin - 1] === punct.star) begin--;
  if (isDeclared(tokens, begin, start)) return null;
  const before = begin > start ? tokens.spelling[begin - 1] : punct.semi;
  // The next of several names that are declared, or the only one behind an attribute or a typeof.
  if (before === punct.comma) return null;
  if (before === punct.close) {
    const open = opening(tokens, begin - 1, start);
    if (
      open <= start ||
      !isCallWord(tokens.spelling[open - 1] as number) ||
      isTypeof(tokens.spelling[open - 1] as number)
    )
      return null;
  }
  return { start: begin, end, of: 'operand' };
}

function isDeclared(tokens: TokenList, first: number, start: number): boolean {
  return (
    first > start && tokens.kind[first - 1] === Identifier && !statementWords.has(tokens.spelling[first - 1] as number)
  );
}
