/**
 * The declarations of a unit as genksyms reads them (scripts/genksyms/parse.y).
 *
 * A recursive descent that makes the same decisions as the LALR(1) grammar: where the grammar has a conflict the comment names
 * the winner, and an error is taken up where the grammar has its `error` productions, because what an error swallows decides the
 * CRC of everything after it. A parser function returns false for a syntax error; actions done before it stay done.
 *
 * Never happens: an exception, or reading without end; every step takes a token.
 */

import type { Stretch } from '../c/segment.js';
import type { TokenList } from '../c/tokens.js';
import type { DeclarationCache } from './declaration-cache.js';
import type { Dialect } from './dialect.js';
import { GenksymsLexer, token } from './lexer.js';
import { nodeSpelling, type Tag, tag } from './symbol.js';
import type { SymbolTable } from './symbol-table.js';

/** A unit's tokens in the genksyms view, and what of them was perhaps read before. */
export interface GenksymsUnit {
  readonly tokens: TokenList;
  /** The unit's own file, as in `tokens.file`. */
  readonly mainFile: number;
  readonly stretches: readonly Stretch[];
  /** Paths by `tokens.file`; absent where nobody asks who declares what. */
  readonly files?: readonly string[];
}

/** `exported` is called where the unit exports a symbol: what is declared later does not count for it. */
export function readDeclarations(
  unit: GenksymsUnit,
  dialect: Dialect,
  cache: DeclarationCache,
  symbols: SymbolTable,
  exported: (name: number, place: number) => void,
): void {
  new DeclarationReader(unit, dialect, cache, symbols, exported).run();
}

const deepest = 2_000;

class DeclarationReader {
  readonly #lexer: GenksymsLexer;
  readonly #unit: GenksymsUnit;
  readonly #dialect: Dialect;
  readonly #cache: DeclarationCache;
  readonly #symbols: SymbolTable;
  readonly #exported: (name: number, place: number) => void;
  /** The lookahead token, or -1 where it is not read yet: what is a type is asked only when it must be. */
  #ahead = -1;
  /** How many nodes the lookahead token has appended. */
  #aheadNodes = 0;
  #isTypedef = false;
  #isExtern = false;
  /** Spelling of the name being declared, or 0. */
  #name = 0;
  #depth = 0;
  /** The next of the unit's stretches, and the one that is being read to be kept. */
  #stretch = 0;
  #begun: Stretch | null = null;
  /** The declaration is over because the unit is. */
  #ended = false;

  constructor(
    unit: GenksymsUnit,
    dialect: Dialect,
    cache: DeclarationCache,
    symbols: SymbolTable,
    exported: (name: number, place: number) => void,
  ) {
    this.#lexer = new GenksymsLexer(unit.tokens, unit.mainFile, symbols, dialect);
    this.#unit = unit;
    this.#dialect = dialect;
    this.#cache = cache;
    this.#symbols = symbols;
    this.#exported = exported;
  }

