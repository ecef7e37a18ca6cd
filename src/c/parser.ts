/**
 * The grammar of GNU C declarations, a method a production, over a Cursor.
 *
 * Declarators are read inside out: `int (*f)(void)` reads `int`, steps over `(*f)`, reads `(void)`, and then returns to the
 * middle with the type made so far; knowing each bracket's partner makes this a walk without a second reading.
 *
 * The one recovery point is `#external`: whatever is `Unreadable` costs one declaration.
 */
import { Attributes, integerOfMode, readAttributes } from './attributes.js';
import { Evaluator } from './constant.js';
import { Cursor, Unreadable } from './cursor.js';
import type {
  Declaration,
  DeclaredUnit,
  FunctionDeclaration,
  UnreadDeclaration,
  VariableDeclaration,
} from './declarations.js';
import { sign, Word, wordOf } from './keywords.js';
import type { Layouts } from './layout.js';
import { baseType, Specified } from './specifiers.js';
import { textOf } from './spelling.js';
import { BeginsLine, Identifier, type TokenList } from './tokens.js';
import {
  type Enumerator,
  type EnumType,
  integers,
  type Member,
  type Parameter,
  type RecordType,
  stripped,
  type Type,
  type TypedefType,
  vaListType,
} from './type.js';

/** While a record is being read its members are not there yet; afterwards nothing changes it. */
type Open<T> = { -readonly [K in keyof T]: T[K] };

export interface Declarator {
  readonly type: Type;
  /** The token of the name, or -1. */
  readonly name: number;
  /** Where parameters of a function definition stand: `(` of the innermost list; -1 where there is none. */
  readonly attributes: Attributes;
}

export type Ordinary =
  | { readonly kind: 'typedef'; readonly type: TypedefType }
  | { readonly kind: 'enumerator'; readonly enumerator: Enumerator; readonly type: Type }
  | { readonly kind: 'object'; readonly type: Type; readonly initializer: number };

/** More unreadable declarations than this are no longer told one by one. */
const mostMissing = 1000;

export class Parser {
  readonly cursor: Cursor;
  readonly layouts: Layouts;
  readonly names = new Map<number, Ordinary>();
  readonly #tags = new Map<number, Open<RecordType> | Open<EnumType>>();
  readonly #constants: Evaluator;
  readonly #declarations: Declaration[] = [];
  readonly #records = new Map<string, RecordType[]>();
  readonly #enums = new Map<string, EnumType[]>();
  readonly #typedefs = new Map<string, TypedefType>();
  readonly #enumerators = new Map<string, Enumerator>();
  readonly #functions = new Map<string, FunctionDeclaration>();
  readonly #variables = new Map<string, VariableDeclaration>();
  readonly #missing: UnreadDeclaration[] = [];
  readonly #constant = () => this.#constants.constant();
  readonly #embedsTagged: boolean;
  #inMembers = 0;
  #local = false;

  /** `embedsTagged`: a tagged struct without a declarator embeds its members (-fms-extensions). */
  constructor(tokens: TokenList, layouts: Layouts, embedsTagged: boolean) {
    this.cursor = new Cursor(tokens);
    this.layouts = layouts;
    this.#embedsTagged = embedsTagged;
    this.#constants = new Evaluator(this);
  }

  read(): DeclaredUnit {
    const { cursor } = this;
    while (!cursor.ended) this.#external();
    return {
      tokens: cursor.tokens,
      declarations: this.#declarations,
      records: this.#records,
      enums: this.#enums,
      typedefs: this.#typedefs,
      enumerators: this.#enumerators,
      functions: this.#functions,
      variables: this.#variables,
      missing: this.#missing,
      layouts: this.layouts,
    };
  }

  /** external-declaration: declaration, function definition, `asm(…)`, or a stray `;`; the one place of recovery. */
  #external(): void {
    const { cursor } = this;
    const first = cursor.at;
    try {
      this.#declaration();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      cursor.restart(first);
      this.#skipDeclaration();
      if (this.#missing.length < mostMissing)
        this.#missing.push({ first, end: cursor.at, at: error.at, why: error.message });
    }
    if (cursor.at === first) cursor.at++;
  }

