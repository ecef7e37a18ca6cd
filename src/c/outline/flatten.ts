/**
 * Tokens with every macro call in them carried out, all the way down: what is left names no macro any more.
 *
 * Each token tells where it comes from: `file` 0 is the text at hand, `file` n the body of `origins[n - 1]`, with its offset there.
 */

import { textOf } from '../lex/spelling.js';
import { Identifier, TokenList } from '../lex/tokens.js';
import { closing, punct } from './brackets.js';
import type { MacroText } from './conditions.js';
import { argumentsIn, expandMacro, pastesTokens } from './macro-call.js';

/** Past this a macro is a bomb; the kernel's largest reach some thousands. */
const most = 60_000;
const deepest = 60;

export type MacroNames = (name: string) => MacroText | null;

export interface Flat {
  readonly tokens: TokenList;
  readonly origins: readonly MacroText[];
  /** Every name that was asked for, with what it meant. */
  readonly asked: ReadonlyMap<string, MacroText | null>;
}

/** The call of `macro` at `at`, whose arguments, if it takes any, stand in `tokens[at + 2, close)`. */
export function flattenCall(macro: MacroText, tokens: TokenList, at: number, close: number, names: MacroNames): Flat {
  const flattener = new Flattener(names);
  flattener.call(macro, tokens, at, close, 0);
  return { tokens: flattener.out, origins: flattener.origins, asked: flattener.asked };
}

/** Lists that are used again: an expansion takes and drops some for each call in it. */
const spare: TokenList[] = [];

function takeList(): TokenList {
  const list = spare.pop() ?? new TokenList(256);
  list.length = 0;
  return list;
}

function giveBack(list: TokenList): void {
  if (spare.length < 64) spare.push(list);
}

class Flattener {
  out = new TokenList(64);
  readonly origins: MacroText[] = [];
  readonly asked = new Map<string, MacroText | null>();
  readonly #names: MacroNames;
  readonly #ids = new Map<MacroText, number>();
  /** Macros that are being expanded: none is expanded within itself. */
  readonly #active: string[] = [];
  #budget = most;

  constructor(names: MacroNames) {
    this.#names = names;
  }

  call(macro: MacroText, tokens: TokenList, at: number, close: number, depth: number): void {
    const isPlain = macro.parameters === null || pastesTokens(macro);
    const expanded = isPlain ? [] : this.#arguments(macro, tokens, at + 2, close, depth);
    const body = takeList();
    expandMacro(macro, { tokens, start: at + 2, end: close }, { origin: this.#originOf(macro), expanded, out: body });
    this.#budget -= body.length;
    this.#active.push(macro.name);
    this.#range(body, 0, body.length, depth + 1);
    this.#active.pop();
    giveBack(body);
    for (const list of expanded) if (list !== undefined) giveBack(list);
  }

  /** C expands an argument before it takes the parameter's place, unless it is pasted there. Where it has no call, that comes later. */
  #arguments(
    macro: MacroText,
    tokens: TokenList,
    from: number,
    close: number,
    depth: number,
  ): (TokenList | undefined)[] {
    let hasCall = false;
    for (let at = from; at < close && !hasCall; at++) hasCall = tokens.spelling[at] === punct.open;
    if (!hasCall) return [];
    const outer = this.out;
    const expanded = argumentsIn(macro, tokens, from, close).map(({ start, end }) => {
      this.out = takeList();
      this.#range(tokens, start, end, depth + 1);
      return this.out;
    });
    this.out = outer;
    return expanded;
  }

  #originOf(macro: MacroText): number {
    const known = this.#ids.get(macro);
    if (known !== undefined) return known;
    const id = this.origins.push(macro);
    this.#ids.set(macro, id);
    return id;
  }

  #macro(name: string): MacroText | null {
    const known = this.asked.get(name);
    if (known !== undefined) return known;
    const macro = this.#names(name);
    this.asked.set(name, macro);
    return macro;
  }

  #range(tokens: TokenList, start: number, end: number, depth: number): void {
    const { kind } = tokens;
    for (let at = start; at < end; at++) {
      const macro = kind[at] === Identifier ? this.#called(tokens, at, end, depth) : null;
      if (macro === null) {
        this.out.copy(tokens, at);
        continue;
      }
      const close = macro.parameters === null ? at : closing(tokens, at + 1, end);
      this.call(macro, tokens, at, close, depth);
      at = close;
    }
  }

  /** The macro that is called at `at`: not a member's name, which only looks like one, nor one that is being expanded. */
  #called(tokens: TokenList, at: number, end: number, depth: number): MacroText | null {
    if (depth > deepest || this.#budget <= 0) return null;
    const before = at > 0 ? tokens.spelling[at - 1] : 0;
    if (before === punct.arrow || before === punct.dot) return null;
    let name = textOf(tokens.spelling[at] as number);
    const opens = tokens.spelling[at + 1] === punct.open && at + 1 < end;
    for (let steps = 0; steps < 4; steps++) {
      const macro = this.#active.includes(name) ? null : this.#macro(name);
      if (macro === null || (macro.parameters !== null && !opens)) return null;
      // `#define f g` before `(`: the call is g's.
      if (macro.parameters !== null || !opens || macro.body.length !== 1 || macro.body.kind[0] !== Identifier)
        return macro;
      name = textOf(macro.body.spelling[0] as number);
      if (this.#macro(name) === null) return macro;
    }
    return null;
  }
}
