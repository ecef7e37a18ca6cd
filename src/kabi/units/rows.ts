/**
 * The members of a type as one list of rows: what BTF, pahole and a reviewer count. A member of an anonymous struct or union
 * stands under its own name, one of a named member without a tag as `outer.inner`, each with its offset from the outermost
 * struct.
 */
import type { Layout, MemberLayout } from '../../c/layout.js';

export type Kind = 'pointer' | 'integer' | 'float' | 'record' | 'enum' | 'other';

export interface Row {
  readonly name: string;
  /** From the outermost struct. */
  readonly bitOffset: number;
  /** Width of a bit-field; 0 where the member is none. */
  readonly bitSize: number;
  /** Bytes, of the declared type. */
  readonly size: number;
  /** As pahole prints it. */
  readonly type: string;
  readonly kind: Kind;
  /** It stands among others at one place, in a union. */
  readonly union: boolean;
  /** Of a callback that source declares: how it is called. */
  readonly call?: string;
}

/** Types that the compiler lays out, as far as a comparison needs them. */
export interface Extent {
  /** `struct tag`, `union tag` or `typedef name`. */
  readonly name: string;
  readonly kind: 'struct' | 'union';
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly align: number;
  readonly rows: readonly Row[];
  /** The first bit-field of a unit holds its highest bits. */
  readonly bigEndian: boolean;
}

/** What kind of thing a member's type is under its typedefs; the text alone cannot tell a typedef of a struct from an integer. */
export type KindOf = (member: MemberLayout) => Kind;

export function extentOf(layout: Layout, kindOf: KindOf = kindFromText, bigEndian = false): Extent {
  const { kind, size, align } = layout;
  const name = `${layout.typedef ? 'typedef' : kind} ${layout.name ?? ''}`;
  return { name, kind, size, align, bigEndian, rows: rowsOf(layout, kindOf, 0, '', false) };
}

function rowsOf(layout: Layout, kindOf: KindOf, start: number, prefix: string, inUnion: boolean): Row[] {
  const union = inUnion || layout.kind === 'union';
  return layout.members.flatMap((member) => {
    const bitOffset = start + member.bitOffset;
    const inner = member.inner;
    if (member.name === null) return inner === null ? [] : rowsOf(inner, kindOf, bitOffset, prefix, union);
    const { bitSize, size, type } = member;
    const own: Row = { name: prefix + member.name, bitOffset, bitSize, size, type, kind: kindOf(member), union };
    return inner === null ? [own] : [own, ...rowsOf(inner, kindOf, bitOffset, `${own.name}.`, union)];
  });
}

export function kindFromText(member: { readonly type: string }): Kind {
  const { type } = member;
  if (/\(\*/.test(type) || /\*( ?(const|volatile|restrict))*(\[[^\]]*\])*$/.test(type)) return 'pointer';
  if (/^(const |volatile )*(struct|union)\b/.test(type)) return 'record';
  if (/^(const |volatile )*enum\b/.test(type)) return 'enum';
  return 'integer';
}

/** An enumeration is an integer to whoever reads it. */
export function plainKind({ kind }: Row): Kind {
  return kind === 'enum' ? 'integer' : kind;
}

/** Bits that a row takes. */
export function bitsOf(row: Row): number {
  return row.bitSize > 0 ? row.bitSize : row.size * 8;
}
