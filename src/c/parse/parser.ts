/**
 * external-declarations (C11 6.9): the grammar of GNU C from the outside, over a Cursor. grammar.ts has what a declaration is
 * made of.
 *
 * The one recovery point is `#external`: whatever is `Unreadable` costs one declaration.
 */

import type { Layouts } from '../layout.js';
import { textOf } from '../lex/spelling.js';
import { BeginsLine, Identifier, type TokenList } from '../lex/tokens.js';
import { stripped, type Type, type TypedefType } from '../type.js';
import { Attributes } from './attributes.js';
import { Cursor, Unreadable } from './cursor.js';
import type { DeclaredUnit, FunctionDeclaration, UnreadDeclaration, VariableDeclaration } from './declarations.js';
import { Grammar } from './grammar.js';
import { sign, Word, wordOf } from './keywords.js';
import type { Declarator } from './parse-declarator.js';
import { withAttributes } from './parse-specifiers.js';
import type { Scope } from './scope.js';
import type { Specified } from './specifiers.js';

/** More unreadable declarations than this are no longer told one by one. */
const mostMissing = 1000;

export class Parser {
  readonly #cursor: Cursor;
  readonly #grammar: Grammar;
  readonly #scope: Scope;
  readonly #missing: UnreadDeclaration[] = [];

  /** `embedsTagged`: a tagged struct without a declarator embeds its members (-fms-extensions). */
  constructor(tokens: TokenList, layouts: Layouts, embedsTagged: boolean) {
    this.#cursor = new Cursor(tokens);
    this.#grammar = new Grammar(this.#cursor, layouts, embedsTagged);
    this.#scope = this.#grammar.scope;
  }

  read(): DeclaredUnit {
    const cursor = this.#cursor;
    const scope = this.#scope;
    while (!cursor.ended) this.#external();
    return {
      tokens: cursor.tokens,
      declarations: scope.declarations,
      records: scope.records,
      enums: scope.enums,
      typedefs: scope.typedefs,
      enumerators: scope.enumerators,
      functions: scope.functions,
      variables: scope.variables,
      missing: this.#missing,
      layouts: this.#grammar.layouts,
    };
  }

  /** external-declaration: declaration, function definition, `asm(…)`, or a stray `;`; the one place of recovery. */
  #external(): void {
    const cursor = this.#cursor;
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
    const cursor = this.#cursor;
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
    const cursor = this.#cursor;
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
    const specified = this.#grammar.specifiers.read();
    if (cursor.accept(sign.semicolon)) return;
    for (;;) {
      const declarator = this.#grammar.declarators.read(specified.type);
      const done = this.#declared(specified, declarator, first);
      if (done) return;
      if (cursor.accept(sign.semicolon)) return;
      cursor.expect(sign.comma);
    }
  }

  /** `NAME(…);` outside functions declares nothing: a macro that was not expanded (`MODULE_LICENSE("GPL");` in a fragment). */
  #isLoneCall(): boolean {
    const cursor = this.#cursor;
    const known = this.#scope.names.get(cursor.spelling[cursor.at] as number);
    const after = cursor.after(cursor.at + 1);
    return (
      cursor.kind[cursor.at] === Identifier && known?.kind !== 'typedef' && cursor.spelling[after] === sign.semicolon
    );
  }

  /** Records what one declarator declares; true where a function body ended the declaration. */
  #declared(specified: Specified, declarator: Declarator, first: number): boolean {
    const cursor = this.#cursor;
    if (declarator.name < 0) cursor.fail('a name is missing');
    const spelling = cursor.spelling[declarator.name] as number;
    const name = textOf(spelling);
    this.#grammar.declarators.readAfter(declarator.attributes);
    const attributes = specified.attributes;
    const all = new Attributes();
    all.merge(declarator.attributes);
    all.merge(attributes);
    const type = withAttributes(declarator.type, all);
    if (specified.typedef) {
      const typedef: TypedefType = { kind: 'typedef', name, type, align: all.lastAlign, first, end: cursor.at };
      this.#scope.addTypedef(spelling, typedef);
      return false;
    }
    if (stripped(type).kind === 'function') return this.#function(specified, type, name, spelling, first);
    let initializer = null;
    if (cursor.accept(sign.equals)) {
      const value = cursor.at;
      this.#skipInitializer();
      initializer = { first: value, end: cursor.at };
    }
    const variable: VariableDeclaration = {
      kind: 'variable',
      name,
      type,
      storage: specified.storage,
      initializer,
      first,
      end: cursor.at,
    };
    this.#scope.addVariable(spelling, variable);
    return false;
  }

  #function(specified: Specified, type: Type, name: string, spelling: number, first: number): boolean {
    const cursor = this.#cursor;
    this.#scope.names.set(spelling, { kind: 'object', type, initializer: -1 });
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
    this.#scope.addFunction(declaration);
    if (body !== null) this.#localTypes(body.first, body.end);
    return body !== null;
  }

  /** The parameter declarations of a K&R definition: `int f(a, b) int a; char b; { … }`. */
  #oldParameters(): void {
    const cursor = this.#cursor;
    while (!cursor.is(sign.openBrace)) {
      const specified = this.#grammar.specifiers.read();
      while (!cursor.accept(sign.semicolon)) {
        this.#grammar.declarators.readAfter(this.#grammar.declarators.read(specified.type).attributes);
        if (!cursor.is(sign.semicolon)) cursor.expect(sign.comma);
      }
    }
  }

  /** Named structs, unions and enums that a function body defines; the rest of the body is not read. */
  #localTypes(first: number, end: number): void {
    const cursor = this.#cursor;
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
    const cursor = this.#cursor;
    const tag = cursor.spelling[at + 1] as number;
    this.#scope.inBody(tag, () => {
      cursor.at = at;
      try {
        this.#grammar.specifiers.read();
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        cursor.restart(cursor.after(at + 2));
      }
    });
  }

  #skipInitializer(): void {
    const cursor = this.#cursor;
    while (!cursor.is(sign.comma) && !cursor.is(sign.semicolon)) {
      if (cursor.ended || cursor.is(sign.closeBrace)) return;
      if (cursor.isOpening()) cursor.skipGroup();
      else cursor.at++;
    }
  }
}
