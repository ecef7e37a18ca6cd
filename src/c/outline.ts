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
import { type Conditions, type MacroText, selectLive } from './conditions.js';
import { spellingOf, textOf } from './spelling.js';
import { Identifier, TokenList } from './tokens.js';

/**
 * A type by name. Worked example: `struct page **pages[4]` is
 * { base: 'struct page', depth: 3, arrays: 1, returns: null }; a pointer to a function, `struct file *(*open)(int)`, is
 * { base: '', depth: 1, arrays: 0, returns: { base: 'struct file', depth: 1, … } }.
 */
export interface TypeName {
  /** `struct tag`, `union tag`, `enum tag`, a typedef's name, or '' where nothing is known. */
  readonly base: string;
  /** Levels of pointer and array. */
  readonly depth: number;
  /** How many of the levels are array, outermost; an object by value has as many as `depth`. */
  readonly arrays: number;
  /** What a call gives, for functions and pointers to them. */
  readonly returns: TypeName | null;
  /** Tokens of a `typeof(…)` that stands for the base, still to be resolved. */
  readonly typeofTokens?: TokenRange;
}

export interface TokenRange {
  readonly tokens: TokenList;
  readonly start: number;
  readonly end: number;
}

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

export const unknownType: TypeName = { base: '', depth: 0, arrays: 0, returns: null };

const S = (text: string) => spellingOf(text);
export const punct = {
  open: S('('),
  close: S(')'),
  brace: S('{'),
  endBrace: S('}'),
  bracket: S('['),
  endBracket: S(']'),
  semi: S(';'),
  comma: S(','),
  star: S('*'),
  equals: S('='),
  colon: S(':'),
  arrow: S('->'),
  dot: S('.'),
  amp: S('&'),
  hash: S('#'),
  hashes: S('##'),
};
export const word = {
  struct: S('struct'),
  union: S('union'),
  enum: S('enum'),
  typedef: S('typedef'),
  extern: S('extern'),
  static: S('static'),
  sizeof: S('sizeof'),
  typeof: S('typeof'),
  typeof1: S('__typeof__'),
  typeof2: S('__typeof'),
  attribute: S('__attribute__'),
  attribute1: S('__attribute'),
  autoType: S('__auto_type'),
};
const qualifiers = new Set(
  [
    'const',
    'volatile',
    'static',
    'extern',
    'inline',
    'register',
    'auto',
    'typedef',
    '__inline',
    '__inline__',
    '__always_inline',
  ]
    .concat([
      '__extension__',
      '__const',
      '__const__',
      '__volatile__',
      'restrict',
      '__restrict',
      'noinline',
      'asmlinkage',
    ])
    .concat(['__init', '__exit', '__user', '__iomem', '__rcu', '__percpu', '__force', '__read_mostly', '__initdata'])
    .map(S),
);
const arithmetic = new Set(
  [
    'void',
    'char',
    'short',
    'int',
    'long',
    'float',
    'double',
    'signed',
    'unsigned',
    '_Bool',
    'bool',
    '__int128',
    '__signed__',
  ].map(S),
);
const openers = new Set([punct.open, punct.brace, punct.bracket]);
const closers = new Set([punct.close, punct.endBrace, punct.endBracket]);
/** 1 opens, -1 closes, by spelling; no other token is asked for as often. */
const nesting = new Int8Array(Math.max(...openers, ...closers) + 1);
for (const spelling of openers) nesting[spelling] = 1;
for (const spelling of closers) nesting[spelling] = -1;

/** The index of the token that closes the bracket at `at`, or `end`. */
export function closing(tokens: TokenList, at: number, end: number): number {
  const { spelling } = tokens;
  let depth = 0;
  for (let i = at; i < end; i++) {
    const text = spelling[i] as number;
    if (text >= nesting.length) continue;
    depth += nesting[text] as number;
    if (depth === 0 && nesting[text] === -1) return i;
  }
  return end;
}

/** The index of the token that opens the bracket closed at `at`, or -1. */
export function opening(tokens: TokenList, at: number, start: number): number {
  const { spelling } = tokens;
  let depth = 0;
  for (let i = at; i >= start; i--) {
    const text = spelling[i] as number;
    if (text >= nesting.length) continue;
    depth -= nesting[text] as number;
    if (depth === 0 && nesting[text] === 1) return i;
  }
  return -1;
}

/** Ranges between commas outside brackets. */
export function splitByCommas(tokens: TokenList, start: number, end: number): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let from = start;
  for (let i = start; i < end; i++) {
    const spelling = tokens.spelling[i] as number;
    if (openers.has(spelling)) i = closing(tokens, i, end);
    else if (spelling === punct.comma) {
      parts.push({ start: from, end: i });
      from = i + 1;
    }
  }
  if (from < end || parts.length > 0) parts.push({ start: from, end });
  return parts;
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

/** What a run of specifiers says: the base type, and where the declarators begin. */
interface Specifiers {
  readonly type: TypeName;
  readonly next: number;
}

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

type RecordSeen = (kind: string, tag: string, open: number, close: number, at: number) => string;

export function isAttribute(spelling: number): boolean {
  return spelling === word.attribute || spelling === word.attribute1 || isAttributeWord(textOf(spelling));
}

const attributeWords = new RegExp(
  `^(__(${[
    'printf|scanf|aligned|section|must_hold|acquires|releases|cond_acquires|alloc_size|assume_aligned|counted_by\\w*|guarded_by',
    'randomize_layout|no_randomize_layout|packed|ro_after_init|maybe_unused|used|weak|cold|designated_init|nonstring|must_check',
    'pure|malloc|deprecated|cacheline_group\\w*|latent_entropy|private|kernel|percpu_\\w+|refdata|cpuinit\\w*|devinit\\w*',
  ].join('|')})|____cacheline\\w*|noinline_for_stack|asm|__asm__|__cacheline\\w*|asmlinkage|fastcall)$`,
);

