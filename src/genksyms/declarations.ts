/**
 * The declarations of a unit as genksyms reads them (scripts/genksyms/parse.y).
 *
 * A recursive descent that makes the same decisions as the LALR(1) grammar: where the grammar has a conflict the comment names
 * the winner, and an error is taken up where the grammar has its `error` productions, because what an error swallows decides the
 * CRC of everything after it. A parser function returns false for a syntax error; actions done before it stay done.
 *
 * Never happens: an exception, or reading without end; every step takes a token.
 */

import type { TokenList } from '../c/lex/tokens.js';
import type { Stretch } from '../c/preprocess/segment.js';
import type { DeclarationCache } from './declaration-cache.js';
import { DeclaratorReader, deepest } from './declarators.js';
import type { Dialect } from './dialect.js';
import { GenksymsLexer, token } from './lexer.js';
import { Lookahead } from './lookahead.js';
import { type Tag, tag } from './symbol.js';
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

class DeclarationReader {
  readonly #lexer: GenksymsLexer;
  readonly #tokens: Lookahead;
  readonly #declarators: DeclaratorReader;
  readonly #unit: GenksymsUnit;
  readonly #dialect: Dialect;
  readonly #cache: DeclarationCache;
  readonly #symbols: SymbolTable;
  readonly #exported: (name: number, place: number) => void;
  #isTypedef = false;
  #isExtern = false;
  /** The next of the unit's stretches, and the one that is being read to be kept. */
  #stretch = 0;
  #begun: Stretch | null = null;

  constructor(
    unit: GenksymsUnit,
    dialect: Dialect,
    cache: DeclarationCache,
    symbols: SymbolTable,
    exported: (name: number, place: number) => void,
  ) {
    this.#lexer = new GenksymsLexer(unit.tokens, unit.mainFile, symbols, dialect);
    this.#tokens = new Lookahead(this.#lexer);
    this.#declarators = new DeclaratorReader(this.#tokens, dialect, () => this.#specifiers());
    this.#unit = unit;
    this.#dialect = dialect;
    this.#cache = cache;
    this.#symbols = symbols;
    this.#exported = exported;
  }

