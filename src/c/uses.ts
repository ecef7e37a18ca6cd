/**
 * Who touches a member or depends on a type's size, in one file: member accesses, sizeof, objects defined.
 *
 * Each function is walked once with its locals in scope. Where a wanted name follows `.` or `->`, the operand before it is
 * found by walking back over the postfix expression and typed by src/c/expressions.ts. A macro call is expanded only when
 * the macro leads to a wanted name, or a wanted name is one of its arguments (`list_for_each_entry(p, head, link)`).
 */
import type { MacroText } from './conditions.js';
import {
  type Declarations,
  declaredBy,
  isByValue,
  recordOf,
  type Scope,
  startsDeclaration,
  typeOfExpression,
  typeOfTypeName,
} from './expressions.js';
import { expandMacro } from './macro-call.js';
import {
  closing,
  type FunctionOutline,
  type Outline,
  opening,
  outlineOfTokens,
  punct,
  splitByCommas,
  type TypeName,
  word,
} from './outline.js';
import { spellingOf, textOf } from './spelling.js';
import { Identifier, TokenList } from './tokens.js';

export interface Wanted {
  /** Spellings of the member names asked for. */
  readonly members: ReadonlySet<number>;
  /** Record bases (`struct page`) whose size is asked for. */
  readonly records: ReadonlySet<string>;
  /** Spellings of macros whose expansion may touch a wanted member. */
  readonly macros: ReadonlySet<number>;
}

export interface Use {
  readonly kind: 'access' | 'sizeof' | 'define';
  /** The record, or null where the operand's type could not be found. */
  readonly base: string | null;
  readonly member: string | null;
  /** Byte offset in the file: of the outermost macro call for what a macro does. */
  readonly offset: number;
  readonly function: string | null;
  /** The macro that does it, or null. */
  readonly macro: string | null;
}

const callWords = new Set(
  ['if', 'while', 'for', 'switch', 'return', 'sizeof', 'typeof', '__typeof__', 'defined', 'else', 'do'].map(spellingOf),
);
const offsetofWords = new Set(['offsetof', '__builtin_offsetof', 'offsetofend', 'sizeof_field'].map(spellingOf));
const deepestExpansion = 24;

export function usesIn(outline: Outline, wanted: Wanted, names: Declarations): Use[] {
  const uses: Use[] = [];
  for (const one of outline.functions) {
    if (one.body !== null) new UseReader(outline.tokens, wanted, names, one.name, uses).function(one, one.body);
  }
  const objects = new UseReader(outline.tokens, wanted, names, null, uses);
  for (const variable of outline.variables) if (!variable.isExtern) objects.defined(variable.type, variable.at);
  objects.outside(outline);
  return uses;
}

class UseReader {
  readonly #wanted: Wanted;
  readonly #names: Declarations;
  readonly #function: string | null;
  readonly #uses: Use[];
  #tokens: TokenList;
  #scope: Map<string, TypeName>[] = [];
  /** Where the outermost macro call being read stands. */
  #call: { readonly offset: number; readonly macro: string } | null = null;
  #depth = 0;
  #droppedFrom = 0;
  #droppedTo = 0;
  #budget = 200_000;

  constructor(tokens: TokenList, wanted: Wanted, names: Declarations, functionName: string | null, uses: Use[]) {
    this.#tokens = tokens;
    this.#wanted = wanted;
    this.#names = names;
    this.#function = functionName;
    this.#uses = uses;
  }

