/** The compiler's functions that count and turn bits, by name: constants of the kernel are made with them (`ilog2`, `const_hweight`). */

function bitsOf(value: bigint): number {
  return value === 0n ? 0 : BigInt.asUintN(64, value).toString(2).length;
}

function trailingZeros(value: bigint): number {
  return value === 0n ? 64 : bitsOf(value & -value) - 1;
}

export const bitBuiltins: Readonly<Record<string, (value: bigint) => bigint>> = {
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
