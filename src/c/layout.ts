/**
 * What the compiler makes of a type: sizes and places. c/layout.ts computes it from source, btf/layouts.ts reads it from a
 * shipped kernel; both make this same type, so that the two can be compared member by member.
 */
export interface Layout {
  readonly kind: 'struct' | 'union';
  /** The tag, or the typedef name of an anonymous type (then `typedef` is true), or null. */
  readonly name: string | null;
  readonly typedef: boolean;
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly align: number;
  /** In declaration order; unnamed bit-fields are left out. */
  readonly members: readonly MemberLayout[];
}

export interface MemberLayout {
  /** null for an anonymous struct or union, whose members are in `inner`. */
  readonly name: string | null;
  /** From the start of the struct that this member list belongs to. */
  readonly bitOffset: number;
  /** Width of a bit-field; 0 where the member is none. */
  readonly bitSize: number;
  /** Bytes; of the declared type for a bit-field, 0 for a flexible array. */
  readonly size: number;
  /** The type as a C declaration without the name, as pahole prints it: `struct list_head`, `unsigned int`, `char[16]`. */
  readonly type: string;
  /** The members of an anonymous, or unnamed-typed, struct or union in place; offsets from its own start. */
  readonly inner: Layout | null;
}
