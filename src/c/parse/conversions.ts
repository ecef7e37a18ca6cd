/**
 * Which integer type an expression has, and what a value becomes in it (C11 6.3): promotions, the usual arithmetic conversions,
 * the types of literals and enumerators. Widths are the target's.
 */
import type { Layouts } from '../layout.js';
import { type IntegerType, integers, type Rank, stripped, type Type } from '../type.js';
import type { NumeralValue } from './literal.js';

const ranks: readonly Rank[] = ['bool', 'char', 'short', 'int', 'long', 'long long', 'int128'];

export class Conversions {
  readonly #layouts: Layouts;

  constructor(layouts: Layouts) {
    this.#layouts = layouts;
  }

  /** The first type of the literal's list that holds its value (6.4.4.1). */
  literalType(numeral: NumeralValue): Type {
    const { value, longs, decimal } = numeral;
    const wide = this.#layouts.target.word === 8;
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

  /** An enumerator is an int where it fits. */
  enumeratorType(type: Type, value: bigint | null): Type {
    if (value === null) return integers.int;
    if (value >= -0x80000000n && value <= 0x7fffffffn) return integers.int;
    const size = this.#layouts.size(type);
    if (size === 4) return integers.uint;
    const isLong = this.#layouts.target.word === 8;
    const fits = value < 1n << 63n;
    if (isLong) return fits ? integers.long : integers.ulong;
    if (value >= 0n && value <= 0xffffffffn) return integers.uint;
    return fits ? integers.longlong : integers.ulonglong;
  }

  /** The integer type that this is, for arithmetic: an enum is its integer. */
  integer(type: Type | null): IntegerType | null {
    if (type === null) return null;
    const bare = stripped(type);
    if (bare.kind === 'integer') return bare;
    if (bare.kind !== 'enum') return null;
    const size = this.#layouts.size(bare);
    const negative = bare.enumerators?.some(({ value }) => value !== null && value < 0n) ?? false;
    if (size === 8) return negative ? integers.long : integers.ulong;
    return negative ? integers.int : integers.uint;
  }

  /** The integer promotions. */
  promoted(type: Type | null): Type | null {
    const integer = this.integer(type);
    if (integer === null) return type;
    return ranks.indexOf(integer.rank) < ranks.indexOf('int') ? integers.int : integer;
  }

  /** The usual arithmetic conversions. */
  common(left: Type | null, right: Type | null): Type | null {
    if (left === null || right === null) return null;
    if (stripped(left).kind === 'float') return left;
    if (stripped(right).kind === 'float') return right;
    const a = this.integer(this.promoted(left));
    const b = this.integer(this.promoted(right));
    if (a === null || b === null) return null;
    const rank = ranks.indexOf(a.rank) - ranks.indexOf(b.rank);
    if (a.signed === b.signed) return rank >= 0 ? a : b;
    const unsigned = a.signed === false ? a : b;
    const signed = a.signed === false ? b : a;
    if (ranks.indexOf(unsigned.rank) >= ranks.indexOf(signed.rank)) return unsigned;
    return this.#bits(signed) > this.#bits(unsigned) ? signed : unsignedOf(signed);
  }

  #bits(type: IntegerType): number {
    const size = this.#layouts.size(type);
    return typeof size === 'number' ? size * 8 : 128;
  }

  /** What is left of the value in this type: it wraps at the type's width. */
  asType(value: bigint | null, type: Type | null): bigint | null {
    if (value === null) return null;
    const integer = this.integer(type);
    if (integer === null) return value;
    if (integer.rank === 'bool') return value === 0n ? 0n : 1n;
    const bits = this.#bits(integer);
    const signed = integer.signed ?? this.#layouts.target.charIsSigned;
    return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  }
}

/** Arrays and functions become pointers where they are used as values. */
export function decayed(type: Type): ReturnType<typeof stripped> {
  const bare = stripped(type);
  if (bare.kind === 'array') return { kind: 'pointer', to: bare.element };
  return bare;
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
