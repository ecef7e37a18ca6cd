/**
 * Macro expansion (C11 6.10.3), as gcc's preprocessor does it.
 *
 * Tokens come from a stack of contexts: a macro's body, a substituted body, an argument being expanded alone; below the last one
 * lies the file. While a context of a macro is on the stack, that macro is disabled; its name met then is painted and stays an
 * identifier for ever. A function-like name is a call only if the next token, contexts that have ended popped first, is `(`.
 *
 * Why it ends: every context is finite, a disabled macro opens none, and the work of one use is bounded (`mostWork`).
 */
import type { CountedSide, CountedSpellings } from './counted.js';
import { builtinMacro, type Definition, type Macro, macroOf, paste, vaOpt } from './macro.js';
import type { MacroTable } from './macro-table.js';
import { spellingOf, textOf } from './spelling.js';
import { tokenize } from './tokenize.js';
import { AfterSpace, BeginsLine, Counted, Identifier, Numeral, Painted, Text, TokenList } from './tokens.js';

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
  /** Where the macro was named, as far as known when it was expanded; -1: each token knows (an argument). */
  readonly useOffset: number;
}

interface Argument {
  readonly start: number;
  readonly end: number;
  expanded: TokenList | null;
}

const open = spellingOf('(');
const close = spellingOf(')');
const comma = spellingOf(',');
const hash = spellingOf('#');
const pragmaOperator = spellingOf('_Pragma');
const mostWork = 3_000_000;
const deepestContext = 4_000;

export class Expander {
  /** The token read last. */
  kind = 0;
  spelling = 0;
  flags = 0;
  /** Byte offset in the file of the use that the token came from: `__LINE__` is its line. */
  offset = 0;
  readonly #macros: MacroTable;
  readonly #counted: CountedSpellings;
  /** A use that grew past all bounds was cut short. */
  exhausted = false;
  readonly #file: FileSource;
  readonly #contexts: Context[] = [];
  readonly #disabled = new Map<number, number>();
  readonly #arena = new TokenList(4096);
  readonly #pool: TokenList[] = [];
  #pendingSpace = 0;
  #work = 0;

  constructor(macros: MacroTable, counted: CountedSpellings, file: FileSource) {
    this.#macros = macros;
    this.#counted = counted;
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
    this.#work = 0;
    this.#arena.length = 0;
    this.#pendingSpace = 0;
    if (!this.#enter(macro, flags)) {
      emit(kind, spelling, flags);
      return;
    }
    this.#drain(emit);
  }

