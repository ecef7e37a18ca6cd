/**
 * Integer constant expressions of declarations: array bounds, enumerators, bit-field widths, and the types of expressions
 * that `typeof` and `sizeof` ask for. (`#if` has a simpler arithmetic; the preprocessor does it.)
 *
 * Every expression has a type; its value is a number only where C makes it one. A value that is not known stays unknown
 * through arithmetic, never zero. Arithmetic is exact: integers wrap at the width of their type on the target.
 *
 * An lvalue may have a known address, so that `&((struct s *)0)->m`, which is how old code spells offsetof, is a number.
 */

import type { Cursor } from './cursor.js';
import { sign, Word, wordOf } from './keywords.js';
import type { Layouts } from './layout.js';
import { characterValue, numeralOf, stringLength } from './literal.js';
import type { Ordinary } from './parser.js';
import { sameType } from './same-type.js';
import { spellingOf, textOf } from './spelling.js';
import { Character, Identifier, Numeral, Text } from './tokens.js';
import { type IntegerType, integers, type Rank, stripped, type Type, voidType } from './type.js';

/** What the evaluator needs of the parser that reads the unit. */
export interface Surroundings {
  readonly cursor: Cursor;
  readonly layouts: Layouts;
  readonly names: ReadonlyMap<number, Ordinary>;
  startsType(): boolean;
  typeName(): Type;
}

interface Operand {
  /** null where the type is not known. */
  readonly type: Type | null;
  readonly value: bigint | null;
  /** Bytes, of an lvalue at a known address. */
  readonly address: bigint | null;
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

const unknown: Operand = { type: null, value: null, address: null };
const ranks: readonly Rank[] = ['bool', 'char', 'short', 'int', 'long', 'long long', 'int128'];
/** Longer arrays are hostile. */
const mostElements = 1n << 50n;

export class Evaluator {
  readonly #around: Surroundings;
  readonly #cursor: Cursor;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cursor = around.cursor;
  }

  /** constant-expression at the cursor; null where its value is not known. */
  constant(): bigint | null {
    const quick = this.#quick();
    return quick === null ? this.#conditional().value : quick;
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
    return this.#comma().type;
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
  #comma(): Operand {
    let operand = this.#conditional();
    while (this.#cursor.accept(sign.comma)) operand = this.#conditional();
    return operand;
  }

  /** conditional-expression, with GNU's `a ?: b`. */
  #conditional(): Operand {
    this.#cursor.enter();
    const condition = this.#binary(1);
    if (!this.#cursor.accept(sign.question)) {
      this.#cursor.leave();
      return condition;
    }
    const yes = this.#cursor.is(sign.colon) ? condition : this.#comma();
    this.#cursor.expect(sign.colon);
    const no = this.#conditional();
    this.#cursor.leave();
    const type = this.#conditionalType(yes, no);
    if (condition.value === null) return { type, value: null, address: null };
    return this.#converted(condition.value !== 0n ? yes : no, type);
  }

