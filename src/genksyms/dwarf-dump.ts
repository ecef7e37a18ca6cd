/**
 * What gendwarfksyms hashes (scripts/gendwarfksyms, Linux 6.14 and later), as the texts of its symtypes file, from the compiler's view: it reads
 * debug information, so `__GENKSYMS__` hides nothing, and sizes and offsets count. Its escape hatches, as dwarf.c treats them:
 *
 *   union { T __kabi_reserved0; struct { … }; }   the slot is hashed as the T that was reserved
 *   union { T __kabi_ignored0; … }                a member that filled a hole is not hashed
 *   union { T __kabi_renamedx; U y; }             hashed as `T x`
 *   KABI_RULE records                             dwarf-rules.ts
 *
 * What is defined in a .c file is private: its members are not hashed. A function's `...` is not hashed either, the names of its parameters are.
 *
 * Worked example: `int f(struct s *p) { … }` gives `f` -> `subprogram ( formal_parameter pointer_type { s#s } byte_size(8) p ) -> base_type int
 * byte_size(4) encoding(5)`, and `s#s` -> `structure_type s { member … data_member_location(0) } byte_size(16)`.
 */

import type { Layouts } from '../c/layout.js';
import type { DeclaredUnit } from '../c/parse/declarations.js';
import {
  type EnumType,
  type FunctionType,
  type Member,
  type QualifiedType,
  type RecordType,
  stripped,
  type Type,
} from '../c/type.js';
import { crcOfBytes, crcStart, finishCrc } from './crc.js';
import type { DwarfRules } from './dwarf-rules.js';

export interface DwarfView {
  readonly unit: DeclaredUnit;
  readonly rules: DwarfRules;
  /** Is the token in a .c file? */
  readonly isPrivate: (token: number) => boolean;
}

/** Texts of exported symbols and of the types that they reach, by the keys of a symtypes file. */
export function dwarfDump(exports: readonly string[], view: DwarfView): ReadonlyMap<string, string> {
  return new Dump(view).of(exports);
}

/** Texts of all types that the unit defines: what a unit that exports nothing, as that of a header alone, says of them. */
export function dwarfTypes(view: DwarfView): ReadonlyMap<string, string> {
  return new Dump(view).types();
}