  run(): void {
    while (!this.#tokens.ended) {
      this.#atStretch();
      this.#lexer.begin();
      this.#lexer.keepsBodies = true;
      this.#isTypedef = false;
      this.#isExtern = false;
      this.#declarators.begin();
      if (this.#tokens.peek() === token.end) return;
      this.#symbols.file = this.#fileOf(this.#lexer.place);
      if (!this.#declaration()) this.#tokens.recover(token.semi, token.closeBrace);
    }
  }

  /**
   * Between two declarations: a stretch that was begun may end here, and one whose declarations are known be passed over. A stretch
   * that ends inside a declaration is left out, and one of the unit's own file, which genksyms reads differently.
   */
  #atStretch(): void {
    const { stretches, tokens, mainFile } = this.#unit;
    for (;;) {
      const at = this.#tokens.between;
      if (this.#begun !== null && at >= this.#begun.end) {
        const { segment, end } = this.#begun;
        if (at === end && !this.#lexer.sawCounted) this.#cache.keep(segment, this.#symbols);
        this.#begun = null;
      }
      while ((stretches[this.#stretch]?.start ?? at) < at) this.#stretch++;
      const stretch = stretches[this.#stretch];
      if (at < 0 || stretch === undefined || stretch.start !== at || tokens.file[at] === mainFile) return;
      if (!this.#symbols.isBetweenEnums) return;
      this.#symbols.file = this.#fileOf(at);
      if (!this.#cache.apply(stretch.segment, this.#symbols)) {
        this.#begun = stretch;
        this.#lexer.sawCounted = false;
        this.#symbols.begin();
        return;
      }
      this.#lexer.passTo(stretch.end);
    }
  }

  #fileOf(token: number): string | null {
    const { files, tokens } = this.#unit;
    return files?.[tokens.file[token] as number] ?? null;
  }

  /** Its text is the nodes [start, end), behind those of the specifiers that it shares with the declarator before: [0, shared). */
  #add(name: number, start: number, end: number, shared = 0): void {
    if (this.#symbols.has(name, tag.normal)) return;
    const own = this.#tokens.text(start, end);
    this.#symbols.add({
      name,
      tag: this.#isTypedef ? tag.typedef : tag.normal,
      text: shared === 0 ? own : joined(this.#tokens.text(0, shared), own),
      isExtern: this.#isExtern,
      file: this.#symbols.file,
    });
  }

  /** declaration1 */
  #declaration(): boolean {
    switch (this.#tokens.peek()) {
      case token.extension:
        this.#tokens.shift();
        if (!this.#tokens.expect(token.typedef)) return false;
        this.#isTypedef = true;
        return this.#simpleDeclaration(false);
      case token.typedef:
        this.#tokens.shift();
        this.#isTypedef = true;
        return this.#simpleDeclaration(false);
      case token.asm:
      case token.staticAssert:
        this.#tokens.shift();
        return this.#tokens.expect(token.semi);
      case token.export:
        return this.#export();
      default:
        return this.#simpleDeclaration(true);
    }
  }

  /** EXPORT_SYMBOL_KEYW '(' IDENT ')' ';' */
  #export(): boolean {
    this.#tokens.shift();
    if (!this.#tokens.expect(token.open) || this.#tokens.peek() !== token.ident) return false;
    const name = this.#tokens.spellingAt(this.#tokens.shift());
    const place = this.#lexer.place;
    if (!this.#tokens.expect(token.close) || !this.#tokens.expect(token.semi)) return false;
    // What an export finds is not the stretch's alone.
    this.#begun = null;
    this.#exported(name, place);
    return true;
  }

  /** simple_declaration, or function_definition where `mayDefine`. */
  #simpleDeclaration(mayDefine: boolean): boolean {
    const specifiers = this.#specifiers();
    if (specifiers === null) return false;
    if (!startsDeclarator(this.#tokens.peek())) return this.#tokens.expect(token.semi);
    let end = this.#declarators.read();
    if (end < 0) return false;
    if (mayDefine && this.#tokens.peek() === token.brace) {
      this.#add(this.#declarators.name, 0, end);
      this.#tokens.shift();
      return true;
    }
    this.#add(this.#declarators.name, 0, this.#afterDeclarator(end));
    while (this.#tokens.peek() === token.comma) {
      const start = this.#tokens.shift() + 1;
      this.#declarators.name = 0;
      end = this.#declarators.read();
      if (end < 0) return false;
      this.#add(this.#declarators.name, start, this.#afterDeclarator(end), specifiers.end);
    }
    return this.#tokens.expect(token.semi);
  }

  /** asm_phrase_opt attribute_opt initializer_opt: gives the end of what belongs to the symbol's text. */
  #afterDeclarator(declarator: number): number {
    let end = declarator;
    if (this.#tokens.peek() === token.asm) end = this.#tokens.shift() + 1;
    let attributes = end;
    while (this.#tokens.peek() === token.attribute) attributes = this.#tokens.shift() + 1;
    if (this.#dialect.attributesEverywhere) end = attributes;
    if (this.#tokens.peek() !== token.equals) return end;
    // An initializer brings the attributes before it back into the text; itself it is dropped.
    this.#tokens.shift();
    if (this.#tokens.peek() === token.expression) this.#tokens.shift();
    return attributes;
  }

  /**
   * decl_specifier_seq_opt: how many, and the index after their nodes; null for an error. A TYPE after a specifier is always one
   * more specifier, never the name being declared: the grammar's conflict is resolved so.
   */
  #specifiers(): { count: number; end: number } | null {
    for (let count = 0; ; count++) {
      const kind = this.#tokens.peek();
      const end = this.#tokens.taken;
      if (kind === token.type) this.#tokens.retag(this.#tokens.shift(), tag.typedef);
      else if (!startsSpecifier(kind)) return { count, end };
      else if (!this.#specifier(kind)) return null;
    }
  }

  /** decl_specifier but TYPE */
  #specifier(kind: number): boolean {
    switch (kind) {
      case token.storage:
        this.#tokens.remove(this.#tokens.shift());
        return true;
      case token.extern:
        this.#isExtern = true;
        this.#tokens.remove(this.#tokens.shift());
        return true;
      case token.inline:
        this.#isExtern = false;
        this.#tokens.remove(this.#tokens.shift());
        return true;
      case token.restrict:
        this.#tokens.remove(this.#tokens.shift());
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
        this.#tokens.shift();
        return true;
    }
  }

  /** TYPEOF_KEYW '(' parameter_declaration ')' */
  #typeof(): boolean {
    this.#tokens.shift();
    return this.#tokens.expect(token.open) && this.#declarators.readParameter() && this.#tokens.expect(token.close);
  }

  /** struct, union or enum: a reference, or a definition that is recorded under its tag. */
  #compound(kind: Tag): boolean {
    const keyword = this.#tokens.shift();
    if (this.#dialect.attributesEverywhere) while (this.#tokens.peek() === token.attribute) this.#tokens.shift();
    let name = -1;
    if (this.#tokens.peek() === token.ident || this.#tokens.peek() === token.type) name = this.#tokens.shift();
    else if (this.#tokens.peek() !== token.openBrace) return false;
    if (this.#tokens.peek() !== token.openBrace) {
      this.#tokens.remove(keyword);
      this.#tokens.retag(name, kind);
      return true;
    }
    if (++this.#declarators.depth > deepest) return false;
    const isRead = kind === tag.enum ? this.#enumBody() : this.#classBody();
    this.#declarators.depth--;
    if (!isRead) return false;
    const end = this.#lexer.nodes.length;
    if (name >= 0) this.#record(keyword, name, end, kind);
    else if (kind === tag.enum) this.#symbols.restartEnumerators();
    return true;
  }

  /** record_compound: the definition goes to the table, a reference stays. */
  #record(keyword: number, name: number, end: number, kind: Tag): void {
    const spelling = this.#tokens.spellingAt(name);
    if (this.#dialect.opaqueSourceTypes && this.#lexer.inSource[name] === true) {
      // A type of the unit's own file: the body is thrown away, and for an enum the count of its enumerators goes on.
      for (let at = keyword; at < end; at++) if (at !== name) this.#tokens.remove(at);
      this.#tokens.retag(name, kind);
      return;
    }
    const isNew = !this.#symbols.has(spelling, kind);
    if (kind === tag.enum) this.#symbols.restartEnumerators();
    if (isNew) {
      const text = this.#tokens.text(keyword, end);
      this.#symbols.add({ name: spelling, tag: kind, text, isExtern: this.#isExtern, file: this.#symbols.file });
    }
    for (let at = keyword; at < end; at++) this.#tokens.remove(at);
    this.#lexer.nodes[end - 1] = (spelling << 3) | kind;
  }

  /** '{' member_specification_opt '}' | '{' error '}' */
  #classBody(): boolean {
    this.#tokens.shift();
    for (let members = 0; ; members++) {
      if (this.#tokens.peek() === token.closeBrace) {
        this.#tokens.shift();
        return true;
      }
      if (this.#member()) continue;
      // At the first member an error may end at '}', later only at ';'.
      const found = this.#tokens.recover(token.semi, members === 0 ? token.closeBrace : token.semi);
      if (found === token.end) return false;
      if (found === token.closeBrace) return true;
    }
  }

  /** member_declaration */
  #member(): boolean {
    const specifiers = this.#specifiers();
    if (specifiers === null) return false;
    if (this.#tokens.peek() === token.semi) {
      this.#tokens.shift();
      return true;
    }
    for (;;) {
      if (!this.#memberDeclarator()) return false;
      if (this.#tokens.peek() !== token.comma) return this.#tokens.expect(token.semi);
      this.#tokens.shift();
    }
  }

  /** nested_declarator attribute_opt | IDENT? ':' EXPRESSION_PHRASE */
  #memberDeclarator(): boolean {
    if (this.#tokens.peek() === token.colon) return this.#bitfield();
    if (this.#tokens.peek() === token.ident) {
      this.#tokens.shift();
      if (this.#tokens.peek() === token.colon) return this.#bitfield();
      if (!this.#declarators.readNestedSuffixes()) return false;
    } else if (!this.#declarators.readNested()) return false;
    while (this.#tokens.peek() === token.attribute) this.#tokens.shift();
    return true;
  }

  #bitfield(): boolean {
    this.#tokens.shift();
    return this.#tokens.expect(token.expression);
  }

  /** '{' enumerator_list ','? '}' */
  #enumBody(): boolean {
    this.#tokens.shift();
    for (;;) {
      if (this.#tokens.peek() !== token.ident && this.#tokens.peek() !== token.type) return false;
      // A name that is a typedef's is TYPE to the lexer, which no enumerator may be.
      if (this.#tokens.peek() === token.type) return false;
      const name = this.#tokens.spellingAt(this.#tokens.shift());
      if (this.#tokens.peek() === token.equals) {
        const equals = this.#tokens.shift();
        if (this.#tokens.peek() !== token.expression) return false;
        const value = this.#tokens.text(equals + 1, this.#tokens.shift() + 1);
        // A value of no tokens is copied to nothing, and counts like none.
        this.#symbols.addEnumerator(name, value.length > 0 ? value : null);
      } else this.#symbols.addEnumerator(name, null);
      if (this.#tokens.peek() === token.comma) this.#tokens.shift();
      else return this.#tokens.expect(token.closeBrace);
      if (this.#tokens.peek() === token.closeBrace) {
        this.#tokens.shift();
        return true;
      }
    }
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
