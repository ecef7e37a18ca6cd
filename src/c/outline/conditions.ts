/**
 * Which lines of a file count, decided without its headers: `#if` with what a configuration says, three-valued. Where
 * nothing is known of a condition its first branch is taken, as a person would read it.
 */
import { spellingOf, textOf } from '../lex/spelling.js';
import { BeginsLine, End, Identifier, Numeral, TokenList } from '../lex/tokens.js';

export interface Conditions {
  /** Is this macro defined: true, false, or null where it is not known. */
  defined(name: string): boolean | null;
  /** The number that it stands for, or null where that is not known. */
  value?(name: string): number | null;
}

export interface MacroText {
  readonly name: string;
  /** null for an object-like macro. */
  readonly parameters: readonly string[] | null;
  readonly isVariadic: boolean;
  readonly body: TokenList;
  /** Byte offset of the name. */
  readonly offset: number;
}

const hash = spellingOf('#');
const open = spellingOf('(');
const close = spellingOf(')');
const comma = spellingOf(',');
const dots = spellingOf('...');

/** The end of the line that starts at `at`. */
function endOfLine(tokens: TokenList, at: number): number {
  let end = at + 1;
  while (tokens.kind[end] !== End && ((tokens.flags[end] as number) & BeginsLine) === 0) end++;
  return end;
}

function isLive(stack: readonly Branch[]): boolean {
  return stack.every((branch) => branch.taking);
}

interface Branch {
  taking: boolean;
  /** A branch was taken, so `#else` is not. */
  taken: boolean;
}

export function selectLive(
  tokens: TokenList,
  conditions: Conditions,
  live: TokenList = new TokenList(Math.max(16, tokens.length)),
): { live: TokenList; macros: ReadonlyMap<string, MacroText>; includes: readonly string[] } {
  const said = new TokenList(64);
  const macros = new Map<string, MacroText>();
  const includes: string[] = [];
  // A macro that is undefined again further down is still what it was where it is used.
  const undefined_ = new Set<string>();
  const local: Conditions = {
    defined: (name) => (undefined_.has(name) ? false : macros.has(name) ? true : conditions.defined(name)),
    value: (name) => numberOf(macros.get(name)) ?? (macros.has(name) ? null : (conditions.value?.(name) ?? null)),
  };
  const stack: Branch[] = [];
  let alive = true;
  for (let at = 0; tokens.kind[at] !== End; ) {
    if (tokens.spelling[at] === hash && ((tokens.flags[at] as number) & BeginsLine) !== 0) {
      const end = endOfLine(tokens, at);
      const directive = textOf(tokens.spelling[at + 1] as number);
      if (directive === 'define' && alive) {
        const macro = readMacro(tokens, at + 2, end, said);
        if (macro !== null) {
          macros.set(macro.name, macro);
          undefined_.delete(macro.name);
        }
      } else if (directive === 'include' && alive) includes.push(includedPath(tokens, at + 2, end));
      else if (directive === 'undef' && alive) undefined_.add(textOf(tokens.spelling[at + 2] as number));
      else branch(stack, directive, tokens, at + 2, end, local);
      alive = isLive(stack);
      at = end;
      continue;
    }
    if (alive) live.copy(tokens, at);
    at++;
  }
  return { live, macros, includes };
}

function includedPath(tokens: TokenList, start: number, end: number): string {
  let path = '';
  for (let at = start; at < end; at++) path += textOf(tokens.spelling[at] as number);
  return path.replace(/^[<"]|[>"]$/g, '');
}

function branch(
  stack: Branch[],
  directive: string,
  tokens: TokenList,
  at: number,
  end: number,
  conditions: Conditions,
): void {
  const top = stack.at(-1);
  if (directive === 'ifdef' || directive === 'ifndef') {
    const name = textOf(tokens.spelling[at] as number);
    const defined = conditions.defined(name);
    // The file's own include guard is not defined yet; an unknown #ifdef is read as a person reads it, first branch first.
    const taking = defined === null ? true : defined === (directive === 'ifdef');
    stack.push({ taking, taken: taking });
  } else if (directive === 'if') {
    const taking = new ConditionReader(tokens, at, end, conditions).read() !== 0;
    stack.push({ taking, taken: taking });
  } else if (directive === 'elif' && top !== undefined) {
    top.taking = !top.taken && new ConditionReader(tokens, at, end, conditions).read() !== 0;
    top.taken ||= top.taking;
  } else if (directive === 'else' && top !== undefined) {
    top.taking = !top.taken;
    top.taken = true;
  } else if (directive === 'endif') stack.pop();
}

/** A header has hundreds of macros, of which few are ever asked for: their bodies lie in one list until then. */
class SaidMacro implements MacroText {
  readonly name: string;
  readonly parameters: readonly string[] | null;
  readonly isVariadic: boolean;
  readonly offset: number;
  readonly #said: TokenList;
  readonly #start: number;
  readonly #end: number;
  #body: TokenList | null = null;

  constructor({ name, parameters, isVariadic, offset }: Omit<MacroText, 'body'>, said: TokenList, start: number) {
    this.name = name;
    this.parameters = parameters;
    this.isVariadic = isVariadic;
    this.offset = offset;
    this.#said = said;
    this.#start = start;
    this.#end = said.length;
  }