const references = /(?<![^ ])([steu]#\S+)/;
const isReference = /^[steu]#/;

/** The version of a symbol: CRC-32 of its text, each type's own in place of its first mention. */
export function dwarfVersion(name: string, dump: ReadonlyMap<string, string>): number {
  const met = new Set<string>();
  // A stack of its own: hostile types are as deep as they like.
  const open = [piecesOf(dump.get(name) ?? '')];
  let crc = crcStart;
  for (let pieces = open.at(-1); pieces !== undefined; pieces = open.at(-1)) {
    const piece = pieces.pop();
    if (piece === undefined) open.pop();
    else {
      const named = met.has(piece) || !isReference.test(piece) ? undefined : dump.get(piece);
      if (named === undefined) crc = crcOfBytes(crc, piece);
      else {
        met.add(piece);
        open.push(piecesOf(named));
      }
    }
  }
  return finishCrc(crc);
}

/** A text cut at its references, which are pieces too; the first comes last. */
function piecesOf(text: string): string[] {
  return text.split(references).reverse();
}

/** DW_ATE_… */
const encodings = { bool: 2, complex: 3, float: 4, signed: 5, signedChar: 6, unsigned: 7, unsignedChar: 8 } as const;

type Qualifiers = Pick<QualifiedType, 'const' | 'volatile' | 'restrict' | 'atomic'>;

class Dump {
  readonly #view: DwarfView;
  readonly #layouts: Layouts;
  readonly #dump = new Map<string, string>();
  readonly #open: (() => void)[] = [];
  readonly #userAligned = new Map<RecordType, boolean>();
  /** Unions for which what they stand for is being written. */
  readonly #standing = new Set<RecordType>();

  constructor(view: DwarfView) {
    this.#view = view;
    this.#layouts = view.unit.layouts;
  }

  of(exports: readonly string[]): ReadonlyMap<string, string> {
    const { unit, rules } = this.#view;
    for (const name of exports) {
      const variable = unit.variables.get(name)?.type;
      const said = rules.typeStrings.get(name);
      const text = said ?? (variable === undefined ? this.#subprogram(name) : `variable ${this.#declared(variable)}`);
      if (text !== null) this.#dump.set(name, text);
    }
    // A rule may name a type that nothing else does.
    for (const [key, text] of rules.typeStrings)
      if (key.includes('#') && !this.#dump.has(key)) this.#dump.set(key, text);
    for (const next of this.#open) next();
    return this.#dump;
  }

  types(): ReadonlyMap<string, string> {
    const { records, enums, typedefs } = this.#view.unit;
    const firsts = [...records.values(), ...enums.values()].flatMap(([type]) => type ?? []);
    const keys = new Set([...firsts, ...typedefs.values()].map((type) => this.#text(type)));
    for (const next of this.#open) next();
    return new Map([...this.#dump].filter(([key]) => keys.has(key)));
  }

  /** As defined, with the names of its parameters; else as declared, without. */
  #subprogram(name: string): string | null {
    const { declarations, functions } = this.#view.unit;
    const defined = declarations.findLast((one) => one.kind === 'function' && one.name === name && one.body !== null);
    const declared = defined?.kind === 'function' ? defined : functions.get(name);
    const type = declared === undefined ? null : stripped(declared.type);
    return type?.kind === 'function' ? this.#function('subprogram', type, defined !== undefined) : null;
  }

  #function(word: string, { parameters, returns }: FunctionType, isNamed: boolean): string {
    const texts = parameters.map(
      ({ name, type }) => `formal_parameter ${this.#declared(asParameter(type))}${isNamed ? named(name) : ''}`,
    );
    return `${word} (${listed(texts)}) -> ${this.#text(returns)}`;
  }

  #text(type: Type): string {
    switch (type.kind) {
      case 'pointer':
        return `pointer_type { ${this.#text(type.to)} } byte_size(${this.#size(type)})`;
      case 'array':
        return this.#array(type);
      case 'vector':
        return `array_type[${this.#lengthOf(type)}] { ${this.#text(type.element)} }`;
      case 'function':
        return this.#function('subroutine_type', type, false);
      case 'qualified':
        return inQualifiers(type, this.#text(type.type));
      case 'typedef':
        return this.#reference(`t#${type.name}`, () => {
          const text = `typedef_type ${type.name} { ${this.#text(type.type)} }`;
          return text + this.#alignment(type);
        });
      case 'struct':
      case 'union':
        return this.#recordReference(type);
      case 'enum':
        return type.tag === null ? this.#enum(type) : this.#reference(`e#${type.tag}`, () => this.#enum(type));
      case 'integer':
      case 'float':
        return this.#base(type);
      case 'va_list':
        return 't#__builtin_va_list';
      case 'void':
        return 'base_type void';
      case 'unknown':
        return type.text;
    }
  }

  #base(type: Extract<Type, { kind: 'integer' | 'float' }>): string {
    const isComplex = type.kind === 'float' && type.complex;
    const name = isComplex ? `complex ${type.name}` : type.name;
    return `base_type ${name} byte_size(${this.#size(type)}) encoding(${this.#encoding(type)})`;
  }

  #encoding(type: Extract<Type, { kind: 'integer' | 'float' }>): number {
    if (type.kind === 'float') return type.complex ? encodings.complex : encodings.float;
    if (type.rank === 'bool') return encodings.bool;
    const isSigned = type.signed ?? this.#layouts.target.charIsSigned;
    if (type.rank === 'char') return isSigned ? encodings.signedChar : encodings.unsignedChar;
    return isSigned ? encodings.signed : encodings.unsigned;
  }

  /** Arrays of arrays are one array with several lengths, unless a typedef is between. */
  #array(type: Extract<Type, { kind: 'array' }>): string {
    let lengths = '';
    let element: Type = type;
    while (element.kind === 'array') {
      lengths += `[${element.length ?? ''}]`;
      element = element.element;
    }
    return `array_type${lengths} { ${this.#text(element)} }`;
  }

  #lengthOf({ size, element }: Extract<Type, { kind: 'vector' }>): number | string {
    const one = this.#layouts.size(element);
    return typeof one === 'number' ? size / one : '?';
  }

  /** Of a member, a variable or a parameter: gcc gives what is declared the qualifiers of an array's elements too. */
  #declared(type: Type): string {
    let bare: Type = type;
    const own: { -readonly [K in keyof Qualifiers]: boolean } = {
      const: false,
      volatile: false,
      restrict: false,
      atomic: false,
    };
    const take = (one: Qualifiers): void => {
      for (const word of qualifierWords) own[word] ||= one[word];
    };
    for (; bare.kind === 'qualified'; bare = bare.type) take(bare);
    const array = stripped(bare);
    if (array.kind !== 'array') return this.#text(type);
    let element: Type = array;
    while (element.kind === 'array') element = element.element;
    if (element.kind === 'qualified') take(element);
    // A typedef of an array that is qualified here loses its name.
    return inQualifiers(own, bare === type ? this.#text(bare) : this.#array(array));
  }

  #recordReference(type: RecordType): string {
    if (type.tag === null) return this.#record(type);
    const defined = type.members === null ? this.#view.unit.records.get(`${type.kind} ${type.tag}`)?.[0] : type;
    const kabi = placeholderOf(defined ?? type);
    // A union that stands for what was reserved is never named.
    if (kabi !== null) return this.#record(defined ?? type);
    return this.#reference(`${type.kind === 'struct' ? 's' : 'u'}#${type.tag}`, () => this.#record(defined ?? type));
  }

  /** A name in the text; what it means is a line of its own, made later: types are cyclic and deep. */
  #reference(key: string, make: () => string): string {
    if (!this.#dump.has(key)) {
      const said = this.#view.rules.typeStrings.get(key);
      this.#dump.set(key, said ?? '');
      if (said === undefined) this.#open.push(() => this.#dump.set(key, make()));
    }
    return key;
  }

  #record(type: RecordType): string {
    const kabi = placeholderOf(type);
    const head = `${type.kind === 'struct' ? 'structure' : 'union'}_type${named(type.tag)}`;
    const isStanding = this.#standing.has(type);
    if (kabi !== null && kabi.kind !== 'ignored' && !isStanding) return this.#placeholder(type, kabi.type);
    if (type.members === null || isStanding || this.#isHidden(type)) return `${head} { }`;
    const size = (type.tag === null ? undefined : this.#view.rules.byteSizes.get(type.tag)) ?? this.#size(type);
    return `${head} {${listed(this.#members(type))}} byte_size(${size})${this.#alignment(type)}`;
  }

  #placeholder(union: RecordType, type: Type): string {
    this.#standing.add(union);
    const text = this.#text(type);
    this.#standing.delete(union);
    return text;
  }

  #isHidden({ tag, first }: RecordType | EnumType): boolean {
    return (tag !== null && this.#view.rules.declarationsOnly.has(tag)) || this.#view.isPrivate(first);
  }

  #members(type: RecordType): readonly string[] {
    const placed = this.#layouts.of(type, null);
    const offsets = 'why' in placed ? null : placed.members;
    let next = 0;
    return (type.members ?? []).flatMap((member) => {
      // Neither the layout nor debug information has unnamed bit-fields.
      if (member.name === null && member.bits !== null) return [];
      const at = offsets?.[next++]?.bitOffset;
      return this.#member(member, type.kind === 'union' ? null : (at ?? '?'));
    });
  }

  /** A member, or none where it was put into a hole and is to be ignored. `bitOffset` of null: a union's have none. */
  #member({ name, type, bits }: Member, bitOffset: number | '?' | null): string[] {
    const kabi = type.kind === 'union' ? placeholderOf(type) : null;
    if (kabi?.kind === 'ignored') return [];
    const own = name?.startsWith('__kabi_') ? null : name;
    const said = kabi?.kind === 'renamed' ? kabi.name : own;
    const text = `member ${this.#declared(type)}${named(said)}`;
    if (bits !== null)
      return [`${text} bit_size(${bits})${bitOffset === null ? '' : ` data_bit_offset(${bitOffset})`}`];
    if (bitOffset === null) return [text];
    return [`${text} data_member_location(${typeof bitOffset === 'number' ? bitOffset / 8 : bitOffset})`];
  }

  #enum(type: EnumType): string {
    const { rules } = this.#view;
    const head = `enumeration_type${named(type.tag)}`;
    const name = type.tag ?? '';
    if (type.enumerators === null || this.#isHidden(type)) return `${head} { }`;
    const texts = type.enumerators.flatMap((one) => {
      const target = `${name} ${one.name}`;
      if (name !== '' && rules.ignoredEnumerators.has(target)) return [];
      const value = (name === '' ? undefined : rules.enumeratorValues.get(target)) ?? unsigned(one.value);
      return [`enumerator ${one.name} = ${value}`];
    });
    return `${head} {${listed(texts)}} byte_size(${rules.byteSizes.get(name) ?? this.#size(type)})`;
  }

  #alignment(type: Type): string {
    if (!this.#isUserAligned(type)) return '';
    const align = this.#layouts.align(type);
    return ` alignment(${typeof align === 'number' ? align : '?'})`;
  }

  /** gcc's TYPE_USER_ALIGN: an attribute asked for the alignment, here or in what is held by value. */
  #isUserAligned(type: Type): boolean {
    switch (type.kind) {
      case 'typedef':
        return type.align !== 0 || this.#isUserAligned(type.type);
      case 'qualified':
        return this.#isUserAligned(type.type);
      case 'array':
        return this.#isUserAligned(type.element);
      case 'struct':
      case 'union': {
        const known = this.#userAligned.get(type);
        if (known !== undefined) return known;
        this.#userAligned.set(type, false); // hostile text may hold itself
        const is =
          type.align !== 0 || (type.members ?? []).some((one) => one.align !== 0 || this.#isUserAligned(one.type));
        this.#userAligned.set(type, is);
        return is;
      }
      default:
        return false;
    }
  }

  #size(type: Type): number | string {
    const size = this.#layouts.size(type);
    return typeof size === 'number' ? size : '?';
  }
}

