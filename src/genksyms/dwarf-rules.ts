/**
 * What gendwarfksyms hashes (scripts/gendwarfksyms, Linux 6.14 and later), as a `-T` dump of texts, from the compiler's view: it reads debug
 * information, so `__GENKSYMS__` hides nothing, and sizes and offsets count. Its own escape hatches, as they are meant:
 *
 *   union { T __kabi_reserved0; struct { … }; }   the slot is hashed as the T that was reserved
 *   union { T __kabi_ignored0; … }                a member that filled a hole is not hashed
 *   union { T __kabi_renamed_x; U y; }            hashed as `T x`
 *   KABI_RULE records (section .discard.gendwarfksyms.kabi_rules): byte_size, type_string, declonly, enumerator_ignore, enumerator_value
 *
 * The texts say what differs and what does not; they are not the tool's own bytes, so no version follows from them, only whether it changes.
 */
import type { DeclaredUnit } from '../c/declarations.js';
import type { Layouts } from '../c/layout.js';
import { textOf } from '../c/spelling.js';
import { Identifier, Text, type TokenList } from '../c/tokens.js';
import type { EnumType, Member, RecordType, Type } from '../c/type.js';

export interface DwarfRules {
  readonly declarationsOnly: ReadonlySet<string>;
  readonly byteSizes: ReadonlyMap<string, number>;
  /** Name of a type, or of a symbol, -> what is hashed in its place. */
  readonly typeStrings: ReadonlyMap<string, string>;
  /** `enum name enumerator` */
  readonly ignoredEnumerators: ReadonlySet<string>;
  readonly enumeratorValues: ReadonlyMap<string, string>;
}

/** A record is a string: version, hint, target and value, each ended by a NUL. Records of an unknown version or hint say nothing. */
export function dwarfRules(tokens: TokenList): DwarfRules {
  const rules = {
    declarationsOnly: new Set<string>(),
    byteSizes: new Map<string, number>(),
    typeStrings: new Map<string, string>(),
    ignoredEnumerators: new Set<string>(),
    enumeratorValues: new Map<string, string>(),
  };
  for (const [version, hint, target = '', value = ''] of recordsIn(tokens)) {
    if (version !== '1') continue;
    if (hint === 'declonly') rules.declarationsOnly.add(target);
    else if (hint === 'byte_size') rules.byteSizes.set(target, Number(value));
    else if (hint === 'type_string') rules.typeStrings.set(target, value);
    else if (hint === 'enumerator_ignore') rules.ignoredEnumerators.add(target);
    else if (hint === 'enumerator_value') rules.enumeratorValues.set(target, value);
  }
  return rules;
}

/** Initialisers of variables that the rule macros define: `__gendwarfksyms_rule_7[] … = "1\0" "declonly\0" "s" "\0" ""`. */
function* recordsIn({ kind, spelling, length }: TokenList): Generator<string[]> {
  for (let at = 0; at < length; at++) {
    if (kind[at] !== Identifier || !textOf(spelling[at] as number).startsWith('__gendwarfksyms_rule')) continue;
    let text = '';
    for (; at < length && textOf(spelling[at] as number) !== ';'; at++)
      if (kind[at] === Text && isValue(spelling, at)) text += unescaped(textOf(spelling[at] as number));
    yield text.split('\0');
  }
}

/** The section's name is a string too, inside the parentheses of an attribute. */
function isValue(spelling: Int32Array, at: number): boolean {
  const before = textOf(spelling[at - 1] as number);
  return before !== '(';
}

