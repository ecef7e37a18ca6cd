/**
 * Bytes of a BTF section to types (Linux Documentation/bpf/btf.rst): either byte order, and split BTF, the part of a module
 * that goes on where the kernel's ends.
 *
 * Comes in: any bytes. Goes out: a Btf whose every id and name is in range and in which no type contains itself by value, or
 * where and why not. So what walks a Btf by value needs no guard of its own.
 */
import { decodeTypes, Refusal, type Strings } from './decode.js';
import type { BtfType } from './types.js';

export interface Btf {
  readonly littleEndian: boolean;
  readonly base: Btf | null;
  /** The first id that is this BTF's own: 1 where there is no base. */
  readonly firstId: number;
  /** One more than the last id. */
  readonly endId: number;
  /** The own types, by id - firstId. */
  readonly types: readonly BtfType[];
  readonly strings: Strings;
  /** Bytes. */
  readonly pointerSize: number;
}

/** The type of an id; void for an id that is none. */
export function typeAt(btf: Btf, id: number): BtfType {
  let own = btf;
  while (id < own.firstId && own.base !== null) own = own.base;
  return own.types[id - own.firstId] ?? { kind: 'void' };
}

/** The type under typedefs and qualifiers. */
export function strip(btf: Btf, id: number): BtfType {
  for (let type = typeAt(btf, id); ; type = typeAt(btf, type.type)) if (!isModifier(type)) return type;
}

type Modifier = Extract<BtfType, { kind: 'const' | 'volatile' | 'restrict' | 'typedef' | 'type-tag' }>;

function isModifier(type: BtfType): type is Modifier {
  switch (type.kind) {
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'type-tag':
      return true;
    default:
      return false;
  }
}

export type BtfRead =
  | { readonly ok: true; readonly btf: Btf }
  | { readonly ok: false; readonly why: string; readonly at: number };

/** How deep types may contain each other by value. Linux' own verifier allows 32 resolutions. */
const DEPTH = 128;

/** `base` is the kernel's BTF where `bytes` are a module's. */
export function readBtf(bytes: Uint8Array, base: Btf | null = null): BtfRead {
  try {
    const firstId = base?.endId ?? 1;
    const { littleEndian, types, places, strings } = decodeTypes(bytes, base?.strings ?? null);
    const btf = { littleEndian, base, firstId, endId: firstId + types.length, types, strings, pointerSize: 8 };
    checkTypes(btf, places);
    return { ok: true, btf: { ...btf, pointerSize: base?.pointerSize ?? pointerSizeOf(types) } };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, why: error.message, at: error.at };
    throw error;
  }
}

/** BTF does not say; a kernel's `long` is as wide as its pointers. */
function pointerSizeOf(types: readonly BtfType[]): number {
  for (const type of types)
    if (type.kind === 'int' && /^(long|unsigned long|long unsigned)( int)?$/.test(type.name)) return type.size;
  return 8;
}

/** Every id in range, and no type inside itself: the depth by value of every own type, children first. */
function checkTypes(btf: Btf, places: Uint32Array): void {
  const depths = new Int16Array(btf.types.length).fill(-1);
  for (let i = 0; i < depths.length; i++) if (depths[i] === -1) checkFrom({ btf, places, depths }, btf.firstId + i);
}

const VISITING = -2;

interface Check {
  readonly btf: Btf;
  readonly places: Uint32Array;
  readonly depths: Int16Array;
}

function checkFrom(check: Check, root: number): void {
  const { btf, depths } = check;
  const stack = [{ id: root, inside: insideOf(check, root), next: 0, depth: 0 }];
  depths[root - btf.firstId] = VISITING;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = top.inside[top.next];
    if (child === undefined) {
      depths[top.id - btf.firstId] = top.depth;
      stack.pop();
      const parent = stack.at(-1);
      if (parent !== undefined) parent.depth = Math.max(parent.depth, top.depth + 1);
      continue;
    }
    top.next++;
    if (child < btf.firstId) continue;
    const known = depths[child - btf.firstId] as number;
    if (known === VISITING) throw new Refusal('a type contains itself', placeOf(check, child));
    if (known >= DEPTH || stack.length > DEPTH) throw new Refusal('types nested too deep', placeOf(check, child));
    if (known >= 0) top.depth = Math.max(top.depth, known + 1);
    else {
      depths[child - btf.firstId] = VISITING;
      stack.push({ id: child, inside: insideOf(check, child), next: 0, depth: 0 });
    }
  }
}

function placeOf({ btf, places }: Check, id: number): number {
  return places[id - btf.firstId] as number;
}

/** The ids that a type holds by value; also the check that all its ids are types. */
function insideOf(check: Check, id: number): readonly number[] {
  const { btf } = check;
  const type = typeAt(btf, id);
  const held = (ids: readonly number[]): readonly number[] => {
    for (const other of ids)
      if (other >= btf.endId) throw new Refusal(`type ${other} does not exist`, placeOf(check, id));
    return ids;
  };
  switch (type.kind) {
    case 'struct':
    case 'union':
      return held(type.members.map((member) => member.type));
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'type-tag':
    case 'array':
      return held([type.type]);
    case 'ptr':
    case 'func':
    case 'var':
    case 'decl-tag':
      held([type.type]);
      return [];
    case 'func-proto':
      held([type.result, ...type.parameters.map((parameter) => parameter.type)]);
      return [];
    default:
      return [];
  }
}
