/**
 * Declarators and parameters as genksyms reads them: those that declare a symbol, those of members, which are recorded nowhere, and
 * abstract ones, whose name is taken out of the text. A method returns false, or -1, for a syntax error.
 */
import type { Dialect } from './dialect.js';
import { token } from './lexer.js';
import type { Lookahead } from './lookahead.js';

/** Deeper nesting than this is a syntax error, so that no text can exhaust the stack. */
export const deepest = 2_000;

/** decl_specifier_seq_opt: how many specifiers, and the index after their nodes; null for an error. */
export type ReadSpecifiers = () => { readonly count: number; readonly end: number } | null;

export class DeclaratorReader {
  /** Spelling of the name being declared, or 0. */
  name = 0;
  /** Brackets and braces around the lookahead. */
  depth = 0;
  readonly #tokens: Lookahead;
  readonly #dialect: Dialect;
  readonly #specifiers: ReadSpecifiers;

  constructor(tokens: Lookahead, dialect: Dialect, specifiers: ReadSpecifiers) {
    this.#tokens = tokens;
    this.#dialect = dialect;
    this.#specifiers = specifiers;
  }

  begin(): void {
    this.name = 0;
    this.depth = 0;
  }

  /** declarator: gives the index after its last node, or -1 for an error. */
  read(): number {
    this.#pointers();
    if (this.#dialect.attributesEverywhere) while (this.#tokens.peek() === token.attribute) this.#tokens.shift();
    const kind = this.#tokens.peek();
    if (kind === token.ident || kind === token.type) {
      const node = this.#tokens.shift();
      if (!this.#named(node)) return -1;
      return this.#declaratorSuffixes(node + 1);
    }
    if (kind !== token.open || ++this.depth > deepest) return -1;
    this.#tokens.shift();
    if (this.read() < 0 || this.#tokens.peek() !== token.close) return -1;
    this.depth--;
    return this.#declaratorSuffixes(this.#tokens.shift() + 1);
  }

  #named(node: number): boolean {
    if (this.name !== 0) return false;
    this.name = this.#tokens.spellingAt(node);
    return true;
  }

  #declaratorSuffixes(start: number): number {
    let end = start;
    for (;;) {
      this.#tokens.lexer.keepsBodies = this.depth > 0;
      const kind = this.#tokens.peek();
      this.#tokens.lexer.keepsBodies = true;
      if (kind === token.bracket) end = this.#tokens.shift() + 1;
      else if (kind === token.open) {
        end = this.#parameters();
        if (end < 0) return -1;
      } else return end;
    }
  }

  /** ptr_operator* : '*' and its qualifiers */
  #pointers(): void {
    while (this.#tokens.peek() === token.star) {
      this.#tokens.shift();
      for (;;) {
        const kind = this.#tokens.peek();
        if (kind === token.restrict) this.#tokens.remove(this.#tokens.shift());
        else if (kind === token.qualifier || kind === token.attribute) this.#tokens.shift();
        else break;
      }
    }
  }

  /** nested_declarator: of a member, which is recorded nowhere */
  readNested(): boolean {
    this.#pointers();
    if (this.#dialect.attributesEverywhere) while (this.#tokens.peek() === token.attribute) this.#tokens.shift();
    const kind = this.#tokens.peek();
    if (kind === token.ident || kind === token.type) this.#tokens.shift();
    else if (kind !== token.open) return false;
    else if (!this.#parenthesised(() => this.readNested())) return false;
    return this.readNestedSuffixes();
  }

  /** `[n]` and parameters after the name of a member. */
  readNestedSuffixes(): boolean {
    for (;;) {
      const kind = this.#tokens.peek();
      if (kind === token.bracket) this.#tokens.shift();
      else if (kind === token.open) {
        if (this.#parameters() < 0) return false;
      } else return true;
    }
  }

  /** '(' x ')' | '(' error ')' */
  #parenthesised(inner: () => boolean): boolean {
    this.#tokens.shift();
    const isRead = ++this.depth <= deepest && inner() && this.#tokens.peek() === token.close;
    this.depth--;
    if (isRead) {
      this.#tokens.shift();
      return true;
    }
    return this.#tokens.recover(token.close, token.close) !== token.end;
  }

  /** '(' parameter_declaration_clause ')' | '(' error ')': the index after the parenthesis, or -1 at the end of the unit. */
  #parameters(): number {
    if (!this.#parenthesised(() => this.#parameterClause())) return -1;
    return this.#tokens.lexer.nodes.length;
  }

  #parameterClause(): boolean {
    if (this.#tokens.peek() === token.close) return true;
    if (this.#tokens.peek() === token.dots) {
      this.#tokens.shift();
      return true;
    }
    for (;;) {
      if (!this.readParameter()) return false;
      if (this.#tokens.peek() === token.dots) {
        // parameter_declaration_list_opt DOTS needs no comma.
        this.#tokens.shift();
        return true;
      }
      if (this.#tokens.peek() !== token.comma) return true;
      this.#tokens.shift();
      if (this.#tokens.peek() === token.dots) {
        this.#tokens.shift();
        return true;
      }
    }
  }

  /** parameter_declaration: its name, if it has one, is taken out of the text. */
  readParameter(): boolean {
    const specifiers = this.#specifiers();
    if (specifiers === null || specifiers.count === 0) return false;
    return this.#abstractDeclarator();
  }

  /** m_abstract_declarator */
  #abstractDeclarator(): boolean {
    this.#pointers();
    if (this.#dialect.attributesEverywhere) while (this.#tokens.peek() === token.attribute) this.#tokens.shift();
    const kind = this.#tokens.peek();
    if (kind === token.ident || kind === token.type) this.#tokens.remove(this.#tokens.shift());
    else if (kind === token.open && !this.#parenthesised(() => this.#abstractDeclarator())) return false;
    return this.readNestedSuffixes();
  }
}