function unescaped(literal: string): string {
  return literal
    .slice(literal.indexOf('"') + 1, -1)
    .replace(/\\0/g, '\0')
    .replace(/\\(["\\])/g, '$1');
}

/** Texts of exported symbols and of the types that they reach, by the keys of a `-T` dump. */
export function dwarfDump(
  unit: DeclaredUnit,
  exports: readonly string[],
  rules: DwarfRules,
): ReadonlyMap<string, string> {
  return new Dump(unit, rules).of(exports);
}

class Dump {
  readonly #unit: DeclaredUnit;
  readonly #layouts: Layouts;
  readonly #rules: DwarfRules;
  readonly #dump = new Map<string, string>();
  readonly #open: (() => void)[] = [];

  constructor(unit: DeclaredUnit, rules: DwarfRules) {
    this.#unit = unit;
    this.#layouts = unit.layouts;
    this.#rules = rules;
  }

  of(exports: readonly string[]): ReadonlyMap<string, string> {
    for (const name of exports) {
      const declared = this.#unit.functions.get(name) ?? this.#unit.variables.get(name);
      const said = this.#rules.typeStrings.get(name);
      if (said !== undefined) this.#dump.set(name, said);
      else if (declared !== undefined) this.#dump.set(name, this.#text(declared.type));
    }
    for (const next of this.#open) next();
    return this.#dump;
  }

  #text(type: Type): string {
    switch (type.kind) {
      case 'pointer':
        return `pointer_type { ${this.#text(type.to)} } byte_size(${this.#size(type)})`;
      case 'array':
        return `array_type[${type.length ?? ''}] { ${this.#text(type.element)} }`;
      case 'function': {
        const parameters = type.parameters.map((one) => `formal_parameter ${this.#text(one.type)}${named(one.name)}`);
        const all = type.variadic ? [...parameters, 'unspecified_parameters'] : parameters;
        return `subroutine_type ( ${all.join(' , ')} ) -> ${this.#text(type.returns)}`;
      }
      case 'qualified': {
        const words = (['const', 'volatile', 'restrict', 'atomic'] as const).filter((word) => type[word]);
        return `${words.map((word) => `${word}_type { `).join('')}${this.#text(type.type)}${' }'.repeat(words.length)}`;
      }
      case 'typedef':
        return this.#reference(`t#${type.name}`, type.name, () => `typedef ${type.name} { ${this.#text(type.type)} }`);
      case 'struct':
      case 'union':
        return this.#recordReference(type);
      case 'enum':
        return type.tag === null
          ? this.#enum(type)
          : this.#reference(`e#${type.tag}`, type.tag, () => this.#enum(type));
      case 'vector':
        return `array_type vector[${type.size}] { ${this.#text(type.element)} }`;
      case 'integer':
      case 'float':
        return `base_type ${type.name} byte_size(${this.#size(type)})`;
      case 'va_list':
        return 'base_type __builtin_va_list';
      case 'void':
        return 'base_type void';
      case 'unknown':
        return type.text;
    }
  }

  #recordReference(type: RecordType): string {
    if (type.tag === null) return this.#record(type, type.members ?? []);
    const defined = type.members === null ? this.#unit.records.get(`${type.kind} ${type.tag}`)?.[0] : type;
    const key = `${type.kind === 'struct' ? 's' : 'u'}#${type.tag}`;
    return this.#reference(key, type.tag, () => this.#record(defined ?? type, defined?.members ?? null));
  }

  /** A name in the text; what it means is a line of its own, made later: types are cyclic and deep. */
  #reference(key: string, name: string, make: () => string): string {
    if (!this.#dump.has(key)) {
      const said = this.#rules.typeStrings.get(name) ?? this.#rules.typeStrings.get(key);
      this.#dump.set(key, said ?? '');
      if (said === undefined) this.#open.push(() => this.#dump.set(key, make()));
    }
    return key;
  }

  #record(type: RecordType, members: readonly Member[] | null): string {
    const head = `${type.kind === 'struct' ? 'structure' : 'union'}_type${named(type.tag)}`;
    if (members === null || (type.tag !== null && this.#rules.declarationsOnly.has(type.tag)))
      return `${head} { <declaration> }`;
    const size = (type.tag === null ? undefined : this.#rules.byteSizes.get(type.tag)) ?? this.#size(type);
    const placed = this.#layouts.of(type, null);
    const offsets = 'why' in placed ? null : placed.members;
    let next = 0;
    const texts = members.flatMap((member) => {
      // The layout leaves out unnamed bit-fields only.
      const isPlaced = member.name !== null || member.bits === null;
      const at = isPlaced ? offsets?.[next++]?.bitOffset : undefined;
      return this.#member(member, at ?? null);
    });
    return `${head} { ${texts.join(' , ')} } byte_size(${size})`;
  }

  /** A member, or none where it was put into a hole and is to be ignored. */
  #member(member: Member, bitOffset: number | null): string[] {
    const place =
      bitOffset === null ? '' : ` data_member_location(${member.bits === null ? bitOffset / 8 : `${bitOffset} bits`})`;
    const bits = member.bits === null ? '' : ` bit_size(${member.bits})`;
    const kabi = member.name === null ? this.#placeholder(member.type) : directPlaceholder(member);
    if (kabi !== null) return kabi.name === null ? [] : [`member ${this.#text(kabi.type)}${named(kabi.name)}${place}`];
    return [`member ${this.#text(member.type)}${named(member.name)}${bits}${place}`];
  }

  /** The member of an anonymous union that stands for it; a name of null: nothing is hashed. */
  #placeholder(type: Type): { readonly name: string | null; readonly type: Type } | null {
    if (type.kind !== 'union' || type.tag !== null) return null;
    for (const member of type.members ?? []) {
      for (const one of member.name === null ? innerMembers(member.type) : [member]) {
        const kabi = directPlaceholder(one);
        if (kabi !== null) return kabi;
      }
    }
    return null;
  }

  #enum(type: EnumType): string {
    const head = `enumeration_type${named(type.tag)}`;
    const name = type.tag ?? '';
    if (type.enumerators === null || this.#rules.declarationsOnly.has(name)) return `${head} { <declaration> }`;
    const texts = type.enumerators.flatMap((one) => {
      const target = `${name} ${one.name}`;
      if (this.#rules.ignoredEnumerators.has(target)) return [];
      return [`enumerator ${one.name} = ${this.#rules.enumeratorValues.get(target) ?? one.value}`];
    });
    return `${head} { ${texts.join(' , ')} } byte_size(${this.#rules.byteSizes.get(name) ?? this.#size(type)})`;
  }

  #size(type: Type): number | string {
    const size = this.#layouts.size(type);
    return typeof size === 'number' ? size : '?';
  }
}

function innerMembers(type: Type): readonly Member[] {
  return type.kind === 'struct' || type.kind === 'union' ? (type.members ?? []) : [];
}

/** `__kabi_reserved1`, `__kabi_ignored1`, `__kabi_renamed_x` */
function directPlaceholder({ name, type }: Member): { readonly name: string | null; readonly type: Type } | null {
  const [, kind, rest = ''] = /^__kabi_(reserved|ignored|renamed)(.*)$/.exec(name ?? '') ?? [];
  switch (kind) {
    case 'reserved':
      // The placeholder's own name is not hashed: slots may be numbered anew.
      return { name: '', type };
    case 'ignored':
      return { name: null, type };
    case 'renamed':
      return { name: rest.replace(/^_/, ''), type };
    default:
      return null;
  }
}

function named(name: string | null): string {
  return name === null || name === '' ? '' : ` ${name}`;
}