  /** Carries out a `_Pragma` that stands in the file itself; the operator has been read. */
  expandPragma(emit: (kind: number, spelling: number, flags: number) => void): void {
    this.#work = 0;
    this.#arena.length = 0;
    this.#pendingSpace = 0;
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
    this.#work = 0;
    this.#arena.length = 0;
    this.#pendingSpace = 0;
    this.#contexts.length = 0;
    this.#disabled.clear();
    this.exhausted = false;
    this.#push(tokens, start, end, 0, -1, 0);
    this.#drain(emit);
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

  #push(list: TokenList, start: number, end: number, macro: number, lead: number, useOffset: number): void {
    this.#contexts.push({ list, start, at: start, end, macro, barrier: useOffset < 0, lead, useOffset });
    if (macro !== 0) this.#disabled.set(macro, (this.#disabled.get(macro) ?? 0) + 1);
    this.#work += end - start + 1;
    if (this.#work > mostWork || this.#contexts.length > deepestContext) this.exhausted = true;
  }

  #pop(): void {
    const context = this.#contexts.pop() as Context;
    if (context.macro === 0) return;
    const uses = (this.#disabled.get(context.macro) as number) - 1;
    if (uses === 0) this.#disabled.delete(context.macro);
    else this.#disabled.set(context.macro, uses);
  }

  /** A token of the contexts or, past the last, of the file; for arguments. */
  #nextRaw(): boolean {
    if (this.#next()) return true;
    if (this.#contexts.length > 0) return false;
    return this.#file.nextToken();
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
    if (this.exhausted) return false;
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
      this.#substitute(macro, args);
      for (const argument of args) if (argument.expanded !== null) this.#pool.push(argument.expanded);
      this.#open(this.#arena, start, this.#arena.length, macro.name, lead, use);
    }
    return true;
  }

  #open(list: TokenList, start: number, end: number, macro: number, lead: number, use: number): void {
    if (start === end) this.#pendingSpace |= lead;
    this.#push(list, start, end, macro, lead, use);
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
        args.push({ start, end: this.#arena.length, expanded: null });
        start = this.#arena.length;
        continue;
      }
      if (spelling === open) depth++;
      else if (spelling === close) depth--;
      const space = (this.flags & BeginsLine) !== 0 ? AfterSpace : 0;
      this.#arena.push(this.kind, (this.flags & ~BeginsLine) | space, spelling, 0, this.offset);
      if (++this.#work > mostWork) {
        this.exhausted = true;
        return null;
      }
    }
    args.push({ start, end: this.#arena.length, expanded: null });
    if (parameters.length === 0) return args.length === 1 && start === this.#arena.length ? [] : null;
    if (args.length === parameters.length - 1 && macro.isVariadic)
      args.push({ start: this.#arena.length, end: this.#arena.length, expanded: null });
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
      argument.expanded = this.#expandAlone(argument);
    }
  }

  #hasMacro({ start, end }: Argument): boolean {
    const { kind, spelling } = this.#arena;
    for (let at = start; at < end; at++)
      if (kind[at] === Identifier && this.#macros.get(spelling[at] as number) !== undefined) return true;
    return false;
  }

  #expandAlone({ start, end }: Argument): TokenList {
    const out = this.#pool.pop() ?? new TokenList(32);
    out.length = 0;
    const depth = this.#contexts.length;
    this.#push(this.#arena, start, end, 0, -1, -1);
    this.#pendingSpace = 0;
    this.#drain((kind, spelling, flags) => out.push(kind, flags, spelling, 0, 0));
    while (this.#contexts.length > depth) this.#pop();
    this.#pendingSpace = 0;
    return out;
  }

  /** The body with its arguments in place, to the end of the arena. */
  #substitute(macro: Macro, args: readonly Argument[]): void {
    const { body, parameterOf } = macro;
    for (let at = 0; at < body.length; at++) {
      if (!macro.hasOperators) this.#copy(macro, at, args, false);
      else if (body.spelling[at] === vaOpt && macro.isVariadic) at = this.#vaOpt(macro, at, args);
      else if (
        body.spelling[at] === hash &&
        macro.parameters !== null &&
        at + 1 < body.length &&
        (parameterOf[at + 1] as number) >= 0
      ) {
        at++;
        this.#stringify(args[parameterOf[at] as number] as Argument, body.flags[at - 1] as number);
      } else if (body.spelling[at] === paste && at > 0 && at + 1 < body.length) at = this.#paste(macro, at, args);
      else this.#copy(macro, at, args, isOperand(macro, at));
    }
  }

  /** Body token `at`: itself, or its argument, expanded unless `raw`. */
  #copy(macro: Macro, at: number, args: readonly Argument[], raw: boolean): void {
    const { body } = macro;
    const arena = this.#arena;
    const parameter = macro.parameterOf[at] as number;
    if (parameter < 0) {
      arena.push(body.kind[at] as number, body.flags[at] as number, body.spelling[at] as number, 0, 0);
      return;
    }
    const argument = args[parameter] as Argument;
    const expanded = raw ? null : argument.expanded;
    const list = expanded ?? arena;
    const start = expanded === null ? argument.start : 0;
    const end = expanded === null ? argument.end : expanded.length;
    this.#work += end - start;
    if (this.#work > mostWork) this.exhausted = true;
    if (this.exhausted) return;
    const lead = (body.flags[at] as number) & AfterSpace;
    for (let i = start; i < end; i++) {
      const flags = list.flags[i] as number;
      arena.push(
        list.kind[i] as number,
        i === start ? (flags & ~AfterSpace) | lead : flags,
        list.spelling[i] as number,
        0,
        0,
      );
    }
  }

  /** left ## right, where left is already the arena's last token; gives the index of the last body token used. */
  #paste(macro: Macro, operator: number, args: readonly Argument[]): number {
    const { body, parameterOf } = macro;
    const arena = this.#arena;
    const right = operator + 1;
    const before = arena.length;
    const isVaArgs = macro.isVariadic && parameterOf[right] === (macro.parameters as readonly number[]).length - 1;
    const leftIsComma = body.spelling[operator - 1] === comma && parameterOf[operator - 1] === -1;
    if (isVaArgs && leftIsComma) {
      // GNU: `, ## args` drops the comma where there are no args, and pastes nothing where there are.
      const argument = args[parameterOf[right] as number] as Argument;
      if (argument.start === argument.end) arena.length = before - 1;
      else this.#copy(macro, right, args, true);
      return right;
    }
    const leftIsEmpty = this.#isEmptyOperand(macro, operator - 1, args);
    if (
      body.spelling[right] === hash &&
      macro.parameters !== null &&
      right + 1 < body.length &&
      (parameterOf[right + 1] as number) >= 0
    ) {
      this.#stringify(args[parameterOf[right + 1] as number] as Argument, 0);
      this.#join(before, leftIsEmpty);
      return right + 1;
    }
    if (body.spelling[right] === vaOpt && macro.isVariadic) {
      const last = this.#vaOpt(macro, right, args);
      this.#join(before, leftIsEmpty);
      return last;
    }
    this.#copy(macro, right, args, true);
    this.#join(before, leftIsEmpty);
    return right;
  }

  /** Did the operand at `at` put nothing into the arena, so that what stands there now belongs to something else? */
  #isEmptyOperand(macro: Macro, at: number, args: readonly Argument[]): boolean {
    const parameter = macro.parameterOf[at] as number;
    if (parameter < 0) return false;
    const argument = args[parameter] as Argument;
    if (argument.start !== argument.end) return false;
    // a ## <empty> ## b: the left side is what was pasted before.
    return !(at >= 2 && macro.body.spelling[at - 1] === paste && !this.#isEmptyOperand(macro, at - 2, args));
  }

  /** Joins arena tokens `at - 1` and `at`, unless a side is empty or the two make no token. */
  #join(at: number, leftIsEmpty: boolean): void {
    const arena = this.#arena;
    if (leftIsEmpty || at === 0 || arena.length === at) return;
    const left = at - 1;
    const joined = joinedToken(
      arena.kind[left] as number,
      arena.spelling[left] as number,
      arena.kind[at] as number,
      arena.spelling[at] as number,
    );
    if (joined === null) return;
    const counted = ((arena.flags[left] as number) | (arena.flags[at] as number)) & Counted;
    if (counted !== 0) this.#counted.join(this.#side(left), this.#side(at), joined.spelling);
    arena.kind[left] = joined.kind;
    arena.spelling[left] = joined.spelling;
    arena.flags[left] = ((arena.flags[left] as number) & ~Painted) | counted;
    arena.kind.copyWithin(at, at + 1, arena.length);
    arena.spelling.copyWithin(at, at + 1, arena.length);
    arena.flags.copyWithin(at, at + 1, arena.length);
    arena.length--;
  }

