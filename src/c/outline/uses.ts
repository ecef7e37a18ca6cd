/**
 * Who touches a member or depends on a type's size, in one file: member accesses, sizeof, objects defined.
 *
 * Each function is walked once with its locals in scope. The operand before `.` or `->` is found by walking back over the postfix
 * expression and typed by expressions.ts. A macro call adds what the macro's own body does (effects.ts); its arguments are read
 * where they stand, as everything else is, so that each token of the file counts once.
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { closing, punct, splitByCommas, word } from './brackets.js';
import type { MacroText } from './conditions.js';
import { type TypeName, unknownType } from './declarators.js';
import {
  type Effects,
  effectsIn,
  filledIn,
  filledList,
  isOffsetof,
  literalStart,
  type Piece,
  startsList,
} from './effects.js';
import { declaredBy } from './expressions.js';
import { flattenCall } from './flatten.js';
import { InitialiserReader, type Initialising, initialiserAfter } from './initialisers.js';
import { argumentsIn } from './macro-call.js';
import { memberUse, offsetofUse, traceEntry } from './member-uses.js';
import { isCallWord, operandStart } from './operand.js';
import { type FunctionOutline, type Outline, outlineOfTokens } from './outline.js';
import { definedUse, sizeofUse, stepUse } from './size-uses.js';
import { startsDeclaration } from './statement-start.js';
import { type Call, outermost, type Use, UseContext, type UseNames } from './use-context.js';

export function usesIn(outline: Outline, names: UseNames): Use[] {
  const uses: Use[] = [];
  for (const one of outline.functions) {
    if (one.body !== null) new UseReader(outline.tokens, names, one.name, uses).function(one, one.body);
  }
  const objects = new UseReader(outline.tokens, names, null, uses);
  for (const variable of outline.variables) if (!variable.isExtern) objects.object(variable.type, variable.at);
  objects.outside(outline);
  return uses;
}

const forWord = spellingOf('for');
const tracePrototype = spellingOf('TP_PROTO');

class UseReader extends UseContext {
  /** Arguments that nothing reads: start -> end. */
  readonly #unused = new Map<number, number>();
  /** Where the macro call stands whose expansion initialises something. */
  #initialising: number | null = null;
  /** Tokens that a macro call hands expansions of; a file has no more to give than this. */
  #budget = 5_000_000;

  function(one: FunctionOutline, body: { start: number; end: number }): void {
    this.scope = [new Map(one.parameters.map(({ name, type }) => [name, type]))];
    for (const { type } of one.parameters) definedUse(this, type, one.at);
    this.#statements(body.start, body.end);
  }

  /** Initialisers of objects and the like, outside every function. */
  outside(outline: Outline): void {
    const bodies = outline.functions
      .flatMap((one) => (one.body === null ? [] : [one.body]))
      .sort((a, b) => a.start - b.start);
    let from = 0;
    for (const body of [...bodies, { start: this.tokens.length, end: this.tokens.length }]) {
      this.scope = [new Map()];
      for (let at = from; at < body.start; at++) {
        if (this.tokens.spelling[at] === tracePrototype) this.#traceParameters(at, body.start);
        at = Math.max(at, this.#definesByMacro(at, body.start) ?? this.#token(at, from, body.start));
      }
      from = Math.max(from, body.end);
    }
  }

  /** TP_PROTO(…): what a trace event's code, which stands in macro arguments outside every function, has as parameters. */
  #traceParameters(at: number, end: number): void {
    const close = closing(this.tokens, at + 1, end);
    const scope = new Map<string, TypeName>();
    for (const part of splitByCommas(this.tokens, at + 2, close)) {
      for (const { name, type } of declaredBy(this.tokens, part.start, part.end, [], this.names) ?? [])
        scope.set(name, type);
    }
    // The event's own record, which no header declares by name.
    scope.set('__entry', { ...unknownType, base: traceEntry, depth: 1 });
    this.scope = [scope];
  }

  /**
   * PAGEFLAG(Locked, locked): a macro at file scope that defines functions; their bodies are read as functions are, the arguments
   * in their places. Gives the last token of the call, or null where it is no such macro.
   */
  #definesByMacro(at: number, end: number): number | null {
    if (this.tokens.kind[at] !== Identifier || this.tokens.spelling[at + 1] !== punct.open) return null;
    const before = at > 0 ? this.tokens.spelling[at - 1] : punct.semi;
    if (before === punct.dot || before === punct.equals || before === punct.comma || before === punct.open) return null;
    const macro = this.names.macro(textOf(this.tokens.spelling[at] as number));
    if (macro?.parameters == null) return null;
    const body = macro.body.spelling.subarray(0, macro.body.length);
    // It has a body, or calls macros that may.
    if (!body.includes(punct.brace) && !body.includes(punct.open)) return null;
    const close = closing(this.tokens, at + 1, end);
    if (this.tokens.spelling.subarray(at, close).includes(tracePrototype)) return null;
    const flat = flattenCall(macro, this.tokens, at, close, (name) => this.names.macro(name));
    const { functions: all, variables } = outlineOfTokens(flat.tokens);
    const functions = all.filter(({ body }) => body !== null);
    if (functions.length === 0) return null;
    const call = { offset: this.tokens.offset[at] as number, origins: flat.origins };
    this.#expansion(flat.tokens, call, () => {
      for (const one of functions) {
        this.functionName = one.name;
        if (one.body !== null) this.function(one, one.body);
      }
      this.functionName = null;
      for (const { type, isExtern, at: name } of variables) if (!isExtern) this.object(type, name);
    });
    this.scope = [new Map()];
    return close;
  }

  #expansion(tokens: TokenList, call: Call, reading: () => void): void {
    this.#budget -= tokens.length;
    this.within(tokens, call, reading);
  }

  #statements(start: number, end: number): void {
    const { spelling } = this.tokens;
    let begins = true;
    this.read.clear();
    for (let at = start; at < end; at++) {
      const text = spelling[at] as number;
      if (begins) this.#declare(at, end);
      const last = this.#token(at, start, end);
      if (last > at) {
        at = last;
        begins = false;
        continue;
      }
      if (text === punct.brace) this.scope.push(new Map());
      else if (text === punct.endBrace && this.scope.length > 1) this.scope.pop();
      begins = text === punct.brace || text === punct.endBrace || text === punct.semi || text === punct.colon;
      begins ||= text === punct.open && spelling[at - 1] === forWord;
    }
  }

  #declare(at: number, end: number): void {
    if (this.tokens.kind[at] !== Identifier || !startsDeclaration(this.tokens, at, end)) return;
    if (this.tokens.spelling[at + 1] === punct.star && !this.#meansType(textOf(this.tokens.spelling[at] as number)))
      return;
    const stop = this.#statementEnd(at, end);
    const isExtern = this.tokens.spelling[at] === word.extern;
    for (const { name, type, at: place } of declaredBy(this.tokens, at, stop, this.scope, this.names) ?? []) {
      this.scope.at(-1)?.set(name, type);
      if (!isExtern) this.object(type, place);
    }
  }

  /** `a * b;` after a label or a `?:` multiplies where `a` is a value. */
  #meansType(name: string): boolean {
    return !this.isLocal(name) && (this.names.typedef(name) !== null || this.names.object(name) === null);
  }

  #statementEnd(at: number, end: number): number {
    let stop = at;
    while (stop < end && this.tokens.spelling[stop] !== punct.semi) {
      const spelling = this.tokens.spelling[stop] as number;
      if (spelling === punct.close || spelling === punct.endBrace) break;
      const opens = spelling === punct.open || spelling === punct.brace || spelling === punct.bracket;
      stop = opens ? closing(this.tokens, stop, end) + 1 : stop + 1;
    }
    return Math.min(stop, end);
  }

  /** Reads the token at `at`; gives the last token that needs no reading any more, or `at`. */
  #token(at: number, start: number, end: number): number {
    const unused = this.call === null ? this.#unused.get(at) : undefined;
    if (unused !== undefined && unused > at) return unused - 1;
    if (this.tokens.kind[at] !== Identifier) {
      const literal = this.tokens.spelling[at] === punct.brace ? literalStart(this.tokens, at, start) : null;
      if (literal !== null) this.#literal(literal, at);
      else stepUse(this, at, start, end);
      return at;
    }
    const spelling = this.tokens.spelling[at] as number;
    const before = at > start ? this.tokens.spelling[at - 1] : 0;
    if (before === punct.arrow || before === punct.dot) {
      const first = operandStart(this.tokens, at - 2, start);
      // `.name = …` in an initialiser has no operand: the object it initialises is a `define`.
      if (first !== null) memberUse(this, first, at);
      return at;
    }
    const calls = this.tokens.spelling[at + 1] === punct.open && at + 1 < end;
    if (spelling === word.sizeof) sizeofUse(this, at, end);
    else if (calls && isOffsetof(spelling)) offsetofUse(this, at, end);
    else if (this.call === null && !isCallWord(spelling) && this.#budget > 0) return this.#name(at, end, calls);
    return at;
  }

  /** ( type-name ) { … } */
  #literal(open: number, brace: number): void {
    if (!this.startsTypeName(open + 1, brace - 1)) return;
    const type = this.typeNamed(open + 1, brace - 1);
    definedUse(this, type, brace);
    this.#initialise(brace, type);
  }

  /** `#define pfn_to_page __pfn_to_page`: what is called is the other macro. */
  #calledMacro(name: string, calls: boolean): MacroText | null {
    const macro = this.names.macro(name);
    if (macro === null || macro.parameters !== null || !calls || macro.body.length !== 1) return macro;
    const other = this.names.macro(textOf(macro.body.spelling[0] as number));
    return other === null || other.parameters === null ? macro : other;
  }

  /** A name that may be a macro's. */
  #name(at: number, end: number, calls: boolean): number {
    const name = textOf(this.tokens.spelling[at] as number);
    if (this.isLocal(name)) return at;
    const macro = this.#calledMacro(name, calls);
    if (macro === null || (macro.parameters !== null && !calls)) return at;
    const close = macro.parameters === null ? at : closing(this.tokens, at + 1, end);
    const template = this.names.template(macro);
    if (template.effects === 'call by call') {
      const flat = flattenCall(macro, this.tokens, at, close, (text) => this.names.macro(text));
      this.#budget -= flat.tokens.length;
      this.#effects(effectsIn(flat), at);
      return at;
    }
    const isWhole = template.effects.pieces.length === 0 && !template.isUsed.includes(false);
    if (isWhole) return at;
    const parts = argumentsIn(macro, this.tokens, at + 2, close);
    if (template.effects.pieces.length > 0) this.#effects(filledIn(template.effects, this.tokens, parts), at);
    // Arguments that a macro does nothing with, as lockdep's where it is configured away, touch nothing. Trace events are read several
    // times, each time with another meaning of their macros.
    if (this.functionName === null) return at;
    parts.forEach(({ start, end: stop }, i) => {
      if (template.isUsed[i] === false) this.#unused.set(start, stop);
    });
    return at;
  }

  #effects(effects: Effects, at: number): void {
    const call = { offset: this.tokens.offset[at] as number, origins: effects.origins };
    const outer = this.scope.at(-1) as Map<string, TypeName>;
    this.#expansion(effects.tokens, call, () => {
      this.scope.push(new Map());
      for (const piece of effects.pieces) this.#piece(piece, outer);
      this.scope.pop();
    });
  }

  #piece(piece: Piece, outer: Map<string, TypeName>): void {
    const { kind, start, end, member } = piece;
    if (kind === 'sizeof') sizeofUse(this, start, end);
    else if (kind === 'offsetof') offsetofUse(this, start, end);
    else if (kind === 'literal') this.#literal(start, member);
    else if (kind === 'step') stepUse(this, member, start, end);
    else if (kind === 'access') {
      for (let at = member; at < end; at++) {
        const before = this.tokens.spelling[at - 1];
        const isMember = at === member || before === punct.dot || before === punct.arrow;
        if (isMember && this.tokens.kind[at] === Identifier) memberUse(this, start, at);
      }
    } else {
      const isExtern = this.tokens.spelling[start] === word.extern;
      for (const { name, type, at } of declaredBy(this.tokens, start, end, this.scope, this.names) ?? []) {
        (member === 1 ? outer : this.scope.at(-1))?.set(name, type);
        if (!isExtern) this.object(type, at);
      }
    }
  }

  /** The object of this type whose name is at `at`, with what initialises it. */
  object(type: TypeName, at: number): void {
    definedUse(this, type, at);
    const value = initialiserAfter(this.tokens, at, this.tokens.length);
    if (value >= 0) this.#initialise(value, type);
  }

  #initialise(at: number, type: TypeName): void {
    const end = this.#statementEnd(at, this.tokens.length);
    const spelling = this.tokens.spelling[at];
    if (spelling !== punct.brace && (this.tokens.kind[at] !== Identifier || this.call !== null)) return;
    const reader = new InitialiserReader(
      this.names,
      (from, place, stop) => this.#listMacro(from, place, stop),
      (from, base, name, place) => this.#initialised(from, { base, name }, place),
    );
    const from = { tokens: this.tokens, origins: this.call?.origins ?? [] };
    this.#initialising = this.call?.offset ?? null;
    reader.value(from, at, end, type);
    this.#initialising = null;
  }

  /** The call of a macro that stands for a list of initialisers, or for elements of one. */
  #listMacro(from: Initialising, at: number, end: number): Initialising | null {
    if (from.origins.length > 0 || this.call !== null || this.#budget <= 0) return null;
    const { tokens } = from;
    const macro = this.names.macro(textOf(tokens.spelling[at] as number));
    const opens = tokens.spelling[at + 1] === punct.open && at + 1 < end;
    if (macro === null || (macro.parameters !== null && !opens)) return null;
    this.#initialising = tokens.offset[at] as number;
    const close = macro.parameters === null ? at : closing(tokens, at + 1, end);
    const { effects, list } = this.names.template(macro);
    if (effects === 'call by call') {
      const flat = flattenCall(macro, tokens, at, close, (text) => this.names.macro(text));
      this.#budget -= flat.tokens.length;
      return startsList(flat.tokens) ? flat : null;
    }
    return list === null
      ? null
      : { tokens: filledList(list, tokens, argumentsIn(macro, tokens, at + 2, close)), origins: effects.origins };
  }

  #initialised({ tokens, origins }: Initialising, { base, name }: { base: string; name: string }, at: number): void {
    const own = tokens.offset[at] as number;
    const text = origins[(tokens.file[at] as number) - 1];
    this.uses.push({
      kind: 'access',
      base: outermost(base),
      member: name,
      offset: text === undefined ? own : (this.#initialising ?? own),
      function: this.functionName,
      macro: text === undefined ? null : { text, offset: own },
    });
  }
}
