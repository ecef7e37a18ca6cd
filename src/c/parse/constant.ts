/**
 * Integer constant expressions of declarations: array bounds, enumerators, bit-field widths, and the types of expressions
 * that `typeof` and `sizeof` ask for. (`#if` has a simpler arithmetic; the preprocessor does it.)
 *
 * Here is the grammar; arithmetic.ts does the sums, intrinsics.ts what the compiler itself answers. Every expression has a type;
 * its value is a number only where C makes it one. A value that is not known stays unknown through arithmetic, never zero.
 *
 * An lvalue may have a known address, so that `&((struct s *)0)->m`, which is how old code spells offsetof, is a number.
 */

import type { Layouts } from '../layout.js';
import { spellingOf, textOf } from '../lex/spelling.js';
import { Character, Identifier, Numeral, Text } from '../lex/tokens.js';
import { integers, stripped, type Type, voidType } from '../type.js';
import { Arithmetic, type Operand, pointerValue, truth, unknown } from './arithmetic.js';
import { Conversions, decayed } from './conversions.js';
import type { Cursor } from './cursor.js';
import { elementsOfList, mostElements } from './implied-length.js';
import { type Expressions, Intrinsics } from './intrinsics.js';
import { sign, Word, wordOf } from './keywords.js';
import { characterValue, numeralOf, stringLength } from './literal.js';
import type { Ordinary } from './scope.js';

/** What the evaluator needs of the parser that reads the unit. */
export interface Surroundings {
  readonly cursor: Cursor;
  readonly layouts: Layouts;
  readonly names: ReadonlyMap<number, Ordinary>;
  startsType(): boolean;
  typeName(): Type;
}

const precedence = new Map<number, number>();
for (const [level, texts] of [
  [1, '||'],
  [2, '&&'],
  [3, '|'],
  [4, '^'],
  [5, '&'],
  [6, '== !='],
  [7, '< > <= >='],
  [8, '<< >>'],
  [9, '+ -'],
  [10, '* / %'],
] as const)
  for (const text of texts.split(' ')) precedence.set(spellingOf(text), level);

