/**
 * Where a file declares a name, from its tokens before preprocessing: the statement at top level that defines a struct, union or enum of this
 * tag, or declares this typedef, function or object. For messages and for comparing versions of one file; conditionals are not evaluated, and a
 * declaration that a macro makes is not found.
 */
import type { LexedFile } from '../lex/lexed-file.js';
import { spellingOf } from '../lex/spelling.js';
import { End, Identifier } from '../lex/tokens.js';

export interface FoundDeclaration {
  /** Tokens [start, end) of the file. */
  readonly start: number;
  readonly end: number;
}

/** What a name is: `s`, `u`, `e` for tags, `t` for a typedef, '' for a function or an object, as in a `-T` dump. */
export type DeclaredLetter = 's' | 'u' | 'e' | 't' | '';

const tagWords = new Map([
  ['s', spellingOf('struct')],
  ['u', spellingOf('union')],
  ['e', spellingOf('enum')],
]);
const typedefWord = spellingOf('typedef');
const semicolon = spellingOf(';');
const openBrace = spellingOf('{');
const closeBrace = spellingOf('}');
const openParenthesis = spellingOf('(');
const closeParenthesis = spellingOf(')');

export function findDeclaration(file: LexedFile, letter: DeclaredLetter, name: string): FoundDeclaration | null {
  const wanted = spellingOf(name);
  for (const statement of statementsOf(file)) if (declares(file, statement, letter, wanted)) return statement;
  return null;
}

/** Top-level statements: up to a `;`, or to the `}` of a body. Directives between them belong to none. */
function* statementsOf({ tokens, directives }: LexedFile): Generator<FoundDeclaration> {
  const { spelling, kind, length } = tokens;
  let [start, depth, directive] = [-1, 0, 0];
  for (let at = 0; at < length && kind[at] !== End; at++) {
    const next = directives[directive];
    if (next !== undefined && at === next.at) {
      directive++;
      at = next.end - 1;
      continue;
    }
    if (start < 0) start = at;
    const spelled = spelling[at];
    if (spelled === openBrace || spelled === openParenthesis) depth++;
    else if (spelled === closeBrace || spelled === closeParenthesis) depth = Math.max(0, depth - 1);
    const endsBody =
      spelled === closeBrace && depth === 0 && spelling[bodyStart(tokens, start, at)] === closeParenthesis;
    if ((spelled === semicolon && depth === 0) || endsBody) {
      yield { start, end: at + 1 };
      start = -1;
    }
  }
}

/** The token before the first brace of a statement: `)` where a function's body begins. */
function bodyStart({ spelling }: LexedFile['tokens'], start: number, end: number): number {
  for (let at = start; at < end; at++) if (spelling[at] === openBrace) return at - 1;
  return start;
}

function declares(
  { tokens }: LexedFile,
  { start, end }: FoundDeclaration,
  letter: DeclaredLetter,
  name: number,
): boolean {
  const { spelling, kind } = tokens;
  const word = tagWords.get(letter);
  let depth = 0;
  for (let at = start; at < end; at++) {
    const spelled = spelling[at];
    if (spelled === openBrace) depth++;
    else if (spelled === closeBrace) depth--;
    if (spelled !== name || kind[at] !== Identifier) continue;
    if (word !== undefined) {
      if (spelling[at - 1] === word && hasBody(spelling, at + 1, end)) return true;
    } else if (depth === 0 && isDeclared(spelling, letter, start, at)) return true;
  }
  return false;
}

function hasBody(spelling: Int32Array, from: number, end: number): boolean {
  for (let at = from; at < end && at < from + 40; at++) {
    if (spelling[at] === openBrace) return true;
    if (spelling[at] === semicolon) return false;
  }
  return false;
}

/** The declarator's own name: outside parameter lists, but for `(*name)(…)`. */
function isDeclared(spelling: Int32Array, letter: DeclaredLetter, start: number, at: number): boolean {
  if ((letter === 't') !== (spelling[start] === typedefWord)) return false;
  let depth = 0;
  for (let before = at - 1; before >= start; before--) {
    if (spelling[before] === closeParenthesis) depth++;
    else if (spelling[before] === openParenthesis && --depth < 0) return before + 2 === at;
  }
  return true;
}
