/** Does a statement declare something? Told from its first words alone, for most names are of types that nobody has seen. */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { punct } from './brackets.js';

const statementWords = new Set(
  [
    ...['return', 'goto', 'case', 'else', 'sizeof', 'if', 'while', 'for'],
    ...['do', 'switch', 'break', 'continue', 'default', 'asm'],
  ].map(spellingOf),
);
/** Words that only a type begins with. */
export const declarationWords =
  /^(struct|union|enum|const|volatile|static|register|unsigned|signed|void|char|short|int|long|float|double|_Bool|bool|typeof|__typeof__|__typeof|__auto_type)$/;

/** Does a declaration stand at `at`, the start of a statement? */
export function startsDeclaration(tokens: TokenList, at: number, end: number): boolean {
  if (at >= end || tokens.kind[at] !== Identifier) return false;
  const spelling = tokens.spelling[at] as number;
  if (statementWords.has(spelling)) return false;
  if (declarationWords.test(textOf(spelling))) return true;
  let next = at + 1;
  if (tokens.kind[next] === Identifier && next < end) return !statementWords.has(tokens.spelling[next] as number);
  while (tokens.spelling[next] === punct.star) next++;
  if (next === at + 1 || tokens.kind[next] !== Identifier || next >= end) return false;
  const after = tokens.spelling[next + 1] as number;
  return next + 1 >= end || [punct.semi, punct.comma, punct.equals, punct.bracket].includes(after);
}