  #side(at: number): CountedSide {
    return {
      spelling: this.#arena.spelling[at] as number,
      isCounted: ((this.#arena.flags[at] as number) & Counted) !== 0,
    };
  }

  #stringify({ start, end }: Argument, flags: number): void {
    const { kind, spelling, flags: flagsOf } = this.#arena;
    let text = '';
    let counted = 0;
    for (let at = start; at < end && text.length < 1_000_000; at++) {
      if (at > start && ((flagsOf[at] as number) & AfterSpace) !== 0) text += ' ';
      const spelled = textOf(spelling[at] as number);
      counted |= (flagsOf[at] as number) & Counted;
      text +=
        kind[at] === Text || spelled.startsWith("'") || spelled.startsWith("L'")
          ? spelled.replace(/["\\]/g, '\\$&')
          : spelled;
    }
    this.#arena.push(Text, (flags & AfterSpace) | counted, spellingOf(`"${text}"`), 0, 0);
  }

  /** __VA_OPT__ ( tokens ): they count only where there are variable arguments. Gives the index of its last body token. */
  #vaOpt(macro: Macro, at: number, args: readonly Argument[]): number {
    const { body } = macro;
    let end = at + 1;
    for (let depth = 0; end < body.length; end++) {
      if (body.spelling[end] === open) depth++;
      else if (body.spelling[end] === close && --depth === 0) break;
    }
    const variable = args.at(-1) as Argument;
    const isEmpty = (variable.expanded?.length ?? variable.end - variable.start) === 0;
    for (let i = at + 2; i < end && !isEmpty; i++) {
      if (body.spelling[i] === paste && i > at + 2) i = this.#paste(macro, i, args);
      else this.#copy(macro, i, args, isOperand(macro, i));
    }
    return end;
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

/** Does body token `at` stand beside `##`, so that its argument is not expanded? */
function isOperand({ body, hasOperators }: Macro, at: number): boolean {
  if (!hasOperators) return false;
  const before = at > 0 ? body.spelling[at - 1] : 0;
  return before === paste || (at + 1 < body.length && body.spelling[at + 1] === paste) || before === hash;
}

const joinedTokens = new Map<string, { kind: number; spelling: number } | null>();

/** The one token that two make when written together, or null. */
function joinedToken(
  leftKind: number,
  left: number,
  rightKind: number,
  right: number,
): { kind: number; spelling: number } | null {
  const text = textOf(left) + textOf(right);
  if (leftKind === Identifier && (rightKind === Identifier || (rightKind === Numeral && /^\w+$/.test(textOf(right))))) {
    return { kind: Identifier, spelling: spellingOf(text) };
  }
  const known = joinedTokens.get(text);
  if (known !== undefined) return known;
  const tokens = tokenize(Buffer.from(text, 'latin1'));
  const isOne = tokens.length === 2 && textOf(tokens.spelling[0] as number) === text;
  const joined = isOne ? { kind: tokens.kind[0] as number, spelling: tokens.spelling[0] as number } : null;
  if (joinedTokens.size > 100_000) joinedTokens.clear();
  joinedTokens.set(text, joined);
  return joined;
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
