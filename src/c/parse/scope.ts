/**
 * What a unit has declared so far: ordinary names, tags (two name spaces, C11 6.2.3), and all that its reading results in.
 *
 * A tag may be named before it is defined; the type that stands for it then is the one that the definition fills.
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import type { Target } from '../target.js';
import { type Enumerator, type EnumType, integers, type RecordType, type Type, type TypedefType } from '../type.js';
import type { Declaration, FunctionDeclaration, VariableDeclaration } from './declarations.js';

/** While a record is being read its members are not there yet; afterwards nothing changes it. */
type Open<T> = { -readonly [K in keyof T]: T[K] };

export type Ordinary =
  | { readonly kind: 'typedef'; readonly type: TypedefType }
  | { readonly kind: 'enumerator'; readonly enumerator: Enumerator; readonly type: Type }
  | { readonly kind: 'object'; readonly type: Type; readonly initializer: number };

export class Scope {
  readonly names = new Map<number, Ordinary>();
  readonly declarations: Declaration[] = [];
  readonly records = new Map<string, RecordType[]>();
  readonly enums = new Map<string, EnumType[]>();
  readonly typedefs = new Map<string, TypedefType>();
  readonly enumerators = new Map<string, Enumerator>();
  readonly functions = new Map<string, FunctionDeclaration>();
  readonly variables = new Map<string, VariableDeclaration>();
  /** How many records are open around the cursor. */
  inMembers = 0;
  /** The cursor is in a function body. */
  isLocal = false;
  readonly #tags = new Map<number, Open<RecordType> | Open<EnumType>>();

  constructor(target: Target) {
    if (target.int128 === null) return;
    // gcc declares these two before the first line: arm64's registers are of them.
    this.#predeclare('__int128_t', integers.int128);
    this.#predeclare('__uint128_t', integers.uint128);
  }

  #predeclare(name: string, type: Type): void {
    const typedef: TypedefType = { kind: 'typedef', name, type, align: 0, first: 0, end: 0 };
    this.names.set(spellingOf(name), { kind: 'typedef', type: typedef });
  }

  /** What `struct TAG` names: the definition, or one that is still to come. */
  record(kind: 'struct' | 'union', tag: number, first: number): RecordType {
    const known = this.#tags.get(tag);
    if (known !== undefined && known.kind === kind) return known as RecordType;
    const record = emptyRecord(kind, textOf(tag), first);
    this.#tags.set(tag, record);
    return record;
  }

  /** The record that a definition fills; `tag` is -1 where it has none. */
  newRecord(kind: 'struct' | 'union', tag: number, first: number): Open<RecordType> {
    if (tag < 0) return emptyRecord(kind, null, first);
    const known = this.#tags.get(tag);
    if (known !== undefined && known.kind === kind && (known as RecordType).members === null) {
      (known as Open<RecordType>).first = first;
      return known as Open<RecordType>;
    }
    const record = emptyRecord(kind, textOf(tag), first);
    this.#tags.set(tag, record);
    return record;
  }

  addRecord(record: RecordType): void {
    this.declarations.push({ kind: 'record', type: record });
    if (record.tag !== null) append(this.records, `${record.kind} ${record.tag}`, record);
  }

  /** What `enum TAG` names. */
  enum(tag: number, first: number): EnumType {
    const known = this.#tags.get(tag);
    if (known?.kind === 'enum') return known as EnumType;
    const opaque = emptyEnum(textOf(tag), first);
    this.#tags.set(tag, opaque);
    return opaque;
  }

  /** The enum that a definition fills; its tag means it only when it has been read. */
  newEnum(tag: number, first: number): Open<EnumType> {
    const known = tag < 0 ? undefined : this.#tags.get(tag);
    if (known?.kind !== 'enum' || known.enumerators !== null) return emptyEnum(tag < 0 ? null : textOf(tag), first);
    (known as Open<EnumType>).first = first;
    return known as Open<EnumType>;
  }

  addEnum(tag: number, type: EnumType): void {
    if (tag >= 0) {
      this.#tags.set(tag, type);
      append(this.enums, textOf(tag), type);
    }
    this.declarations.push({ kind: 'enum', type });
  }

  addEnumerator(spelling: number, enumerator: Enumerator, type: EnumType): void {
    this.names.set(spelling, { kind: 'enumerator', enumerator, type });
    if (!this.isLocal) this.enumerators.set(enumerator.name, enumerator);
  }

  addTypedef(spelling: number, typedef: TypedefType): void {
    this.names.set(spelling, { kind: 'typedef', type: typedef });
    this.typedefs.set(typedef.name, typedef);
    this.declarations.push({ kind: 'typedef', type: typedef });
  }

  addVariable(spelling: number, variable: VariableDeclaration): void {
    const { name, type, initializer } = variable;
    this.names.set(spelling, { kind: 'object', type, initializer: initializer?.first ?? -1 });
    this.declarations.push(variable);
    if (initializer !== null || !this.variables.has(name)) this.variables.set(name, variable);
  }

  addFunction(declaration: FunctionDeclaration): void {
    const { name, body } = declaration;
    this.declarations.push(declaration);
    if (body !== null || this.functions.get(name)?.body == null) this.functions.set(name, declaration);
  }

  /** While a definition in a function body is read, its tag means nothing outside; afterwards what it meant before. */
  inBody(tag: number, read: () => void): void {
    const outer = this.#tags.get(tag);
    this.#tags.delete(tag);
    this.isLocal = true;
    read();
    this.isLocal = false;
    if (outer === undefined) this.#tags.delete(tag);
    else this.#tags.set(tag, outer);
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function emptyRecord(kind: 'struct' | 'union', tag: string | null, first: number): Open<RecordType> {
  const none = { members: null, packed: false, align: 0, pack: 0, randomized: false, local: false };
  return { kind, tag, ...none, first, end: first };
}

function emptyEnum(tag: string | null, first: number): Open<EnumType> {
  return { kind: 'enum', tag, enumerators: null, packed: false, underlying: null, local: false, first, end: first };
}
