/**
 * What the compiler itself answers in an expression: `__builtin_offsetof`, `__builtin_choose_expr`, `_Generic` and their kin. Some
 * of their arguments are types, and some are not even read.
 */

import { sameType } from '../same-type.js';
import { integers } from '../type.js';
import { type Operand, truth, unknown } from './arithmetic.js';
import { bitBuiltins } from './bit-builtins.js';
import type { Surroundings } from './constant.js';
import { decayed } from './conversions.js';
import { sign, Word } from './keywords.js';

/** The productions of an expression that arguments are read with. */
export interface Expressions {
  expression(): Operand;
  conditional(): Operand;
  /** `name` of a struct or union. */
  member(of: Operand): Operand;
  /** `[i]`, `.m` and so on, as long as they stand before `end`. */
  postfixes(start: Operand, end: number): Operand;
}

export class Intrinsics {
  readonly #around: Surroundings;
  readonly #expressions: Expressions;

  constructor(around: Surroundings, expressions: Expressions) {
    this.#around = around;
    this.#expressions = expressions;
  }

  /** A primary expression that begins with a keyword. */
  keyword(word: number): Operand {
    switch (word) {
      case Word.Offsetof:
        return this.#call((end) => this.#offsetof(end));
      case Word.ChooseExpr:
        return this.#call((end) => this.#choose(end));
      case Word.TypesCompatible:
        return this.#call((end) => this.#compatible(end));
      case Word.ConstantP:
        return this.#call(() => truth(this.#expressions.expression().value !== null));
      case Word.Expect:
        return this.#call(() => this.#expressions.conditional());
      case Word.Generic:
        return this.#call((end) => this.#generic(end));
      default:
        return this.#around.cursor.fail('no expression begins');
    }
  }

  /** Calls of the compiler's own functions that constants are made with; any other name has no known type. */
  called(name: string): Operand {
    const { cursor } = this.#around;
    if (!cursor.is(sign.open)) return unknown;
    const apply = bitBuiltins[name];
    if (apply === undefined) return unknown;
    cursor.at--;
    return this.#call(() => {
      const { value } = this.#expressions.conditional();
      return { type: integers.int, value: value === null ? null : apply(value), address: null };
    });
  }

  #call(read: (end: number) => Operand): Operand {
    const { cursor } = this.#around;
    cursor.at++;
    if (!cursor.is(sign.open)) cursor.fail("expected '('");
    const open = cursor.at;
    cursor.at++;
    cursor.enter();
    const operand = read(cursor.closing(open));
    cursor.leave();
    cursor.at = cursor.after(open);
    return operand;
  }

  #offsetof(end: number): Operand {
    const { cursor } = this.#around;
    let place: Operand = { type: this.#around.typeName(), value: null, address: 0n };
    cursor.expect(sign.comma);
    place = this.#expressions.member(place);
    place = this.#expressions.postfixes(place, end);
    return { type: integers.ulong, value: place.address, address: null };
  }

  /** `__builtin_choose_expr`: the branch not taken is not even read. */
  #choose(end: number): Operand {
    const { cursor } = this.#around;
    const condition = this.#expressions.conditional().value;
    cursor.expect(sign.comma);
    if (condition === null) return unknown;
    if (condition === 0n) {
      this.#skipArgument(end);
      cursor.expect(sign.comma);
    }
    return this.#expressions.conditional();
  }

  #skipArgument(end: number): void {
    const { cursor } = this.#around;
    while (cursor.at < end && !cursor.is(sign.comma)) {
      if (cursor.isOpening()) cursor.skipGroup();
      else cursor.at++;
    }
  }

  #compatible(end: number): Operand {
    const { cursor } = this.#around;
    const left = this.#around.typeName();
    cursor.expect(sign.comma);
    const right = this.#around.typeName();
    if (cursor.at !== end) cursor.fail('expected a type');
    return truth(sameType(left, right));
  }

  /** `_Generic(e, type: value, default: value)`: only the chosen value is read. */
  #generic(end: number): Operand {
    const { cursor } = this.#around;
    const { type } = this.#expressions.conditional();
    let otherwise = -1;
    while (cursor.at < end && cursor.accept(sign.comma)) {
      if (cursor.accept(sign.default)) {
        cursor.expect(sign.colon);
        otherwise = cursor.at;
      } else {
        const candidate = this.#around.typeName();
        cursor.expect(sign.colon);
        if (type !== null && sameType(decayed(type), candidate)) return this.#expressions.conditional();
      }
      this.#skipArgument(end);
    }
    if (type === null || otherwise < 0) return unknown;
    cursor.at = otherwise;
    return this.#expressions.conditional();
  }
}
