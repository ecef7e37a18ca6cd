/**
 * The sections of a BTF blob: header, type records, strings. Bounds are checked here, the sense of the ids in read.ts.
 */
import type { BtfEnumerator, BtfMember, BtfParameter, BtfType } from './types.js';

/** Bytes that are no BTF; caught in readBtf alone. */
export class Refusal extends Error {
  readonly at: number;
  constructor(why: string, at: number) {
    super(why);
    this.at = at;
  }
}

/** The strings of a BTF and of what it stands on: an offset from `first` on is this section's. */
export interface Strings {
  readonly bytes: Buffer;
  readonly first: number;
  readonly below: Strings | null;
}

export interface Decoded {
  readonly littleEndian: boolean;
  readonly types: readonly BtfType[];
  /** Byte offset of each type, to name the place of a fault. */
  readonly places: Uint32Array;
  readonly strings: Strings;
}

const MAGIC = 0xeb9f;

/** Linux refuses names of 512 bytes (KSYM_NAME_LEN). A limit, so that few bytes cannot make much text. */
const NAME_LENGTH = 1024;

/** Kinds by number, and how many bytes follow the 12 common ones: `fixed`, and `each` times the count in `info`. */
const kinds: readonly { readonly kind: BtfType['kind']; readonly fixed: number; readonly each: number }[] = [
  { kind: 'void', fixed: 0, each: 0 },
  { kind: 'int', fixed: 4, each: 0 },
  { kind: 'ptr', fixed: 0, each: 0 },
  { kind: 'array', fixed: 12, each: 0 },
  { kind: 'struct', fixed: 0, each: 12 },
  { kind: 'union', fixed: 0, each: 12 },
  { kind: 'enum', fixed: 0, each: 8 },
  { kind: 'fwd', fixed: 0, each: 0 },
  { kind: 'typedef', fixed: 0, each: 0 },
  { kind: 'volatile', fixed: 0, each: 0 },
  { kind: 'const', fixed: 0, each: 0 },
  { kind: 'restrict', fixed: 0, each: 0 },
  { kind: 'func', fixed: 0, each: 0 },
  { kind: 'func-proto', fixed: 0, each: 8 },
  { kind: 'var', fixed: 4, each: 0 },
  { kind: 'datasec', fixed: 0, each: 12 },
  { kind: 'float', fixed: 0, each: 0 },
  { kind: 'decl-tag', fixed: 4, each: 0 },
  { kind: 'type-tag', fixed: 0, each: 0 },
  { kind: 'enum', fixed: 0, each: 12 }, // enum64
];
const INT = 1;
const ENUM64 = 19;

