/**
 * The type of an expression, as far as the text and the declarations of the tree tell it.
 *
 * Recursive descent over C's expression grammar (C11 6.5) with GNU's statement expressions and typeof. Macros are expanded
 * where they stand, one call at a time, because only the type is asked: what a macro does besides is passed over. Precedence
 * of binary operators is not kept: a sum with a pointer in it is that pointer, a comparison is a number, whatever the order.
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, Numeral, Text, TokenList } from '../lex/tokens.js';
import { closing, punct, splitByCommas, word } from './brackets.js';
import { readDeclarators, readSpecifiers, type TypeName, unknownType } from './declarators.js';
import { expandMacro } from './macro-call.js';
import { type Declarations, dereferenced, recordOf, resolveType, type Scope } from './meaning.js';
import { declarationWords, startsDeclaration } from './statement-start.js';

const S = spellingOf;
const assignments = new Set(['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='].map(S));
const comparisons = new Set(['==', '!=', '<', '>', '<=', '>=', '&&', '||'].map(S));
const operators = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'].map(S).concat([...comparisons]));
const ops = {
  question: S('?'),
  not: S('!'),
  tilde: S('~'),
  plus: S('+'),
  minus: S('-'),
  increment: S('++'),
  decrement: S('--'),
  labelAddress: S('&&'),
  extension: S('__extension__'),
  generic: S('_Generic'),
  choose: S('__builtin_choose_expr'),
  default: S('default'),
  alignof: S('__alignof__'),
  offsetof: S('__builtin_offsetof'),
};
const number: TypeName = { ...unknownType, base: 'int' };
/** Deep enough for rcu_dereference() and friends, shallow enough for a macro bomb. */
const deepest = 40;

export function typeOfExpression(
  tokens: TokenList,
  start: number,
  end: number,
  scope: Scope,
  names: Declarations,
): TypeName | null {
  return new ExpressionReader(tokens, start, end, scope, names, 0).read();
}

export function typeOfTypeName(
  tokens: TokenList,
  start: number,
  end: number,
  scope: Scope,
  names: Declarations,
): TypeName {
  return new ExpressionReader(tokens, start, end, scope, names, 0).typeName(start, end);
}

export class ExpressionReader {
  readonly #tokens: TokenList;
  readonly #end: number;
  readonly #names: Declarations;
  readonly #depth: number;
  #scope: Scope;
  #at: number;

  constructor(tokens: TokenList, start: number, end: number, scope: Scope, names: Declarations, depth: number) {
    this.#tokens = tokens;
    this.#at = start;
    this.#end = end;
    this.#scope = scope;
    this.#names = names;
    this.#depth = depth;
  }

  read(): TypeName | null {
    return this.#depth > deepest ? null : this.#comma();
  }