  /** The type of `? :`: of two pointers, the one that is no null pointer constant; else `void *` wins. */
  #conditionalType(yes: Operand, no: Operand): Type | null {
    if (yes.type === null || no.type === null) return yes.type ?? no.type;
    const left = this.#decayed(yes.type);
    const right = this.#decayed(no.type);
    if (left.kind === 'pointer' && right.kind === 'pointer') {
      if (isNullPointer(yes)) return no.type;
      if (isNullPointer(no)) return yes.type;
      if (stripped(left.to).kind === 'void') return yes.type;
      if (stripped(right.to).kind === 'void') return no.type;
      return yes.type;
    }
    if (left.kind === 'pointer') return yes.type;
    if (right.kind === 'pointer') return no.type;
    return this.#common(yes.type, no.type) ?? yes.type;
  }

  #binary(least: number): Operand {
    let left = this.#cast();
    for (;;) {
      const operator = this.#cursor.spelling[this.#cursor.at] as number;
      const level = precedence.get(operator);
      if (level === undefined || level < least) return left;
      this.#cursor.at++;
      const right = this.#binary(level + 1);
      left = this.#operate(textOf(operator), left, right);
    }
  }

  #operate(operator: string, left: Operand, right: Operand): Operand {
    if (operator === '&&' || operator === '||') return truth(logical(operator, left.value, right.value));
    const pointer = this.#pointerArithmetic(operator, left, right);
    if (pointer !== null) return pointer;
    const isShift = operator === '<<' || operator === '>>';
    const type = isShift ? this.#promoted(left.type) : this.#common(left.type, right.type);
    const a = this.#asType(left.value, type);
    const b = isShift ? right.value : this.#asType(right.value, type);
    if (a === null || b === null)
      return { type: isComparison(operator) ? integers.int : type, value: null, address: null };
    if (isComparison(operator)) return truth(compare(operator, a, b));
    return { type, value: this.#asType(calculate(operator, a, b), type), address: null };
  }

  #pointerArithmetic(operator: string, left: Operand, right: Operand): Operand | null {
    const a = left.type === null ? null : this.#decayed(left.type);
    const b = right.type === null ? null : this.#decayed(right.type);
    if (a?.kind !== 'pointer' && b?.kind !== 'pointer') return null;
    const l = this.#pointerValue(left);
    const r = this.#pointerValue(right);
    if (isComparison(operator)) return truth(l === null || r === null ? null : compare(operator, l, r));
    const pointer = a?.kind === 'pointer' ? a : b;
    if (pointer?.kind !== 'pointer') return null;
    const step = this.#around.layouts.size(pointer.to);
    const known = l !== null && r !== null && typeof step === 'number';
    if (operator === '-' && a?.kind === 'pointer' && b?.kind === 'pointer')
      return { type: integers.long, value: known && step > 0 ? (l - r) / BigInt(step) : null, address: null };
    if (operator !== '+' && operator !== '-') return { type: pointer, value: null, address: null };
    if (!known) return { type: pointer, value: null, address: null };
    const index = a?.kind === 'pointer' ? r : l;
    const start = a?.kind === 'pointer' ? l : r;
    const moved = index * BigInt(step);
    return { type: pointer, value: operator === '+' ? start + moved : start - moved, address: null };
  }

  /** The value of a pointer; an array's is its address. */
  #pointerValue(operand: Operand): bigint | null {
    return operand.type !== null && stripped(operand.type).kind === 'array' ? operand.address : operand.value;
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
      operand = this.#postfixes({ type, value: null, address: null });
    } else operand = this.#converted(this.#cast(), type);
    cursor.leave();
    return operand;
  }

  #converted(operand: Operand, type: Type | null): Operand {
    if (type === null) return { type, value: operand.value, address: null };
    const bare = stripped(type);
    const value = this.#pointerValue(operand);
    if (bare.kind === 'pointer') return { type, value, address: null };
    if (bare.kind === 'integer' || bare.kind === 'enum')
      return { type, value: this.#asType(value, type), address: null };
    return { type, value: null, address: operand.address };
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
    return this.#postfixes(this.#primary());
  }

  #prefixed(spelling: number, operand: Operand): Operand {
    const { type, value } = operand;
    switch (spelling) {
      case sign.not: {
        const known = this.#pointerValue(operand);
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
      default: {
        const promoted = this.#promoted(type);
        if (value === null) return { type: promoted, value: null, address: null };
        const made = spelling === sign.minus ? -value : spelling === sign.complement ? ~value : value;
        return { type: promoted, value: this.#asType(made, promoted), address: null };
      }
    }
  }

  #pointed(operand: Operand): Operand {
    if (operand.type === null) return unknown;
    const pointer = this.#decayed(operand.type);
    if (pointer.kind === 'function') return operand;
    if (pointer.kind !== 'pointer') return unknown;
    return { type: pointer.to, value: null, address: this.#pointerValue(operand) };
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
        return this.#postfixes({ type, value: null, address: null }).type;
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
        return { type: this.#literalType(numeral), value: numeral.value, address: null };
      }
      case Character:
        cursor.at++;
        return { type: integers.int, value: characterValue(textOf(spelling)), address: null };
      case Text:
        return this.#string();
      case Identifier:
        return this.#word(wordOf(spelling), spelling);
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
    const operand = this.#comma();
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

  #word(word: number, spelling: number): Operand {
    switch (word) {
      case Word.None:
        return this.#name(spelling);
      case Word.Offsetof:
        return this.#call((end) => this.#offsetof(end));
      case Word.ChooseExpr:
        return this.#call((end) => this.#choose(end));
      case Word.TypesCompatible:
        return this.#call((end) => this.#compatible(end));
      case Word.ConstantP:
        return this.#call(() => truth(this.#comma().value !== null));
      case Word.Expect:
        return this.#call(() => this.#conditional());
      case Word.Generic:
        return this.#call((end) => this.#generic(end));
      default:
        return this.#cursor.fail('no expression begins');
    }
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

  #name(spelling: number): Operand {
    const { cursor } = this.#around;
    cursor.at++;
    const known = this.#around.names.get(spelling);
    switch (known?.kind) {
      case 'enumerator':
        return {
          type: this.#enumeratorType(known.type, known.enumerator.value),
          value: known.enumerator.value,
          address: null,
        };
      case 'object':
        return { type: this.#objectType(known.type, known.initializer), value: null, address: null };
      default:
        return this.#builtin(textOf(spelling));
    }
  }

  /** An enumerator is an int where it fits. */
  #enumeratorType(type: Type, value: bigint | null): Type {
    if (value === null) return integers.int;
    if (value >= -0x80000000n && value <= 0x7fffffffn) return integers.int;
    const size = this.#around.layouts.size(type);
    if (size === 4) return integers.uint;
    const isLong = this.#around.layouts.target.word === 8;
    const fits = value < 1n << 63n;
    if (isLong) return fits ? integers.long : integers.ulong;
    if (value >= 0n && value <= 0xffffffffn) return integers.uint;
    return fits ? integers.longlong : integers.ulonglong;
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
    else if (cursor.is(sign.openBrace)) count = this.#countList();
    cursor.at = after;
    return count;
  }

  #countList(): number | null {
    const { cursor } = this.#around;
    const end = cursor.closing(cursor.at);
    let next = 0n;
    let most = 0n;
    cursor.at++;
    while (cursor.at < end) {
      if (cursor.is(sign.openBracket)) {
        const close = cursor.closing(cursor.at);
        cursor.at++;
        let index = this.#conditional().value;
        if (cursor.accept(sign.ellipsis)) index = this.#conditional().value;
        if (index === null || cursor.at !== close) return null;
        next = index;
        cursor.at = close + 1;
      }
      while (cursor.at < end && !cursor.is(sign.comma)) {
        if (cursor.isOpening()) cursor.skipGroup();
        else cursor.at++;
      }
      next++;
      if (next > most) most = next;
      cursor.accept(sign.comma);
    }
    return most > mostElements ? null : Number(most);
  }

  /** Calls of the compiler's own functions that constants are made with; any other name has no known type. */
  #builtin(name: string): Operand {
    const { cursor } = this.#around;
    if (!cursor.is(sign.open)) return unknown;
    const apply = builtins[name];
    if (apply === undefined) return unknown;
    cursor.at--;
    return this.#call(() => {
      const { value } = this.#conditional();
      return { type: integers.int, value: value === null ? null : apply(value), address: null };
    });
  }

  #offsetof(end: number): Operand {
    const { cursor } = this.#around;
    let place: Operand = { type: this.#around.typeName(), value: null, address: 0n };
    cursor.expect(sign.comma);
    place = this.#member(place);
    place = this.#postfixes(place, end);
    return { type: integers.ulong, value: place.address, address: null };
  }

  /** `__builtin_choose_expr`: the branch not taken is not even read. */
  #choose(end: number): Operand {
    const { cursor } = this.#around;
    const condition = this.#conditional().value;
    cursor.expect(sign.comma);
    if (condition === null) return unknown;
    if (condition === 0n) {
      this.#skipArgument(end);
      cursor.expect(sign.comma);
    }
    return this.#conditional();
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
    const { type } = this.#conditional();
    let otherwise = -1;
    while (cursor.at < end && cursor.accept(sign.comma)) {
      if (cursor.accept(sign.default)) {
        cursor.expect(sign.colon);
        otherwise = cursor.at;
      } else {
        const candidate = this.#around.typeName();
        cursor.expect(sign.colon);
        if (type !== null && sameType(this.#decayed(type), candidate)) return this.#conditional();
      }
      this.#skipArgument(end);
    }
    if (type === null || otherwise < 0) return unknown;
    cursor.at = otherwise;
    return this.#conditional();
  }

  /** postfix-expression: `[i]`, `.m`, `->m`, a call, `++`. */
  #postfixes(start: Operand, end = Number.MAX_SAFE_INTEGER): Operand {
    const { cursor } = this.#around;
    let operand = start;
    while (cursor.at < end) {
      if (cursor.is(sign.openBracket)) {
        const open = cursor.at;
        cursor.at++;
        cursor.enter();
        const index = this.#comma();
        cursor.leave();
        cursor.at = cursor.after(open);
        operand = this.#pointed(this.#operate('+', operand, index));
      } else if (cursor.is(sign.dot)) {
        cursor.at++;
        operand = this.#member(operand);
      } else if (cursor.is(sign.arrow)) {
        cursor.at++;
        operand = this.#member(this.#pointed(operand));
      } else if (cursor.is(sign.open)) {
        cursor.skipGroup();
        const called = operand.type === null ? null : this.#decayed(operand.type);
        const made = called?.kind === 'pointer' ? stripped(called.to) : called;
        operand = { type: made?.kind === 'function' ? made.returns : null, value: null, address: null };
      } else if (cursor.is(sign.increment) || cursor.is(sign.decrement)) {
        cursor.at++;
        operand = { type: operand.type, value: null, address: null };
      } else return operand;
    }
    return operand;
  }

  #member(of: Operand): Operand {
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

  /** Arrays and functions become pointers where they are used as values. */
  #decayed(type: Type): ReturnType<typeof stripped> {
    const bare = stripped(type);
    if (bare.kind === 'array') return { kind: 'pointer', to: bare.element };
    return bare;
  }

  #literalType(numeral: { value: bigint; unsigned: boolean; longs: number; decimal: boolean }): Type {
    const { value, longs, decimal } = numeral;
    const wide = this.#around.layouts.target.word === 8;
    for (const [rank, signed, unsigned, bits] of [
      [0, integers.int, integers.uint, 32n],
      [1, integers.long, integers.ulong, wide ? 64n : 32n],
      [2, integers.longlong, integers.ulonglong, 64n],
    ] as const) {
      if (rank < longs) continue;
      if (!numeral.unsigned && value < 1n << (bits - 1n)) return signed;
      if ((numeral.unsigned || !decimal) && value < 1n << bits) return unsigned;
    }
    return numeral.unsigned ? integers.uint128 : integers.int128;
  }

  /** The integer type that this is, for arithmetic: an enum is its integer. */
  #integer(type: Type | null): IntegerType | null {
    if (type === null) return null;
    const bare = stripped(type);
    if (bare.kind === 'integer') return bare;
    if (bare.kind !== 'enum') return null;
    const size = this.#around.layouts.size(bare);
    const negative = bare.enumerators?.some(({ value }) => value !== null && value < 0n) ?? false;
    if (size === 8) return negative ? integers.long : integers.ulong;
    return negative ? integers.int : integers.uint;
  }

  #promoted(type: Type | null): Type | null {
    const integer = this.#integer(type);
    if (integer === null) return type;
    return ranks.indexOf(integer.rank) < ranks.indexOf('int') ? integers.int : integer;
  }

  /** The usual arithmetic conversions. */
  #common(left: Type | null, right: Type | null): Type | null {
    if (left === null || right === null) return null;
    if (stripped(left).kind === 'float') return left;
    if (stripped(right).kind === 'float') return right;
    const a = this.#integer(this.#promoted(left));
    const b = this.#integer(this.#promoted(right));
    if (a === null || b === null) return null;
    const rank = ranks.indexOf(a.rank) - ranks.indexOf(b.rank);
    if (a.signed === b.signed) return rank >= 0 ? a : b;
    const unsigned = a.signed === false ? a : b;
    const signed = a.signed === false ? b : a;
    if (ranks.indexOf(unsigned.rank) >= ranks.indexOf(signed.rank)) return unsigned;
    return this.#bits(signed) > this.#bits(unsigned) ? signed : unsignedOf(signed);
  }

  #bits(type: IntegerType): number {
    const size = this.#around.layouts.size(type);
    return typeof size === 'number' ? size * 8 : 128;
  }

  #asType(value: bigint | null, type: Type | null): bigint | null {
    if (value === null) return null;
    const integer = this.#integer(type);
    if (integer === null) return value;
    if (integer.rank === 'bool') return value === 0n ? 0n : 1n;
    const bits = this.#bits(integer);
    const signed = integer.signed ?? this.#around.layouts.target.charIsSigned;
    return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  }
}

