/**
 * What a macro does besides handing its arguments on: the accesses, sizeofs and objects that its own body spells, found once a
 * macro and then filled in with the arguments of each call.
 *
 * Worked example: `#define first(h, m) ((h)->list.next->m)` has three accesses, `h->list`, `h->list.next` and `h->list.next->m`;
 * the last one's member stands in the call, so the use does, too. `list_for_each_entry` expands to some 300 tokens and has ten.
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, TokenList } from '../lex/tokens.js';
import { closing, opening, punct, splitByCommas, word } from './brackets.js';
import type { MacroText } from './conditions.js';
import { isTypeof } from './declarators.js';
import { type Flat, flattenCall, type MacroNames } from './flatten.js';
import { operandStart } from './operand.js';
import { startsDeclaration } from './statement-start.js';
import { isStepping, stepAt } from './steps.js';

export interface Piece {
  readonly kind: 'declare' | 'access' | 'sizeof' | 'offsetof' | 'literal' | 'step';
  /** Tokens in `Effects.tokens`. */
  readonly start: number;
  readonly end: number;
  /** An access: where its member begins; a literal: its brace; a step: its operator. A declaration: 1 where it is seen after the macro call, else 0. */
  readonly member: number;
}

export interface Effects {
  readonly tokens: TokenList;
  readonly pieces: readonly Piece[];
  readonly origins: readonly MacroText[];
}

const offsetofWords = new Set(['offsetof', '__builtin_offsetof', 'offsetofend', 'sizeof_field'].map(spellingOf));
const returnWord = spellingOf('return');
const forWord = spellingOf('for');

export function isOffsetof(spelling: number): boolean {
  return offsetofWords.has(spelling);
}

/** What the tokens of an expanded call do, those apart that stand at the call itself. */
export function effectsIn({ tokens, origins }: Pick<Flat, 'tokens' | 'origins'>): Effects {
  const reader = new EffectReader(tokens);
  reader.run();
  return { tokens: reader.out, pieces: reader.pieces, origins };
}

class EffectReader {
  readonly out = new TokenList(16);
  readonly pieces: Piece[] = [];
  readonly #tokens: TokenList;
  readonly #seen = new Set<string>();

  constructor(tokens: TokenList) {
    this.#tokens = tokens;
  }

