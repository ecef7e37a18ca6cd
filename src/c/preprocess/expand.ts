/**
 * Macro expansion (C11 6.10.3), as gcc's preprocessor does it.
 *
 * Tokens come from a stack of contexts: a macro's body, a substituted body, an argument being expanded alone; below the last one
 * lies the file. While a context of a macro is on the stack, that macro is disabled; its name met then is painted and stays an
 * identifier for ever. A function-like name is a call only if the next token, contexts that have ended popped first, is `(`.
 *
 * Why it ends: every context is finite, a disabled macro opens none, and the work of one use is bounded (substitute.ts).
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import { AfterSpace, BeginsLine, Counted, Identifier, Numeral, Painted, TokenList } from '../lex/tokens.js';
import type { CountedSpellings } from './counted.js';
import { builtinMacro, type Definition, type Macro, macroOf } from './macro.js';
import type { MacroTable } from './macro-table.js';
import { type Argument, isOperand, Substitution, Work } from './substitute.js';

/** What lies below the contexts. */
export interface FileSource {
  /** Sets the expander's token to the file's next one, directives handled on the way; false at the end of the file. */
  nextToken(): boolean;
  /** Is the file's next token `(`? A directive in between says no. */
  opensCall(): boolean;
  /** The text of `__LINE__` and its kin, for a use at this byte offset of the file. */
  builtin(name: string, offset: number): { readonly kind: number; readonly text: string };
  /** A `_Pragma("…")`, its text unquoted. */
  pragma(text: string): void;
  /** In a condition: the value of `defined`, `__has_include` or another of the operators, with its operand's tokens. */
  operator?(name: number, operand: TokenList): string;
}

/** The operators of `#if` whose operand is not expanded. */
export const conditionOperators: ReadonlySet<number> = new Set(
  ['defined', '__has_include', '__has_include_next', '__has_attribute', '__has_cpp_attribute', '__has_c_attribute']
    .concat(['__has_builtin', '__has_feature', '__has_extension', '__has_warning'])
    .map(spellingOf),
);

interface Context {
  readonly list: TokenList;
  readonly start: number;
  at: number;
  readonly end: number;
  /** The macro that is disabled while this is on the stack, or 0. */
  readonly macro: number;
  /** The end of this is not passed: an argument is being expanded alone. */
  readonly barrier: boolean;
  /** Spacing of the first token: that of the name, or parameter, it stands for. */
  readonly lead: number;
  /** White space before whatever follows. */
  readonly trail: number;
  /** Where the macro was named, as far as known when it was expanded; -1: each token knows (an argument). */
  readonly useOffset: number;
}

const open = spellingOf('(');
const close = spellingOf(')');
const comma = spellingOf(',');
const pragmaOperator = spellingOf('_Pragma');
const deepestContext = 4_000;

export class Expander {
  /** The token read last. */
  kind = 0;
  spelling = 0;
  flags = 0;
  /** Byte offset in the file of the use that the token came from: `__LINE__` is its line. */
  offset = 0;
  readonly #macros: MacroTable;
  /** Of the use, or the line, that is being expanded. */
  readonly work = new Work();
  readonly #file: FileSource;
  readonly #contexts: Context[] = [];
  readonly #disabled = new Map<number, number>();
  readonly #substitution: Substitution;
  readonly #arena: TokenList;
  readonly #pool: TokenList[] = [];
  #pendingSpace = 0;

  constructor(macros: MacroTable, counted: CountedSpellings, file: FileSource) {
    this.#macros = macros;
    this.#substitution = new Substitution(counted, this.work);
    this.#arena = this.#substitution.arena;
    this.#file = file;
  }

  /** Expands the macro whose name was just read from the file and hands every resulting token to `emit`. */
  expandUse(
    macro: Macro,
    kind: number,
    spelling: number,
    flags: number,
    emit: (kind: number, spelling: number, flags: number) => void,
  ): void {
    this.#begin();
    if (!this.#enter(macro, flags)) {
      emit(kind, spelling, flags);
      return;
    }
    this.#drain(emit);
  }

  /** Carries out a `_Pragma` that stands in the file itself; the operator has been read. */
  expandPragma(emit: (kind: number, spelling: number, flags: number) => void): void {
    this.#begin();
    this.#pragma();
    this.#drain(emit);
  }

  /** Expands a directive's line; `#if` operators are answered by the source as they are met. */
  expandLine(
    tokens: TokenList,
    start: number,
    end: number,
    emit: (kind: number, spelling: number, flags: number) => void,
  ): void {
    this.#begin();
    this.#contexts.length = 0;
    this.#disabled.clear();
    this.work.exhausted = false;
    this.#push(tokens, start, end, 0, -1, 0);
    this.#drain(emit);
  }