function isNullPointer({ type, value }: Operand): boolean {
  if (type === null || value !== 0n) return false;
  const bare = stripped(type);
  return bare.kind === 'integer' || (bare.kind === 'pointer' && bare.to.kind === 'void');
}

function truth(value: boolean | null): Operand {
  return { type: integers.int, value: value === null ? null : value ? 1n : 0n, address: null };
}

function logical(operator: string, left: bigint | null, right: bigint | null): boolean | null {
  const decides = operator === '||';
  if (left !== null && (left !== 0n) === decides) return decides;
  if (left === null || right === null) return null;
  return (right !== 0n) === decides ? decides : !decides;
}

function isComparison(operator: string): boolean {
  return /^([=!]=|[<>]=?)$/.test(operator);
}

function compare(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}

function calculate(operator: string, a: bigint, b: bigint): bigint | null {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? null : a / b;
    case '%':
      return b === 0n ? null : a % b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return b < 0n || b > 127n ? null : a << b;
    case '>>':
      return b < 0n || b > 127n ? null : a >> b;
    default:
      return null;
  }
}

function unsignedOf(type: IntegerType): IntegerType {
  switch (type.rank) {
    case 'long':
      return integers.ulong;
    case 'long long':
      return integers.ulonglong;
    case 'int128':
      return integers.uint128;
    default:
      return integers.uint;
  }
}

