import type { Target } from './target.js';
import {
  type EnumType,
  type FloatType,
  type IntegerType,
  type Member,
  maxAlign,
  type RecordType,
  stripped,
  type Type,
} from './type.js';
import { textOfType } from './type-text.js';

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

/** Why no number can be given: a fact about the input, never a guess. */
export interface Unknowable {
  readonly why: string;
}

/** Bytes. `userAlign`: an attribute asked for the alignment, so that no limit of the target cuts it. */
interface Extent {
  readonly size: number;
  readonly align: number;
  readonly userAlign: boolean;
}

interface Placed {
  readonly extent: Extent;
  /** Bit offset of each member, in their order. */
  readonly offsets: readonly number[];
}

const deepest = 400;

/**
 * The layouts of one unit for one target, each computed once.
 *
 * The rules are those of gcc's stor-layout.c, which are the ABI for the targets here: a member goes to the next multiple of
 * its alignment; a bit-field stays where it is unless it would span more units of its type's alignment than the type has
 * (PCC_BITFIELD_TYPE_MATTERS); `packed` takes the alignment away, `aligned` gives one back.
 */
export class Layouts {
  readonly target: Target;
  readonly #placed = new Map<RecordType, Placed>();
  readonly #open = new Set<RecordType>();

  constructor(target: Target) {
    this.target = target;
  }

  /** Bytes. */
  size(type: Type): number | Unknowable {
    const extent = this.#extent(type);
    return 'why' in extent ? extent : extent.size;
  }

  /** Bytes, as `__alignof__` says. */
  align(type: Type): number | Unknowable {
    const extent = this.#extent(type);
    return 'why' in extent ? extent : extent.align;
  }

  /** Bytes, as `_Alignof` says: what the type asks for inside a struct. */
  alignInStruct(type: Type): number | Unknowable {
    const extent = this.#extent(type);
    return 'why' in extent ? extent : this.#limited(type, extent);
  }

  /** The layout of a struct or union; `name` is that of the typedef where it has no tag. */
  of(record: RecordType, typedefName: string | null = null): Layout | Unknowable {
    const placed = this.#record(record);
    if ('why' in placed) return placed;
    const members = (record.members ?? []).flatMap((member, i) => {
      if (member.name === null && member.bits !== null) return [];
      return [this.#memberLayout(member, placed.offsets[i] as number)];
    });
    const { size, align } = placed.extent;
    return {
      kind: record.kind,
      name: record.tag ?? typedefName,
      typedef: record.tag === null && typedefName !== null,
      size,
      align,
      members,
    };
  }

  /** Where `name` stands in a record, through anonymous members; null where there is no such member. */
  find(record: RecordType, name: string): { bitOffset: number; member: Member } | Unknowable | null {
    const placed = this.#record(record);
    if ('why' in placed) return placed;
    const members = record.members ?? [];
    for (let i = 0; i < members.length; i++) {
      const member = members[i] as Member;
      if (member.name === name) return { bitOffset: placed.offsets[i] as number, member };
      if (member.name !== null) continue;
      const inner = stripped(member.type);
      if (inner.kind !== 'struct' && inner.kind !== 'union') continue;
      const found = this.find(inner, name);
      if (found === null) continue;
      if ('why' in found) return found;
      return { bitOffset: (placed.offsets[i] as number) + found.bitOffset, member: found.member };
    }
    return null;
  }

  /** A member by name, through anonymous ones, whether or not its offset can be known. */
  memberOf(record: RecordType, name: string, depth = 0): Member | null {
    for (const member of record.members ?? []) {
      if (member.name === name) return member;
      if (member.name !== null || depth > deepest) continue;
      const inner = stripped(member.type);
      if (inner.kind !== 'struct' && inner.kind !== 'union') continue;
      const found = this.memberOf(inner, name, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }

  #memberLayout(member: Member, bitOffset: number): MemberLayout {
    const extent = this.#extent(member.type);
    const bare = stripped(member.type);
    const isRecord = bare.kind === 'struct' || bare.kind === 'union';
    const inPlace = member.name === null || (isRecord && bare.tag === null && isWrittenHere(member.type));
    const inner = isRecord && inPlace ? this.of(bare) : null;
    return {
      name: member.name,
      bitOffset,
      bitSize: member.bits ?? 0,
      size: 'why' in extent ? 0 : extent.size,
      type: textOfType(member.type),
      inner: inner === null || 'why' in inner ? null : inner,
    };
  }

  #extent(type: Type): Extent | Unknowable {
    let at = type;
    let count = 1;
    let align = 0; // of the outermost typedef that asks for one
    for (;;) {
      switch (at.kind) {
        case 'typedef':
          if (align === 0 && at.align !== 0) align = this.#bytes(at.align);
          at = at.type;
          continue;
        case 'qualified':
          at = at.type;
          continue;
        case 'array':
          if (at.unknown !== null) return { why: at.unknown };
          count *= at.length ?? 0;
          at = at.element;
          continue;
        default:
      }
      const extent = this.#scalarOrRecord(at);
      if ('why' in extent) return extent;
      const size = extent.size * count;
      if (!Number.isSafeInteger(size * 8)) return { why: `an array of ${count} elements is too large` };
      return align === 0
        ? { size, align: extent.align, userAlign: extent.userAlign }
        : { size, align, userAlign: true };
    }
  }

  #scalarOrRecord(type: Exclude<Type, { kind: 'typedef' | 'qualified' | 'array' }>): Extent | Unknowable {
    const { target } = this;
    switch (type.kind) {
      case 'void':
      case 'function':
        return natural(1);
      case 'integer':
        return this.#integer(type);
      case 'pointer':
        return natural(target.word);
      case 'float':
        return this.#float(type);
      case 'va_list':
        return { ...target.vaList, userAlign: false };
      case 'enum':
        return this.#enum(type);
      case 'vector':
        return { size: type.size, align: Math.min(type.size, target.vectorAlignLimit), userAlign: false };
      case 'unknown':
        return { why: `the type '${type.text}' is not declared` };
      default: {
        const placed = this.#record(type);
        return 'why' in placed ? placed : placed.extent;
      }
    }
  }

