/** enum-specifier (C11 6.7.2.2), with C23's underlying type and GNU's attributes. An enumerator whose value is not known is null. */

import { textOf } from '../lex/spelling.js';
import { Identifier } from '../lex/tokens.js';
import { type Enumerator, type EnumType, integers, type Type } from '../type.js';
import { Attributes, integerOfMode, readAttributes } from './attributes.js';
import type { Cursor } from './cursor.js';
import type { Grammar } from './grammar.js';
import { sign, Word, wordOf } from './keywords.js';
import type { Scope } from './scope.js';

export class EnumReader {
  readonly #grammar: Grammar;
  readonly #cursor: Cursor;
  readonly #scope: Scope;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#cursor = grammar.cursor;
    this.#scope = grammar.scope;
  }

  /** enum-specifier. */
  read(): Type {
    const cursor = this.#cursor;
    const first = cursor.at++;
    const attributes = new Attributes();
    readAttributes(cursor, attributes, this.#grammar.constant);
    let tag = -1;
    if (cursor.kind[cursor.at] === Identifier) tag = cursor.spelling[cursor.at++] as number;
    let underlying: Type | null = null;
    if (cursor.is(sign.colon) && this.#isUnderlying()) {
      cursor.at++;
      underlying = this.#grammar.specifiers.read().type;
    }
    if (!cursor.is(sign.openBrace)) {
      if (tag < 0) cursor.fail("a tag or '{' is missing after enum");
      return this.#scope.enum(tag, first);
    }
    const type = this.#scope.newEnum(tag, first);
    const open = cursor.at;
    const enumerators = this.#enumeratorList(cursor.closing(open), type);
    cursor.at = cursor.after(open);
    readAttributes(cursor, attributes, this.#grammar.constant);
    if (attributes.mode !== null) underlying = integerOfMode(attributes.mode, integers.uint);
    type.enumerators = enumerators;
    type.packed = attributes.packed;
    type.underlying = underlying;
    type.end = cursor.at;
    type.local = this.#scope.isLocal;
    this.#scope.addEnum(tag, type);
    return type;
  }

  /** `enum e : u8 {`, not the bit-field `enum e : 3`. */
  #isUnderlying(): boolean {
    const cursor = this.#cursor;
    const spelling = cursor.spelling[cursor.at + 1] as number;
    const word = wordOf(spelling);
    return (word >= Word.Void && word <= Word.Bool) || this.#scope.names.get(spelling)?.kind === 'typedef';
  }

  #enumeratorList(end: number, type: EnumType): Enumerator[] {
    const cursor = this.#cursor;
    const list: Enumerator[] = [];
    const attributes = new Attributes();
    let next: bigint | null = 0n;
    cursor.at++;
    while (cursor.at < end) {
      const first = cursor.at;
      if (cursor.kind[first] !== Identifier) cursor.fail('an enumerator is missing');
      const spelling = cursor.spelling[first] as number;
      cursor.at++;
      readAttributes(cursor, attributes, this.#grammar.constant);
      if (cursor.accept(sign.equals)) next = this.#grammar.constants.constant();
      const enumerator: Enumerator = { name: textOf(spelling), value: next, first, end: cursor.at };
      list.push(enumerator);
      this.#scope.addEnumerator(spelling, enumerator, type);
      next = next === null ? null : next + 1n;
      if (cursor.at < end) cursor.expect(sign.comma);
    }
    return list;
  }
}