  /** To after the `;` or body that ends the declaration at the cursor. */
  #skipDeclaration(): void {
    const { cursor } = this;
    while (!cursor.ended) {
      if (cursor.accept(sign.semicolon)) return;
      if (cursor.is(sign.openBrace)) {
        cursor.skipGroup();
        if (!cursor.is(sign.semicolon) && ((cursor.tokens.flags[cursor.at] as number) & BeginsLine) !== 0) return;
      } else if (cursor.isOpening()) cursor.skipGroup();
      else cursor.at++;
    }
  }

  #declaration(): void {
    const { cursor } = this;
    const first = cursor.at;
    const word = wordOf(cursor.spelling[first] as number);
    if (cursor.accept(sign.semicolon)) return;
    if (word === Word.Asm || word === Word.StaticAssert || word === Word.Pragma) {
      while (!cursor.ended && !cursor.is(sign.open)) cursor.at++;
      cursor.skipGroup();
      cursor.accept(sign.semicolon);
      return;
    }
    if (word === Word.None && cursor.next(sign.open) && this.#isLoneCall()) {
      cursor.at++;
      cursor.skipGroup();
      cursor.accept(sign.semicolon);
      return;
    }
    const specified = this.specifiers();
    if (cursor.accept(sign.semicolon)) return;
    for (;;) {
      const declarator = this.declarator(specified.type);
      const done = this.#declared(specified, declarator, first);
      if (done) return;
      if (cursor.accept(sign.semicolon)) return;
      cursor.expect(sign.comma);
    }
  }

  /** `NAME(…);` outside functions declares nothing: a macro that was not expanded (`MODULE_LICENSE("GPL");` in a fragment). */
  #isLoneCall(): boolean {
    const { cursor } = this;
    const known = this.names.get(cursor.spelling[cursor.at] as number);
    const after = cursor.after(cursor.at + 1);
    return (
      cursor.kind[cursor.at] === Identifier && known?.kind !== 'typedef' && cursor.spelling[after] === sign.semicolon
    );
  }

  /** Records what one declarator declares; true where a function body ended the declaration. */
  #declared(specified: Specified, declarator: Declarator, first: number): boolean {
    const { cursor } = this;
    if (declarator.name < 0) cursor.fail('a name is missing');
    const spelling = cursor.spelling[declarator.name] as number;
    const name = textOf(spelling);
    this.#afterDeclarator(declarator.attributes);
    const attributes = specified.attributes;
    const all = new Attributes();
    all.merge(declarator.attributes);
    all.merge(attributes);
    const type = this.#withAttributes(declarator.type, all);
    if (specified.typedef) {
      const typedef: TypedefType = { kind: 'typedef', name, type, align: all.lastAlign, first, end: cursor.at };
      this.names.set(spelling, { kind: 'typedef', type: typedef });
      this.#typedefs.set(name, typedef);
      this.#declarations.push({ kind: 'typedef', type: typedef });
      return false;
    }
    if (stripped(type).kind === 'function') return this.#function(specified, type, name, spelling, first);
    let initializer = null;
    const value = cursor.at + 1;
    if (cursor.accept(sign.equals)) {
      this.#skipInitializer();
      initializer = { first: value, end: cursor.at };
    }
    this.names.set(spelling, { kind: 'object', type, initializer: initializer === null ? -1 : value });
    const variable: VariableDeclaration = {
      kind: 'variable',
      name,
      type,
      storage: specified.storage,
      initializer,
      first,
      end: cursor.at,
    };
    this.#declarations.push(variable);
    if (initializer !== null || !this.#variables.has(name)) this.#variables.set(name, variable);
    return false;
  }

  #function(specified: Specified, type: Type, name: string, spelling: number, first: number): boolean {
    const { cursor } = this;
    this.names.set(spelling, { kind: 'object', type, initializer: -1 });
    if (!cursor.is(sign.openBrace) && !cursor.is(sign.semicolon) && !cursor.is(sign.comma)) this.#oldParameters();
    let body = null;
    if (cursor.is(sign.openBrace)) {
      const open = cursor.at;
      cursor.skipGroup();
      body = { first: open + 1, end: cursor.closing(open) };
    }
    const { storage, inline } = specified;
    const declaration: FunctionDeclaration = {
      kind: 'function',
      name,
      type,
      storage,
      inline,
      body,
      first,
      end: cursor.at,
    };
    this.#declarations.push(declaration);
    if (body !== null || this.#functions.get(name)?.body == null) this.#functions.set(name, declaration);
    if (body !== null) this.#localTypes(body.first, body.end);
    return body !== null;
  }

  /** The parameter declarations of a K&R definition: `int f(a, b) int a; char b; { … }`. */
  #oldParameters(): void {
    const { cursor } = this;
    while (!cursor.is(sign.openBrace)) {
      const specified = this.specifiers();
      while (!cursor.accept(sign.semicolon)) {
        this.#afterDeclarator(this.declarator(specified.type).attributes);
        if (!cursor.is(sign.semicolon)) cursor.expect(sign.comma);
      }
    }
  }

  /** Named structs, unions and enums that a function body defines; the rest of the body is not read. */
  #localTypes(first: number, end: number): void {
    const { cursor } = this;
    const { spelling, kind } = cursor;
    const after = cursor.at;
    for (let at = first; at < end; at++) {
      const word = wordOf(spelling[at] as number);
      if (word !== Word.Struct && word !== Word.Union) continue;
      if (kind[at + 1] !== Identifier || spelling[at + 2] !== sign.openBrace) continue;
      this.#localType(at);
      at = Math.max(at, cursor.at - 1);
    }
    cursor.at = after;
  }

  #localType(at: number): void {
    const { cursor } = this;
    const tag = cursor.spelling[at + 1] as number;
    const outer = this.#tags.get(tag);
    this.#tags.delete(tag);
    this.#local = true;
    cursor.at = at;
    try {
      this.specifiers();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      cursor.restart(cursor.after(at + 2));
    }
    this.#local = false;
    if (outer === undefined) this.#tags.delete(tag);
    else this.#tags.set(tag, outer);
  }

  /** What may follow a declarator: `asm("name")` and attributes. */
  #afterDeclarator(into: Attributes): void {
    const { cursor } = this;
    for (;;) {
      readAttributes(cursor, into, this.#constant);
      if (wordOf(cursor.spelling[cursor.at] as number) !== Word.Asm) return;
      cursor.at++;
      if (cursor.is(sign.open)) cursor.skipGroup();
    }
  }

  #skipInitializer(): void {
    const { cursor } = this;
    while (!cursor.is(sign.comma) && !cursor.is(sign.semicolon)) {
      if (cursor.ended || cursor.is(sign.closeBrace)) return;
      if (cursor.isOpening()) cursor.skipGroup();
      else cursor.at++;
    }
  }

  #withAttributes(type: Type, attributes: Attributes): Type {
    if (attributes.mode !== null) {
      const bare = stripped(type);
      const made = integerOfMode(attributes.mode, bare);
      if (made !== null) return made;
    }
    if (attributes.vectorSize > 0) return { kind: 'vector', element: type, size: attributes.vectorSize };
    return type;
  }

  /** declaration-specifiers, or specifier-qualifier-list: up to what can begin a declarator. */
  specifiers(): Specified {
    const { cursor } = this;
    const found = new Specified(cursor.at);
    for (;;) {
      const spelling = cursor.spelling[cursor.at] as number;
      const word = wordOf(spelling);
      if (word === Word.None) {
        if (found.hasType || cursor.kind[cursor.at] !== Identifier) {
          if (!cursor.is(sign.openBracket) || !cursor.next(sign.openBracket)) break;
          cursor.skipGroup();
          continue;
        }
        found.named = this.#typeName(spelling);
        if (found.named === null) break;
        cursor.at++;
        continue;
      }
      if (found.take(word)) {
        cursor.at++;
        continue;
      }
      if (!this.#longSpecifier(word, found)) break;
    }
    if (!found.hasType && found.empty) cursor.fail('no declaration begins');
    found.type = found.qualified(found.named ?? baseType(found, cursor));
    return found;
  }

  /** The typedef of this name; or, where only a type can stand, an unknown one; or null. */
  #typeName(spelling: number): Type | null {
    const { cursor } = this;
    const known = this.names.get(spelling);
    if (known?.kind === 'typedef') return known.type;
    const next = cursor.spelling[cursor.at + 1] as number;
    const nextIsName = cursor.kind[cursor.at + 1] === Identifier;
    const word = wordOf(next);
    const nextIsType = nextIsName && word !== Word.Attribute && word !== Word.Asm;
    const likely =
      nextIsType ||
      next === sign.star ||
      (next === sign.open && cursor.spelling[cursor.at + 2] === sign.star && !this.#isCall()) ||
      (this.#inMembers > 0 && next === sign.colon);
    return likely ? { kind: 'unknown', text: textOf(spelling) } : null;
  }

  /** `NAME (*p)` with nothing declared after it is a macro's call, not a declarator. */
  #isCall(): boolean {
    const { cursor } = this;
    const after = cursor.spelling[cursor.after(cursor.at + 1)];
    return after !== sign.open && after !== sign.openBracket;
  }

  /** The specifiers of more than one token. False for a word that is no specifier. */
  #longSpecifier(word: number, found: Specified): boolean {
    const { cursor } = this;
    switch (word) {
      case Word.Struct:
      case Word.Union:
        found.named = this.#record(word === Word.Struct ? 'struct' : 'union');
        return true;
      case Word.Enum:
        found.named = this.#enum();
        return true;
      case Word.Attribute:
        readAttributes(cursor, found.attributes, this.#constant);
        return true;
      case Word.Typeof:
      case Word.TypeofUnqual:
        cursor.at++;
        found.named = this.#typeof(word === Word.TypeofUnqual);
        return true;
      case Word.AutoType:
        cursor.at++;
        found.named = { kind: 'unknown', text: '__auto_type' };
        return true;
      case Word.VaList:
        cursor.at++;
        found.named = vaListType;
        return true;
      case Word.Alignas:
        cursor.at++;
        this.#alignas(found.attributes);
        return true;
      case Word.Atomic:
        cursor.at++;
        if (cursor.is(sign.open) && !found.hasType) {
          const end = cursor.after(cursor.at);
          cursor.at++;
          found.named = this.typeName();
          cursor.at = end;
        }
        found.atomic = true;
        return true;
      case Word.Pragma:
        cursor.at++;
        if (cursor.is(sign.open)) cursor.skipGroup();
        return true;
      default:
        return false;
    }
  }

  #alignas(into: Attributes): void {
    const { cursor } = this;
    if (!cursor.is(sign.open)) cursor.fail("expected '('");
    const end = cursor.after(cursor.at);
    cursor.at++;
    if (this.startsType()) {
      const align = this.layouts.align(this.typeName());
      if (typeof align === 'number') into.askAlign(align);
      else cursor.fail(align.why);
    } else {
      const value = this.#constants.constant();
      if (value === null) cursor.fail('the alignment is not a known constant');
      else if (value > 0n && value <= 1n << 28n) into.askAlign(Number(value));
    }
    cursor.at = end;
  }

  /** typeof: `typeof` `(` expression or type-name `)`. */
  #typeof(unqualified: boolean): Type {
    const { cursor } = this;
    if (!cursor.is(sign.open)) cursor.fail("expected '('");
    const open = cursor.at;
    const end = cursor.after(open);
    cursor.at++;
    const type = this.startsType() ? this.typeName() : this.#constants.typeOfExpression();
    const text = type === null ? cursor.text(open - 1, end) : '';
    cursor.at = end;
    if (type === null) return { kind: 'unknown', text };
    return unqualified && type.kind === 'qualified' ? type.type : type;
  }

  /** Whether a type-name begins at the cursor (after a `(`). */
  startsType(): boolean {
    const { cursor } = this;
    const spelling = cursor.spelling[cursor.at] as number;
    const word = wordOf(spelling);
    if (word !== Word.None) {
      if (word === Word.Extension) return wordOf(cursor.spelling[cursor.at + 1] as number) !== Word.None;
      return word <= Word.Attribute;
    }
    return cursor.kind[cursor.at] === Identifier && this.names.get(spelling)?.kind === 'typedef';
  }

  /** type-name: specifiers and an abstract declarator. */
  typeName(): Type {
    const specified = this.specifiers();
    const { type, attributes } = this.declarator(specified.type);
    attributes.merge(specified.attributes);
    return this.#withAttributes(type, attributes);
  }

  /** struct-or-union-specifier. Attributes may stand after the keyword and after the `}`. */
  #record(kind: 'struct' | 'union'): Type {
    const { cursor } = this;
    const first = cursor.at++;
    const attributes = new Attributes();
    readAttributes(cursor, attributes, this.#constant);
    let tag = -1;
    if (cursor.kind[cursor.at] === Identifier) tag = cursor.spelling[cursor.at++] as number;
    else if (!cursor.is(sign.openBrace)) cursor.fail(`a tag or '{' is missing after ${kind}`);
    if (!cursor.is(sign.openBrace)) return this.#tagged(kind, tag, first);
    const record = this.#newRecord(kind, tag, first);
    const open = cursor.at;
    const end = cursor.closing(open);
    cursor.at++;
    cursor.enter();
    this.#inMembers++;
    const members = this.#members(end);
    this.#inMembers--;
    cursor.leave();
    const pack = cursor.packAt(end);
    cursor.at = cursor.after(open);
    readAttributes(cursor, attributes, this.#constant);
    record.members = members;
    record.packed = attributes.packed;
    record.align = attributes.lastAlign;
    record.randomized = attributes.randomized;
    record.pack = pack;
    record.end = cursor.at;
    record.local = this.#local;
    this.#declarations.push({ kind: 'record', type: record });
    if (record.tag !== null) this.#add(this.#records, `${kind} ${record.tag}`, record);
    return record;
  }

  #add<T>(map: Map<string, T[]>, key: string, value: T): void {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  }

  #tagged(kind: 'struct' | 'union', tag: number, first: number): RecordType {
    const known = this.#tags.get(tag);
    if (known !== undefined && known.kind === kind) return known as RecordType;
    const record = emptyRecord(kind, textOf(tag), first);
    this.#tags.set(tag, record);
    return record;
  }

  #newRecord(kind: 'struct' | 'union', tag: number, first: number): Open<RecordType> {
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

  /** struct-declaration-list, up to the closing brace at `end`. */
  #members(end: number): Member[] {
    const { cursor } = this;
    const members: Member[] = [];
    while (cursor.at < end) {
      if (cursor.accept(sign.semicolon)) continue;
      const word = wordOf(cursor.spelling[cursor.at] as number);
      if (word === Word.StaticAssert) {
        cursor.at++;
        if (cursor.is(sign.open)) cursor.skipGroup();
      } else if (word === Word.None && cursor.next(sign.open) && this.#isMacroCall()) members.push(this.#macroMember());
      else this.#memberDeclaration(members, end);
    }
    return members;
  }

  /** In a fragment: `NAME(…)` where a member should be is a macro that was not expanded. */
  #isMacroCall(): boolean {
    const { cursor } = this;
    if (cursor.kind[cursor.at] !== Identifier) return false;
    const known = this.names.get(cursor.spelling[cursor.at] as number);
    if (known?.kind === 'typedef') return false;
    const second = cursor.spelling[cursor.at + 2];
    return second !== sign.star || this.#isCall();
  }

  #macroMember(): Member {
    const { cursor } = this;
    const first = cursor.at++;
    cursor.skipGroup();
    const type: Type = { kind: 'unknown', text: cursor.text(first, cursor.at) };
    const member = { name: null, type, bits: null, packed: false, align: 0, first, end: cursor.at };
    cursor.accept(sign.semicolon);
    return member;
  }

  /** struct-declaration: specifiers, then declarators each with a width, or nothing for an anonymous member. */
  #memberDeclaration(members: Member[], end: number): void {
    const { cursor } = this;
    const first = cursor.at;
    const specified = this.specifiers();
    if (cursor.is(sign.semicolon) || cursor.at >= end) {
      this.#anonymous(members, specified, first);
      cursor.accept(sign.semicolon);
      return;
    }
    for (;;) {
      members.push(this.#member(specified, first));
      if (cursor.accept(sign.semicolon) || cursor.at >= end) return;
      cursor.expect(sign.comma);
    }
  }

  #anonymous(members: Member[], specified: Specified, first: number): void {
    const type = stripped(specified.type);
    if (type.kind !== 'struct' && type.kind !== 'union') return;
    // `struct tag;` in a struct declares nothing in C, but embeds with -fms-extensions, which newer kernels are built with.
    if (type.members === null || (type.tag !== null && !this.#embedsTagged)) return;
    const { packed, align } = specified.attributes;
    members.push({ name: null, type: specified.type, bits: null, packed, align, first, end: this.cursor.at });
  }

  #member(specified: Specified, first: number): Member {
    const { cursor } = this;
    const declarator = this.declarator(specified.type);
    const { attributes, name } = declarator;
    let bits: number | null = null;
    if (cursor.accept(sign.colon)) {
      const width = this.#constants.constant();
      if (width === null || width < 0n || width > 128n) cursor.fail('the width of a bit-field is not a known constant');
      bits = Number(width);
    }
    this.#afterDeclarator(attributes);
    attributes.merge(specified.attributes);
    return {
      name: name < 0 ? null : textOf(cursor.spelling[name] as number),
      type: this.#withAttributes(declarator.type, attributes),
      bits,
      packed: attributes.packed,
      align: attributes.align,
      first,
      end: cursor.at,
    };
  }

  /** enum-specifier. */
  #enum(): Type {
    const { cursor } = this;
    const first = cursor.at++;
    const attributes = new Attributes();
    readAttributes(cursor, attributes, this.#constant);
    let tag = -1;
    if (cursor.kind[cursor.at] === Identifier) tag = cursor.spelling[cursor.at++] as number;
    let underlying: Type | null = null;
    if (cursor.is(sign.colon) && this.#isUnderlying()) {
      cursor.at++;
      underlying = this.specifiers().type;
    }
    if (!cursor.is(sign.openBrace)) {
      if (tag < 0) cursor.fail("a tag or '{' is missing after enum");
      const known = this.#tags.get(tag);
      if (known?.kind === 'enum') return known as EnumType;
      const opaque = emptyEnum(textOf(tag), first);
      this.#tags.set(tag, opaque);
      return opaque;
    }
    const known = tag < 0 ? undefined : this.#tags.get(tag);
    const made = tag < 0 ? emptyEnum(null, first) : emptyEnum(textOf(tag), first);
    const type = known?.kind === 'enum' && known.enumerators === null ? (known as Open<EnumType>) : made;
    const open = cursor.at;
    type.first = first;
    const enumerators = this.#enumeratorList(cursor.closing(open), type);
    cursor.at = cursor.after(open);
    readAttributes(cursor, attributes, this.#constant);
    if (attributes.mode !== null) underlying = integerOfMode(attributes.mode, integers.uint);
    type.enumerators = enumerators;
    type.packed = attributes.packed;
    type.underlying = underlying;
    type.end = cursor.at;
    type.local = this.#local;
    if (tag >= 0) {
      this.#tags.set(tag, type);
      this.#add(this.#enums, textOf(tag), type);
    }
    this.#declarations.push({ kind: 'enum', type });
    return type;
  }

  /** `enum e : u8 {`, not the bit-field `enum e : 3`. */
  #isUnderlying(): boolean {
    const { cursor } = this;
    const spelling = cursor.spelling[cursor.at + 1] as number;
    const word = wordOf(spelling);
    return (word >= Word.Void && word <= Word.Bool) || this.names.get(spelling)?.kind === 'typedef';
  }

  #enumeratorList(end: number, type: EnumType): Enumerator[] {
    const { cursor } = this;
    const list: Enumerator[] = [];
    const attributes = new Attributes();
    let next: bigint | null = 0n;
    cursor.at++;
    while (cursor.at < end) {
      const first = cursor.at;
      if (cursor.kind[first] !== Identifier) cursor.fail('an enumerator is missing');
      const spelling = cursor.spelling[first] as number;
      cursor.at++;
      readAttributes(cursor, attributes, this.#constant);
      if (cursor.accept(sign.equals)) next = this.#constants.constant();
      const enumerator: Enumerator = { name: textOf(spelling), value: next, first, end: cursor.at };
      list.push(enumerator);
      this.names.set(spelling, { kind: 'enumerator', enumerator, type });
      if (!this.#local) this.#enumerators.set(enumerator.name, enumerator);
      next = next === null ? null : next + 1n;
      if (cursor.at < end) cursor.expect(sign.comma);
    }
    return list;
  }

  /** declarator, also abstract: pointers, then a name or a declarator in parentheses, then arrays and parameters. */
  declarator(base: Type): Declarator {
    const attributes = new Attributes();
    const { type, name } = this.#declaratorOf(base, attributes);
    return { type, name, attributes };
  }

  #declaratorOf(base: Type, attributes: Attributes): { type: Type; name: number } {
    const { cursor } = this;
    cursor.enter();
    let type = this.#pointers(base, attributes);
    let name = -1;
    let inner = -1;
    if (cursor.is(sign.open) && this.#isNested()) {
      inner = cursor.at + 1;
      cursor.skipGroup();
    } else if (cursor.kind[cursor.at] === Identifier && wordOf(cursor.spelling[cursor.at] as number) === Word.None)
      name = cursor.at++;
    type = this.#suffixes(type);
    if (inner >= 0) {
      const after = cursor.at;
      cursor.at = inner;
      ({ type, name } = this.#declaratorOf(type, attributes));
      readAttributes(cursor, attributes, this.#constant);
      if (!cursor.is(sign.close)) cursor.fail("expected ')'");
      cursor.at = after;
    }
    cursor.leave();
    return { type, name };
  }

  /** pointer: `*` and qualifiers, any number. Attributes here belong to the declaration, for all that a layout needs. */
  #pointers(base: Type, attributes: Attributes): Type {
    const { cursor } = this;
    let type = base;
    for (;;) {
      const word = wordOf(cursor.spelling[cursor.at] as number);
      if (cursor.is(sign.star) || cursor.is(sign.caret)) {
        cursor.at++;
        type = { kind: 'pointer', to: type };
      } else if (word >= Word.Const && word <= Word.Atomic && type !== base) {
        cursor.at++;
        type = {
          kind: 'qualified',
          type: type.kind === 'qualified' ? type.type : type,
          const: word === Word.Const || (type.kind === 'qualified' && type.const),
          volatile: word === Word.Volatile || (type.kind === 'qualified' && type.volatile),
          restrict: word === Word.Restrict || (type.kind === 'qualified' && type.restrict),
          atomic: word === Word.Atomic || (type.kind === 'qualified' && type.atomic),
        };
      } else if (word === Word.Attribute) readAttributes(cursor, attributes, this.#constant);
      else if (word === Word.Extension) cursor.at++;
      else return type;
    }
  }

  /** After `(`: a declarator in parentheses, not a parameter list. */
  #isNested(): boolean {
    const { cursor } = this;
    const next = cursor.spelling[cursor.at + 1] as number;
    if (next === sign.star || next === sign.open || next === sign.caret || next === sign.openBracket) return true;
    const word = wordOf(next);
    if (word === Word.Attribute) return true;
    if (word !== Word.None || cursor.kind[cursor.at + 1] !== Identifier) return false;
    const known = this.names.get(next);
    if (known?.kind === 'typedef') return false;
    // `(name)` names what is declared; `(foo_t x)` and `(foo_t *)` are parameters of undeclared types.
    const second = cursor.spelling[cursor.at + 2];
    return second === sign.close || second === sign.open || second === sign.openBracket;
  }

  /** `[n]` and `(parameters)`, applied from the right: `int a[2][3]` is two arrays of three. */
  #suffixes(base: Type): Type {
    const { cursor } = this;
    const makers: ((element: Type) => Type)[] = [];
    for (;;) {
      if (cursor.is(sign.openBracket) && !cursor.next(sign.openBracket)) makers.push(this.#array());
      else if (cursor.is(sign.open)) makers.push(this.#parameterList());
      else break;
    }
    let type = base;
    for (let i = makers.length - 1; i >= 0; i--) type = (makers[i] as (element: Type) => Type)(type);
    return type;
  }

  #array(): (element: Type) => Type {
    const { cursor } = this;
    const open = cursor.at;
    const end = cursor.closing(open);
    cursor.at++;
    let word = wordOf(cursor.spelling[cursor.at] as number);
    while (word === Word.Static || (word >= Word.Const && word <= Word.Atomic)) {
      cursor.at++;
      word = wordOf(cursor.spelling[cursor.at] as number);
    }
    let length: number | null = null;
    let unknown: string | null = null;
    if (cursor.at < end && !(cursor.is(sign.star) && cursor.at + 1 === end)) {
      const value = this.#constants.lengthOf(end);
      if (value.length === null) unknown = value.why;
      length = value.length;
    }
    cursor.at = cursor.after(open);
    return (element) => ({ kind: 'array', element, length, unknown });
  }

  /** parameter-type-list, or the names of a K&R definition. */
  #parameterList(): (returns: Type) => Type {
    const { cursor } = this;
    const open = cursor.at;
    const end = cursor.closing(open);
    cursor.at++;
    const parameters: Parameter[] = [];
    let variadic = false;
    const unprototyped = cursor.at === end || this.#isNameList(end);
    if (!unprototyped && !(this.#isVoid() && cursor.at + 1 === end)) {
      while (cursor.at < end) {
        if (cursor.accept(sign.ellipsis)) {
          variadic = true;
          break;
        }
        parameters.push(this.#parameter());
        if (cursor.at < end) cursor.expect(sign.comma);
      }
    }
    cursor.at = cursor.after(open);
    return (returns) => ({ kind: 'function', returns, parameters, variadic, unprototyped });
  }

  #isVoid(): boolean {
    return wordOf(this.cursor.spelling[this.cursor.at] as number) === Word.Void;
  }

  /** `(a, b)` followed by declarations of a and b: the head of a K&R definition. */
  #isNameList(end: number): boolean {
    const { cursor } = this;
    for (let at = cursor.at; at < end; at += 2) {
      const spelling = cursor.spelling[at] as number;
      if (cursor.kind[at] !== Identifier || wordOf(spelling) !== Word.None) return false;
      if (this.names.get(spelling)?.kind === 'typedef') return false;
      if (at + 1 !== end && cursor.spelling[at + 1] !== sign.comma) return false;
    }
    const next = cursor.spelling[end + 1] as number;
    const word = wordOf(next);
    if (word !== Word.None) return word < Word.Attribute;
    return cursor.kind[end + 1] === Identifier;
  }

  #parameter(): Parameter {
    const { cursor } = this;
    const specified = this.specifiersOfParameter();
    const { type, name, attributes } = this.declarator(specified.type);
    this.#afterDeclarator(attributes);
    return { name: name < 0 ? null : textOf(cursor.spelling[name] as number), type };
  }

  specifiersOfParameter(): Specified {
    const { cursor } = this;
    // A lone undeclared name between commas can only be a type.
    const next = cursor.spelling[cursor.at + 1];
    const spelling = cursor.spelling[cursor.at] as number;
    const alone = (next === sign.comma || next === sign.close) && cursor.kind[cursor.at] === Identifier;
    if (alone && wordOf(spelling) === Word.None && this.names.get(spelling)?.kind !== 'typedef') {
      const found = new Specified(cursor.at++);
      found.type = { kind: 'unknown', text: textOf(spelling) };
      return found;
    }
    return this.specifiers();
  }
}

function emptyRecord(kind: 'struct' | 'union', tag: string | null, first: number): Open<RecordType> {
  const none = { members: null, packed: false, align: 0, pack: 0, randomized: false, local: false };
  return { kind, tag, ...none, first, end: first };
}

function emptyEnum(tag: string | null, first: number): Open<EnumType> {
  return { kind: 'enum', tag, enumerators: null, packed: false, underlying: null, local: false, first, end: first };
}
