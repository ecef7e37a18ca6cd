/**
 * What a declaration means: a graph of types. A struct that points to itself is a cycle in it, so no walk goes through a pointer into a
 * record's members: it stops at the record, or enters what is held by value. Nothing is changed once the unit has been read.
 *
 * A type says what was written (`packed`, `aligned(8)`), never what it amounts to: sizes are c/layout.ts's work, because they
 * depend on the target. Only array lengths, bit-field widths and enumerators are numbers here; C needs them while reading.
 *
 * Example: `struct node { struct node *next; u8 flags : 3; };` is
 * `{ kind: 'struct', tag: 'node', members: [{ name: 'next', type: { kind: 'pointer', to: <itself> } }, { name: 'flags', bits: 3 }] }`.
 */

/** A range of tokens of the unit, `[first, end)`: where something is declared, and the text of it. */
export interface Place {
  readonly first: number;
  readonly end: number;
}

export type Rank = 'bool' | 'char' | 'short' | 'int' | 'long' | 'long long' | 'int128';

export interface VoidType {
  readonly kind: 'void';
}

export interface IntegerType {
  readonly kind: 'integer';
  /** As the compiler's debug information spells it: `long unsigned int`. */
  readonly name: string;
  readonly rank: Rank;
  /** null for plain `char`, whose sign the target decides. */
  readonly signed: boolean | null;
}

export interface FloatType {
  readonly kind: 'float';
  readonly name: string;
  readonly format: 'half' | 'single' | 'double' | 'long double' | 'quad';
  readonly complex: boolean;
}

/** `__builtin_va_list`, whose shape the target decides. */
export interface VaListType {
  readonly kind: 'va_list';
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly to: Type;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: Type;
  /** Elements; null for `[]`. */
  readonly length: number | null;
  /** Why the length could not be told, or null: then `length` is what was written. */
  readonly unknown: string | null;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly returns: Type;
  readonly parameters: readonly Parameter[];
  readonly variadic: boolean;
  /** `f()`, `f(a, b) int a; { … }`: the parameters are not part of the type. */
  readonly unprototyped: boolean;
}

export interface Parameter {
  readonly name: string | null;
  readonly type: Type;
}

export interface RecordType extends Place {
  readonly kind: 'struct' | 'union';
  readonly tag: string | null;
  /** null where only `struct tag` was seen. */
  readonly members: readonly Member[] | null;
  readonly packed: boolean;
  /** Bytes, of `aligned(n)` on the type; 0 where there is none, `maxAlign` for `aligned` without a number. */
  readonly align: number;
  /** Bytes, of the `#pragma pack` in force at the closing brace; 0 where there is none. */
  readonly pack: number;
  /** Members are shuffled by the build (`__randomize_layout` with RANDSTRUCT on): no offset can be known from source. */
  readonly randomized: boolean;
  /** Defined inside a function. */
  readonly local: boolean;
}

export interface Member extends Place {
  /** null for an anonymous struct or union, and for an unnamed bit-field. */
  readonly name: string | null;
  readonly type: Type;
  /** Width of a bit-field; null where the member is none. */
  readonly bits: number | null;
  readonly packed: boolean;
  /** Bytes, of `aligned(n)` or `_Alignas(n)` on the member; 0 where there is none. */
  readonly align: number;
}

export interface EnumType extends Place {
  readonly kind: 'enum';
  readonly tag: string | null;
  /** null where only `enum tag` was seen. */
  readonly enumerators: readonly Enumerator[] | null;
  readonly packed: boolean;
  /** Of `enum e : type`, or of a mode attribute. */
  readonly underlying: Type | null;
  readonly local: boolean;
}

export interface Enumerator extends Place {
  readonly name: string;
  /** null where the expression could not be read. */
  readonly value: bigint | null;
}

export interface TypedefType extends Place {
  readonly kind: 'typedef';
  readonly name: string;
  readonly type: Type;
  /** Bytes, of `aligned(n)` on the typedef: it may also lower the alignment. 0 where there is none. */
  readonly align: number;
}

export interface QualifiedType {
  readonly kind: 'qualified';
  readonly type: Type;
  readonly const: boolean;
  readonly volatile: boolean;
  readonly restrict: boolean;
  readonly atomic: boolean;
}

export interface VectorType {
  readonly kind: 'vector';
  readonly element: Type;
  /** Bytes. */
  readonly size: number;
}

/** A type whose declaration was not seen (a fragment of a file, an unexpanded macro), by its text. */
export interface UnknownType {
  readonly kind: 'unknown';
  readonly text: string;
}

export type Type =
  | VoidType
  | IntegerType
  | FloatType
  | VaListType
  | PointerType
  | ArrayType
  | FunctionType
  | RecordType
  | EnumType
  | TypedefType
  | QualifiedType
  | VectorType
  | UnknownType;

/** Stands for `aligned` without a number: the target's largest useful alignment. */
export const maxAlign = -1;

function integer(name: string, rank: Rank, signed: boolean | null): IntegerType {
  return { kind: 'integer', name, rank, signed };
}

export const integers = {
  bool: integer('_Bool', 'bool', false),
  char: integer('char', 'char', null),
  schar: integer('signed char', 'char', true),
  uchar: integer('unsigned char', 'char', false),
  short: integer('short int', 'short', true),
  ushort: integer('short unsigned int', 'short', false),
  int: integer('int', 'int', true),
  uint: integer('unsigned int', 'int', false),
  long: integer('long int', 'long', true),
  ulong: integer('long unsigned int', 'long', false),
  longlong: integer('long long int', 'long long', true),
  ulonglong: integer('long long unsigned int', 'long long', false),
  int128: integer('__int128', 'int128', true),
  uint128: integer('__int128 unsigned', 'int128', false),
} as const;

export const voidType: VoidType = { kind: 'void' };
export const vaListType: VaListType = { kind: 'va_list' };

/** The type under typedefs and qualifiers. */
export function stripped(type: Type): Exclude<Type, TypedefType | QualifiedType> {
  let at = type;
  while (at.kind === 'typedef' || at.kind === 'qualified') at = at.type;
  return at;
}