export function decodeTypes(bytes: Uint8Array, below: Strings | null): Decoded {
  if (bytes.length < 24) throw new Refusal('shorter than a BTF header', 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = view.getUint16(0, true) === MAGIC;
  if (!littleEndian && view.getUint16(0, false) !== MAGIC) throw new Refusal('no BTF magic', 0);
  if (view.getUint8(2) !== 1) throw new Refusal(`BTF version ${view.getUint8(2)} is not known`, 2);
  const u32 = (at: number): number => view.getUint32(at, littleEndian);
  const header = u32(4);
  const [typeAt, typeLength, stringAt, stringLength] = [header + u32(8), u32(12), header + u32(16), u32(20)];
  if (header < 24 || typeAt + typeLength > bytes.length) throw new Refusal('type section outside of the data', 8);
  if (stringAt + stringLength > bytes.length) throw new Refusal('string section outside of the data', 16);
  const own = Buffer.from(bytes.buffer, bytes.byteOffset + stringAt, stringLength);
  if (stringLength > 0 && own[stringLength - 1] !== 0) throw new Refusal('strings do not end in a NUL', stringAt);
  const first = below === null ? 0 : below.first + below.bytes.length;
  const places = placesOf(view, littleEndian, { start: typeAt, end: typeAt + typeLength });
  const strings = { bytes: own, first, below };
  const types = new Decoder(view, littleEndian, strings).decode(places);
  return { littleEndian, types, places, strings };
}

function placesOf(view: DataView, littleEndian: boolean, section: { start: number; end: number }): Uint32Array {
  const places = new Uint32Array(Math.ceil((section.end - section.start) / 12));
  let count = 0;
  for (let at = section.start; at < section.end; ) {
    if (at + 12 > section.end) throw new Refusal('type cut short', at);
    const info = view.getUint32(at + 4, littleEndian);
    const number = (info >>> 24) & 31;
    const shape = kinds[number];
    if (shape === undefined || number === 0) throw new Refusal(`BTF kind ${number} is not known`, at);
    places[count++] = at;
    at += 12 + shape.fixed + shape.each * (info & 0xffff);
    if (at > section.end) throw new Refusal('type cut short', places[count - 1] as number);
  }
  return places.slice(0, count);
}

class Decoder {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #strings: Strings;
  readonly #names = new Map<number, string>();
  /** The widths that old BTF needs to know its bit-fields by: place of an int by id, filled before structs are read. */
  #places: Uint32Array = new Uint32Array();

  constructor(view: DataView, littleEndian: boolean, strings: Strings) {
    this.#view = view;
    this.#littleEndian = littleEndian;
    this.#strings = strings;
  }

  decode(places: Uint32Array): BtfType[] {
    this.#places = places;
    return Array.from(places, (at) => this.#type(at));
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#littleEndian);
  }

  #name(at: number): string {
    const offset = this.#u32(at);
    let name = this.#names.get(offset);
    if (name === undefined) {
      name = textAt(this.#strings, offset, at);
      this.#names.set(offset, name);
    }
    return name;
  }

  #type(at: number): BtfType {
    const info = this.#u32(at + 4);
    const number = (info >>> 24) & 31;
    const kind = (kinds[number] as (typeof kinds)[number]).kind;
    const count = info & 0xffff;
    const flag = info >>> 31 === 1;
    const extra = this.#u32(at + 8); // size or type, by kind
    const name = this.#name(at);
    const body = at + 12;
    switch (kind) {
      case 'void':
        return { kind };
      case 'int': {
        const encoding = this.#u32(body);
        return { kind, name, size: extra, bits: encoding & 0xff, bitOffset: (encoding >>> 16) & 0xff };
      }
      case 'ptr':
        return { kind, type: extra };
      case 'const':
      case 'volatile':
      case 'restrict':
        return { kind, type: extra };
      case 'typedef':
      case 'type-tag':
      case 'func':
      case 'var':
        return { kind, name, type: extra };
      case 'array':
        return { kind, type: this.#u32(body), length: this.#u32(body + 8) };
      case 'struct':
      case 'union':
        return { kind, name, size: extra, members: this.#members(body, count, flag ? 'flagged' : 'old') };
      case 'enum':
        return { kind, name, size: extra, values: this.#enumerators(body, count, enumForm(number, flag)) };
      case 'fwd':
        return { kind, name, union: flag };
      case 'func-proto':
        return { kind, result: extra, parameters: this.#parameters(body, count) };
      case 'float':
      case 'datasec':
        return { kind, name, size: extra };
      case 'decl-tag':
        return { kind, name, type: extra, component: this.#u32(body) | 0 };
      default: {
        const never: never = kind;
        throw new Error(`kind ${never}`);
      }
    }
  }

  /**
   * With kind_flag the upper eight bits of a member's offset are the bit-field's width. Without it a bit-field shows
   * itself by an int that is narrower than its storage or begins inside it.
   */
  #members(at: number, count: number, form: 'flagged' | 'old'): BtfMember[] {
    const members: BtfMember[] = [];
    for (let place = at; members.length < count; place += 12) {
      const name = this.#name(place);
      const type = this.#u32(place + 4);
      const word = this.#u32(place + 8);
      if (form === 'flagged') members.push({ name, type, bitOffset: word & 0xffffff, bitSize: word >>> 24 });
      else members.push({ name, type, ...this.#oldBitField(type, word) });
    }
    return members;
  }

  /** Old compilers gave bit-fields ints of their own, which stand in the same BTF; those of a base are not looked at. */
  #oldBitField(type: number, bitOffset: number): { bitOffset: number; bitSize: number } {
    const place = this.#places[type - 1];
    if (this.#strings.below !== null || place === undefined || ((this.#u32(place + 4) >>> 24) & 31) !== INT)
      return { bitOffset, bitSize: 0 };
    const encoding = this.#u32(place + 12);
    const [bits, inside] = [encoding & 0xff, (encoding >>> 16) & 0xff];
    const isWhole = inside === 0 && (bits === 8 * this.#u32(place + 8) || this.#name(place) === '_Bool');
    return isWhole ? { bitOffset, bitSize: 0 } : { bitOffset: bitOffset + inside, bitSize: bits };
  }

  #enumerators(at: number, count: number, form: 'narrow' | 'signed' | 'unsigned'): BtfEnumerator[] {
    const values: BtfEnumerator[] = [];
    for (let place = at; values.length < count; place += form === 'narrow' ? 8 : 12) {
      const low = BigInt(this.#u32(place + 4));
      if (form === 'narrow') values.push({ name: this.#name(place), value: BigInt.asIntN(32, low) });
      else {
        const bits = (BigInt(this.#u32(place + 8)) << 32n) | low;
        values.push({ name: this.#name(place), value: form === 'signed' ? BigInt.asIntN(64, bits) : bits });
      }
    }
    return values;
  }

  #parameters(at: number, count: number): BtfParameter[] {
    const parameters: BtfParameter[] = [];
    for (let place = at; parameters.length < count; place += 8)
      parameters.push({ name: this.#name(place), type: this.#u32(place + 4) });
    return parameters;
  }
}

/** 32-bit enums are read as signed: before Linux 6.0 BTF did not say, and a mask reads the same either way. */
function enumForm(number: number, flag: boolean): 'narrow' | 'signed' | 'unsigned' {
  if (number !== ENUM64) return 'narrow';
  return flag ? 'signed' : 'unsigned';
}

/** The text at a name offset. The strings of a split BTF follow those of its base. */
function textAt(strings: Strings, offset: number, at: number): string {
  let own = strings;
  while (offset < own.first && own.below !== null) own = own.below;
  const start = offset - own.first;
  if (start === 0 && own.bytes.length === 0) return '';
  if (start >= own.bytes.length) throw new Refusal('name outside of the strings', at);
  const end = own.bytes.indexOf(0, start);
  if (end - start > NAME_LENGTH) throw new Refusal(`name longer than ${NAME_LENGTH} bytes`, at);
  return own.bytes.toString('latin1', start, end);
}
