/**
 * Members that an initialiser names: `.name = …`, `[3].name = …` and GNU's old `name: …`, through nested braces and through macros that
 * stand for an element (`PCI_DEVICE(v, d)`) or for a whole value (`__ATTR_RO(x)`).
 */

import { textOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { closing, punct, splitByCommas } from './brackets.js';
import type { MacroText } from './conditions.js';
import type { TypeName } from './declarators.js';
import { type Declarations, recordOf, resolveType } from './meaning.js';

/** A list of initialisers, and where its tokens come from. */
export interface Initialising {
  readonly tokens: TokenList;
  readonly origins: readonly MacroText[];
}

/** The macro call at a token, carried out, where its expansion is a value in braces or begins with a designator; else null. */
export type ListMacro = (from: Initialising, at: number, end: number) => Initialising | null;

/** Told for each member that is named: the record's base, its name, and the token that stands for it. */
export type Named = (from: Initialising, base: string, name: string, at: number) => void;

const deepest = 40;

export class InitialiserReader {
  readonly #names: Declarations;
  readonly #macro: ListMacro;
  readonly #named: Named;
  #depth = 0;

  constructor(names: Declarations, macro: ListMacro, named: Named) {
    this.#names = names;
    this.#macro = macro;
    this.#named = named;
  }

  /** What stands in `[at, end)` initialises an object of this type. */
  value(from: Initialising, at: number, end: number, type: TypeName): void {
    if (this.#depth > deepest || at >= end) return;
    this.#depth++;
    const { tokens } = from;
    if (tokens.spelling[at] === punct.brace) this.#list(from, at + 1, closing(tokens, at, end), type);
    else if (tokens.kind[at] === Identifier) {
      const list = this.#macro(from, at, end);
      if (list?.tokens.spelling[0] === punct.brace) this.value(list, 0, list.tokens.length, type);
    }
    this.#depth--;
  }

  #list(from: Initialising, start: number, end: number, type: TypeName): void {
    let position = 0;
    for (const part of splitByCommas(from.tokens, start, end)) {
      if (part.start >= part.end) continue;
      position = this.#element(from, part.start, part.end, type, position) + 1;
    }
  }

  /** One element of a list; gives its place among the members, for the element after it. */
  #element(from: Initialising, start: number, end: number, type: TypeName, position: number): number {
    const { tokens } = from;
    const spelling = tokens.spelling[start] as number;
    const isOld = tokens.kind[start] === Identifier && tokens.spelling[start + 1] === punct.colon;
    if (spelling === punct.dot || spelling === punct.bracket || isOld)
      return this.#designated(from, start, end, type, position);
    const element = this.#typeAt(type, position);
    if (tokens.kind[start] === Identifier) {
      const list = this.#macro(from, start, end);
      const first = list?.tokens.spelling[0];
      if (list !== null && (first === punct.dot || first === punct.bracket)) {
        this.#depth++;
        if (this.#depth <= deepest) this.#list(list, 0, list.tokens.length, type);
        this.#depth--;
        return position;
      }
    }
    // The braces of an anonymous union's value name members of the record around it.
    const inner = spelling === punct.brace && tokens.spelling[start + 1] === punct.dot ? start + 2 : -1;
    const isAnonymous =
      inner > 0 && this.#has(type, inner, tokens) && (element === null || !this.#has(element, inner, tokens));
    if (isAnonymous) this.value(from, start, end, type);
    else if (element !== null) this.value(from, start, end, element);
    return position;
  }

  #designated(from: Initialising, start: number, end: number, type: TypeName, position: number): number {
    const { tokens } = from;
    let own: TypeName | null = type;
    let place = position;
    let at = start;
    for (; at < end && own !== null; ) {
      const spelling = tokens.spelling[at] as number;
      if (spelling === punct.bracket) {
        own = elementOf(own, this.#names);
        at = closing(tokens, at, end) + 1;
      } else if (spelling === punct.dot || (at === start && tokens.kind[at] === Identifier)) {
        const name = spelling === punct.dot ? at + 1 : at;
        const members: readonly string[] = [...(recordOf(own, this.#names)?.members.keys() ?? [])];
        if (at === start) place = members.indexOf(textOf(tokens.spelling[name] as number));
        own = this.#member(from, name, own);
        at = name + 1;
      } else break;
    }
    const isValue = tokens.spelling[at] === punct.equals || tokens.spelling[at] === punct.colon;
    if (own !== null && isValue) this.value(from, at + 1, end, own);
    return place;
  }

  #member(from: Initialising, at: number, type: TypeName): TypeName | null {
    const resolved = resolveType(type, this.#names);
    const record = resolved.depth > 0 ? null : recordOf(resolved, this.#names);
    if (record === null) return null;
    const name = textOf(from.tokens.spelling[at] as number);
    const member = record.members.get(name);
    if (member === undefined) return this.#alias(from, name, resolved, at);
    this.#named(from, record.base, name, at);
    return member.type;
  }

  #has(type: TypeName, at: number, tokens: TokenList): boolean {
    return recordOf(type, this.#names)?.members.has(textOf(tokens.spelling[at] as number)) === true;
  }

  /** `.flowi6_oif =` where `#define flowi6_oif __fl_common.flowic_oif` */
  #alias(from: Initialising, name: string, type: TypeName, at: number): TypeName | null {
    const macro = this.#names.macro(name);
    if (macro === null || macro.parameters !== null || macro.body.kind[0] !== Identifier) return null;
    let own: TypeName | null = type;
    for (let i = 0; i < macro.body.length && own !== null; i += 2) {
      const record = recordOf(own, this.#names);
      const inner: string = textOf(macro.body.spelling[i] as number);
      const member = record?.members.get(inner);
      if (record !== null && member !== undefined) this.#named(from, record.base, inner, at);
      own = member?.type ?? null;
    }
    return own;
  }

  /** What an element without a designator initialises. */
  #typeAt(type: TypeName, position: number): TypeName | null {
    const resolved = resolveType(type, this.#names);
    if (resolved.arrays > 0) return elementOf(resolved, this.#names);
    if (resolved.depth > 0) return null;
    return [...(recordOf(resolved, this.#names)?.members.values() ?? [])][position]?.type ?? null;
  }
}

function elementOf(type: TypeName, names: Declarations): TypeName | null {
  const { depth, arrays, ...rest } = type.arrays > 0 ? type : resolveType(type, names);
  return arrays > 0 ? { ...rest, depth: depth - 1, arrays: arrays - 1 } : null;
}

/** Where the initialiser of the object whose name is at `at` begins, or -1. */
export function initialiserAfter(tokens: TokenList, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const spelling = tokens.spelling[i] as number;
    if (spelling === punct.equals) return i + 1;
    if (spelling === punct.bracket || spelling === punct.open) i = closing(tokens, i, end);
    else if (tokens.kind[i] !== Identifier) return -1;
  }
  return -1;
}