/** Macros that the kernel writes where attributes stand: `__printf(1, 2)`, `__aligned(8)`, `__must_hold(x)`. */
function isAttributeWord(text: string): boolean {
  return attributeWords.test(text);
}

export function isTypeof(spelling: number): boolean {
  return spelling === word.typeof || spelling === word.typeof1 || spelling === word.typeof2;
}

/**
 * declaration-specifiers from `start`. A name counts as the base type when another name, a star or a bracketed declarator
 * follows; everything else that is a name there is a qualifier, an attribute macro or the declarator itself.
 */
export function readSpecifiers(tokens: TokenList, start: number, end: number, seen: RecordSeen): Specifiers {
  let base = '';
  let typeofTokens: TokenRange | undefined;
  let at = start;
  for (; at < end; at++) {
    const spelling = tokens.spelling[at] as number;
    if (tokens.kind[at] !== Identifier) break;
    const opens = tokens.spelling[at + 1] === punct.open && at + 1 < end;
    if (qualifiers.has(spelling)) continue;
    if (isAttribute(spelling)) {
      if (opens) at = closing(tokens, at + 1, end);
    } else if (isTypeof(spelling) && opens) {
      const close = closing(tokens, at + 1, end);
      typeofTokens = copyOf(tokens, at + 2, close);
      at = close;
      base = 'typeof';
    } else if (spelling === word.struct || spelling === word.union || spelling === word.enum) {
      const kind = textOf(spelling);
      let next = at + 1;
      let tag = '';
      for (; next < end && tokens.kind[next] === Identifier; next++) {
        if (isAttribute(tokens.spelling[next] as number)) next = closing(tokens, next + 1, end);
        else if (tag === '' || tokens.spelling[next + 1] === punct.brace) tag = textOf(tokens.spelling[next] as number);
        else break;
        if (tag !== '' && tokens.spelling[next + 1] !== punct.brace && !/^__/.test(tag)) {
          next++;
          break;
        }
      }
      if (tokens.spelling[next] === punct.brace && next < end) {
        const close = closing(tokens, next, end);
        base = seen(kind, tag, next, close, at);
        at = close;
      } else {
        base = `${kind} ${tag}`;
        at = next - 1;
      }
    } else if (arithmetic.has(spelling)) base = base === '' ? textOf(spelling) : base;
    else if (base !== '' || !isBase(tokens, at, end)) break;
    else base = textOf(spelling);
  }
  const type = { base, depth: 0, arrays: 0, returns: null };
  return { type: typeofTokens === undefined ? type : { ...type, typeofTokens }, next: at };
}

/** A copy, so that a declaration that is kept does not keep its whole file. */
function copyOf(tokens: TokenList, start: number, end: number): TokenRange {
  const range = new TokenList(Math.max(4, end - start));
  for (let at = start; at < end; at++) range.copy(tokens, at);
  return { tokens: range, start: 0, end: range.length };
}

function isBase(tokens: TokenList, at: number, end: number): boolean {
  if (at + 1 >= end) return true;
  const next = tokens.spelling[at + 1] as number;
  if (tokens.kind[at + 1] === Identifier) return true;
  if (next === punct.star) return true;
  return next === punct.open && tokens.spelling[at + 2] === punct.star;
}

export interface Declared {
  readonly name: string;
  readonly type: TypeName;
  readonly at: number;
  /** Tokens between the parentheses, for a function's declarator. */
  readonly parameters: { readonly start: number; readonly end: number } | null;
}

/** init-declarator-list */
export function readDeclarators(tokens: TokenList, specifiers: Specifiers, end: number): Declared[] {
  const found: Declared[] = [];
  for (const part of splitByCommas(tokens, specifiers.next, end)) {
    const declared = readDeclarator(tokens, part.start, part.end, specifiers.type);
    if (declared !== null) found.push(declared);
  }
  return found;
}

function readDeclarator(tokens: TokenList, start: number, end: number, base: TypeName): Declared | null {
  let stars = 0;
  let name = -1;
  let at = start;
  for (; at < end; at++) {
    const spelling = tokens.spelling[at] as number;
    if (spelling === punct.star) stars++;
    else if (tokens.kind[at] === Identifier) {
      if (isAttribute(spelling)) at = tokens.spelling[at + 1] === punct.open ? closing(tokens, at + 1, end) : at;
      else if (!qualifiers.has(spelling)) name = at;
    } else break;
  }
  const type: TypeName = { ...base, depth: base.depth + stars };
  const stop = tokens.spelling[at] as number;
  if (at < end && stop === punct.open) {
    const close = closing(tokens, at, end);
    if (name >= 0) {
      const parameters = { start: at + 1, end: close };
      return {
        name: textOf(tokens.spelling[name] as number),
        type: { ...unknownType, returns: type },
        at: name,
        parameters,
      };
    }
    const inner = readDeclarator(tokens, at + 1, close, unknownType);
    if (inner === null) return null;
    const isFunction = tokens.spelling[close + 1] === punct.open && close + 1 < end;
    if (isFunction) return { ...inner, type: { ...inner.type, returns: type }, parameters: null };
    return {
      ...inner,
      type: { ...type, depth: type.depth + inner.type.depth, arrays: inner.type.arrays },
      parameters: null,
    };
  }
  if (name < 0) return null;
  let arrays = 0;
  while (at < end && tokens.spelling[at] === punct.bracket) {
    arrays++;
    at = closing(tokens, at, end) + 1;
  }
  return {
    name: textOf(tokens.spelling[name] as number),
    type: { ...type, depth: type.depth + arrays, arrays },
    at: name,
    parameters: null,
  };
}
