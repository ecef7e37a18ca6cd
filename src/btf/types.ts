/**
 * What BTF says (Linux Documentation/bpf/btf.rst), one kind a shape. A type is an id: 0 is void, ids of a split BTF go on
 * where its base ends. Types refer to each other by id, so the graph may be cyclic and is never mutated.
 *
 * Example: `struct list_head { struct list_head *next, *prev; }` is
 *   4: { kind: 'struct', name: 'list_head', size: 16, members: [{ name: 'next', type: 5, bitOffset: 0, bitSize: 0 }, …] }
 *   5: { kind: 'ptr', type: 4 }
 */
export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int';
      readonly name: string;
      readonly size: number;
      readonly bits: number;
      readonly bitOffset: number;
    }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  | { readonly kind: 'ptr'; readonly type: number }
  | { readonly kind: 'const' | 'volatile' | 'restrict'; readonly type: number }
  | { readonly kind: 'typedef' | 'type-tag'; readonly name: string; readonly type: number }
  | { readonly kind: 'array'; readonly type: number; readonly length: number }
  | {
      readonly kind: 'struct' | 'union';
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  | { readonly kind: 'enum'; readonly name: string; readonly size: number; readonly values: readonly BtfEnumerator[] }
  | { readonly kind: 'fwd'; readonly name: string; readonly union: boolean }
  | { readonly kind: 'func'; readonly name: string; readonly type: number }
  | { readonly kind: 'func-proto'; readonly result: number; readonly parameters: readonly BtfParameter[] }
  | { readonly kind: 'var'; readonly name: string; readonly type: number }
  | { readonly kind: 'datasec'; readonly name: string; readonly size: number }
  | { readonly kind: 'decl-tag'; readonly name: string; readonly type: number; readonly component: number };

export interface BtfMember {
  /** '' for an anonymous struct or union, and for an unnamed bit-field (which compilers do not emit). */
  readonly name: string;
  readonly type: number;
  /** From the start of the struct. */
  readonly bitOffset: number;
  /** Width of a bit-field, 0 where the member is none. */
  readonly bitSize: number;
}

export interface BtfEnumerator {
  readonly name: string;
  readonly value: bigint;
}

/** A parameter of type 0 at the end is `...`. */
export interface BtfParameter {
  readonly name: string;
  readonly type: number;
}