  #spelling(): number {
    return this.#at < this.#end ? (this.#tokens.spelling[this.#at] as number) : 0;
  }

  #inner(start: number, end: number): TypeName | null {
    return new ExpressionReader(this.#tokens, start, end, this.#scope, this.#names, this.#depth + 1).read();
  }

  #comma(): TypeName | null {
    let type = this.#assignment();
    while (this.#spelling() === punct.comma) {
      this.#at++;
      type = this.#assignment();
    }
    return type;
  }

  #assignment(): TypeName | null {
    const type = this.#conditional();
    if (!assignments.has(this.#spelling())) return type;
    this.#at++;
    return this.#assignment() === null ? type : type;
  }

  #conditional(): TypeName | null {
    const condition = this.#binary();
    if (this.#spelling() !== ops.question) return condition;
    this.#at++;
    if (this.#spelling() === punct.colon) {
      this.#at++;
      return condition ?? this.#conditional();
    }
    const yes = this.#comma();
    if (this.#spelling() === punct.colon) this.#at++;
    const no = this.#conditional();
    return yes !== null && (yes.depth > 0 || no === null || no.depth === 0) && !isVoidPointer(yes) ? yes : (no ?? yes);
  }

  #binary(): TypeName | null {
    let type = this.#unary();
    while (operators.has(this.#spelling())) {
      const operator = this.#spelling();
      this.#at++;
      const right = this.#unary();
      if (comparisons.has(operator)) type = number;
      else if (operator === ops.minus && (type?.depth ?? 0) > 0 && (right?.depth ?? 0) > 0) type = number;
      else if ((type?.depth ?? 0) === 0 && (right?.depth ?? 0) > 0) type = right;
    }
    return type;
  }

  #unary(): TypeName | null {
    const spelling = this.#spelling();
    switch (spelling) {
      case punct.star:
        this.#at++;
        return dereferenced(this.#unary(), this.#names);
      case punct.amp: {
        this.#at++;
        const type = this.#unary();
        return type === null ? null : { ...type, depth: type.depth + 1, arrays: 0 };
      }
      case ops.increment:
      case ops.decrement:
      case ops.extension:
        this.#at++;
        return this.#unary();
      case ops.not:
      case ops.tilde:
      case ops.plus:
      case ops.minus:
      case ops.labelAddress:
        this.#at++;
        this.#unary();
        return number;
      case word.sizeof:
      case ops.alignof:
        this.#at++;
        if (this.#spelling() === punct.open) this.#at = closing(this.#tokens, this.#at, this.#end) + 1;
        else this.#unary();
        return number;
      case punct.open:
        if (this.#isTypeName(this.#at + 1)) return this.#cast();
        return this.#postfix();
      default:
        return this.#postfix();
    }
  }

  /** ( type-name ) cast-expression, or a compound literal. */
  #cast(): TypeName {
    const close = closing(this.#tokens, this.#at, this.#end);
    const type = this.typeName(this.#at + 1, close);
    this.#at = close + 1;
    if (this.#spelling() === punct.brace) this.#at = closing(this.#tokens, this.#at, this.#end) + 1;
    else this.#unary();
    return type;
  }

  #local(name: string): TypeName | null {
    for (let i = this.#scope.length - 1; i >= 0; i--) {
      const type = this.#scope[i]?.get(name);
      if (type !== undefined) return type;
    }
    return null;
  }

  #isTypeName(at: number): boolean {
    if (at >= this.#end || this.#tokens.kind[at] !== Identifier) return false;
    const spelling = this.#tokens.spelling[at] as number;
    const text = textOf(spelling);
    if (
      /^(struct|union|enum|const|volatile|void|char|short|int|long|unsigned|signed|float|double|_Bool|typeof|__typeof__|__typeof)$/.test(
        text,
      )
    )
      return true;
    if (this.#local(text) !== null) return false;
    const next = this.#tokens.spelling[at + 1] as number;
    if (next !== punct.close && next !== punct.star) return false;
    if (this.#names.typedef(text) !== null) return true;
    // `(unknown_t *)p`: a star before the closing parenthesis multiplies nothing.
    let to = at + 1;
    while (this.#tokens.spelling[to] === punct.star) to++;
    return to > at + 1 && this.#tokens.spelling[to] === punct.close;
  }

  /** type-name: specifiers and an abstract declarator. */
  typeName(start: number, end: number): TypeName {
    const expanded = this.#withoutTypeMacro(start, end);
    if (expanded !== null) return expanded;
    const specifiers = readSpecifiers(this.#tokens, start, end, (kind, tag) => `${kind} ${tag}`);
    let depth = specifiers.type.depth;
    let arrays = 0;
    for (let at = specifiers.next; at < end; at++) {
      const spelling = this.#tokens.spelling[at] as number;
      if (spelling === punct.star || spelling === punct.bracket) depth++;
      if (spelling === punct.bracket) {
        arrays++;
        at = closing(this.#tokens, at, end);
      }
      if (spelling === punct.open) {
        // A pointer to a function: (*)(…).
        const { type } = specifiers;
        return { ...unknownType, depth: 1, returns: { ...type, depth } };
      }
    }
    return this.#withoutTypeof({ ...specifiers.type, depth, arrays });
  }

  /** A type name that a macro call stands in, as __unqual_scalar_typeof(x): read with the call expanded; null for any other. */
  #withoutTypeMacro(start: number, end: number): TypeName | null {
    for (let at = start; at < end; at++) {
      if (this.#tokens.kind[at] !== Identifier || this.#tokens.spelling[at + 1] !== punct.open || this.#depth > deepest)
        continue;
      const macro = this.#names.macro(textOf(this.#tokens.spelling[at] as number));
      if (macro === null || macro.parameters === null) continue;
      const close = closing(this.#tokens, at + 1, end);
      const list = copied(this.#tokens, start, at);
      append(list, expandMacro(macro, { tokens: this.#tokens, start: at + 2, end: close }), 0);
      append(list, this.#tokens, close + 1, end);
      const names = withoutMacro(this.#names, macro.name);
      return new ExpressionReader(list, 0, list.length, this.#scope, names, this.#depth + 1).typeName(0, list.length);
    }
    return null;
  }

  #withoutTypeof(type: TypeName): TypeName {
    if (type.typeofTokens === undefined) return type;
    const { tokens, start, end } = type.typeofTokens;
    const reader = new ExpressionReader(tokens, start, end, this.#scope, this.#names, this.#depth + 1);
    const found = reader.#isTypeName(start) ? reader.typeName(start, end) : reader.read();
    if (found === null) return unknownType;
    return { ...found, depth: found.depth + type.depth, arrays: found.depth === 0 ? type.arrays : found.arrays };
  }

  #postfix(): TypeName | null {
    let type = this.#primary();
    for (;;) {
      const spelling = this.#spelling();
      if (spelling === punct.bracket) {
        this.#at = closing(this.#tokens, this.#at, this.#end) + 1;
        type = dereferenced(type, this.#names);
      } else if (spelling === punct.open) {
        this.#at = closing(this.#tokens, this.#at, this.#end) + 1;
        type = type === null ? null : resolveType(type, this.#names).returns;
      } else if (spelling === punct.arrow || spelling === punct.dot) {
        const member = textOf(this.#tokens.spelling[this.#at + 1] as number);
        this.#at += 2;
        const found = type === null ? undefined : recordOf(type, this.#names)?.members.get(member);
        type = found === undefined ? null : this.#withoutTypeof(found.type);
      } else if (spelling === ops.increment || spelling === ops.decrement) this.#at++;
      else return type;
    }
  }

  #primary(): TypeName | null {
    const at = this.#at;
    const spelling = this.#spelling();
    if (spelling === punct.open) return this.#parenthesised();
    const kind = this.#tokens.kind[at];
    this.#at++;
    if (at >= this.#end) return null;
    if (kind === Numeral) return number;
    if (kind === Text) {
      while (this.#tokens.kind[this.#at] === Text && this.#at < this.#end) this.#at++;
      return { ...unknownType, base: 'char', depth: 1 };
    }
    if (kind !== Identifier) return number;
    if (spelling === ops.generic || spelling === ops.choose) return this.#selection(spelling);
    return this.#name(textOf(spelling));
  }

  #parenthesised(): TypeName | null {
    const close = closing(this.#tokens, this.#at, this.#end);
    const start = this.#at + 1;
    this.#at = close + 1;
    if (this.#tokens.spelling[start] !== punct.brace || start >= close) return this.#inner(start, close);
    return this.#statements(start + 1, closing(this.#tokens, start, close));
  }

  /** A statement expression: its locals, and the type of its last expression. */
  #statements(start: number, end: number): TypeName | null {
    const outer = this.#scope;
    const locals = new Map<string, TypeName>();
    this.#scope = [...outer, locals];
    let type: TypeName | null = null;
    for (let at = start; at < end; ) {
      let stop = at;
      while (stop < end && this.#tokens.spelling[stop] !== punct.semi) {
        const opens = [punct.open, punct.brace, punct.bracket].includes(this.#tokens.spelling[stop] as number);
        stop = opens ? closing(this.#tokens, stop, end) + 1 : stop + 1;
      }
      if (stop > at) {
        const declared = declaredBy(this.#tokens, at, Math.min(stop, end), this.#scope, this.#names, this.#depth + 1);
        if (declared === null) type = this.#inner(at, Math.min(stop, end));
        for (const { name, type: local } of declared ?? []) locals.set(name, local);
      }
      at = stop + 1;
    }
    this.#scope = outer;
    return type;
  }

  /** _Generic takes its default, __builtin_choose_expr its second operand, if that has a type. */
  #selection(spelling: number): TypeName | null {
    const close = closing(this.#tokens, this.#at, this.#end);
    const parts = splitByCommas(this.#tokens, this.#at + 1, close);
    this.#at = close + 1;
    if (spelling === ops.generic) {
      const fallback = parts.find((part) => this.#tokens.spelling[part.start] === ops.default);
      return fallback === undefined ? null : this.#inner(fallback.start + 2, fallback.end);
    }
    const [, yes, no] = parts;
    if (yes === undefined || no === undefined) return null;
    return this.#inner(yes.start, yes.end) ?? this.#inner(no.start, no.end);
  }

  #name(name: string): TypeName | null {
    const local = this.#local(name);
    if (local !== null) return local;
    const macro = this.#names.macro(name);
    const calls = this.#spelling() === punct.open;
    if (macro !== null && (macro.parameters === null || calls) && this.#depth < deepest) {
      const close = macro.parameters === null ? this.#at - 1 : closing(this.#tokens, this.#at, this.#end);
      const expanded = expandMacro(macro, { tokens: this.#tokens, start: this.#at + 1, end: close });
      this.#at = close + 1;
      const names = withoutMacro(this.#names, name);
      return new ExpressionReader(expanded, 0, expanded.length, this.#scope, names, this.#depth + 1).read();
    }
    return this.#names.object(name);
  }
}

function copied(tokens: TokenList, start: number, end: number): TokenList {
  const list = new TokenList(Math.max(16, 2 * (end - start)));
  append(list, tokens, start, end);
  return list;
}

function append(to: TokenList, from: TokenList, start: number, end = from.length): void {
  for (let at = start; at < end; at++)
    to.push(from.kind[at] as number, from.flags[at] as number, from.spelling[at] as number, 0, 0);
}

function isVoidPointer(type: TypeName): boolean {
  return type.base === 'void' && type.depth > 0;
}

/** A macro is not expanded within itself. */
function withoutMacro(names: Declarations, name: string): Declarations {
  return {
    record: (base) => names.record(base),
    typedef: (text) => names.typedef(text),
    object: (text) => names.object(text),
    macro: (text) => (text === name ? null : names.macro(text)),
  };
}

/** The names that a statement declares, with their types; null where it is no declaration. */
export function declaredBy(
  tokens: TokenList,
  start: number,
  end: number,
  scope: Scope,
  names: Declarations,
  depth = 0,
): { name: string; type: TypeName; at: number }[] | null {
  if (!startsDeclaration(tokens, start, end)) return null;
  const specifiers = readSpecifiers(tokens, start, end, (kind, tag) => `${kind} ${tag}`);
  return readDeclarators(tokens, specifiers, end).map(({ name, type, at }) => {
    if (type.base === '__auto_type' || (tokens.spelling[start] === word.autoType && type.base === '')) {
      const initialiser = new ExpressionReader(tokens, at + 2, end, scope, names, depth + 1).read();
      return { name, at, type: initialiser ?? unknownType };
    }
    if (type.typeofTokens === undefined) return { name, at, type };
    const from = type.typeofTokens;
    const meant = new ExpressionReader(from.tokens, from.start, from.end, scope, names, depth + 1);
    const resolved = isPlainTypeName(from.tokens, from.start, from.end, scope, names)
      ? meant.typeName(from.start, from.end)
      : meant.read();
    return { name, at, type: resolved === null ? unknownType : { ...resolved, depth: resolved.depth + type.depth } };
  });
}

function isPlainTypeName(tokens: TokenList, start: number, end: number, scope: Scope, names: Declarations): boolean {
  const text = textOf(tokens.spelling[start] as number);
  if (declarationWords.test(text)) return true;
  if (scope.some((locals) => locals.has(text)) || end - start > 2) return false;
  return names.typedef(text) !== null;
}