  run(): void {
    while (!this.#ended) {
      this.#atStretch();
      this.#lexer.begin();
      this.#lexer.keepsBodies = true;
      this.#isTypedef = false;
      this.#isExtern = false;
      this.#name = 0;
      this.#depth = 0;
      if (this.#peek() === token.end) return;
      this.#symbols.file = this.#unit.files?.[this.#unit.tokens.file[this.#lexer.place] as number] ?? null;
      if (!this.#declaration()) this.#recover(token.semi, token.closeBrace);
    }
  }

  /**
   * Between two declarations: a stretch that was begun may end here, and one whose declarations are known be passed over. A stretch
   * that ends inside a declaration is left out, and one of the unit's own file, which genksyms reads differently.
   */
  #atStretch(): void {
    const { stretches, tokens, mainFile } = this.#unit;
    for (;;) {
      const at = this.#ahead < 0 ? this.#lexer.between : -1;
      if (this.#begun !== null && at >= this.#begun.end) {
        const { segment, end } = this.#begun;
        if (at === end && !this.#lexer.sawCounted) this.#cache.keep(segment, this.#symbols);
        this.#begun = null;
      }
      while ((stretches[this.#stretch]?.start ?? at) < at) this.#stretch++;
      const stretch = stretches[this.#stretch];
      if (at < 0 || stretch === undefined || stretch.start !== at || tokens.file[at] === mainFile) return;
      if (!this.#symbols.isBetweenEnums) return;
      if (!this.#cache.apply(stretch.segment, this.#symbols)) {
        this.#begun = stretch;
        this.#lexer.sawCounted = false;
        this.#symbols.begin();
        return;
      }
      this.#lexer.passTo(stretch.end);
    }
  }

  #peek(): number {
    if (this.#ahead < 0) {
      const before = this.#lexer.nodes.length;
      this.#ahead = this.#lexer.next();
      this.#aheadNodes = this.#lexer.nodes.length - before;
      if (this.#ahead === token.end) this.#ended = true;
    }
    return this.#ahead;
  }

  /** Takes the lookahead and gives the index of its last node. */
  #shift(): number {
    this.#peek();
    this.#ahead = -1;
    return this.#lexer.nodes.length - 1;
  }

  #expect(kind: number): boolean {
    if (this.#peek() !== kind) return false;
    this.#shift();
    return true;
  }

  /** error X: drops tokens until one of the two comes, and takes it; gives which, or `end`. */
  #recover(one: number, other: number): number {
    for (;;) {
      const kind = this.#peek();
      if (kind === token.end) return kind;
      this.#shift();
      if (kind === one || kind === other) return kind;
    }
  }

  #remove(node: number): void {
    this.#lexer.nodes[node] = -1;
  }

  #spellingAt(node: number): number {
    return nodeSpelling(this.#lexer.nodes[node] as number);
  }

  #retag(node: number, kind: Tag): void {
    this.#lexer.nodes[node] = (this.#spellingAt(node) << 3) | kind;
  }

  /** The nodes [start, end) that are still there. */
  #text(start: number, end: number): Int32Array {
    const { nodes } = this.#lexer;
    const text = new Int32Array(end - start);
    let length = 0;
    for (let at = start; at < end; at++) {
      const node = nodes[at] as number;
      if (node >= 0) text[length++] = node;
    }
    return length === text.length ? text : text.slice(0, length);
  }

  /** Its text is the nodes [start, end), behind those of the specifiers that it shares with the declarator before: [0, shared). */
  #add(name: number, start: number, end: number, shared = 0): void {
    if (this.#symbols.has(name, tag.normal)) return;
    const own = this.#text(start, end);
    this.#symbols.add({
      name,
      tag: this.#isTypedef ? tag.typedef : tag.normal,
      text: shared === 0 ? own : joined(this.#text(0, shared), own),
      isExtern: this.#isExtern,
      file: this.#symbols.file,
    });
  }

  /** declaration1 */
  #declaration(): boolean {
    switch (this.#peek()) {
      case token.extension:
        this.#shift();
        if (!this.#expect(token.typedef)) return false;
        this.#isTypedef = true;
        return this.#simpleDeclaration(false);
      case token.typedef:
        this.#shift();
        this.#isTypedef = true;
        return this.#simpleDeclaration(false);
      case token.asm:
      case token.staticAssert:
        this.#shift();
        return this.#expect(token.semi);
      case token.export:
        return this.#export();
      default:
        return this.#simpleDeclaration(true);
    }
  }

  /** EXPORT_SYMBOL_KEYW '(' IDENT ')' ';' */
  #export(): boolean {
    this.#shift();
    if (!this.#expect(token.open) || this.#peek() !== token.ident) return false;
    const name = this.#spellingAt(this.#shift());
    const place = this.#lexer.place;
    if (!this.#expect(token.close) || !this.#expect(token.semi)) return false;
    // What an export finds is not the stretch's alone.
    this.#begun = null;
    this.#exported(name, place);
    return true;
  }

  /** simple_declaration, or function_definition where `mayDefine`. */
  #simpleDeclaration(mayDefine: boolean): boolean {
    const specifiers = this.#specifiers();
    if (specifiers === null) return false;
    if (!startsDeclarator(this.#peek())) return this.#expect(token.semi);
    let end = this.#declarator();
    if (end < 0) return false;
    if (mayDefine && this.#peek() === token.brace) {
      this.#add(this.#name, 0, end);
      this.#shift();
      return true;
    }
    this.#add(this.#name, 0, this.#afterDeclarator(end));
    while (this.#peek() === token.comma) {
      const start = this.#shift() + 1;
      this.#name = 0;
      end = this.#declarator();
      if (end < 0) return false;
      this.#add(this.#name, start, this.#afterDeclarator(end), specifiers.end);
    }
    return this.#expect(token.semi);
  }

  /** asm_phrase_opt attribute_opt initializer_opt: gives the end of what belongs to the symbol's text. */
  #afterDeclarator(declarator: number): number {
    let end = declarator;
    if (this.#peek() === token.asm) end = this.#shift() + 1;
    let attributes = end;
    while (this.#peek() === token.attribute) attributes = this.#shift() + 1;
    if (this.#dialect.attributesEverywhere) end = attributes;
    if (this.#peek() !== token.equals) return end;
    // An initializer brings the attributes before it back into the text; itself it is dropped.
    this.#shift();
    if (this.#peek() === token.expression) this.#shift();
    return attributes;
  }

  /**
   * decl_specifier_seq_opt: how many, and the index after their nodes; null for an error. A TYPE after a specifier is always one
   * more specifier, never the name being declared: the grammar's conflict is resolved so.
   */
  #specifiers(): { count: number; end: number } | null {
    for (let count = 0; ; count++) {
      const kind = this.#peek();
      const end = this.#lexer.nodes.length - this.#aheadNodes;
      if (kind === token.type) this.#retag(this.#shift(), tag.typedef);
      else if (!startsSpecifier(kind)) return { count, end };
      else if (!this.#specifier(kind)) return null;
    }
  }

  /** decl_specifier but TYPE */
  #specifier(kind: number): boolean {
    switch (kind) {
      case token.storage:
        this.#remove(this.#shift());
        return true;
      case token.extern:
        this.#isExtern = true;
        this.#remove(this.#shift());
        return true;
      case token.inline:
        this.#isExtern = false;
        this.#remove(this.#shift());
        return true;
      case token.restrict:
        this.#remove(this.#shift());
        return true;
      case token.typeofWord:
        return this.#typeof();
      case token.struct:
        return this.#compound(tag.struct);
      case token.union:
        return this.#compound(tag.union);
      case token.enum:
        return this.#compound(tag.enum);
      default:
        this.#shift();
        return true;
    }
  }

  /** TYPEOF_KEYW '(' parameter_declaration ')' */
  #typeof(): boolean {
    this.#shift();
    return this.#expect(token.open) && this.#parameter() && this.#expect(token.close);
  }

  /** struct, union or enum: a reference, or a definition that is recorded under its tag. */
  #compound(kind: Tag): boolean {
    const keyword = this.#shift();
    if (this.#dialect.attributesEverywhere) while (this.#peek() === token.attribute) this.#shift();
    let name = -1;
    if (this.#peek() === token.ident || this.#peek() === token.type) name = this.#shift();
    else if (this.#peek() !== token.openBrace) return false;
    if (this.#peek() !== token.openBrace) {
      this.#remove(keyword);
      this.#retag(name, kind);
      return true;
    }
    if (++this.#depth > deepest) return false;
    const isRead = kind === tag.enum ? this.#enumBody() : this.#classBody();
    this.#depth--;
    if (!isRead) return false;
    const end = this.#lexer.nodes.length;
    if (name >= 0) this.#record(keyword, name, end, kind);
    else if (kind === tag.enum) this.#symbols.restartEnumerators();
    return true;
  }

  /** record_compound: the definition goes to the table, a reference stays. */
  #record(keyword: number, name: number, end: number, kind: Tag): void {
    const spelling = this.#spellingAt(name);
    if (this.#dialect.opaqueSourceTypes && this.#lexer.inSource[name] === true) {
      // A type of the unit's own file: the body is thrown away, and for an enum the count of its enumerators goes on.
      for (let at = keyword; at < end; at++) if (at !== name) this.#remove(at);
      this.#retag(name, kind);
      return;
    }
    const isNew = !this.#symbols.has(spelling, kind);
    if (kind === tag.enum) this.#symbols.restartEnumerators();
    if (isNew) {
      const text = this.#text(keyword, end);
      this.#symbols.add({ name: spelling, tag: kind, text, isExtern: this.#isExtern, file: this.#symbols.file });
    }
    for (let at = keyword; at < end; at++) this.#remove(at);
    this.#lexer.nodes[end - 1] = (spelling << 3) | kind;
  }

  /** '{' member_specification_opt '}' | '{' error '}' */
  #classBody(): boolean {
    this.#shift();
    for (let members = 0; ; members++) {
      if (this.#peek() === token.closeBrace) {
        this.#shift();
        return true;
      }
      if (this.#member()) continue;
      // At the first member an error may end at '}', later only at ';'.
      const found = this.#recover(token.semi, members === 0 ? token.closeBrace : token.semi);
      if (found === token.end) return false;
      if (found === token.closeBrace) return true;
    }
  }

  /** member_declaration */
  #member(): boolean {
    const specifiers = this.#specifiers();
    if (specifiers === null) return false;
    if (this.#peek() === token.semi) {
      this.#shift();
      return true;
    }
    for (;;) {
      if (!this.#memberDeclarator()) return false;
      if (this.#peek() !== token.comma) return this.#expect(token.semi);
      this.#shift();
    }
  }

  /** nested_declarator attribute_opt | IDENT? ':' EXPRESSION_PHRASE */
  #memberDeclarator(): boolean {
    if (this.#peek() === token.colon) return this.#bitfield();
    if (this.#peek() === token.ident) {
      this.#shift();
      if (this.#peek() === token.colon) return this.#bitfield();
      if (!this.#nestedSuffixes()) return false;
    } else if (!this.#nestedDeclarator()) return false;
    while (this.#peek() === token.attribute) this.#shift();
    return true;
  }

  #bitfield(): boolean {
    this.#shift();
    return this.#expect(token.expression);
  }

  /** '{' enumerator_list ','? '}' */
  #enumBody(): boolean {
    this.#shift();
    for (;;) {
      if (this.#peek() !== token.ident && this.#peek() !== token.type) return false;
      // A name that is a typedef's is TYPE to the lexer, which no enumerator may be.
      if (this.#peek() === token.type) return false;
      const name = this.#spellingAt(this.#shift());
      if (this.#peek() === token.equals) {
        const equals = this.#shift();
        if (this.#peek() !== token.expression) return false;
        const end = this.#shift() + 1;
        this.#symbols.addEnumerator(name, this.#text(equals + 1, end));
      } else this.#symbols.addEnumerator(name, null);
      if (this.#peek() === token.comma) this.#shift();
      else return this.#expect(token.closeBrace);
      if (this.#peek() === token.closeBrace) {
        this.#shift();
        return true;
      }
    }
  }

  /** ptr_operator* : '*' and its qualifiers */
  #pointers(): void {
    while (this.#peek() === token.star) {
      this.#shift();
      for (;;) {
        const kind = this.#peek();
        if (kind === token.restrict) this.#remove(this.#shift());
        else if (kind === token.qualifier || kind === token.attribute) this.#shift();
        else break;
      }
    }
  }

  /** declarator: gives the index after its last node, or -1 for an error. */
  #declarator(): number {
    this.#pointers();
    if (this.#dialect.attributesEverywhere) while (this.#peek() === token.attribute) this.#shift();
    const kind = this.#peek();
    if (kind === token.ident || kind === token.type) {
      const node = this.#shift();
      if (!this.#named(node)) return -1;
      return this.#declaratorSuffixes(node + 1);
    }
    if (kind !== token.open || ++this.#depth > deepest) return -1;
    this.#shift();
    if (this.#declarator() < 0 || this.#peek() !== token.close) return -1;
    this.#depth--;
    return this.#declaratorSuffixes(this.#shift() + 1);
  }

  #named(node: number): boolean {
    if (this.#name !== 0) return false;
    this.#name = this.#spellingAt(node);
    return true;
  }

  #declaratorSuffixes(start: number): number {
    let end = start;
    for (;;) {
      this.#lexer.keepsBodies = this.#depth > 0;
      const kind = this.#peek();
      this.#lexer.keepsBodies = true;
      if (kind === token.bracket) end = this.#shift() + 1;
      else if (kind === token.open) {
        end = this.#parameters();
        if (end < 0) return -1;
      } else return end;
    }
  }

  /** nested_declarator: of a member, which is recorded nowhere */
  #nestedDeclarator(): boolean {
    this.#pointers();
    if (this.#dialect.attributesEverywhere) while (this.#peek() === token.attribute) this.#shift();
    const kind = this.#peek();
    if (kind === token.ident || kind === token.type) this.#shift();
    else if (kind !== token.open) return false;
    else if (!this.#parenthesised(() => this.#nestedDeclarator())) return false;
    return this.#nestedSuffixes();
  }

  #nestedSuffixes(): boolean {
    for (;;) {
      const kind = this.#peek();
      if (kind === token.bracket) this.#shift();
      else if (kind === token.open) {
        if (this.#parameters() < 0) return false;
      } else return true;
    }
  }

  /** '(' x ')' | '(' error ')' */
  #parenthesised(inner: () => boolean): boolean {
    this.#shift();
    const isRead = ++this.#depth <= deepest && inner() && this.#peek() === token.close;
    this.#depth--;
    if (isRead) {
      this.#shift();
      return true;
    }
    return this.#recover(token.close, token.close) !== token.end;
  }

  /** '(' parameter_declaration_clause ')' | '(' error ')': the index after the parenthesis, or -1 at the end of the unit. */
  #parameters(): number {
    if (!this.#parenthesised(() => this.#parameterClause())) return -1;
    return this.#lexer.nodes.length;
  }

  #parameterClause(): boolean {
    if (this.#peek() === token.close) return true;
    if (this.#peek() === token.dots) {
      this.#shift();
      return true;
    }
    for (;;) {
      if (!this.#parameter()) return false;
      if (this.#peek() === token.dots) {
        // parameter_declaration_list_opt DOTS needs no comma.
        this.#shift();
        return true;
      }
      if (this.#peek() !== token.comma) return true;
      this.#shift();
      if (this.#peek() === token.dots) {
        this.#shift();
        return true;
      }
    }
  }

  /** parameter_declaration: its name, if it has one, is taken out of the text. */
  #parameter(): boolean {
    const specifiers = this.#specifiers();
    if (specifiers === null || specifiers.count === 0) return false;
    return this.#abstractDeclarator();
  }

  /** m_abstract_declarator */
  #abstractDeclarator(): boolean {
    this.#pointers();
    if (this.#dialect.attributesEverywhere) while (this.#peek() === token.attribute) this.#shift();
    const kind = this.#peek();
    if (kind === token.ident || kind === token.type) this.#remove(this.#shift());
    else if (kind === token.open && !this.#parenthesised(() => this.#abstractDeclarator())) return false;
    return this.#nestedSuffixes();
  }
}

function startsSpecifier(kind: number): boolean {
  return (
    (kind >= token.storage && kind <= token.restrict) ||
    (kind >= token.struct && kind <= token.enum) ||
    kind === token.type ||
    kind === token.attribute ||
    kind === token.typeofPhrase ||
    kind === token.typeofWord
  );
}

function startsDeclarator(kind: number): boolean {
  return kind === token.ident || kind === token.star || kind === token.open;
}

function joined(prefix: Int32Array, rest: Int32Array): Int32Array {
  const text = new Int32Array(prefix.length + rest.length);
  text.set(prefix);
  text.set(rest, prefix.length);
  return text;
}
