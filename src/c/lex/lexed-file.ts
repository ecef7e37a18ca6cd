/**
 * A file as the preprocessor wants it: its tokens, and where its directives stand, so that a group that is not taken is
 * passed over in one step. Made once per content; nothing in it depends on a view or a configuration.
 */

import type { Definition } from '../preprocess/macro.js';
import { LineTable } from './line-table.js';
import { spellingOf } from './spelling.js';
import { tokenizeLines } from './tokenize.js';
import { BeginsLine, End, Identifier, type TokenList } from './tokens.js';

export const directiveNames = [
  ...([
    'define',
    'undef',
    'include',
    'include_next',
    'import',
    'if',
    'ifdef',
    'ifndef',
    'elif',
    'else',
    'endif',
  ] as const),
  ...(['error', 'warning', 'line', 'pragma', 'ident', 'elifdef', 'elifndef'] as const),
];
export type DirectiveName = (typeof directiveNames)[number];

export interface Directive {
  /** null for `#` alone, a line marker or a name that is none of C's: no effect. */
  readonly name: DirectiveName | null;
  /** Token index of the `#`. */
  readonly at: number;
  /** Token index after the directive's line. */
  readonly end: number;
  /** For a conditional: index in `directives` of the `#elif`, `#else` or `#endif` that ends its group; -1 where none does. */
  next: number;
}

export interface LexedFile {
  readonly tokens: TokenList;
  readonly directives: readonly Directive[];
  /** Made when a line is first asked for. */
  lines: LineTable | null;
  readonly bytes: Uint8Array;
  /** By directive: its `#define`, read when it is first met. The same file means the same macro in every unit. */
  readonly definitions: (Definition | null | undefined)[];
  /** The macro of an include guard that spans the whole file, or 0 (C preprocessors' multiple-include optimisation). */
  readonly guard: number;
  readonly pragmaOnce: boolean;
  /** Byte offsets of macro uses and conditions that grew past all bounds: for another view or unit they are not expanded again. */
  readonly tooLarge: Set<number>;
}

const hash = spellingOf('#');
const onceWord = spellingOf('once');
const not = spellingOf('!');
const definedWord = spellingOf('defined');
const open = spellingOf('(');
const nameOf = new Map<number, DirectiveName>(directiveNames.map((name) => [spellingOf(name), name]));

export function lexFile(bytes: Uint8Array): LexedFile {
  const { tokens, directives: places } = tokenizeLines(bytes);
  const directives: Directive[] = [];
  const { flags, spelling, kind } = tokens;
  for (const at of places) {
    // `##` is no directive.
    if (spelling[at] !== hash) continue;
    let end = at + 1;
    while (((flags[end] as number) & BeginsLine) === 0 && kind[end] !== End) end++;
    const isName = end > at + 1 && kind[at + 1] === Identifier;
    directives.push({ name: isName ? (nameOf.get(spelling[at + 1] as number) ?? null) : null, at, end, next: -1 });
  }
  pairConditionals(directives);
  const pragmaOnce = directives.some(({ name, at }) => name === 'pragma' && spelling[at + 2] === onceWord);
  return {
    tokens,
    directives,
    definitions: [],
    lines: null,
    bytes,
    guard: guardOf(tokens, directives),
    pragmaOnce,
    tooLarge: new Set(),
  };
}

function pairConditionals(directives: readonly Directive[]): void {
  const open: number[] = [];
  directives.forEach(({ name }, i) => {
    if (name === 'if' || name === 'ifdef' || name === 'ifndef') open.push(i);
    else if (name === 'elif' || name === 'else' || name === 'endif' || name === 'elifdef' || name === 'elifndef') {
      const group = open.pop();
      if (group !== undefined) (directives[group] as Directive).next = i;
      if (name !== 'endif' && group !== undefined) open.push(i);
    }
  });
}

/** `#ifndef X` or `#if !defined(X)` as first directive, its `#endif` last, no `#else`, and no token outside. */
function guardOf(tokens: TokenList, directives: readonly Directive[]): number {
  const first = directives[0];
  const last = directives.at(-1);
  if (
    first === undefined ||
    last === undefined ||
    first.at !== 0 ||
    directives[first.next] !== last ||
    last.name !== 'endif'
  )
    return 0;
  if (tokens.kind[last.end] !== End) return 0;
  const { spelling } = tokens;
  if (first.name === 'ifndef') return spelling[first.at + 2] as number;
  if (first.name !== 'if' || spelling[first.at + 2] !== not || spelling[first.at + 3] !== definedWord) return 0;
  const parenthesised = spelling[first.at + 4] === open;
  if (first.end !== first.at + (parenthesised ? 7 : 5)) return 0;
  return spelling[first.at + (parenthesised ? 5 : 4)] as number;
}

/** The line of a byte offset, from 1. */
export function lineAt(file: LexedFile, offset: number): number {
  file.lines ??= new LineTable(file.bytes);
  return file.lines.lineOf(offset);
}