  #begin(): void {
    this.work.begin();
    this.#arena.length = 0;
    this.#pendingSpace = 0;
  }

  #drain(emit: (kind: number, spelling: number, flags: number) => void): void {
    while (this.#next()) {
      if (this.#file.operator !== undefined && this.kind === Identifier && conditionOperators.has(this.spelling)) {
        const { spelling, flags } = this;
        emit(Numeral, spellingOf(this.#file.operator(spelling, this.#operand())), flags);
        continue;
      }
      const macro = this.#macroHere();
      if (macro === undefined) {
        if (this.spelling === pragmaOperator && this.#pragma()) continue;
        emit(this.kind, this.spelling, this.flags);
        continue;
      }
      const { kind, spelling, flags } = this;
      if (!this.#enter(macro, flags)) emit(kind, spelling, flags);
    }
  }

  /** The macro that the token just read calls, if it may be expanded. */
  #macroHere(): Macro | undefined {
    if (this.kind !== Identifier || (this.flags & Painted) !== 0) return undefined;
    const definition = this.#macros.get(this.spelling);
    return definition === undefined ? undefined : (macroOf(definition) ?? undefined);
  }

  /** Reads the next token of the contexts; false where they, or the argument being expanded, end. */
  #next(): boolean {
    for (;;) {
      const context = this.#contexts.at(-1);
      if (context === undefined) return false;
      if (context.at < context.end) {
        this.#take(context);
        return true;
      }
      if (context.barrier) return false;
      this.#pop();
    }
  }

  #take(context: Context): void {
    const { list, at } = context;
    this.kind = list.kind[at] as number;
    this.spelling = list.spelling[at] as number;
    let flags = list.flags[at] as number;
    if (at === context.start && context.lead >= 0) flags = (flags & ~(AfterSpace | BeginsLine)) | context.lead;
    if (this.#pendingSpace !== 0) {
      flags |= AfterSpace;
      this.#pendingSpace = 0;
    }
    if (this.kind === Identifier && this.#disabled.has(this.spelling)) flags |= Painted;
    this.flags = flags;
    this.offset = context.useOffset < 0 ? (list.offset[at] as number) : context.useOffset;
    context.at = at + 1;
  }

  #push(list: TokenList, start: number, end: number, macro: number, lead: number, useOffset: number, trail = 0): void {
    this.#contexts.push({ list, start, at: start, end, macro, barrier: useOffset < 0, lead, trail, useOffset });
    if (macro !== 0) this.#disabled.set(macro, (this.#disabled.get(macro) ?? 0) + 1);
    this.work.spend(end - start + 1);
    if (this.#contexts.length > deepestContext) this.work.exhausted = true;
  }

  #pop(): void {
    const context = this.#contexts.pop() as Context;
    this.#pendingSpace |= context.trail;
    if (context.macro === 0) return;
    const uses = (this.#disabled.get(context.macro) as number) - 1;
    if (uses === 0) this.#disabled.delete(context.macro);
    else this.#disabled.set(context.macro, uses);
  }

  /** A token of the contexts or, past the last, of the file; for arguments. */
  #nextRaw(): boolean {
    if (this.#next()) return true;
    if (this.#contexts.length > 0 || !this.#file.nextToken()) return false;
    this.flags |= this.#pendingSpace;
    this.#pendingSpace = 0;
    return true;
  }

  #opensCall(): boolean {
    for (let context = this.#contexts.at(-1); context !== undefined; context = this.#contexts.at(-1)) {
      if (context.at < context.end) return context.list.spelling[context.at] === open;
      if (context.barrier) return false;
      this.#pop();
    }
    return this.#file.opensCall();
  }

  /** Opens the expansion of `macro`; false where its name is no call. */
  #enter(macro: Macro, flags: number): boolean {
    if (this.work.exhausted) return false;
    const use = this.offset;
    const lead = flags & (AfterSpace | BeginsLine);
    if (macro.builtin !== null) {
      const { kind, text } = this.#file.builtin(macro.builtin, use);
      const at = this.#arena.length;
      const counted = macro.builtin === '__COUNTER__' ? Counted : 0;
      this.#arena.push(kind, lead | counted, spellingOf(text), 0, 0);
      this.#push(this.#arena, at, at + 1, 0, lead, use);
      return true;
    }
    let args: Argument[] = [];
    if (macro.parameters !== null) {
      if (!this.#opensCall()) return false;
      const collected = this.#arguments(macro);
      // Unterminated or wrongly counted: gcc reports an error and leaves the name; so do we, without its arguments.
      if (collected === null) return false;
      args = collected;
    }
    if (macro.parameters === null && !macro.hasOperators)
      this.#open(macro.body, 0, macro.body.length, macro.name, lead, use);
    else {
      this.#expandArguments(macro, args);
      const start = this.#arena.length;
      this.#substitution.substitute(macro, args);
      for (const argument of args) if (argument.expanded !== null) this.#pool.push(argument.expanded);
      const { beganEmpty, trail } = this.#substitution;
      const own = beganEmpty && start < this.#arena.length ? (this.#arena.flags[start] as number) & AfterSpace : 0;
      this.#open(this.#arena, start, this.#arena.length, macro.name, lead | own, use, trail);
    }
    return true;
  }

  #open(list: TokenList, start: number, end: number, macro: number, lead: number, use: number, trail = 0): void {
    if (start === end) this.#pendingSpace |= lead;
    this.#push(list, start, end, macro, lead, use, trail);
  }

  /** ( arguments ): their raw tokens go to the arena. null where the file ends first or the count is wrong. */
  #arguments(macro: Macro): Argument[] | null {
    this.#nextRaw();
    const parameters = macro.parameters as readonly number[];
    const args: Argument[] = [];
    let start = this.#arena.length;
    for (let depth = 0; ; ) {
      if (!this.#nextRaw()) return null;
      const { spelling } = this;
      if (depth === 0 && spelling === close) break;
      const isLast = macro.isVariadic && args.length === parameters.length - 1;
      if (depth === 0 && spelling === comma && !isLast) {
        args.push({ start, end: this.#arena.length, expanded: null, trails: false, omitted: false });
        start = this.#arena.length;
        continue;
      }
      if (spelling === open) depth++;
      else if (spelling === close) depth--;
      const space = (this.flags & BeginsLine) !== 0 ? AfterSpace : 0;
      this.#arena.push(this.kind, (this.flags & ~BeginsLine) | space, spelling, 0, this.offset);
      if (!this.work.spend(1)) return null;
    }
    const end = this.#arena.length;
    const omitted = macro.isVariadic && parameters.length === 1 && start === end;
    args.push({ start, end, expanded: null, trails: false, omitted });
    if (parameters.length === 0) return args.length === 1 && start === end ? [] : null;
    if (args.length === parameters.length - 1 && macro.isVariadic)
      args.push({ start: end, end, expanded: null, trails: false, omitted: true });
    return args.length === parameters.length ? args : null;
  }

  /** Expands, alone and completely, each argument that the body uses outside `#` and `##` and that has something to expand. */
  #expandArguments(macro: Macro, args: readonly Argument[]): void {
    const { body, parameterOf } = macro;
    for (let at = 0; at < body.length; at++) {
      const parameter = parameterOf[at] as number;
      if (parameter < 0) continue;
      const argument = args[parameter] as Argument;
      if (argument.expanded !== null || isOperand(macro, at) || !this.#hasMacro(argument)) continue;
      this.#expandAlone(argument);
    }
  }

  #hasMacro({ start, end }: Argument): boolean {
    const { kind, spelling } = this.#arena;
    for (let at = start; at < end; at++)
      if (kind[at] === Identifier && this.#macros.get(spelling[at] as number) !== undefined) return true;
    return false;
  }

  #expandAlone(argument: Argument): void {
    const { start, end } = argument;
    const out = this.#pool.pop() ?? new TokenList(32);
    out.length = 0;
    const depth = this.#contexts.length;
    this.#push(this.#arena, start, end, 0, -1, -1);
    this.#pendingSpace = 0;
    this.#drain((kind, spelling, flags) => out.push(kind, flags, spelling, 0, 0));
    while (this.#contexts.length > depth) this.#pop();
    argument.trails = this.#pendingSpace !== 0;
    this.#pendingSpace = 0;
    argument.expanded = out;
  }

  /** The operand of a condition's operator: one name, or what stands in parentheses. */
  #operand(): TokenList {
    const operand = new TokenList(8);
    for (let depth = 0; this.#next(); ) {
      if (this.spelling === close && --depth === 0) break;
      if (depth > 0 || this.spelling !== open) operand.push(this.kind, this.flags, this.spelling, 0, 0);
      if (this.spelling === open) depth++;
      if (depth === 0) break;
    }
    return operand;
  }

  /** _Pragma ( "text" ), where a macro may stand for the text: the operand is expanded before the operator is carried out. */
  #pragma(): boolean {
    if (!this.#opensCall()) return false;
    this.#nextRaw();
    for (;;) {
      if (!this.#nextRaw()) return true;
      const macro = this.#macroHere();
      if (macro === undefined || !this.#enter(macro, this.flags)) break;
    }
    const text = textOf(this.spelling);
    if (this.#nextRaw()) this.#file.pragma(text.replace(/^L?"|"$/g, '').replace(/\\(["\\])/g, '$1'));
    return true;
  }
}

export const builtinMacros: readonly Definition[] = [
  '__LINE__',
  '__FILE__',
  '__BASE_FILE__',
  '__FILE_NAME__',
  '__COUNTER__',
  '__INCLUDE_LEVEL__',
  '__DATE__',
  '__TIME__',
  '__TIMESTAMP__',
].map(builtinMacro);