function bitsOf(value: bigint): number {
  return value === 0n ? 0 : BigInt.asUintN(64, value).toString(2).length;
}

function trailingZeros(value: bigint): number {
  return value === 0n ? 64 : bitsOf(value & -value) - 1;
}

const builtins: Readonly<Record<string, (value: bigint) => bigint>> = {
  __builtin_clz: (value) => BigInt(32 - bitsOf(BigInt.asUintN(32, value))),
  __builtin_clzl: (value) => BigInt(64 - bitsOf(value)),
  __builtin_clzll: (value) => BigInt(64 - bitsOf(value)),
  __builtin_ctz: (value) => BigInt(trailingZeros(BigInt.asUintN(32, value))),
  __builtin_ctzl: (value) => BigInt(trailingZeros(BigInt.asUintN(64, value))),
  __builtin_ctzll: (value) => BigInt(trailingZeros(BigInt.asUintN(64, value))),
  __builtin_ffs: (value) => (value === 0n ? 0n : BigInt(trailingZeros(value) + 1)),
  __builtin_popcount: (value) => BigInt(BigInt.asUintN(32, value).toString(2).replaceAll('0', '').length),
  __builtin_popcountl: (value) => BigInt(BigInt.asUintN(64, value).toString(2).replaceAll('0', '').length),
  __builtin_bswap16: (value) => ((value & 0xffn) << 8n) | ((value >> 8n) & 0xffn),
};