/** C11 6.7.6.3: an array is a pointer to its elements, a function a pointer to it. */
function asParameter(type: Type): Type {
  const bare = stripped(type);
  if (bare.kind === 'array') return { kind: 'pointer', to: bare.element };
  return bare.kind === 'function' ? { kind: 'pointer', to: type } : type;
}

/** What stands for a union, by the name of one of its members or, where that is a struct, of one of that struct's. */
type Placeholder =
  | { readonly kind: 'reserved'; readonly type: Type }
  | { readonly kind: 'renamed'; readonly type: Type; readonly name: string }
  | { readonly kind: 'ignored' };

function placeholderOf(record: RecordType): Placeholder | null {
  if (record.kind !== 'union') return null;
  for (const member of record.members ?? []) {
    const found =
      marked(member) ??
      (member.type.kind === 'struct' ? (member.type.members ?? []).map(marked).find((one) => one !== null) : null);
    if (found != null) return found;
  }
  return null;
}

function marked({ name, type }: Member): Placeholder | null {
  const [, kind, rest = ''] = /^__kabi_(reserved|ignored|renamed)(.*)$/s.exec(name ?? '') ?? [];
  if (kind === 'reserved') return { kind, type };
  if (kind === 'renamed') return { kind, type, name: rest };
  return kind === 'ignored' ? { kind } : null;
}

const qualifierWords = ['restrict', 'const', 'volatile', 'atomic'] as const;

function inQualifiers(own: Qualifiers, text: string): string {
  return qualifierWords.reduce((inner, word) => (own[word] ? `${word}_type { ${inner} }` : inner), text);
}

function listed(texts: readonly string[]): string {
  return texts.length === 0 ? ' ' : ` ${texts.join(' , ')} `;
}

/** As the tool prints a constant: without a sign, 64 bits. */
function unsigned(value: bigint | null): string {
  return value === null ? '?' : BigInt.asUintN(64, value).toString();
}

function named(name: string | null): string {
  return name === null || name === '' ? '' : ` ${name}`;
}
