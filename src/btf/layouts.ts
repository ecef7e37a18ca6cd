/**
 * BTF types to Layout, the type that c/layout.ts computes from source.
 *
 * BTF keeps no alignment. `align` here is what the members ask for: exact, but for a type that is raised by an attribute
 * (`__aligned(64)`), where it is too small; compare sizes and offsets with a shipped kernel, not alignments.
 */
import type { Layout, MemberLayout } from '../c/layout.js';
import { type Btf, strip, typeAt } from './read.js';
import { nameOfType } from './spell.js';
import type { BtfMember, BtfType } from './types.js';

/** Unnamed types that hold each other twice double at each level; nobody wrote a struct with so many members in place. */
const LEAVES = 65_536;

type Aggregate = Extract<BtfType, { kind: 'struct' | 'union' }>;

/**
 * Every named struct and union of `btf` itself (not of its base), and every anonymous one that a typedef names, in the
 * order of the ids. A name can come more than once.
 */
export function layoutsOf(btf: Btf): readonly Layout[] {
  const layouts = new BtfLayouts(btf);
  const found: Layout[] = [];
  for (let id = btf.firstId; id < btf.endId; id++) {
    const layout = layouts.declared(id);
    if (layout !== null) found.push(layout);
  }
  return found;
}

/** The layouts of one name, `task_struct` or the typedef `atomic_t`; of the base too. */
export function layoutsNamed(btf: Btf, name: string): readonly Layout[] {
  const layouts = new BtfLayouts(btf);
  const found: Layout[] = [];
  for (let id = 1; id < btf.endId; id++) {
    const type = typeAt(btf, id);
    if (!('name' in type) || type.name !== name) continue;
    const layout = layouts.declared(id);
    if (layout !== null) found.push(layout);
  }
  return found;
}

/** One walk over a BTF: what is anonymous is laid out once, however often it is used. */
class BtfLayouts {
  readonly #btf: Btf;
  readonly #members = new Map<number, readonly MemberLayout[]>();
  readonly #anonymous = new Map<number, Layout | null>();
  readonly #spelled = new Map<number, string>();
  /** How many members a reader meets who walks an anonymous type to its leaves. */
  readonly #leaves = new Map<Layout, number>();
  readonly #aligns = new Map<number, number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** The layout that id declares, or null where it declares none. */
  declared(id: number): Layout | null {
    const type = typeAt(this.#btf, id);
    if (type.kind === 'struct' || type.kind === 'union')
      return type.name === '' ? null : this.#layout(id, type, { name: type.name, typedef: false });
    if (type.kind !== 'typedef') return null;
    const target = strip(this.#btf, type.type);
    const direct = typeAt(this.#btf, type.type);
    if (direct.kind !== target.kind || (target.kind !== 'struct' && target.kind !== 'union') || target.name !== '')
      return null;
    return this.#layout(type.type, target, { name: type.name, typedef: true });
  }

  #layout(id: number, type: Aggregate, named: { readonly name: string | null; readonly typedef: boolean }): Layout {
    let members = this.#members.get(id);
    if (members === undefined) {
      const shown = type.members.filter((member) => member.name !== '' || member.bitSize === 0);
      members = shown.map((member) => this.#member(member));
      this.#members.set(id, members);
    }
    return { kind: type.kind, ...named, size: type.size, align: this.#alignOf(id), members };
  }

  #member(member: BtfMember): MemberLayout {
    return {
      name: member.name === '' ? null : member.name,
      bitOffset: member.bitOffset,
      bitSize: member.bitSize,
      size: sizeOf(this.#btf, member.type),
      type: this.#typeName(member.type),
      inner: this.#inner(member),
    };
  }

  /**
   * The layout of an unnamed type in place, under arrays and qualifiers; a typedef has a name. A member without a name, which is no bit-field,
   * is in place whatever its type is called (-fms-extensions).
   */
  #inner({ name, type }: BtfMember): Layout | null {
    const own = aggregateAt(this.#btf, type);
    if (own === null || (own.type.name !== '' && name !== '')) return null;
    const known = this.#anonymous.get(own.id);
    if (known !== undefined) return known;
    const layout = this.#layout(own.id, own.type, {
      name: own.type.name === '' ? null : own.type.name,
      typedef: false,
    });
    let leaves = 0;
    for (const { inner } of layout.members) leaves += 1 + (inner === null ? 0 : (this.#leaves.get(inner) as number));
    this.#leaves.set(layout, leaves);
    const told = leaves > LEAVES ? null : layout;
    this.#anonymous.set(own.id, told);
    return told;
  }

  #typeName(id: number): string {
    let name = this.#spelled.get(id);
    if (name === undefined) {
      name = nameOfType(this.#btf, id);
      this.#spelled.set(id, name);
    }
    return name;
  }

  /** As libbpf's btf__align_of: the greatest alignment of the members; 1 where a place or the size shows packing. */
  #alignOf(id: number): number {
    const known = this.#aligns.get(id);
    if (known !== undefined) return known;
    const align = this.#computedAlign(typeAt(this.#btf, id));
    this.#aligns.set(id, align);
    return align;
  }

  #computedAlign(type: BtfType): number {
    switch (type.kind) {
      case 'int':
      case 'float':
      case 'enum':
        return Math.max(1, this.#btf.pointerSize === 8 ? type.size : Math.min(type.size, 4));
      case 'ptr':
        return this.#btf.pointerSize;
      case 'array':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'typedef':
      case 'type-tag':
        return this.#alignOf(type.type);
      case 'struct':
      case 'union': {
        let most = 1;
        for (const member of type.members) {
          const align = this.#alignOf(member.type);
          if (member.bitSize === 0 && member.bitOffset % (8 * align) !== 0) return 1;
          most = Math.max(most, align);
        }
        return type.size % most === 0 ? most : 1;
      }
      default:
        return 1;
    }
  }
}

function aggregateAt(btf: Btf, id: number): { readonly id: number; readonly type: Aggregate } | null {
  for (let at = id; ; ) {
    const type = typeAt(btf, at);
    if (type.kind === 'struct' || type.kind === 'union') return { id: at, type };
    if (type.kind !== 'array' && type.kind !== 'const' && type.kind !== 'volatile' && type.kind !== 'type-tag')
      return null;
    at = type.type;
  }
}

/** Bytes; 0 for what has no size (void, functions, a flexible array). */
export function sizeOf(btf: Btf, id: number): number {
  let elements = 1;
  for (let at = id; ; ) {
    const type = typeAt(btf, at);
    switch (type.kind) {
      case 'int':
      case 'float':
      case 'enum':
      case 'struct':
      case 'union':
        return elements * type.size;
      case 'ptr':
        return elements * btf.pointerSize;
      case 'array':
        elements *= type.length;
        at = type.type;
        break;
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'typedef':
      case 'type-tag':
        at = type.type;
        break;
      default:
        return 0;
    }
  }
}