  get body(): TokenList {
    if (this.#body === null) {
      this.#body = new TokenList(Math.max(1, this.#end - this.#start));
      for (let at = this.#start; at < this.#end; at++) this.#body.copy(this.#said, at);
    }
    return this.#body;
  }
}

function readMacro(tokens: TokenList, at: number, end: number, said: TokenList): MacroText | null {
  if (tokens.kind[at] !== Identifier || at >= end) return null;
  const name = textOf(tokens.spelling[at] as number);
  const offset = tokens.offset[at] as number;
  let from = at + 1;
  let parameters: string[] | null = null;
  let isVariadic = false;
  const touches = (tokens.offset[from] as number) === offset + name.length;
  if (from < end && tokens.spelling[from] === open && touches) {
    parameters = [];
    for (from++; from < end && tokens.spelling[from] !== close; from++) {
      const spelling = tokens.spelling[from] as number;
      if (spelling === dots) {
        isVariadic = true;
        if (tokens.kind[from - 1] !== Identifier) parameters.push('__VA_ARGS__');
      } else if (spelling !== comma) parameters.push(textOf(spelling));
    }
    from++;
  }
  const start = said.length;
  for (let i = from; i < end; i++) said.copy(tokens, i);
  return new SaidMacro({ name, parameters, isVariadic, offset }, said, start);
}

function parseNumber(text: string): number {
  return Number.parseInt(text.replace(/[uUlL]+$/, ''), /^0x/i.test(text) ? 16 : 10);
}

/** What an object-like macro of one numeral says, else null. */
export function numberOf(macro: MacroText | undefined): number | null {
  const isNumeral = macro?.parameters === null && macro.body.length === 1 && macro.body.kind[0] === Numeral;
  return isNumeral ? parseNumber(textOf(macro.body.spelling[0] as number)) : null;
}

/** The value of a condition: a number, where null stands for "not known" and propagates except past a deciding operand. */
class ConditionReader {
  readonly #tokens: TokenList;
  readonly #end: number;
  readonly #conditions: Conditions;
  #at: number;

  constructor(tokens: TokenList, at: number, end: number, conditions: Conditions) {
    this.#tokens = tokens;
    this.#at = at;
    this.#end = end;
    this.#conditions = conditions;
  }

  read(): number | null {
    return this.#or(0);
  }

  #text(): string {
    return this.#at < this.#end ? textOf(this.#tokens.spelling[this.#at] as number) : '';
  }

  #or(depth: number): number | null {
    let left = this.#and(depth);
    while (this.#text() === '||') {
      this.#at++;
      const right = this.#and(depth);
      if ((left !== null && left !== 0) || (right !== null && right !== 0)) left = 1;
      else left = left === null || right === null ? null : 0;
    }
    return left;
  }

  #and(depth: number): number | null {
    let left = this.#comparison(depth);
    while (this.#text() === '&&') {
      this.#at++;
      const right = this.#comparison(depth);
      if (left === 0 || right === 0) left = 0;
      else left = left === null || right === null ? null : 1;
    }
    return left;
  }

  #comparison(depth: number): number | null {
    const left = this.#unary(depth);
    const operator = this.#text();
    if (!/^(==|!=|<|>|<=|>=|\+|-|\*|\/|%|<<|>>|&|\|)$/.test(operator)) return left;
    this.#at++;
    const right = this.#comparison(depth);
    if (left === null || right === null) return null;
    switch (operator) {
      case '==':
        return Number(left === right);
      case '!=':
        return Number(left !== right);
      case '<':
        return Number(left < right);
      case '>':
        return Number(left > right);
      case '<=':
        return Number(left <= right);
      case '>=':
        return Number(left >= right);
      default:
        return null;
    }
  }

  #unary(depth: number): number | null {
    const text = this.#text();
    if (depth > 100 || this.#at >= this.#end) return null;
    this.#at++;
    if (text === '!') {
      const value = this.#unary(depth + 1);
      return value === null ? null : Number(value === 0);
    }
    if (text === '(') {
      const value = this.#or(depth + 1);
      if (this.#text() === ')') this.#at++;
      return value;
    }
    if (text === 'defined') return this.#defined(this.#argument());
    if (/^(IS_ENABLED|IS_BUILTIN|IS_REACHABLE|IS_MODULE)$/.test(text)) return this.#defined(this.#argument(), text);
    if (this.#tokens.kind[this.#at - 1] === Numeral) return parseNumber(text);
    if (this.#text() === '(') this.#argument();
    // A name that is no macro counts as 0.
    return this.#conditions.defined(text) === false ? 0 : (this.#conditions.value?.(text) ?? null);
  }

  #argument(): string {
    if (this.#text() !== '(') return textOf(this.#tokens.spelling[this.#at++] as number);
    const name = textOf(this.#tokens.spelling[this.#at + 1] as number);
    let depth = 0;
    for (; this.#at < this.#end; this.#at++) {
      if (this.#text() === '(') depth++;
      else if (this.#text() === ')' && --depth === 0) break;
    }
    this.#at++;
    return name;
  }

  #defined(name: string, how = 'defined'): number | null {
    const plain = how === 'IS_MODULE' ? null : this.#conditions.defined(name);
    const module = /^IS_(ENABLED|REACHABLE|MODULE)$/.test(how) ? this.#conditions.defined(`${name}_MODULE`) : false;
    if (plain === true || module === true) return 1;
    return plain === null || module === null ? null : 0;
  }
}
