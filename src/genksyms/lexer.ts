/**
 * The tokens of a unit as genksyms reads them, which is not as C does (scripts/genksyms/lex.l).
 *
 * Two stages. The inner one splits C's tokens where genksyms knows fewer: `!=` is two, `1ULL` is `1UL` and `L`. The outer one
 * joins phrases (attributes, asm, typeof, brackets, bodies, expressions) into one token for the parser; every piece of a phrase
 * still becomes a node of the declaration's text, which is what is hashed.
 */
import { spellingOf, textOf } from '../c/lex/spelling.js';
import { Character, Counted, End, Identifier, Numeral, Pragma, Text, type TokenList } from '../c/lex/tokens.js';
import type { Dialect } from './dialect.js';
import { tag } from './symbol.js';

/** What the parser sees. */
export const token = {
  end: 0,
  ident: 1,
  type: 2,
  attribute: 3,
  asm: 4,
  typeofPhrase: 5,
  typeofWord: 6,
  bracket: 7,
  brace: 8,
  expression: 9,
  staticAssert: 10,
  open: 11,
  close: 12,
  openBrace: 13,
  closeBrace: 14,
  comma: 15,
  semi: 16,
  star: 17,
  colon: 18,
  equals: 19,
  dots: 20,
  struct: 21,
  union: 22,
  enum: 23,
  typedef: 24,
  extension: 25,
  export: 26,
  storage: 27,
  extern: 28,
  inline: 29,
  simple: 30,
  qualifier: 31,
  restrict: 32,
  other: 33,
} as const;

const S = spellingOf;

const reserved = new Map<number, number>(
  (
    [
      ['__GENKSYMS_EXPORT_SYMBOL', token.export],
      ['__asm', token.asm],
      ['__asm__', token.asm],
      ['asm', token.asm],
      ['__attribute', token.attribute],
      ['__attribute__', token.attribute],
      ['__const', token.qualifier],
      ['__const__', token.qualifier],
      ['const', token.qualifier],
      ['__volatile', token.qualifier],
      ['__volatile__', token.qualifier],
      ['volatile', token.qualifier],
      ['__extension__', token.extension],
      ['__inline', token.inline],
      ['__inline__', token.inline],
      ['inline', token.inline],
      ['__signed', token.simple],
      ['__signed__', token.simple],
      ['signed', token.simple],
      ['unsigned', token.simple],
      ['__typeof', token.typeofWord],
      ['__typeof__', token.typeofWord],
      ['typeof', token.typeofWord],
      ['_Bool', token.simple],
      ['char', token.simple],
      ['short', token.simple],
      ['int', token.simple],
      ['long', token.simple],
      ['float', token.simple],
      ['double', token.simple],
      ['void', token.simple],
      ['__restrict', token.restrict],
      ['__restrict__', token.restrict],
      ['restrict', token.restrict],
      ['auto', token.storage],
      ['register', token.storage],
      ['static', token.storage],
      ['extern', token.extern],
      ['struct', token.struct],
      ['union', token.union],
      ['enum', token.enum],
      ['typedef', token.typedef],
    ] as const
  ).map(([text, kind]) => [S(text), kind]),
);

const builtinTypes = ['__builtin_va_list', '__int128', '__int128_t', '__uint128_t'].map(S);
const armTypes = ['__int8x16_t', 'int8x16_t', 'uint64x2_t', 'uint8x16_t'].map(S);
const exportWords = ['EXPORT_SYMBOL', 'EXPORT_SYMBOL_GPL', 'EXPORT_SYMBOL_GPL_FUTURE', 'EXPORT_UNUSED_SYMBOL']
  .concat(['EXPORT_UNUSED_SYMBOL_GPL'])
  .map(S);
const typeofUnqualified = S('__typeof_unqual__');
const staticAssertWord = S('_Static_assert');

/** The words of a dialect: kernels learned some over time. */
function wordsOf(dialect: Dialect): ReadonlyMap<number, number> {
  const words = new Map(reserved);
  if (dialect.exportWords) for (const word of exportWords) words.set(word, token.export);
  if (dialect.builtinTypes) for (const word of builtinTypes) words.set(word, token.simple);
  if (dialect.armTypes) for (const word of armTypes) words.set(word, token.simple);
  if (dialect.typeofUnqualified) words.set(typeofUnqualified, token.typeofWord);
  if (dialect.staticAssert) words.set(staticAssertWord, token.staticAssert);
  return words;
}

const punctuation = new Map<number, number>(
  (
    [
      ['(', token.open],
      [')', token.close],
      ['{', token.openBrace],
      ['}', token.closeBrace],
      [',', token.comma],
      [';', token.semi],
      ['*', token.star],
      [':', token.colon],
      ['=', token.equals],
      ['...', token.dots],
      ['[', token.bracket],
    ] as const
  ).map(([text, kind]) => [S(text), kind]),
);

