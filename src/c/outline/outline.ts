/**
 * One file read without its headers: which structs, typedefs, functions, variables and macros it declares.
 *
 * Comes in: the tokens of a file and what is known of its conditions. Goes out: an Outline, whose types are names, not
 * resolved. Never happens: an error; what cannot be read is passed over.
 *
 * Why not the real front end: a question about the whole tree ("who touches this member?") may concern thousands of
 * files, most of which no configuration builds. Preprocessing each costs a hundred times more than reading it alone,
 * and the kernel's style makes the plain text tell nearly everything. The exact front end stays the judge of layouts.
 */

import { textOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import { closing, openers, opening, punct, splitByCommas, word } from './brackets.js';
import { type Conditions, type MacroText, selectLive } from './conditions.js';
import {
  copyOf,
  isAttribute,
  isTypeof,
  qualifiers,
  readDeclarators,
  readSpecifiers,
  type Specifiers,
  type TokenRange,
  type TypeName,
  unknownType,
} from './declarators.js';

export interface MemberOutline {
  readonly name: string;
  readonly type: TypeName;
  /** Token index. */
  readonly at: number;
}

export interface RecordOutline {
  /** `struct tag`; an untagged one is named by its place: `struct outer/member`, `struct /typedef_name`, `struct @1234`. */
  readonly base: string;
  readonly members: ReadonlyMap<string, MemberOutline>;
  /** Macros that stand for members, as `__SIGINFO;` and `DEFINE_SNMP_STAT(struct linux_mib, net_statistics);`, in their own words. */
  readonly macros: readonly TokenRange[];
  readonly at: number;
}

export interface FunctionOutline {
  readonly name: string;
  readonly returns: TypeName;
  readonly parameters: readonly { readonly name: string; readonly type: TypeName }[];
  /** Tokens between the braces, or null for a prototype. */
  readonly body: { readonly start: number; readonly end: number } | null;
  readonly isStatic: boolean;
  readonly at: number;
}

export interface VariableOutline {
  readonly name: string;
  readonly type: TypeName;
  readonly isExtern: boolean;
  readonly at: number;
}

export interface Outline {
  /** The live tokens, directives gone. */
  readonly tokens: TokenList;
  readonly records: ReadonlyMap<string, RecordOutline>;
  readonly typedefs: ReadonlyMap<string, TypeName>;
  readonly functions: readonly FunctionOutline[];
  readonly variables: readonly VariableOutline[];
  readonly macros: ReadonlyMap<string, MacroText>;
  /** Calls at file level that only a macro's definition can tell: `DEFINE_MUTEX(lock);`, each with its arguments. */
  readonly calls: readonly TokenRange[];
  /** Paths of the headers that it includes, other conditions' left out. */
  readonly includes: readonly string[];
}

/** `live` takes the tokens that count: a list that is used again where the outline's own tokens are not kept. */
export function outlineOf(tokens: TokenList, conditions: Conditions, live?: TokenList): Outline {
  const { live: kept, macros, includes } = selectLive(tokens, conditions, live);
  return new OutlineReader(kept, macros, includes).run();
}

/** The outline of tokens that have no directives any more, as those of an expanded macro. */
export function outlineOfTokens(tokens: TokenList): Outline {
  return new OutlineReader(tokens, new Map(), []).run();
}

/** The members that a macro's expansion declares in a record. */
export function membersIn(base: string, tokens: TokenList): MemberOutline[] {
  return new OutlineReader(tokens, new Map(), []).members(base);
}

/** Tokens of a call that may declare something; a trace event's has hundreds. */
const mostArguments = 40;

class OutlineReader {
  readonly #tokens: TokenList;
  readonly #records = new Map<string, RecordOutline>();
  readonly #typedefs = new Map<string, TypeName>();
  readonly #functions: FunctionOutline[] = [];
  readonly #variables: VariableOutline[] = [];
  readonly #macros: ReadonlyMap<string, MacroText>;

  readonly #includes: readonly string[];
  readonly #fileCalls: TokenRange[] = [];
  /** Macros among the members of the record that is being read. */
  #calls: TokenRange[] = [];

  constructor(tokens: TokenList, macros: ReadonlyMap<string, MacroText>, includes: readonly string[]) {
    this.#tokens = tokens;
    this.#macros = macros;
    this.#includes = includes;
  }

  run(): Outline {
    const end = this.#tokens.length;
    for (let at = 0; at < end; ) at = Math.max(at + 1, this.#external(at, end));
    return {
      tokens: this.#tokens,
      records: this.#records,
      typedefs: this.#typedefs,
      functions: this.#functions,
      variables: this.#variables,
      macros: this.#macros,
      calls: this.#fileCalls,
      includes: this.#includes,
    };
  }

  members(base: string): MemberOutline[] {
    const members = new Map<string, MemberOutline>();
    this.#members(base, 0, this.#tokens.length, members);
    return [...members.values()];
  }

  #spelling(at: number): number {
    return this.#tokens.spelling[at] as number;
  }

  #isName(at: number): boolean {
    return this.#tokens.kind[at] === Identifier;
  }

  /** external-declaration: reads one and gives the index after it. */
  #external(start: number, end: number): number {
    let at = start;
    let body = -1;
    let isValue = false;
    for (; at < end; at++) {
      const spelling = this.#spelling(at);
      if (spelling === punct.semi) break;
      // `struct s x = (struct s) { … };` has no body.
      if (spelling === punct.equals) isValue = true;
      if (spelling === punct.brace) {
        // `extern "C" {` and stray braces aside, a brace at top level opens a record, an initialiser or a body.
        const close = closing(this.#tokens, at, end);
        const before = this.#spelling(at - 1);
        if (
          at > start &&
          !isValue &&
          (before === punct.close || (this.#isName(at - 1) && !this.#opensRecord(start, at)))
        ) {
          body = at;
          at = close;
          break;
        }
        at = close;
      } else if (spelling === punct.open || spelling === punct.bracket) at = closing(this.#tokens, at, end);
    }
    const stop = Math.min(at, end);
    if (body >= 0) this.#function(start, body, stop);
    else this.#declaration(start, stop);
    return stop + 1;
  }

  /** Is the brace at `brace` the body of a struct, union or enum that starts at or after `start`? */
  #opensRecord(start: number, brace: number): boolean {
    for (let at = brace - 1; at >= start && at >= brace - 6; at--) {
      const spelling = this.#spelling(at);
      if (spelling === word.struct || spelling === word.union || spelling === word.enum) return true;
      if (spelling === punct.close) at = opening(this.#tokens, at, start);
      else if (!this.#isName(at)) return false;
    }
    return false;
  }

  #function(start: number, brace: number, close: number): void {
    const tokens = this.#tokens;
    // The parameter list: the last `name (…)` group before the body that is no attribute.
    let list = -1;
    for (let at = start; at < brace; at++) {
      if (this.#spelling(at) !== punct.open) continue;
      const end = closing(tokens, at, brace);
      if (this.#isName(at - 1) && !isAttribute(this.#spelling(at - 1)) && list < 0) list = at;
      at = end;
    }
    if (list < 0) return;
    const end = closing(tokens, list, brace);
    const name = textOf(this.#spelling(list - 1));
    const head = this.#specifiers(start, list - 1, '');
    const isStatic = this.#has(start, list, word.static);
    const body = { start: brace + 1, end: close };
    if (/^((COMPAT_)?SYSCALL_DEFINE|BPF_CALL_)\d$/.test(name)) {
      this.#functions.push({ ...this.#systemCall(list, end), body, isStatic: false, at: list - 1 });
      return;
    }
    const returns = { ...head.type, depth: head.type.depth + this.#stars(head.next, list - 1) };
    this.#functions.push({ name, returns, parameters: this.#parameters(list + 1, end), body, isStatic, at: list - 1 });
  }

  /** SYSCALL_DEFINEn(name, type, parameter, …): the kernel's one macro that makes a function's head out of pairs. */
  #systemCall(list: number, end: number): Pick<FunctionOutline, 'name' | 'returns' | 'parameters'> {
    const parts = splitByCommas(this.#tokens, list + 1, end);
    const parameters = [];
    for (let i = 1; i + 1 < parts.length; i += 2) {
      const type = parts[i] as { start: number; end: number };
      const read = this.#specifiers(type.start, type.end, '');
      const depth = read.type.depth + this.#stars(read.next, type.end);
      parameters.push({
        name: textOf(this.#spelling((parts[i + 1] as { start: number }).start)),
        type: { ...read.type, depth },
      });
    }
    const name = parts[0] === undefined ? '' : textOf(this.#spelling(parts[0].start));
    return { name: `sys_${name}`, returns: unknownType, parameters };
  }

  #has(start: number, end: number, spelling: number): boolean {
    for (let at = start; at < end; at++) if (this.#spelling(at) === spelling) return true;
    return false;
  }

  #stars(start: number, end: number): number {
    let stars = 0;
    for (let at = start; at < end; at++) if (this.#spelling(at) === punct.star) stars++;
    return stars;
  }

  #parameters(start: number, end: number): { name: string; type: TypeName }[] {
    return splitByCommas(this.#tokens, start, end).flatMap((part) => {
      const declared = readDeclarators(this.#tokens, this.#specifiers(part.start, part.end, ''), part.end);
      return declared.map(({ name, type }) => ({ name, type }));
    });
  }

  /** declaration: typedef, record, prototype, variable. */
  #declaration(start: number, end: number): void {
    const isTypedef = this.#has(start, Math.min(end, start + 3), word.typedef);
    if (this.#perCpu(start, end)) return;
    const specifiers = this.#specifiers(start, end, isTypedef ? `/${this.#lastName(start, end) ?? ''}` : '');
    const isExtern = this.#spelling(start) === word.extern;
    const isStatic = this.#has(start, specifiers.next, word.static);
    for (const declared of readDeclarators(this.#tokens, specifiers, end)) {
      const { name, type, at } = declared;
      if (isTypedef) this.#typedefs.set(name, type);
      // `static LIST_HEAD(x);` is no declaration of LIST_HEAD: a prototype says what it returns.
      else if (declared.parameters !== null && specifiers.type.base === '') {
        const { parameters } = declared;
        if (parameters.end - parameters.start < mostArguments)
          this.#fileCalls.push(copyOf(this.#tokens, at, Math.min(parameters.end + 1, end)));
      } else if (declared.parameters !== null && type.returns !== null) {
        const parameters = this.#parameters(declared.parameters.start, declared.parameters.end);
        this.#functions.push({ name, returns: type.returns, parameters, body: null, isStatic, at });
      } else this.#variables.push({ name, type, isExtern, at });
    }
  }

  /** DEFINE_PER_CPU*(type, name) and DECLARE_PER_CPU*(type, name). */
  #perCpu(start: number, end: number): boolean {
    let at = start;
    while (at < end && qualifiers.has(this.#spelling(at))) at++;
    if (!this.#isName(at) || this.#spelling(at + 1) !== punct.open) return false;
    const macro = textOf(this.#spelling(at));
    if (!/^(DEFINE|DECLARE)_PER_CPU/.test(macro)) return false;
    const [type, name] = splitByCommas(this.#tokens, at + 2, closing(this.#tokens, at + 1, end));
    if (type === undefined || name === undefined) return false;
    const read = this.#specifiers(type.start, type.end, '');
    const depth = read.type.depth + this.#stars(read.next, type.end);
    const variable = { name: textOf(this.#spelling(name.start)), type: { ...read.type, depth }, at: name.start };
    this.#variables.push({ ...variable, isExtern: macro.startsWith('DECLARE') });
    return true;
  }

  /** declaration-specifiers; a record body found on the way is read, under its tag or, untagged, under `place`. */
  #specifiers(start: number, end: number, place: string): Specifiers {
    return readSpecifiers(this.#tokens, start, end, (kind, tag, open, close, at) => {
      const base = tag === '' ? `${kind} ${place === '' ? `@${at}` : place}` : `${kind} ${tag}`;
      if (kind !== 'enum') this.#record(base, open + 1, close, at);
      return base;
    });
  }

  #record(base: string, start: number, end: number, at: number): void {
    const members = new Map<string, MemberOutline>();
    const outer = this.#calls;
    this.#calls = [];
    this.#members(base, start, end, members);
    this.#records.set(base, { base, members, macros: this.#calls, at });
    this.#calls = outer;
  }

  /** struct-declaration-list */
  #members(base: string, start: number, end: number, members: Map<string, MemberOutline>): void {
    for (let at = start; at < end; ) {
      let stop = at;
      while (stop < end && this.#spelling(stop) !== punct.semi) {
        stop = openers.has(this.#spelling(stop)) ? closing(this.#tokens, stop, end) + 1 : stop + 1;
      }
      this.#member(base, at, Math.min(stop, end), members);
      at = stop + 1;
    }
  }

  #member(base: string, start: number, end: number, members: Map<string, MemberOutline>): void {
    if (end === start + 1 && this.#isName(start)) {
      this.#calls.push(copyOf(this.#tokens, start, end));
      return;
    }
    const first = this.#spelling(start);
    if (this.#isName(start) && this.#spelling(start + 1) === punct.open && !isAttribute(first) && !isTypeof(first)) {
      this.#calls.push(copyOf(this.#tokens, start, end));
      this.#macroMembers(base, start, end, members);
      return;
    }
    const place = `${base.slice(base.indexOf(' ') + 1)}/${this.#lastName(start, end) ?? `@${start}`}`;
    const specifiers = this.#specifiers(start, end, place);
    const declared = readDeclarators(this.#tokens, specifiers, end);
    for (const { name, type, at } of declared) members.set(name, { name, type, at });
    if (declared.length > 0) return;
    // An anonymous struct or union: its members are the outer one's.
    const inner = this.#records.get(specifiers.type.base);
    if (inner === undefined) return;
    for (const [name, member] of inner.members) members.set(name, member);
    this.#calls.push(...inner.macros);
  }

  #lastName(start: number, end: number): string | null {
    for (let at = end - 1; at >= start; at--) {
      if (this.#spelling(at) === punct.endBrace) return null;
      if (this.#isName(at)) return textOf(this.#spelling(at));
    }
    return null;
  }

  /** A macro among the members, as struct_group(name, members) or DECLARE_BITMAP(name, bits): read what its arguments declare. */
  #macroMembers(base: string, start: number, end: number, members: Map<string, MemberOutline>): void {
    const close = closing(this.#tokens, start + 1, end);
    for (const part of splitByCommas(this.#tokens, start + 2, close)) {
      if (this.#has(part.start, part.end, punct.semi)) this.#members(base, part.start, part.end, members);
      else if (part.end - part.start === 1 && this.#isName(part.start)) {
        const name = textOf(this.#spelling(part.start));
        if (!members.has(name)) members.set(name, { name, type: unknownType, at: part.start });
      } else if (part.end > part.start) this.#member(base, part.start, part.end, members);
    }
    if (close + 1 < end) this.#member(base, close + 1, end, members);
  }
}