  function(one: FunctionOutline, body: { start: number; end: number }): void {
    if (!this.#concerns(body.start, body.end)) return;
    this.#scope = [new Map(one.parameters.map(({ name, type }) => [name, type]))];
    this.#statements(body.start, body.end);
  }

  /** Initialisers of objects and the like, outside every function. */
  outside(outline: Outline): void {
    const bodies = outline.functions
      .flatMap((one) => (one.body === null ? [] : [one.body]))
      .sort((a, b) => a.start - b.start);
    let from = 0;
    for (const body of [...bodies, { start: this.#tokens.length, end: this.#tokens.length }]) {
      if (this.#concerns(from, body.start)) {
        for (let at = from; at < body.start; at++) {
          if (this.#tokens.spelling[at] === tracePrototype) this.#traceParameters(at, body.start);
          if (!this.#definesByMacro(at, body.start)) this.#token(at, from, body.start);
        }
      }
      from = Math.max(from, body.end);
    }
  }

  /** Arguments of a macro that does nothing with them, as lockdep's where it is configured away, touch nothing. */
  #dropUnused(at: number, end: number): void {
    // Trace events read their headers several times, each time with another meaning of the same macro.
    if (this.#depth > 0 || at < this.#droppedTo || this.#function === null) return;
    const close = closing(this.#tokens, at + 1, end);
    if (!this.#concerns(at + 2, close)) return;
    const macro = this.#names.macro(textOf(this.#tokens.spelling[at] as number));
    if (macro === null || macro.parameters === null || macro.isVariadic) return;
    const arguments_ = splitByCommas(this.#tokens, at + 2, close);
    macro.parameters.forEach((parameter, i) => {
      const argument = arguments_[i];
      if (argument === undefined || macro.body.spelling.subarray(0, macro.body.length).includes(spellingOf(parameter)))
        return;
      if (!this.#concerns(argument.start, argument.end)) return;
      this.#droppedFrom = argument.start;
      this.#droppedTo = argument.end;
    });
  }

  /** PAGEFLAG(Locked, locked): a macro at file scope that defines functions; their bodies are read as functions are. */
  #definesByMacro(at: number, end: number): boolean {
    const spelling = this.#tokens.spelling[at] as number;
    if (this.#tokens.spelling[at + 1] !== punct.open || !this.#wanted.macros.has(spelling) || this.#depth > 0)
      return false;
    const macro = this.#names.macro(textOf(spelling));
    if (macro === null || macro.parameters === null) return false;
    const expanded = this.#expandedWhole(this.#tokens, at, closing(this.#tokens, at + 1, end) + 1, 0);
    const functions = outlineOfTokens(expanded).functions.filter(({ body }) => body !== null);
    if (functions.length === 0) return false;
    const outer = this.#tokens;
    this.#call = { offset: outer.offset[at] as number, macro: macro.name };
    this.#tokens = expanded;
    this.#depth++;
    for (const one of functions) if (one.body !== null) this.function(one, one.body);
    this.#depth--;
    this.#tokens = outer;
    this.#call = null;
    return true;
  }

  /** The tokens [start, end) with every call of a wanted macro expanded. */
  #expandedWhole(tokens: TokenList, start: number, end: number, depth: number): TokenList {
    const out = new TokenList(64);
    for (let at = start; at < end; at++) {
      const spelling = tokens.spelling[at] as number;
      const calls =
        tokens.kind[at] === Identifier && tokens.spelling[at + 1] === punct.open && this.#wanted.macros.has(spelling);
      const macro = calls && depth < 6 && this.#budget > 0 ? this.#names.macro(textOf(spelling)) : null;
      if (macro === null || macro.parameters === null) {
        out.push(tokens.kind[at] as number, tokens.flags[at] as number, spelling, 0, 0);
        continue;
      }
      const close = closing(tokens, at + 1, end);
      const expanded = expandMacro(macro, tokens, at + 2, close);
      this.#budget -= expanded.length;
      const inner = this.#expandedWhole(expanded, 0, expanded.length, depth + 1);
      for (let i = 0; i < inner.length; i++)
        out.push(inner.kind[i] as number, inner.flags[i] as number, inner.spelling[i] as number, 0, 0);
      at = close;
    }
    return out;
  }

  /** TP_PROTO(…): what a trace event's code, which stands in macro arguments outside every function, has as parameters. */
  #traceParameters(at: number, end: number): void {
    const close = closing(this.#tokens, at + 1, end);
    const scope = new Map<string, TypeName>();
    for (const part of splitByCommas(this.#tokens, at + 2, close)) {
      for (const { name, type } of declaredBy(this.#tokens, part.start, part.end, [], this.#names) ?? [])
        scope.set(name, type);
    }
    this.#scope = [scope];
  }

  /** Is there anything in these tokens that could be a use? Most functions end here. */
  #concerns(start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const spelling = this.#tokens.spelling[at] as number;
      if (this.#wanted.members.has(spelling) || this.#wanted.macros.has(spelling)) return true;
      if (
        this.#wanted.records.size > 0 &&
        (spelling === word.sizeof || spelling === word.struct || spelling === word.union)
      )
        return true;
    }
    return false;
  }

  #statements(start: number, end: number): void {
    let begins = true;
    for (let at = start; at < end; at++) {
      const spelling = this.#tokens.spelling[at] as number;
      if (begins) this.#declare(at, end);
      this.#token(at, start, end);
      if (spelling === punct.brace) this.#scope.push(new Map());
      else if (spelling === punct.endBrace && this.#scope.length > 1) this.#scope.pop();
      begins =
        spelling === punct.brace || spelling === punct.endBrace || spelling === punct.semi || spelling === punct.colon;
      begins ||= spelling === punct.open && this.#tokens.spelling[at - 1] === spellingFor;
      begins ||= spelling === punct.close;
    }
  }

  #declare(at: number, end: number): void {
    if (this.#tokens.kind[at] !== Identifier) return;
    if (!startsDeclaration(this.#tokens, at, end)) {
      this.#declareByMacro(at, end);
      return;
    }
    const stop = this.#statementEnd(at, end);
    for (const { name, type, at: place } of declaredBy(this.#tokens, at, stop, this.#scope, this.#names) ?? []) {
      this.#scope.at(-1)?.set(name, type);
      const isExtern = this.#tokens.spelling[at] === word.extern;
      if (!isExtern) this.defined(type, place);
    }
  }

  /** A macro at the start of a statement that declares something, as DEFINE_WAIT(wait). */
  #declareByMacro(at: number, end: number): void {
    if (this.#tokens.spelling[at + 1] !== punct.open || this.#depth > 2) return;
    const text = textOf(this.#tokens.spelling[at] as number);
    if (callWords.has(this.#tokens.spelling[at] as number)) return;
    const macro = this.#names.macro(text);
    if (macro === null || macro.parameters === null) return;
    const close = closing(this.#tokens, at + 1, end);
    this.#within(macro, at, close, (expanded) => {
      if (startsDeclaration(expanded, 0, expanded.length)) this.#declare(0, expanded.length);
      else this.#declareByMacro(0, expanded.length);
    });
  }

  #statementEnd(at: number, end: number): number {
    let stop = at;
    while (stop < end && this.#tokens.spelling[stop] !== punct.semi) {
      const spelling = this.#tokens.spelling[stop] as number;
      if (spelling === punct.close || spelling === punct.endBrace) break;
      const opens = spelling === punct.open || spelling === punct.brace || spelling === punct.bracket;
      stop = opens ? closing(this.#tokens, stop, end) + 1 : stop + 1;
    }
    return Math.min(stop, end);
  }

  /** Reads `macro`'s expansion as if it stood at `at`. */
  #within(macro: MacroText, at: number, close: number, read: (expanded: TokenList) => void): void {
    if (this.#depth >= deepestExpansion || this.#budget <= 0) return;
    const outer = { tokens: this.#tokens, call: this.#call };
    const expanded = expandMacro(macro, this.#tokens, at + 2, close);
    this.#budget -= expanded.length;
    this.#call ??= { offset: this.#tokens.offset[at] as number, macro: macro.name };
    this.#tokens = expanded;
    this.#depth++;
    read(expanded);
    this.#depth--;
    this.#tokens = outer.tokens;
    this.#call = outer.call;
  }

  #token(at: number, start: number, end: number): void {
    if (this.#tokens.kind[at] !== Identifier) return;
    const spelling = this.#tokens.spelling[at] as number;
    if (this.#wanted.members.has(spelling)) this.#memberNamed(spelling, at, start);
    if (this.#wanted.records.size > 0 && spelling === word.sizeof) this.#sizeof(at, end);
    const calls = this.#tokens.spelling[at + 1] === punct.open && at + 1 < end;
    if (calls) this.#dropUnused(at, end);
    if (calls && offsetofWords.has(spelling)) this.#offsetof(at, end);
    else if (this.#wanted.macros.has(spelling)) {
      const before = at > start ? this.#tokens.spelling[at - 1] : 0;
      if (before === punct.arrow || before === punct.dot) this.#alias(spelling, at, start);
      else this.#macro(at, end, calls);
    } else if (calls && this.#names.macro(textOf(spelling)) !== null && this.#namesMember(at + 1, end))
      this.#macro(at, end, true);
  }

  #memberNamed(spelling: number, at: number, start: number): void {
    const before = at > start ? (this.#tokens.spelling[at - 1] as number) : 0;
    if (before !== punct.arrow && before !== punct.dot) return;
    if (this.#depth === 0 && at < this.#droppedTo && at >= this.#droppedFrom) return;
    const first = this.#operandStart(at - 2, start);
    // `.name = …` in an initialiser has no operand: the object it initialises is a `define`.
    if (first === null) return;
    const type = typeOfExpression(this.#tokens, first, at - 1, this.#scope, this.#names);
    const record = type === null ? null : recordOf(type, this.#names);
    this.#use('access', record?.base ?? null, textOf(spelling), at);
  }

  /** The member that an object-like macro stands for, or null where the name is none. */
  #aliasBody(spelling: number): number | null {
    const macro = this.#wanted.macros.has(spelling) ? this.#names.macro(textOf(spelling)) : null;
    return macro === null || macro.parameters !== null ? null : (macro.body.spelling[0] as number);
  }

  /** `x->d_lock` where `#define d_lock d_lockref.lock`: the members that the body goes through. */
  #alias(spelling: number, at: number, start: number): void {
    const macro = this.#names.macro(textOf(spelling));
    const first = this.#operandStart(at - 2, start);
    if (macro === null || macro.parameters !== null || first === null) return;
    let type = typeOfExpression(this.#tokens, first, at - 1, this.#scope, this.#names);
    for (let i = 0; i < macro.body.length && macro.body.kind[i] === Identifier; i += 2) {
      const record = type === null ? null : recordOf(type, this.#names);
      const member = macro.body.spelling[i] as number;
      if (this.#wanted.members.has(member)) this.#use('access', record?.base ?? null, textOf(member), at);
      type = record?.members.get(textOf(member))?.type ?? null;
    }
  }

  /** Walks back over a postfix expression that ends at `at`. */
  #operandStart(at: number, start: number): number | null {
    let i = at;
    for (;;) {
      const spelling = this.#tokens.spelling[i] as number;
      if (i < start) return null;
      if (
        spelling === punct.bracket ||
        spelling === punct.comma ||
        spelling === punct.brace ||
        spelling === punct.equals
      )
        return null;
      if (spelling === punct.endBracket) {
        i = opening(this.#tokens, i, start) - 1;
        continue;
      }
      if (spelling === punct.close) {
        const open = opening(this.#tokens, i, start);
        const callee = this.#tokens.spelling[open - 1] as number;
        if (open <= start) return open < start ? null : open;
        const isCall =
          callee === punct.close ||
          callee === punct.endBracket ||
          (this.#tokens.kind[open - 1] === Identifier && !callWords.has(callee));
        if (!isCall) return open;
        i = open - 1;
        if (callee === punct.close && this.#isCast(i, start)) return open;
        continue;
      }
      if (this.#tokens.kind[i] !== Identifier) return null;
      const before = i > start ? (this.#tokens.spelling[i - 1] as number) : 0;
      if (before !== punct.arrow && before !== punct.dot) return i;
      i -= 2;
    }
  }

  /** Is `( … )` that closes at `at` a cast, so that what follows in parentheses is its operand and no call? */
  #isCast(at: number, start: number): boolean {
    const open = opening(this.#tokens, at, start);
    const text = textOf(this.#tokens.spelling[open + 1] as number);
    return (
      /^(struct|union|const|void|unsigned|typeof|__typeof__)$/.test(text) ||
      this.#tokens.spelling[at - 1] === punct.star
    );
  }

  #sizeof(at: number, end: number): void {
    const parenthesised = this.#tokens.spelling[at + 1] === punct.open;
    const stop = parenthesised ? closing(this.#tokens, at + 1, end) : this.#statementEnd(at + 1, end);
    const start = parenthesised ? at + 2 : at + 1;
    const isType = startsTypeName(this.#tokens, start, stop, this.#names, this.#scope);
    const type = isType
      ? typeOfTypeName(this.#tokens, start, stop, this.#scope, this.#names)
      : typeOfExpression(this.#tokens, start, stop, this.#scope, this.#names);
    if (type === null) return;
    const record = recordOf(type, this.#names);
    if (record !== null && isByValue(type, this.#names) && this.#wanted.records.has(record.base))
      this.#use('sizeof', record.base, null, at);
  }

  /** offsetof(type, member.inner[…]) */
  #offsetof(at: number, end: number): void {
    const close = closing(this.#tokens, at + 1, end);
    let comma = at + 2;
    while (comma < close && this.#tokens.spelling[comma] !== punct.comma) {
      comma = this.#tokens.spelling[comma] === punct.open ? closing(this.#tokens, comma, close) + 1 : comma + 1;
    }
    let record = recordOf(typeOfTypeName(this.#tokens, at + 2, comma, this.#scope, this.#names), this.#names);
    for (let i = comma + 1; i < close && record !== null; i++) {
      if (this.#tokens.kind[i] !== Identifier) continue;
      const alias = this.#aliasBody(this.#tokens.spelling[i] as number);
      if (alias !== null && this.#wanted.members.has(alias)) this.#use('access', record.base, textOf(alias), at);
      const member = textOf(alias ?? (this.#tokens.spelling[i] as number));
      if (this.#wanted.members.has(this.#tokens.spelling[i] as number)) this.#use('access', record.base, member, at);
      const type = record.members.get(member)?.type;
      record = type === undefined ? null : recordOf(type, this.#names);
    }
  }

  #macro(at: number, end: number, calls: boolean): void {
    const macro = this.#names.macro(textOf(this.#tokens.spelling[at] as number));
    if (macro === null || (macro.parameters !== null && !calls)) return;
    const close = macro.parameters === null ? at : closing(this.#tokens, at + 1, end);
    this.#within(macro, at, close, (expanded) => {
      this.#scope.push(new Map());
      this.#statements(0, expanded.length);
      this.#scope.pop();
    });
  }

  /** Is a wanted member's bare name an argument of the call that opens at `open`? */
  #namesMember(open: number, end: number): boolean {
    const close = closing(this.#tokens, open, end);
    for (let at = open + 1; at < close; at++) {
      const spelling = this.#tokens.spelling[at] as number;
      if (!this.#wanted.members.has(spelling) && !this.#wanted.macros.has(spelling)) continue;
      const before = this.#tokens.spelling[at - 1] as number;
      if (before === punct.open || before === punct.comma) return true;
      // `link.next` as a member designator: the first name counts.
    }
    return false;
  }

  defined(type: TypeName, at: number): void {
    const record = this.#wanted.records.size === 0 ? null : recordOf(type, this.#names);
    if (record !== null && this.#wanted.records.has(record.base) && isByValue(type, this.#names))
      this.#use('define', record.base, null, at);
  }

  #use(kind: Use['kind'], base: string | null, member: string | null, at: number): void {
    const offset = this.#call?.offset ?? (this.#tokens.offset[at] as number);
    this.#uses.push({ kind, base, member, offset, function: this.#function, macro: this.#call?.macro ?? null });
  }
}

const spellingFor = spellingOf('for');
const tracePrototype = spellingOf('TP_PROTO');

function startsTypeName(tokens: TokenList, start: number, end: number, names: Declarations, scope: Scope): boolean {
  const text = textOf(tokens.spelling[start] as number);
  if (/^(struct|union|enum|const|volatile|unsigned|signed|void|char|short|int|long|typeof|__typeof__)$/.test(text))
    return true;
  if (tokens.kind[start] !== Identifier || scope.some((locals) => locals.has(text))) return false;
  return end - start <= 2 && names.object(text) === null && names.typedef(text) !== null;
}