const open = S('(');
const close = S(')');
const openBrace = S('{');
const closeBrace = S('}');
const openBracket = S('[');
const closeBracket = S(']');
const comma = S(',');
const semi = S(';');

/** C's operators that genksyms reads as several tokens. */
const splitOperators = new Map<number, number[]>(
  (
    [
      ['++', '+', '+'],
      ['--', '-', '-'],
      ['!=', '!', '='],
      ['<<=', '<<', '='],
      ['>>=', '>>', '='],
      ['##', '#', '#'],
    ] as const
  ).map(([joined, ...parts]) => [S(joined), parts.map(S)]),
);

const splitNumerals = new Map<number, number[]>();
const integer = /^(0[Xx][0-9A-Fa-f]+|[1-9][0-9]*|0[0-7]*)([Uu][Ll]|[Ll][Uu]|[UuLl])?/;
const real = /^((([0-9]*\.[0-9]+)|([0-9]+\.))([Ee][+-]?[0-9]+)?[FfLl]?|[0-9]+[Ee][+-]?[0-9]+[FfLl]?)/;
const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*/;

/** `1ULL` -> `1UL`, `L`: the suffix that genksyms knows has one U and one L. */
function numeralParts(spelling: number): number[] {
  const known = splitNumerals.get(spelling);
  if (known !== undefined) return known;
  const parts: number[] = [];
  for (let rest = textOf(spelling); rest !== ''; ) {
    const lengths = [integer, real, identifier].map((pattern) => pattern.exec(rest)?.[0].length ?? 0);
    const length = Math.max(1, ...lengths);
    parts.push(S(rest.slice(0, length)));
    rest = rest.slice(length);
  }
  splitNumerals.set(spelling, parts);
  return parts;
}

/** What the lexer asks of the symbol table. */
export interface KnownNames {
  isTypedef(name: number): boolean;
  isEnumerator(name: number): boolean;
}

export class GenksymsLexer {
  /** The text of the declaration so far, in order: spelling << 3 | tag; -1 where a node was taken out. */
  readonly nodes: number[] = [];
  /** Is the node's token in the unit's own file. */
  readonly inSource: boolean[] = [];
  /** A word was read that holds a value of __COUNTER__: another unit has another there. */
  sawCounted = false;
  readonly #tokens: TokenList;
  readonly #names: KnownNames;
  readonly #mainFile: number;
  readonly #words: ReadonlyMap<number, number>;
  readonly #tagsEnumerators: boolean;
  #at = 0;
  /** Pieces of a split token, still to be read. */
  #pieces: readonly number[] = [];
  #piece = 0;
  #spelling = 0;
  #isIdentifier = false;
  #pushedBack = false;
  #wantsExpression = false;
  /** A brace phrase stays in the text unless it follows a declarator at file scope: then it is a body, whose words nobody asks for. */
  keepsBodies = true;
  #suppressTypes = 0;
  #noBracePhrase = 0;

  constructor(tokens: TokenList, mainFile: number, names: KnownNames, dialect: Dialect) {
    this.#tokens = tokens;
    this.#mainFile = mainFile;
    this.#names = names;
    this.#words = wordsOf(dialect);
    this.#tagsEnumerators = dialect.enumeratorValues;
  }