export class Evaluator implements Expressions {
  readonly #around: Surroundings;
  readonly #cursor: Cursor;
  readonly #conversions: Conversions;
  readonly #arithmetic: Arithmetic;
  readonly #intrinsics: Intrinsics;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cursor = around.cursor;
    this.#conversions = new Conversions(around.layouts);
    this.#arithmetic = new Arithmetic(around.layouts, this.#conversions);
    this.#intrinsics = new Intrinsics(around, this);
  }

  /** constant-expression at the cursor; null where its value is not known. */
  constant(): bigint | null {
    const quick = this.#quick();
    return quick === null ? this.conditional().value : quick;
  }

  /** The length that `[` expression `]` gives an array; the bracket closes at `end`. */
  lengthOf(
    end: number,
  ): { readonly length: number; readonly why: null } | { readonly length: null; readonly why: string } {
    const first = this.#cursor.at;
    const value = this.constant();
    if (value === null || this.#cursor.at !== end)
      return { length: null, why: `the array length '${this.#cursor.text(first, end)}' is not known` };
    if (value < 0n || value > mostElements) return { length: null, why: `the array length ${value} is impossible` };
    return { length: Number(value), why: null };
  }

  /** The type of the expression at the cursor. */
  typeOfExpression(): Type | null {
    return this.expression().type;
  }

  /** A lone small number, which most constants are. */
  #quick(): bigint | null {
    const { kind, spelling, at } = this.#cursor;
    if (kind[at] !== Numeral) return null;
    const next = spelling[at + 1];
    if (next !== sign.comma && next !== sign.closeBracket && next !== sign.closeBrace && next !== sign.semicolon)
      return null;
    const numeral = numeralOf(textOf(spelling[at] as number));
    if (numeral === null) return null;
    this.#cursor.at++;
    return numeral.value;
  }

  /** expression: comma-separated; the last counts. */
  expression(): Operand {
    let operand = this.conditional();
    while (this.#cursor.accept(sign.comma)) operand = this.conditional();
    return operand;
  }

  /** conditional-expression, with GNU's `a ?: b`. */
  conditional(): Operand {
    this.#cursor.enter();
    const condition = this.#binary(1);
    if (!this.#cursor.accept(sign.question)) {
      this.#cursor.leave();
      return condition;
    }
    const yes = this.#cursor.is(sign.colon) ? condition : this.expression();
    this.#cursor.expect(sign.colon);
    const no = this.conditional();
    this.#cursor.leave();
    const type = this.#arithmetic.conditionalType(yes, no);
    if (condition.value === null) return { type, value: null, address: null };
    return this.#arithmetic.converted(condition.value !== 0n ? yes : no, type);
  }

  #binary(least: number): Operand {
    let left = this.#cast();
    for (;;) {
      const operator = this.#cursor.spelling[this.#cursor.at] as number;
      const level = precedence.get(operator);
      if (level === undefined || level < least) return left;
      this.#cursor.at++;
      const right = this.#binary(level + 1);
      left = this.#arithmetic.operate(textOf(operator), left, right);
    }
  }

  /** cast-expression: `(type) cast`, a compound literal, or a unary expression. */
  #cast(): Operand {
    const { cursor } = this.#around;
    if (!cursor.is(sign.open)) return this.#unary();
    const open = cursor.at;
    cursor.at++;
    if (!this.#around.startsType()) {
      cursor.at = open;
      return this.#unary();
    }
    cursor.enter();
    const type = this.#around.typeName();
    cursor.at = cursor.after(open);
    let operand: Operand;
    if (cursor.is(sign.openBrace)) {
      cursor.skipGroup();
      operand = this.postfixes({ type, value: null, address: null });
    } else operand = this.#arithmetic.converted(this.#cast(), type);
    cursor.leave();
    return operand;
  }

  #unary(): Operand {
    const { cursor } = this.#around;
    const spelling = cursor.spelling[cursor.at] as number;
    switch (spelling) {
      case sign.plus:
      case sign.minus:
      case sign.complement:
      case sign.not:
      case sign.star:
      case sign.ampersand:
      case sign.and:
      case sign.increment:
      case sign.decrement: {
        cursor.at++;
        cursor.enter();
        const operand = spelling === sign.and ? unknown : this.#cast();
        if (spelling === sign.and) cursor.at++;
        cursor.leave();
        return this.#prefixed(spelling, operand);
      }
      default:
    }
    const word = wordOf(spelling);
    if (word === Word.Extension) {
      cursor.at++;
      return this.#cast();
    }
    if (word === Word.Sizeof || word === Word.Alignof || word === Word.CAlignof) return this.#sizeof(word);
    return this.postfixes(this.#primary());
  }

  #prefixed(spelling: number, operand: Operand): Operand {
    const { type } = operand;
    switch (spelling) {
      case sign.not: {
        const known = pointerValue(operand);
        return truth(known === null ? null : known === 0n);
      }
      case sign.star:
        return this.#pointed(operand);
      case sign.ampersand:
        return { type: type === null ? null : { kind: 'pointer', to: type }, value: operand.address, address: null };
      case sign.and:
        return { type: { kind: 'pointer', to: voidType }, value: null, address: null };
      case sign.increment:
      case sign.decrement:
        return { type, value: null, address: null };
      default:
        return this.#arithmetic.negated(spelling, operand);
    }
  }

  #pointed(operand: Operand): Operand {
    if (operand.type === null) return unknown;
    const pointer = decayed(operand.type);
    if (pointer.kind === 'function') return operand;
    if (pointer.kind !== 'pointer') return unknown;
    return { type: pointer.to, value: null, address: pointerValue(operand) };
  }

  /** `sizeof (type)`, `sizeof expression`, and the two spellings of alignof. */
  #sizeof(word: number): Operand {
    const { cursor, layouts } = this.#around;
    cursor.at++;
    const type = this.#sizedType();
    const size = integers.ulong;
    if (type === null) return { type: size, value: null, address: null };
    const bytes =
      word === Word.Sizeof
        ? layouts.size(type)
        : word === Word.Alignof
          ? layouts.align(type)
          : layouts.alignInStruct(type);
    return { type: size, value: typeof bytes === 'number' ? BigInt(bytes) : null, address: null };
  }

  #sizedType(): Type | null {
    const { cursor } = this.#around;
    if (cursor.is(sign.open)) {
      const open = cursor.at;
      cursor.at++;
      if (this.#around.startsType()) {
        cursor.enter();
        const type = this.#around.typeName();
        cursor.leave();
        cursor.at = cursor.after(open);
        if (!cursor.is(sign.openBrace)) return type;
        cursor.skipGroup();
        return this.postfixes({ type, value: null, address: null }).type;
      }
      cursor.at = open;
    }
    cursor.enter();
    const { type } = this.#unary();
    cursor.leave();
    return type;
  }

  #primary(): Operand {
    const { cursor } = this.#around;
    const { at } = cursor;
    const spelling = cursor.spelling[at] as number;
    switch (cursor.kind[at]) {
      case Numeral: {
        cursor.at++;
        const numeral = numeralOf(textOf(spelling));
        if (numeral === null)
          return {
            type: { kind: 'float', name: 'double', format: 'double', complex: false },
            value: null,
            address: null,
          };
        return { type: this.#conversions.literalType(numeral), value: numeral.value, address: null };
      }
      case Character:
        cursor.at++;
        return { type: integers.int, value: characterValue(textOf(spelling)), address: null };
      case Text:
        return this.#string();
      case Identifier:
        return wordOf(spelling) === Word.None ? this.#name(spelling) : this.#intrinsics.keyword(wordOf(spelling));
      default:
    }
    if (!cursor.is(sign.open)) cursor.fail('no expression begins');
    const open = cursor.at;
    cursor.at++;
    if (cursor.is(sign.openBrace)) {
      // A statement expression has a value only when it runs.
      cursor.at = cursor.after(open);
      return unknown;
    }
    const operand = this.expression();
    if (!cursor.is(sign.close)) cursor.fail("expected ')'");
    cursor.at++;
    return operand;
  }

  #string(): Operand {
    const { cursor } = this.#around;
    let length = 1;
    while (cursor.kind[cursor.at] === Text) length += stringLength(textOf(cursor.spelling[cursor.at++] as number));
    return { type: { kind: 'array', element: integers.char, length, unknown: null }, value: null, address: null };
  }

  #name(spelling: number): Operand {
    const { cursor } = this.#around;
    cursor.at++;
    const known = this.#around.names.get(spelling);
    switch (known?.kind) {
      case 'enumerator':
        return {
          type: this.#conversions.enumeratorType(known.type, known.enumerator.value),
          value: known.enumerator.value,
          address: null,
        };
      case 'object':
        return { type: this.#objectType(known.type, known.initializer), value: null, address: null };
      default:
        return this.#intrinsics.called(textOf(spelling));
    }
  }

  /** `int a[] = { 1, 2 }` has the length of its initialiser. */
  #objectType(type: Type, initializer: number): Type {
    const bare = stripped(type);
    if (bare.kind !== 'array' || bare.length !== null || bare.unknown !== null || initializer < 0) return type;
    const length = this.#countElements(initializer);
    return length === null ? type : { kind: 'array', element: bare.element, length, unknown: null };
  }

  #countElements(first: number): number | null {
    const { cursor } = this.#around;
    const after = cursor.at;
    cursor.at = first;
    let count: number | null = null;
    if (cursor.kind[first] === Text) count = (stripped(this.#string().type as Type) as { length: number }).length;
    else if (cursor.is(sign.openBrace)) count = elementsOfList(cursor, () => this.conditional().value);
    cursor.at = after;
    return count;
  }

  /** postfix-expression: `[i]`, `.m`, `->m`, a call, `++`. */
  postfixes(start: Operand, end = Number.MAX_SAFE_INTEGER): Operand {
    const { cursor } = this.#around;
    let operand = start;
    while (cursor.at < end) {
      if (cursor.is(sign.openBracket)) {
        const open = cursor.at;
        cursor.at++;
        cursor.enter();
        const index = this.expression();
        cursor.leave();
        cursor.at = cursor.after(open);
        operand = this.#pointed(this.#arithmetic.operate('+', operand, index));
      } else if (cursor.is(sign.dot)) {
        cursor.at++;
        operand = this.member(operand);
      } else if (cursor.is(sign.arrow)) {
        cursor.at++;
        operand = this.member(this.#pointed(operand));
      } else if (cursor.is(sign.open)) {
        cursor.skipGroup();
        const called = operand.type === null ? null : decayed(operand.type);
        const made = called?.kind === 'pointer' ? stripped(called.to) : called;
        operand = { type: made?.kind === 'function' ? made.returns : null, value: null, address: null };
      } else if (cursor.is(sign.increment) || cursor.is(sign.decrement)) {
        cursor.at++;
        operand = { type: operand.type, value: null, address: null };
      } else return operand;
    }
    return operand;
  }

  member(of: Operand): Operand {
    const { cursor, layouts } = this.#around;
    if (cursor.kind[cursor.at] !== Identifier) cursor.fail('the name of a member is missing');
    const name = textOf(cursor.spelling[cursor.at++] as number);
    const record = of.type === null ? null : stripped(of.type);
    if (record?.kind !== 'struct' && record?.kind !== 'union') return unknown;
    const member = layouts.memberOf(record, name);
    if (member === null) return unknown;
    if (of.address === null) return { type: member.type, value: null, address: null };
    const found = layouts.find(record, name);
    const place = found === null || 'why' in found ? null : of.address + BigInt(Math.floor(found.bitOffset / 8));
    return { type: member.type, value: null, address: place };
  }
}
