/**
 * declarator (C11 6.7.6), abstract ones too: what stands around a name and makes pointers, arrays and functions of its type.
 *
 * Declarators are read inside out: `int (*f)(void)` reads `int`, steps over `(*f)`, reads `(void)`, and then returns to the
 * middle with the type made so far; knowing each bracket's partner makes this a walk without a second reading.
 */

import { textOf } from '../lex/spelling.js';
import { Identifier } from '../lex/tokens.js';
import type { Parameter, Type } from '../type.js';
import { Attributes, readAttributes } from './attributes.js';
import type { Cursor } from './cursor.js';
import type { Grammar } from './grammar.js';
import { sign, Word, wordOf } from './keywords.js';
import type { Scope } from './scope.js';

export interface Declarator {
  readonly type: Type;
  /** The token of the name, or -1. */
  readonly name: number;
  /** Where parameters of a function definition stand: `(` of the innermost list; -1 where there is none. */
  readonly attributes: Attributes;
}

export class DeclaratorReader {
  readonly #grammar: Grammar;
  readonly #cursor: Cursor;
  readonly #scope: Scope;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#cursor = grammar.cursor;
    this.#scope = grammar.scope;
  }

  /** declarator, also abstract: pointers, then a name or a declarator in parentheses, then arrays and parameters. */
  read(base: Type): Declarator {
    const attributes = new Attributes();
    const { type, name } = this.#nested(base, attributes);
    return { type, name, attributes };
  }

  #nested(base: Type, attributes: Attributes): { type: Type; name: number } {
    const cursor = this.#cursor;
    cursor.enter();
    let type = this.#pointers(base, attributes);
    let name = -1;
    let inner = -1;
    if (cursor.is(sign.open) && this.#isNested()) {
      inner = cursor.at + 1;
      cursor.skipGroup();
    } else if (cursor.kind[cursor.at] === Identifier && wordOf(cursor.spelling[cursor.at] as number) === Word.None)
      name = cursor.at++;
    type = this.#suffixes(type);
    if (inner >= 0) {
      const after = cursor.at;
      cursor.at = inner;
      ({ type, name } = this.#nested(type, attributes));
      readAttributes(cursor, attributes, this.#grammar.constant);
      if (!cursor.is(sign.close)) cursor.fail("expected ')'");
      cursor.at = after;
    }
    cursor.leave();
    return { type, name };
  }

  /** pointer: `*` and qualifiers, any number. Attributes here belong to the declaration, for all that a layout needs. */
  #pointers(base: Type, attributes: Attributes): Type {
    const cursor = this.#cursor;
    let type = base;
    for (;;) {
      const word = wordOf(cursor.spelling[cursor.at] as number);
      if (cursor.is(sign.star) || cursor.is(sign.caret)) {
        cursor.at++;
        type = { kind: 'pointer', to: type };
      } else if (word >= Word.Const && word <= Word.Atomic && type !== base) {
        cursor.at++;
        type = {
          kind: 'qualified',
          type: type.kind === 'qualified' ? type.type : type,
          const: word === Word.Const || (type.kind === 'qualified' && type.const),
          volatile: word === Word.Volatile || (type.kind === 'qualified' && type.volatile),
          restrict: word === Word.Restrict || (type.kind === 'qualified' && type.restrict),
          atomic: word === Word.Atomic || (type.kind === 'qualified' && type.atomic),
        };
      } else if (word === Word.Attribute) readAttributes(cursor, attributes, this.#grammar.constant);
      else if (word === Word.Extension) cursor.at++;
      else return type;
    }
  }

  /** After `(`: a declarator in parentheses, not a parameter list. */
  #isNested(): boolean {
    const cursor = this.#cursor;
    const next = cursor.spelling[cursor.at + 1] as number;
    if (next === sign.star || next === sign.open || next === sign.caret || next === sign.openBracket) return true;
    const word = wordOf(next);
    if (word === Word.Attribute) return true;
    if (word !== Word.None || cursor.kind[cursor.at + 1] !== Identifier) return false;
    const known = this.#scope.names.get(next);
    if (known?.kind === 'typedef') return false;
    // `(name)` names what is declared; `(foo_t x)` and `(foo_t *)` are parameters of undeclared types.
    const second = cursor.spelling[cursor.at + 2];
    return second === sign.close || second === sign.open || second === sign.openBracket;
  }

  /** `[n]` and `(parameters)`, applied from the right: `int a[2][3]` is two arrays of three. */
  #suffixes(base: Type): Type {
    const cursor = this.#cursor;
    const makers: ((element: Type) => Type)[] = [];
    for (;;) {
      if (cursor.is(sign.openBracket) && !cursor.next(sign.openBracket)) makers.push(this.#array());
      else if (cursor.is(sign.open)) makers.push(this.#parameterList());
      else break;
    }
    let type = base;
    for (let i = makers.length - 1; i >= 0; i--) type = (makers[i] as (element: Type) => Type)(type);
    return type;
  }

  #array(): (element: Type) => Type {
    const cursor = this.#cursor;
    const open = cursor.at;
    const end = cursor.closing(open);
    cursor.at++;
    let word = wordOf(cursor.spelling[cursor.at] as number);
    while (word === Word.Static || (word >= Word.Const && word <= Word.Atomic)) {
      cursor.at++;
      word = wordOf(cursor.spelling[cursor.at] as number);
    }
    let length: number | null = null;
    let unknown: string | null = null;
    if (cursor.at < end && !(cursor.is(sign.star) && cursor.at + 1 === end)) {
      const value = this.#grammar.constants.lengthOf(end);
      if (value.length === null) unknown = value.why;
      length = value.length;
    }
    cursor.at = cursor.after(open);
    return (element) => ({ kind: 'array', element, length, unknown });
  }

  /** parameter-type-list, or the names of a K&R definition. */
  #parameterList(): (returns: Type) => Type {
    const cursor = this.#cursor;
    const open = cursor.at;
    const end = cursor.closing(open);
    cursor.at++;
    const parameters: Parameter[] = [];
    let variadic = false;
    const unprototyped = cursor.at === end || this.#isNameList(end);
    if (!unprototyped && !(this.#isVoid() && cursor.at + 1 === end)) {
      while (cursor.at < end) {
        if (cursor.accept(sign.ellipsis)) {
          variadic = true;
          break;
        }
        parameters.push(this.#parameter());
        if (cursor.at < end) cursor.expect(sign.comma);
      }
    }
    cursor.at = cursor.after(open);
    return (returns) => ({ kind: 'function', returns, parameters, variadic, unprototyped });
  }

  #isVoid(): boolean {
    return wordOf(this.#cursor.spelling[this.#cursor.at] as number) === Word.Void;
  }

  /** `(a, b)` followed by declarations of a and b: the head of a K&R definition. */
  #isNameList(end: number): boolean {
    const cursor = this.#cursor;
    for (let at = cursor.at; at < end; at += 2) {
      const spelling = cursor.spelling[at] as number;
      if (cursor.kind[at] !== Identifier || wordOf(spelling) !== Word.None) return false;
      if (this.#scope.names.get(spelling)?.kind === 'typedef') return false;
      if (at + 1 !== end && cursor.spelling[at + 1] !== sign.comma) return false;
    }
    const next = cursor.spelling[end + 1] as number;
    const word = wordOf(next);
    if (word !== Word.None) return word < Word.Attribute;
    return cursor.kind[end + 1] === Identifier;
  }

  #parameter(): Parameter {
    const cursor = this.#cursor;
    const specified = this.#grammar.specifiers.ofParameter();
    const { type, name, attributes } = this.read(specified.type);
    this.readAfter(attributes);
    return { name: name < 0 ? null : textOf(cursor.spelling[name] as number), type };
  }

  /** What may follow a declarator: `asm("name")` and attributes. */
  readAfter(into: Attributes): void {
    const cursor = this.#cursor;
    for (;;) {
      readAttributes(cursor, into, this.#grammar.constant);
      if (wordOf(cursor.spelling[cursor.at] as number) !== Word.Asm) return;
      cursor.at++;
      if (cursor.is(sign.open)) cursor.skipGroup();
    }
  }
}
