/**
 * The value of a `#if` expression (C11 6.10.1): integer constant expressions in intmax_t and uintmax_t, names are 0.
 *
 * Comes in: the line's tokens after expansion. Goes out: true, false, or why it is no expression.
 */
import { textOf } from '../lex/spelling.js';
import { Character, Identifier, Numeral, type TokenList } from '../lex/tokens.js';

export type ConditionValue =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly why: string };

interface Value {
  readonly bits: bigint;
  readonly isUnsigned: boolean;
}

const precedence: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};
const deepest = 500;

export function evaluateCondition(tokens: TokenList): ConditionValue {
  const reader = new ConditionReader(tokens);
  try {
    return { ok: true, value: reader.read() };
  } catch (error) {
    if (error instanceof NoExpression) return { ok: false, why: error.message };
    throw error;
  }
}

class NoExpression extends Error {}

class ConditionReader {
  readonly #tokens: TokenList;
  #at = 0;
  #depth = 0;
  /** Operands that do not count (`0 && 1/0`) may divide by zero. */
  #skipping = 0;

  constructor(tokens: TokenList) {
    this.#tokens = tokens;
  }

  read(): boolean {
    if (this.#tokens.length === 0) throw new NoExpression('#if with no expression');
    const { bits } = this.#conditional();
    if (this.#at < this.#tokens.length) throw new NoExpression(`unexpected "${this.#text()}" in #if`);
    return bits !== 0n;
  }

  #text(): string {
    return this.#at < this.#tokens.length ? textOf(this.#tokens.spelling[this.#at] as number) : '';
  }

  #conditional(): Value {
    const condition = this.#binary(1);
    if (this.#text() !== '?') return condition;
    this.#at++;
    const isTrue = condition.bits !== 0n;
    const yes = this.#counted(isTrue, () => this.#comma());
    if (this.#text() !== ':') throw new NoExpression('"?" without ":" in #if');
    this.#at++;
    const no = this.#counted(!isTrue, () => this.#conditional());
    return value(isTrue ? yes.bits : no.bits, yes.isUnsigned || no.isUnsigned);
  }

  #comma(): Value {
    let last = this.#conditional();
    while (this.#text() === ',') {
      this.#at++;
      last = this.#conditional();
    }
    return last;
  }

  #counted(counts: boolean, read: () => Value): Value {
    if (!counts) this.#skipping++;
    const result = read();
    if (!counts) this.#skipping--;
    return result;
  }

  #binary(least: number): Value {
    let left = this.#unary();
    for (;;) {
      const operator = this.#text();
      const rank = precedence[operator] ?? 0;
      if (rank < least) return left;
      this.#at++;
      const counts = operator === '&&' ? left.bits !== 0n : operator === '||' ? left.bits === 0n : true;
      const right = this.#counted(counts, () => this.#binary(rank + 1));
      left = this.#apply(operator, left, right);
    }
  }

  #apply(operator: string, left: Value, right: Value): Value {
    const isUnsigned = left.isUnsigned || right.isUnsigned;
    const a = isUnsigned ? BigInt.asUintN(64, left.bits) : left.bits;
    const b = isUnsigned ? BigInt.asUintN(64, right.bits) : right.bits;
    const truth = (holds: boolean) => value(holds ? 1n : 0n, false);
    switch (operator) {
      case '||':
        return truth(left.bits !== 0n || right.bits !== 0n);
      case '&&':
        return truth(left.bits !== 0n && right.bits !== 0n);
      case '==':
        return truth(a === b);
      case '!=':
        return truth(a !== b);
      case '<':
        return truth(a < b);
      case '>':
        return truth(a > b);
      case '<=':
        return truth(a <= b);
      case '>=':
        return truth(a >= b);
      case '|':
        return value(a | b, isUnsigned);
      case '^':
        return value(a ^ b, isUnsigned);
      case '&':
        return value(a & b, isUnsigned);
      case '+':
        return value(a + b, isUnsigned);
      case '-':
        return value(a - b, isUnsigned);
      case '*':
        return value(a * b, isUnsigned);
      case '<<':
      case '>>':
        return shifted(left, right.isUnsigned ? BigInt.asUintN(64, right.bits) : right.bits, operator === '<<');
      default:
        if (b === 0n) {
          if (this.#skipping === 0) throw new NoExpression('division by zero in #if');
          return value(0n, isUnsigned);
        }
        return value(operator === '/' ? a / b : a % b, isUnsigned);
    }
  }

  #unary(): Value {
    if (++this.#depth > deepest) throw new NoExpression('#if is nested too deep');
    const result = this.#primary();
    this.#depth--;
    return result;
  }

  #primary(): Value {
    const kind = this.#tokens.kind[this.#at];
    const text = this.#text();
    this.#at++;
    switch (text) {
      case '!':
        return value(this.#unary().bits === 0n ? 1n : 0n, false);
      case '~': {
        const operand = this.#unary();
        return value(~operand.bits, operand.isUnsigned);
      }
      case '-': {
        const operand = this.#unary();
        return value(-operand.bits, operand.isUnsigned);
      }
      case '+':
        return this.#unary();
      case '(': {
        const inner = this.#comma();
        if (this.#text() !== ')') throw new NoExpression('missing ")" in #if');
        this.#at++;
        return inner;
      }
      default:
        break;
    }
    if (kind === Identifier) return value(0n, false);
    if (kind === Numeral) return numeral(text);
    if (kind === Character) return value(BigInt(characterValue(text)), false);
    throw new NoExpression(text === '' ? '#if ends too early' : `unexpected "${text}" in #if`);
  }
}

function value(bits: bigint, isUnsigned: boolean): Value {
  return { bits: isUnsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits), isUnsigned };
}

function shifted(left: Value, count: bigint, isLeft: boolean): Value {
  if (count < 0n) return shifted(left, -count, !isLeft);
  if (count >= 64n) return value(!isLeft && left.bits < 0n ? -1n : 0n, left.isUnsigned);
  return value(isLeft ? left.bits << count : left.bits >> count, left.isUnsigned);
}

function numeral(text: string): Value {
  const match = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)$/.exec(text);
  if (match === null) throw new NoExpression(`"${text}" is no integer in #if`);
  const digits = match[1] as string;
  const bits = /^0[0-7]+$/.test(digits)
    ? BigInt(`0o${digits.slice(1)}`)
    : /^0[0-9]/.test(digits)
      ? null
      : BigInt(digits);
  if (bits === null) throw new NoExpression(`"${text}" is no integer in #if`);
  return value(bits, /u/i.test(match[2] as string) || BigInt.asIntN(64, bits) < 0n);
}

const escapes: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  a: 7,
  b: 8,
  f: 12,
  v: 11,
  e: 27,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

function characterValue(text: string): number {
  const inner = text.replace(/^(L|u8|u|U)?'|'$/g, '');
  let result = 0;
  for (const one of inner.matchAll(/\\x([0-9a-fA-F]+)|\\([0-7]{1,3})|\\(.)|(.)/gs)) {
    const [, hex, octal, escaped, plain] = one;
    const code =
      hex !== undefined
        ? Number.parseInt(hex, 16)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : escaped !== undefined
            ? (escapes[escaped] ?? escaped.charCodeAt(0))
            : (plain as string).charCodeAt(0);
    result = inner.length > 1 && plain !== undefined ? (result << 8) | code : (code << 24) >> 24;
  }
  return result;
}