  run(): void {
    const { kind, spelling, file, length } = this.#tokens;
    let begins = true;
    let depth = 0;
    for (let at = 0; at < length; at++) {
      const own = file[at] !== 0;
      const text = spelling[at] as number;
      if (kind[at] === Identifier) {
        if (own && begins && startsDeclaration(this.#tokens, at, length)) this.#declaration(at, depth === 0);
        this.#identifier(at);
      } else if (own && text === punct.brace) this.#literal(at);
      else if (own && isStepping(text)) this.#step(at);
      if (text === punct.brace || text === punct.open) depth++;
      else if (text === punct.endBrace || text === punct.close) depth--;
      begins = text === punct.brace || text === punct.endBrace || text === punct.semi;
      begins ||= text === punct.open && spelling[at - 1] === forWord;
    }
  }

  #identifier(at: number): void {
    const { spelling, file } = this.#tokens;
    const own = file[at] !== 0;
    const before = at > 0 ? spelling[at - 1] : 0;
    if (before === punct.arrow || before === punct.dot) {
      // What stands whole at the call is read there.
      if (!own && file[at - 1] === 0) return;
      const start = operandStart(this.#tokens, at - 2, 0);
      if (start !== null) this.#piece('access', start, at + 1, at);
    } else if (own && spelling[at] === word.sizeof) this.#sizeof(at);
    else if (own && spelling[at + 1] === punct.open && offsetofWords.has(spelling[at] as number))
      this.#piece('offsetof', at, closing(this.#tokens, at + 1, this.#tokens.length) + 1, at);
  }

  /** `(type) { … }` */
  #literal(at: number): void {
    const start = literalStart(this.#tokens, at, 0);
    if (start !== null) this.#piece('literal', start, closing(this.#tokens, at, this.#tokens.length) + 1, at);
  }

  #step(at: number): void {
    const step = stepAt(this.#tokens, at, 0, this.#tokens.length);
    if (step !== null) this.#piece('step', Math.min(step.start, at), Math.max(step.end, at + 1), at);
  }

  #sizeof(at: number): void {
    const { spelling, length } = this.#tokens;
    if (spelling[at + 1] !== punct.open) {
      const start = at + 1;
      let end = start;
      while (end < length && (this.#tokens.kind[end] === Identifier || spelling[end] === punct.star)) end++;
      this.#piece('sizeof', at, end, at);
      return;
    }
    this.#piece('sizeof', at, closing(this.#tokens, at + 1, length) + 1, at);
  }

  /** Up to the semicolon, initialisers left out where the type does not come from them. */
  #declaration(at: number, isOuter: boolean): void {
    const { spelling, length } = this.#tokens;
    let end = at;
    while (end < length && spelling[end] !== punct.semi && spelling[end] !== punct.endBrace) {
      const opens = [punct.open, punct.brace, punct.bracket].includes(spelling[end] as number);
      end = opens ? closing(this.#tokens, end, length) + 1 : end + 1;
    }
    const isAuto = spelling[at] === word.autoType || spelling[at + 1] === word.autoType;
    const parts = isAuto ? [{ start: at, end }] : splitByCommas(this.#tokens, at, end);
    const start = this.out.length;
    parts.forEach((part, i) => {
      if (i > 0) this.out.push(5, 0, punct.comma, 1, 0);
      this.#copy(part.start, isAuto ? part.end : this.#withoutValue(part.start, part.end));
    });
    this.pieces.push({ kind: 'declare', start, end: this.out.length, member: isOuter ? 1 : 0 });
  }

  /** A value in braces names members; any other is read where it stands. */
  #withoutValue(start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const spelling = this.#tokens.spelling[at] as number;
      if (spelling === punct.equals) return this.#tokens.spelling[at + 1] === punct.brace ? end : at;
      if (spelling === punct.open || spelling === punct.bracket) at = closing(this.#tokens, at, end);
    }
    return end;
  }

  #piece(kind: Piece['kind'], start: number, end: number, member: number): void {
    const { spelling, file } = this.#tokens;
    let key = file[member] === 0 ? '' : '+';
    for (let i = start; i < end; i++) key += `${spelling[i]} `;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const to = this.out.length;
    this.#copy(start, end);
    this.pieces.push({ kind, start: to, end: this.out.length, member: to + member - start });
  }

  #copy(start: number, end: number): void {
    for (let i = start; i < end; i++) this.out.copy(this.#tokens, i);
  }
}

/** Stands for an argument in a macro that is read before it is called. */
const placeholders = Array.from({ length: 64 }, (_, i) => spellingOf(`\u0001${i}`));
const placeOf = new Map(placeholders.map((spelling, i) => [spelling, i]));

/** Where a compound literal begins whose brace is at `at`; null for any other brace. */
export function literalStart(tokens: TokenList, at: number, start: number): number | null {
  if (at - 1 < start || tokens.spelling[at - 1] !== punct.close) return null;
  const open = opening(tokens, at - 1, start);
  if (
    open < start ||
    (open > start && tokens.kind[open - 1] === Identifier && tokens.spelling[open - 1] !== returnWord)
  )
    return null;
  const first = tokens.spelling[open + 1];
  const isNamed =
    first === word.struct || first === word.union || textOf(first ?? 0) === 'const' || isTypeof(first ?? 0);
  return isNamed ||
    (tokens.kind[open + 1] === Identifier && (open + 2 === at - 1 || tokens.spelling[open + 2] === punct.bracket))
    ? open
    : null;
}

/** A macro's effects with places for its arguments; `call by call` where a name in it is pasted from an argument. */
export interface Template {
  readonly effects: Effects | 'call by call';
  /** All tokens of its expansion, where that is a value in braces or begins with a designator; else null. */
  readonly list: TokenList | null;
  /** By parameter: does anything of the argument reach the compiler. */
  readonly isUsed: readonly boolean[];
  readonly asked: ReadonlyMap<string, MacroText | null>;
}

export function templateOf(macro: MacroText, names: MacroNames): Template {
  const count = Math.min(macro.parameters?.length ?? 0, placeholders.length);
  const call = new TokenList(16);
  call.push(Identifier, 0, spellingOf(macro.name), 0, 0);
  call.push(5, 0, punct.open, 0, 0);
  for (let i = 0; i < count; i++) {
    if (i > 0) call.push(5, 0, punct.comma, 0, 0);
    call.push(Identifier, 0, placeholders[i] as number, 0, 0);
  }
  const flat = flattenCall(macro, call, 0, call.length, names);
  const isUsed: boolean[] = Array.from({ length: count }, () => false);
  let isPasted = false;
  const { spelling, kind, length } = flat.tokens;
  for (let at = 0; at < length; at++) {
    if (kind[at] !== Identifier) continue;
    const place = placeOf.get(spelling[at] as number);
    if (place !== undefined) isUsed[place] = true;
    else if (textOf(spelling[at] as number).includes('\u0001')) isPasted = true;
  }
  if (isPasted) return { effects: 'call by call', list: null, isUsed: isUsed.map(() => true), asked: flat.asked };
  return { effects: effectsIn(flat), list: startsList(flat.tokens) ? flat.tokens : null, isUsed, asked: flat.asked };
}

export function startsList(tokens: TokenList): boolean {
  const first = tokens.length === 0 ? 0 : tokens.spelling[0];
  return first === punct.brace || first === punct.dot || (first === punct.bracket && tokens.length > 2);
}

/** A template's tokens with the arguments in their places. */
export function filledList(
  list: TokenList,
  tokens: TokenList,
  parts: readonly { start: number; end: number }[],
): TokenList {
  const out = new TokenList(list.length * 2);
  for (let at = 0; at < list.length; at++) {
    const part = placeOf.get(list.spelling[at] as number);
    if (part === undefined) out.copy(list, at);
    else for (let i = parts[part]?.start ?? 0; i < (parts[part]?.end ?? 0); i++) out.copy(tokens, i);
  }
  return out;
}

/** The template's effects with the arguments `parts` of `tokens` in their places. */
export function filledIn(
  effects: Effects,
  tokens: TokenList,
  parts: readonly { start: number; end: number }[],
): Effects {
  const out = new TokenList(effects.tokens.length * 2);
  const from = effects.tokens;
  const pieces: Piece[] = [];
  for (const piece of effects.pieces) {
    const start = out.length;
    let member = start;
    for (let at = piece.start; at < piece.end; at++) {
      if (at === piece.member) member = out.length;
      const part = placeOf.get(from.spelling[at] as number);
      if (part === undefined) out.copy(from, at);
      else for (let i = parts[part]?.start ?? 0; i < (parts[part]?.end ?? 0); i++) out.copy(tokens, i);
    }
    const { kind } = piece;
    pieces.push({ kind, start, end: out.length, member: kind === 'declare' ? piece.member : member });
  }
  return { tokens: out, pieces, origins: effects.origins };
}