  /** The token of the list that was read last. */
  get place(): number {
    return Math.max(0, this.#at - 1);
  }

  /** The token of the list that is read next, where nothing of what was read before bears on it; else -1. */
  get between(): number {
    const isClean =
      !this.#pushedBack &&
      this.#piece >= this.#pieces.length &&
      !this.#wantsExpression &&
      this.#suppressTypes === 0 &&
      this.#noBracePhrase === 0;
    if (!isClean) return -1;
    while (this.#tokens.kind[this.#at] === Pragma) this.#at++;
    return this.#at;
  }

  passTo(at: number): void {
    this.#at = at;
  }

  /** Forgets the text of the declaration that was just read. */
  begin(): void {
    this.nodes.length = 0;
    this.inSource.length = 0;
  }

  /** Inner stage: sets #spelling; false at the end. */
  #read(): boolean {
    if (this.#pushedBack) {
      this.#pushedBack = false;
      return true;
    }
    if (this.#piece < this.#pieces.length) {
      this.#spelling = this.#pieces[this.#piece++] as number;
      this.#isIdentifier = identifier.test(textOf(this.#spelling));
      return true;
    }
    const { kind, spelling } = this.#tokens;
    while (kind[this.#at] === Pragma) this.#at++;
    const at = this.#at;
    if (at >= this.#tokens.length || kind[at] === End) return false;
    this.#at = at + 1;
    this.#spelling = spelling[at] as number;
    this.#isIdentifier = kind[at] === Identifier;
    if (kind[at] === Numeral) this.#split(numeralParts(this.#spelling));
    else if (!this.#isIdentifier && kind[at] !== Text && kind[at] !== Character) {
      const parts = splitOperators.get(this.#spelling);
      if (parts !== undefined) this.#split(parts);
    }
    return true;
  }

  #split(parts: readonly number[]): void {
    this.#spelling = parts[0] as number;
    this.#isIdentifier = false;
    this.#pieces = parts;
    this.#piece = 1;
  }

  #append(spelling: number): void {
    if (((this.#tokens.flags[this.place] as number) & Counted) !== 0) this.sawCounted = true;
    const isEnumerator = this.#tagsEnumerators && this.#names.isEnumerator(spelling);
    this.nodes.push((spelling << 3) | (isEnumerator ? tag.enumerator : tag.normal));
    this.inSource.push(this.#tokens.file[this.place] === this.#mainFile);
  }

  /** Outer stage: the next token for the parser; its nodes are appended. */
  next(): number {
    const kind = this.#wantsExpression ? this.#expression() : this.#normal();
    if (kind === token.end) return kind;
    if (this.#suppressTypes > 0) this.#suppressTypes--;
    if (this.#noBracePhrase > 0) this.#noBracePhrase--;
    return kind;
  }

  #normal(): number {
    if (!this.#read()) return token.end;
    const spelling = this.#spelling;
    if (this.#isIdentifier) return this.#identifier(spelling);
    this.#append(spelling);
    if (spelling === openBracket) return this.#phrase(openBracket, closeBracket, 1, token.bracket);
    if (spelling === openBrace) {
      if (this.#noBracePhrase > 0) return token.openBrace;
      return this.keepsBodies ? this.#phrase(openBrace, closeBrace, 1, token.brace) : this.#body();
    }
    const kind = punctuation.get(spelling) ?? token.other;
    if (kind === token.equals || kind === token.colon) this.#wantsExpression = true;
    return kind;
  }

  #identifier(spelling: number): number {
    this.#append(spelling);
    const word = this.#words.get(spelling);
    switch (word) {
      case token.attribute:
      case token.asm:
      case token.staticAssert:
        return this.#phrase(open, close, 0, word);
      case token.typeofWord:
        return this.#typeof();
      case token.struct:
      case token.union:
      case token.enum:
        this.#noBracePhrase = 3;
        this.#suppressTypes = 2;
        return word;
      case token.export:
        return word;
      default:
        break;
    }
    if (this.#suppressTypes === 0 && this.#names.isTypedef(spelling)) return token.type;
    return word ?? token.ident;
  }

  /** Passes over a body; its last brace stands for all of it. */
  #body(): number {
    const { kind, spelling, length } = this.#tokens;
    let at = this.#at;
    for (let count = 1; at < length && kind[at] !== End; at++) {
      const one = spelling[at];
      if (one === openBrace && kind[at] !== Pragma) count++;
      else if (one === closeBrace && kind[at] !== Pragma && --count === 0) {
        this.#at = at + 1;
        this.#append(closeBrace);
        return token.brace;
      }
    }
    this.#at = at;
    return token.end;
  }

  /** Appends up to the bracket that closes the phrase. */
  #phrase(opening: number, closing: number, depth: number, kind: number): number {
    let count = depth;
    while (this.#read()) {
      this.#append(this.#spelling);
      if (this.#spelling === opening) count++;
      else if (this.#spelling === closing && --count === 0) return kind;
    }
    return token.end;
  }

  /** After `=` or `:`: everything up to `,`, `;` or an outer `}`, which is put back. */
  #expression(): number {
    let count = 0;
    while (this.#read()) {
      const spelling = this.#spelling;
      if (count === 0 && (spelling === closeBrace || spelling === comma || spelling === semi)) {
        this.#pushedBack = true;
        this.#wantsExpression = false;
        return token.expression;
      }
      if (spelling === open || spelling === openBracket || spelling === openBrace) count++;
      else if (spelling === close || spelling === closeBracket || spelling === closeBrace) count--;
      this.#append(spelling);
    }
    return token.end;
  }

  /**
   * typeof ( type … is left to the parser; typeof ( anything else is a phrase. Of a phrase that does not begin with a name
   * the opening parenthesis is lost: lex.l appends it only there, and the CRC depends on it.
   */
  #typeof(): number {
    if (!this.#read()) return token.end;
    while (this.#spelling !== open) {
      this.#append(this.#spelling);
      if (!this.#read()) return token.end;
    }
    if (!this.#read()) return token.end;
    let count = 1;
    if (this.#isIdentifier) {
      if (this.#words.has(this.#spelling) || this.#names.isTypedef(this.#spelling)) {
        this.#pieces = [open, this.#spelling];
        this.#piece = 0;
        return token.typeofWord;
      }
      this.#append(open);
    }
    for (;;) {
      const spelling = this.#spelling;
      if (spelling === open) count++;
      this.#append(spelling);
      if (spelling === close && --count === 0) return token.typeofPhrase;
      if (!this.#read()) return token.end;
    }
  }
}
