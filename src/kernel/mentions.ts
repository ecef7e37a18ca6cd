/**
 * What a header declares by name, whatever its conditions, and what a file includes: the raw material of the tree's name index. The
 * index serves one configuration; which of a name's headers declares it there, who asks finds out by reading them.
 */

import { spellingOf, textOf } from '../c/lex/spelling.js';
import { BeginsLine, End, Identifier, type TokenList } from '../c/lex/tokens.js';
import { type Conditions, numberOf } from '../c/outline/conditions.js';
import { outlineOf } from '../c/outline/outline.js';

export type DeclaredKind = 'record' | 'typedef' | 'object' | 'macro';

const hash = spellingOf('#');
const include = spellingOf('include');

/** Conditions of a reader who knows no configuration: kernel code, seen by the compiler. */
export const anyConfiguration: Conditions = {
  defined: (name) => {
    if (name === '__KERNEL__') return true;
    return name === '__GENKSYMS__' || name === '__ASSEMBLY__' || name === '__cplusplus' ? false : null;
  },
};

/** Tells `told` each name that a header declares; numbers only where `numbers` says so, for conditions to ask. */
export function declaredNames(
  tokens: TokenList,
  numbers: 'numbers too' | 'no numbers',
  told: (kind: DeclaredKind, name: string) => void,
): void {
  const outline = outlineOf(tokens, anyConfiguration);
  for (const base of outline.records.keys()) told('record', base);
  for (const name of outline.typedefs.keys()) told('typedef', name);
  for (const name of new Set([...outline.functions, ...outline.variables].map((one) => one.name))) told('object', name);
  for (const [name, macro] of outline.macros) {
    if (numbers === 'numbers too' || macro.parameters !== null || numberOf(macro) === null) told('macro', name);
  }
  // DECLARE_STATIC_KEY_FALSE(name) declares one of its arguments.
  for (const { tokens } of outline.calls) {
    for (let at = 1; at < tokens.length; at++)
      if (tokens.kind[at] === Identifier) told('object', textOf(tokens.spelling[at] as number));
  }
}

/** The last parts of the paths that a file includes. */
export function includesOf(tokens: TokenList): string[] {
  const found: string[] = [];
  for (let at = 0; tokens.kind[at] !== End; at++) {
    if (
      tokens.spelling[at] !== hash ||
      ((tokens.flags[at] as number) & BeginsLine) === 0 ||
      tokens.spelling[at + 1] !== include
    )
      continue;
    let name = '';
    for (let i = at + 2; ((tokens.flags[i] as number) & BeginsLine) === 0 && tokens.kind[i] !== End; i++)
      name += textOf(tokens.spelling[i] as number);
    const path = name.replace(/^[<"]|[>"]$/g, '');
    found.push(path.slice(path.lastIndexOf('/') + 1));
  }
  return [...new Set(found)];
}
