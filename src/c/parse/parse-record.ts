/** struct-or-union-specifier (C11 6.7.2.1), with GNU's attributes, unnamed members and members that a macro stands for. */

import { textOf } from '../lex/spelling.js';
import { Identifier } from '../lex/tokens.js';
import { type Member, stripped, type Type } from '../type.js';
import { Attributes, readAttributes } from './attributes.js';
import type { Cursor } from './cursor.js';
import type { Grammar } from './grammar.js';
import { sign, Word, wordOf } from './keywords.js';
import { withAttributes } from './parse-specifiers.js';
import type { Scope } from './scope.js';
import type { Specified } from './specifiers.js';

export class RecordReader {
  readonly #grammar: Grammar;
  readonly #cursor: Cursor;
  readonly #scope: Scope;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#cursor = grammar.cursor;
    this.#scope = grammar.scope;
  }

  /** struct-or-union-specifier. Attributes may stand after the keyword and after the `}`. */
  read(kind: 'struct' | 'union'): Type {
    const cursor = this.#cursor;
    const first = cursor.at++;
    const attributes = new Attributes();
    readAttributes(cursor, attributes, this.#grammar.constant);
    let tag = -1;
    if (cursor.kind[cursor.at] === Identifier) tag = cursor.spelling[cursor.at++] as number;
    else if (!cursor.is(sign.openBrace)) cursor.fail(`a tag or '{' is missing after ${kind}`);
    if (!cursor.is(sign.openBrace)) return this.#scope.record(kind, tag, first);
    const record = this.#scope.newRecord(kind, tag, first);
    const open = cursor.at;
    const end = cursor.closing(open);
    cursor.at++;
    cursor.enter();
    this.#scope.inMembers++;
    const members = this.#members(end);
    this.#scope.inMembers--;
    cursor.leave();
    const pack = cursor.packAt(end);
    cursor.at = cursor.after(open);
    readAttributes(cursor, attributes, this.#grammar.constant);
    record.members = members;
    record.packed = attributes.packed;
    record.align = attributes.lastAlign;
    record.randomized = attributes.randomized;
    record.pack = pack;
    record.end = cursor.at;
    record.local = this.#scope.isLocal;
    this.#scope.addRecord(record);
    return record;
  }

  /** struct-declaration-list, up to the closing brace at `end`. */
  #members(end: number): Member[] {
    const cursor = this.#cursor;
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
    const cursor = this.#cursor;
    if (cursor.kind[cursor.at] !== Identifier) return false;
    const known = this.#scope.names.get(cursor.spelling[cursor.at] as number);
    if (known?.kind === 'typedef') return false;
    const second = cursor.spelling[cursor.at + 2];
    return second !== sign.star || this.#grammar.specifiers.isCall();
  }

  #macroMember(): Member {
    const cursor = this.#cursor;
    const first = cursor.at++;
    cursor.skipGroup();
    const type: Type = { kind: 'unknown', text: cursor.text(first, cursor.at) };
    const member = { name: null, type, bits: null, packed: false, align: 0, first, end: cursor.at };
    cursor.accept(sign.semicolon);
    return member;
  }

  /** struct-declaration: specifiers, then declarators each with a width, or nothing for an anonymous member. */
  #memberDeclaration(members: Member[], end: number): void {
    const cursor = this.#cursor;
    const first = cursor.at;
    const specified = this.#grammar.specifiers.read();
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
    if (type.members === null || (type.tag !== null && !this.#grammar.embedsTagged)) return;
    const { packed, align } = specified.attributes;
    members.push({ name: null, type: specified.type, bits: null, packed, align, first, end: this.#cursor.at });
  }

  #member(specified: Specified, first: number): Member {
    const cursor = this.#cursor;
    const declarator = this.#grammar.declarators.read(specified.type);
    const { attributes, name } = declarator;
    let bits: number | null = null;
    if (cursor.accept(sign.colon)) {
      const width = this.#grammar.constants.constant();
      if (width === null || width < 0n || width > 128n) cursor.fail('the width of a bit-field is not a known constant');
      bits = Number(width);
    }
    this.#grammar.declarators.readAfter(attributes);
    attributes.merge(specified.attributes);
    return {
      name: name < 0 ? null : textOf(cursor.spelling[name] as number),
      type: withAttributes(declarator.type, attributes),
      bits,
      packed: attributes.packed,
      align: attributes.align,
      first,
      end: cursor.at,
    };
  }
}
