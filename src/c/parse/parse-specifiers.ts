/**
 * declaration-specifiers (C11 6.7): the words before a declarator, in any order, and the type that they come to.
 *
 * Whether a name is a type is known from what was declared before; in a fragment it may not be, and then its neighbours tell.
 */

import type { Layouts } from '../layout.js';
import { textOf } from '../lex/spelling.js';
import { Identifier } from '../lex/tokens.js';
import { stripped, type Type, vaListType } from '../type.js';
import { type Attributes, integerOfMode, readAttributes } from './attributes.js';
import type { Surroundings } from './constant.js';
import type { Cursor } from './cursor.js';
import type { Grammar } from './grammar.js';
import { sign, Word, wordOf } from './keywords.js';
import type { Ordinary, Scope } from './scope.js';
import { baseType, Specified } from './specifiers.js';

export class SpecifierReader implements Surroundings {
  readonly cursor: Cursor;
  readonly layouts: Layouts;
  readonly names: ReadonlyMap<number, Ordinary>;
  readonly #grammar: Grammar;
  readonly #scope: Scope;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.cursor = grammar.cursor;
    this.layouts = grammar.layouts;
    this.names = grammar.scope.names;
    this.#scope = grammar.scope;
  }

  /** declaration-specifiers, or specifier-qualifier-list: up to what can begin a declarator. */
  read(): Specified {
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
        found.named = this.#namedType(spelling);
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
  #namedType(spelling: number): Type | null {
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
      (next === sign.open && cursor.spelling[cursor.at + 2] === sign.star && !this.isCall()) ||
      (this.#scope.inMembers > 0 && next === sign.colon);
    return likely ? { kind: 'unknown', text: textOf(spelling) } : null;
  }

  /** `NAME (*p)` with nothing declared after it is a macro's call, not a declarator. */
  isCall(): boolean {
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
        found.named = this.#grammar.records.read(word === Word.Struct ? 'struct' : 'union');
        return true;
      case Word.Enum:
        found.named = this.#grammar.enums.read();
        return true;
      case Word.Attribute:
        readAttributes(cursor, found.attributes, this.#grammar.constant);
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
      const value = this.#grammar.constants.constant();
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
    const type = this.startsType() ? this.typeName() : this.#grammar.constants.typeOfExpression();
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
    const specified = this.read();
    const { type, attributes } = this.#grammar.declarators.read(specified.type);
    attributes.merge(specified.attributes);
    return withAttributes(type, attributes);
  }

  ofParameter(): Specified {
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
    return this.read();
  }
}

/** What attributes make of the declared type: another integer, or a vector. */
export function withAttributes(type: Type, attributes: Attributes): Type {
  if (attributes.mode !== null) {
    const bare = stripped(type);
    const made = integerOfMode(attributes.mode, bare);
    if (made !== null) return made;
  }
  if (attributes.vectorSize > 0) return { kind: 'vector', element: type, size: attributes.vectorSize };
  return type;
}
