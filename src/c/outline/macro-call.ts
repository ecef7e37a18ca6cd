/** One macro call, substituted: no rescanning, which the reader of the result does where it meets another call. */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, Text, TokenList } from '../lex/tokens.js';
import { splitByCommas } from './brackets.js';
import type { MacroText } from './conditions.js';
import type { TokenRange } from './declarators.js';

const emptyText = spellingOf('""');
const hash = spellingOf('#');
const paste = spellingOf('##');
/** A call that grows past this is a macro bomb; what is asked is only its type. */
const most = 20_000;

/** Tokens of an argument in the call. */
interface Argument {
  readonly start: number;
  readonly end: number;
}

interface Call extends Manner {
  readonly body: TokenList;
  /** By token of the body: which parameter it is, or -1. */
  readonly slots: Int16Array;
  readonly given: readonly Argument[];
  readonly tokens: TokenList;
}

/** How a body is written out. */
interface Manner {
  /** What its own tokens have as their file. */
  readonly origin: number;
  /** Argument tokens with their own macros carried out, for places where nothing is pasted to them. */
  readonly expanded: readonly (TokenList | undefined)[];
  readonly out: TokenList;
}

/** What is found out of a macro's body once, for all its calls. */
interface Shape {
  readonly slots: Int16Array;
  readonly pastes: boolean;
}

const shapes = new WeakMap<MacroText, Shape>();

function shapeOf(macro: MacroText): Shape {
  const known = shapes.get(macro);
  if (known !== undefined) return known;
  const { body, parameters } = macro;
  const slots = new Int16Array(body.length).fill(-1);
  let pastes = false;
  for (let at = 0; at < body.length; at++) {
    if (body.spelling[at] === paste) pastes = true;
    if (body.kind[at] === Identifier && parameters !== null)
      slots[at] = parameters.indexOf(textOf(body.spelling[at] as number));
  }
  const shape = { slots, pastes };
  shapes.set(macro, shape);
  return shape;
}

export function pastesTokens(macro: MacroText): boolean {
  return shapeOf(macro).pastes;
}

/** The arguments of a call, those of `...` together; `start` is the token after the parenthesis. */
export function argumentsIn(macro: MacroText, tokens: TokenList, start: number, end: number): Argument[] {
  const count = macro.parameters?.length ?? 0;
  const parts: Argument[] = count === 0 ? [] : splitByCommas(tokens, start, end);
  const last = parts[count - 1];
  if (macro.isVariadic && last !== undefined) parts.splice(count - 1, parts.length, { start: last.start, end });
  return parts;
}

/**
 * The body of `macro` with the arguments in `tokens[start, end)`, which is ignored for an object-like macro. Tokens of the body
 * have `origin` as their file, those of an argument keep theirs: a reader can tell what the macro says from what it was given.
 */
export function expandMacro(
  macro: MacroText,
  { tokens, start, end }: TokenRange,
  manner: Manner = { origin: 1, expanded: [], out: new TokenList(Math.max(16, macro.body.length * 2)) },
): TokenList {
  const { body } = macro;
  const { origin, expanded, out } = manner;
  const given = argumentsIn(macro, tokens, start, end);
  const call: Call = { body, slots: shapeOf(macro).slots, given, tokens, origin, expanded, out };
  for (let at = 0; at < body.length && out.length < most; at++) {
    const spelling = body.spelling[at] as number;
    if (spelling === hash && macro.parameters !== null) {
      out.push(Text, 0, emptyText, origin, body.offset[at] as number);
      at++;
    } else if (body.spelling[at + 1] === paste && at + 2 < body.length) at = pasted(call, at);
    else append(call, at, true);
  }
  return out;
}

function append({ body, slots, given, tokens, expanded, origin, out }: Call, at: number, isAlone: boolean): void {
  const slot = slots[at] as number;
  if (slot < 0) {
    const { kind, flags, spelling, offset } = body;
    out.push(kind[at] as number, flags[at] as number, spelling[at] as number, origin, offset[at] as number);
    return;
  }
  const whole = isAlone ? expanded[slot] : undefined;
  const from = whole ?? tokens;
  const start = whole === undefined ? (given[slot]?.start ?? 0) : 0;
  const end = whole === undefined ? (given[slot]?.end ?? 0) : whole.length;
  for (let i = start; i < end && out.length < most; i++) out.copy(from, i);
}

/** a ## b ## c: appends all of them, the neighbours joined; gives the index of the last one. */
function pasted(call: Call, start: number): number {
  const { body, out } = call;
  append(call, start, false);
  let at = start;
  while (body.spelling[at + 1] === paste && at + 2 < body.length) {
    at += 2;
    const before = out.length;
    append(call, at, false);
    if (before === 0 || out.length === before || out.kind[before - 1] !== Identifier) continue;
    out.spelling[before - 1] = spellingOf(
      textOf(out.spelling[before - 1] as number) + textOf(out.spelling[before] as number),
    );
    for (const array of [out.spelling, out.kind, out.flags, out.file, out.offset])
      array.copyWithin(before, before + 1, out.length);
    out.length--;
  }
  return at;
}
