/**
 * What the ABI of a target decides about sizes and places. Data only: the rules that read it are in c/layout.ts. The figures
 * are gcc's, checked against the compilers by test/c/layout-random.
 */
export interface Target {
  readonly name: string;
  readonly bigEndian: boolean;
  /** Bytes, of `long` and of pointers. */
  readonly word: 4 | 8;
  readonly charIsSigned: boolean;
  /** Bytes, of what `aligned` without a number asks for (gcc's BIGGEST_ALIGNMENT). */
  readonly maxAlign: number;
  /** Bytes: the most that a scalar of integer or double type asks for inside a struct (i386: 4); 0 where nothing is cut. */
  readonly fieldAlignLimit: number;
  /** Bytes: the most that a vector type asks for by its size. */
  readonly vectorAlignLimit: number;
  readonly longDouble: Extent;
  readonly int128: Extent | null;
  readonly vaList: Extent;
  /** Unnamed bit-fields raise the alignment of the struct too (AAPCS). */
  readonly unnamedBitFieldsAlign: boolean;
}

/** Bytes. */
export interface Extent {
  readonly size: number;
  readonly align: number;
}

const wide: Extent = { size: 16, align: 16 };
const base = {
  bigEndian: false,
  word: 8,
  charIsSigned: false,
  maxAlign: 16,
  fieldAlignLimit: 0,
  vectorAlignLimit: 16,
  longDouble: wide,
  int128: wide,
  vaList: { size: 8, align: 8 },
  unnamedBitFieldsAlign: false,
} as const;

export const targets = {
  x86_64: { ...base, name: 'x86_64', charIsSigned: true, vectorAlignLimit: 1 << 28, vaList: { size: 24, align: 8 } },
  i386: {
    ...base,
    name: 'i386',
    word: 4,
    charIsSigned: true,
    fieldAlignLimit: 4,
    vectorAlignLimit: 1 << 28,
    longDouble: { size: 12, align: 4 },
    int128: null,
    vaList: { size: 4, align: 4 },
  },
  aarch64: { ...base, name: 'aarch64', vaList: { size: 32, align: 8 }, unnamedBitFieldsAlign: true },
  arm: {
    ...base,
    name: 'arm',
    word: 4,
    maxAlign: 8,
    vectorAlignLimit: 8,
    longDouble: { size: 8, align: 8 },
    int128: null,
    vaList: { size: 4, align: 4 },
    unnamedBitFieldsAlign: true,
  },
  ppc64le: { ...base, name: 'ppc64le', vectorAlignLimit: 1 << 28 },
  ppc64: { ...base, name: 'ppc64', bigEndian: true, vectorAlignLimit: 1 << 28 },
  s390x: {
    ...base,
    name: 's390x',
    bigEndian: true,
    maxAlign: 8,
    vectorAlignLimit: 8,
    longDouble: { size: 16, align: 8 },
    int128: { size: 16, align: 8 },
    vaList: { size: 32, align: 8 },
  },
  riscv64: { ...base, name: 'riscv64', vectorAlignLimit: 1 << 28 },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;
