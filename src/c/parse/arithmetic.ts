/**
 * What C's operators make of operands whose value may not be known. Not known stays not known, except where one side decides
 * (`0 && x`); integers wrap at the width of their type; pointers move by the size of what they point to.
 */

import type { Layouts } from '../layout.js';
import { integers, stripped, type Type } from '../type.js';
import { type Conversions, decayed } from './conversions.js';
import { sign } from './keywords.js';

/** A subexpression that was read. */
export interface Operand {
  /** null where the type is not known. */
  readonly type: Type | null;
  readonly value: bigint | null;
  /** Bytes, of an lvalue at a known address. */
  readonly address: bigint | null;
}

export const unknown: Operand = { type: null, value: null, address: null };

export class Arithmetic {
  readonly #layouts: Layouts;
  readonly #conversions: Conversions;

  constructor(layouts: Layouts, conversions: Conversions) {
    this.#layouts = layouts;
    this.#conversions = conversions;
  }

  /** What a binary operator makes of two operands. */
  operate(operator: string, left: Operand, right: Operand): Operand {
    if (operator === '&&' || operator === '||') return truth(logical(operator, left.value, right.value));
    const pointer = this.#pointerArithmetic(operator, left, right);
    if (pointer !== null) return pointer;
    const isShift = operator === '<<' || operator === '>>';
    const type = isShift ? this.#conversions.promoted(left.type) : this.#conversions.common(left.type, right.type);
    const a = this.#conversions.asType(left.value, type);
    const b = isShift ? right.value : this.#conversions.asType(right.value, type);
    if (a === null || b === null)
      return { type: isComparison(operator) ? integers.int : type, value: null, address: null };
    if (isComparison(operator)) return truth(compare(operator, a, b));
    return { type, value: this.#conversions.asType(calculate(operator, a, b), type), address: null };
  }

  #pointerArithmetic(operator: string, left: Operand, right: Operand): Operand | null {
    const a = left.type === null ? null : decayed(left.type);
    const b = right.type === null ? null : decayed(right.type);
    if (a?.kind !== 'pointer' && b?.kind !== 'pointer') return null;
    const l = pointerValue(left);
    const r = pointerValue(right);
    if (isComparison(operator)) return truth(l === null || r === null ? null : compare(operator, l, r));
    const pointer = a?.kind === 'pointer' ? a : b;
    if (pointer?.kind !== 'pointer') return null;
    const step = this.#layouts.size(pointer.to);
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

  /** A cast. */
  converted(operand: Operand, type: Type | null): Operand {
    if (type === null) return { type, value: operand.value, address: null };
    const bare = stripped(type);
    const value = pointerValue(operand);
    if (bare.kind === 'pointer') return { type, value, address: null };
    if (bare.kind === 'integer' || bare.kind === 'enum')
      return { type, value: this.#conversions.asType(value, type), address: null };
    return { type, value: null, address: operand.address };
  }

  /** The type of `? :`: of two pointers, the one that is no null pointer constant; else `void *` wins. */
  conditionalType(yes: Operand, no: Operand): Type | null {
    if (yes.type === null || no.type === null) return yes.type ?? no.type;
    const left = decayed(yes.type);
    const right = decayed(no.type);
    if (left.kind === 'pointer' && right.kind === 'pointer') {
      if (isNullPointer(yes)) return no.type;
      if (isNullPointer(no)) return yes.type;
      if (stripped(left.to).kind === 'void') return yes.type;
      if (stripped(right.to).kind === 'void') return no.type;
      return yes.type;
    }
    if (left.kind === 'pointer') return yes.type;
    if (right.kind === 'pointer') return no.type;
    return this.#conversions.common(yes.type, no.type) ?? yes.type;
  }

  /** What unary `+`, `-` and `~` make of an operand. */
  negated(spelling: number, { type, value }: Operand): Operand {
    const promoted = this.#conversions.promoted(type);
    if (value === null) return { type: promoted, value: null, address: null };
    const made = spelling === sign.minus ? -value : spelling === sign.complement ? ~value : value;
    return { type: promoted, value: this.#conversions.asType(made, promoted), address: null };
  }
}

/** The value of a pointer; an array's is its address. */
export function pointerValue(operand: Operand): bigint | null {
  return operand.type !== null && stripped(operand.type).kind === 'array' ? operand.address : operand.value;
}

export function truth(value: boolean | null): Operand {
  return { type: integers.int, value: value === null ? null : value ? 1n : 0n, address: null };
}

function isNullPointer({ type, value }: Operand): boolean {
  if (type === null || value !== 0n) return false;
  const bare = stripped(type);
  return bare.kind === 'integer' || (bare.kind === 'pointer' && bare.to.kind === 'void');
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