  #integer(type: IntegerType): Extent | Unknowable {
    switch (type.rank) {
      case 'bool':
      case 'char':
        return natural(1);
      case 'short':
        return natural(2);
      case 'int':
        return natural(4);
      case 'long':
        return natural(this.target.word);
      case 'long long':
        return natural(8);
      default: {
        const { int128 } = this.target;
        return int128 === null ? { why: `${this.target.name} has no __int128` } : { ...int128, userAlign: false };
      }
    }
  }

  #float(type: FloatType): Extent {
    const one =
      type.format === 'long double'
        ? this.target.longDouble
        : type.format === 'quad'
          ? { size: 16, align: Math.min(16, this.target.longDouble.align === 4 ? 16 : this.target.longDouble.align) }
          : { size: floatSizes[type.format], align: floatSizes[type.format] };
    return { size: one.size * (type.complex ? 2 : 1), align: one.align, userAlign: false };
  }

  #enum(type: EnumType): Extent | Unknowable {
    if (type.underlying !== null) return this.#extent(type.underlying);
    if (type.enumerators === null) return type.tag === null ? natural(4) : natural(4);
    let least = 0n;
    let most = 0n;
    for (const { name, value } of type.enumerators) {
      if (value === null) return { why: `the value of the enumerator ${name} is not known` };
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const bits = least < 0n ? Math.max(widthOf(-least - 1n), widthOf(most)) + 1 : widthOf(most);
    if (type.packed && bits <= 16) return natural(bits <= 8 ? 1 : 2);
    return natural(bits <= 32 ? 4 : 8);
  }

  #bytes(align: number): number {
    return align === maxAlign ? this.target.maxAlign : align;
  }

  /** The alignment of a member of this type: i386 gives 64-bit scalars four bytes in a struct, unless an attribute asks. */
  #limited(type: Type, extent: Extent): number {
    const limit = this.target.fieldAlignLimit;
    if (limit === 0 || extent.userAlign || extent.align <= limit) return extent.align;
    let at = stripped(type);
    while (at.kind === 'array') at = stripped(at.element);
    const cut = at.kind === 'integer' || at.kind === 'enum' || (at.kind === 'float' && at.format === 'double');
    return cut ? limit : extent.align;
  }

  #record(record: RecordType): Placed | Unknowable {
    const known = this.#placed.get(record);
    if (known !== undefined) return known;
    const called = `${record.kind} ${record.tag ?? '{...}'}`;
    if (record.members === null) return { why: `${called} is only declared here, not defined` };
    if (record.randomized) return { why: `${called} is shuffled by the build (RANDSTRUCT)` };
    if (this.#open.has(record)) return { why: `${called} contains itself` };
    if (this.#open.size > deepest) return { why: `${called} is nested more than ${deepest} deep` };
    this.#open.add(record);
    const placed = this.#place(record, record.members);
    this.#open.delete(record);
    if (!('why' in placed)) this.#placed.set(record, placed);
    return placed;
  }

  #place(record: RecordType, members: readonly Member[]): Placed | Unknowable {
    const offsets: number[] = [];
    let bits = 0; // the end of what has been placed
    let most = 0; // bytes, of a union
    let recordAlign = Math.max(8, 8 * (record.align === 0 ? 1 : this.#bytes(record.align)));
    let userAlign = record.align !== 0;
    const unit = Math.max(recordAlign, 8 * this.target.maxAlign);
    for (const member of members) {
      const extent = this.#extent(member.type);
      if ('why' in extent) return extent;
      const at = record.kind === 'union' ? 0 : bits;
      const field = this.#field(record, member, extent, at, unit);
      offsets.push(field.bitOffset);
      recordAlign = Math.max(recordAlign, field.recordAlign);
      userAlign ||= field.userAlign;
      const size = member.bits ?? extent.size * 8;
      bits = field.bitOffset + size;
      most = Math.max(most, Math.ceil(bits / 8));
    }
    const bytes = record.kind === 'union' ? most : Math.ceil(bits / 8);
    const align = recordAlign / 8;
    const size = Math.ceil(bytes / align) * align;
    if (!Number.isSafeInteger(size * 8)) return { why: `${record.kind} ${record.tag ?? '{...}'} is too large` };
    return { extent: { size, align, userAlign }, offsets };
  }

  /**
   * Where one member goes when `bits` are taken, and the alignment (in bits) that it asks of the record. `unit`: gcc counts
   * a bit-field's place from the last multiple of so many bits.
   */
  #field(record: RecordType, member: Member, extent: Extent, bits: number, unit: number): FieldPlace {
    const asked = 8 * this.#bytes(member.align);
    const typeAlign = 8 * this.#limited(member.type, extent);
    const packed = member.packed || (record.packed && (member.bits !== null || extent.align > 1));
    const pack = 8 * record.pack;
    if (member.bits === null) {
      let align = packed ? asked || 8 : Math.max(typeAlign, asked);
      if (asked > 0 && !packed) align = Math.max(8 * extent.align, asked);
      if (asked > 0 && asked < 8 * extent.align && !packed) align = typeAlign;
      if (pack > 0) align = Math.min(align, pack);
      const userAlign = asked > 0 || (extent.userAlign && !packed);
      return { bitOffset: roundUp(bits, align), recordAlign: align, userAlign };
    }
    return this.#bitField(member, member.bits, { extent, asked, typeAlign, packed, pack, bits, unit });
  }

  #bitField(member: Member, width: number, given: BitFieldFacts): FieldPlace {
    const { extent, asked, typeAlign, packed, pack, bits, unit } = given;
    const known = bits === 0 ? Number.MAX_SAFE_INTEGER : bits & -bits;
    let align = Math.max(1, asked);
    let isBitField = true;
    if (width === 0) align = Math.max(align, typeAlign);
    else if (width === 8 || width === 16 || width === 32 || width === 64 || width === 128) {
      // As wide as an integer mode and on its boundary: gcc makes it an ordinary member.
      if (!(width > 8 && packed) && (known >= width || known === 0)) {
        isBitField = false;
        align = Math.max(align, Math.min(width, Math.max(8, this.#modeAlign(width))));
      }
    }
    if (pack > 0 && width > 0) align = Math.min(align, pack);
    let bitOffset = roundUp(bits, align);
    if (
      isBitField &&
      !packed &&
      pack === 0 &&
      width > 0 &&
      spansTooMuch(bitOffset, width, typeAlign, extent.size * 8)
    ) {
      const from = bitOffset - (bitOffset % unit);
      bitOffset = from + roundUp(bitOffset - from, typeAlign);
    }
    let recordAlign = 1;
    if (member.name !== null || this.target.unnamedBitFieldsAlign) {
      let own = typeAlign;
      if (width > 0) own = pack > 0 ? Math.min(own, pack) : packed ? 8 : own;
      recordAlign = Math.max(align, own);
    }
    return { bitOffset, recordAlign, userAlign: asked > 0 || (extent.userAlign && !packed) };
  }

  /** Bits: the alignment in a struct of the integer that has this many bits. */
  #modeAlign(width: number): number {
    const { fieldAlignLimit, int128, maxAlign: most } = this.target;
    const own = width === 128 ? 8 * (int128?.align ?? 4) : width;
    return Math.min(own, fieldAlignLimit === 0 ? 8 * most : 8 * fieldAlignLimit);
  }
}

interface FieldPlace {
  readonly bitOffset: number;
  readonly recordAlign: number;
  readonly userAlign: boolean;
}

interface BitFieldFacts {
  readonly extent: Extent;
  /** Bits, all three. */
  readonly asked: number;
  readonly typeAlign: number;
  readonly pack: number;
  readonly packed: boolean;
  readonly bits: number;
  readonly unit: number;
}

const floatSizes = { half: 2, single: 4, double: 8 } as const;

function natural(size: number): Extent {
  return { size, align: size, userAlign: false };
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

function widthOf(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

function spansTooMuch(at: number, width: number, align: number, typeBits: number): boolean {
  return Math.ceil(((at % align) + width) / align) > typeBits / align;
}

/** An unnamed type that stands in the member's own declaration, not behind a typedef's name. */
function isWrittenHere(type: Type): boolean {
  let at = type;
  while (at.kind === 'qualified') at = at.type;
  return at.kind !== 'typedef';
}

/** A member by the name that C code uses for it, from the start of the outermost struct. */
export interface FlatMember {
  readonly name: string;
  readonly bitOffset: number;
  readonly bitSize: number;
}

/** The members as C code names them: those of anonymous structs and unions stand in their place, in declaration order. */
export function flatMembers(layout: Layout, start = 0): FlatMember[] {
  return layout.members.flatMap((member): FlatMember[] => {
    const bitOffset = start + member.bitOffset;
    if (member.name !== null) return [{ name: member.name, bitOffset, bitSize: member.bitSize }];
    return member.inner === null ? [] : flatMembers(member.inner, bitOffset);
  });
}
