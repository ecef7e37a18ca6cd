/**
 * genksyms' symbol table (add_symbol in scripts/genksyms/genksyms.c): two name spaces, and the first definition of a name wins.
 */
import { spellingOf } from '../c/spelling.js';
import type { Dialect } from './dialect.js';
import { type GenksymsSymbol, type Tag, tag, tagWords } from './symbol.js';

const openParenthesis = spellingOf('(') << 3;
const closeParenthesis = spellingOf(')') << 3;
const plus = spellingOf('+') << 3;
const openBrace = spellingOf('{') << 3;
const closeBrace = spellingOf('}') << 3;
const unknown = spellingOf('UNKNOWN') << 3;
const words = tagWords.map((word) => spellingOf(word) << 3);

export class SymbolTable {
  /** Functions, variables, typedefs, enumerators. */
  readonly #names = new Map<number, GenksymsSymbol>();
  /** struct, union and (since 2.6.39) enum tags. */
  readonly #tags = new Map<number, GenksymsSymbol>();
  readonly #enums: Map<number, GenksymsSymbol>;
  /** By spelling: the kind of the plain name, one more; 0 for none. Asked for every word of the unit. */
  #kinds = new Uint8Array(1 << 16);
  #lastEnumerator: Int32Array | null = null;
  #enumerators = 0;

  constructor(dialect: Dialect) {
    this.#enums = dialect.enumNameSpace ? new Map() : this.#tags;
  }

  #space(kind: Tag): Map<number, GenksymsSymbol> {
    if (kind === tag.enum) return this.#enums;
    return kind === tag.struct || kind === tag.union ? this.#tags : this.#names;
  }

  isTypedef(name: number): boolean {
    return this.#kinds[name] === tag.typedef + 1;
  }

  isEnumerator(name: number): boolean {
    return this.#kinds[name] === tag.enumerator + 1;
  }

  /** The symbol that a reference of this kind finds: any of its name space. */
  find(name: number, kind: Tag): GenksymsSymbol | undefined {
    return this.#space(kind).get(name);
  }

  add(symbol: GenksymsSymbol): void {
    if (symbol.tag === tag.enum) this.restartEnumerators();
    const space = this.#space(symbol.tag);
    if (space.has(symbol.name)) return;
    space.set(symbol.name, symbol);
    if (space === this.#names) this.#setKind(symbol.name, symbol.tag);
  }

  #setKind(name: number, kind: Tag): void {
    if (name >= this.#kinds.length) {
      const larger = new Uint8Array(Math.max(name + 1, this.#kinds.length * 2));
      larger.set(this.#kinds);
      this.#kinds = larger;
    }
    this.#kinds[name] = kind + 1;
  }

  /** Is the name taken, so that another definition would be ignored? Spares making its text. */
  has(name: number, kind: Tag): boolean {
    return this.#space(kind).has(name);
  }

  /** Every struct, union, enum and typedef that is declared. */
  *types(): Iterable<GenksymsSymbol> {
    for (const space of new Set([this.#tags, this.#enums])) yield* space.values();
    for (const symbol of this.#names.values()) if (symbol.tag === tag.typedef) yield symbol;
  }

  /** A new enum begins: the next enumerator without a value is 0. */
  restartEnumerators(): void {
    this.#lastEnumerator = null;
    this.#enumerators = 0;
  }

  /** An enumerator with its value's text, or null: then it counts from the last one that had a value. */
  addEnumerator(name: number, value: Int32Array | null, place: number): void {
    let text = value;
    if (text !== null) {
      this.#lastEnumerator = text;
      this.#enumerators = 1;
    } else {
      const count = spellingOf(String(this.#enumerators++)) << 3;
      const last = this.#lastEnumerator;
      text = Int32Array.from(last === null ? [count] : [openParenthesis, ...last, closeParenthesis, plus, count]);
    }
    this.add({ name, tag: tag.enumerator, text, isExtern: false, place });
  }

  /** What genksyms makes of a tag that is mentioned and was never defined; it stays so for the rest of the unit. */
  addUnknown(name: number, kind: Tag): GenksymsSymbol {
    const text = Int32Array.from([words[kind] as number, name << 3, openBrace, unknown, closeBrace]);
    const symbol = { name, tag: kind, text, isExtern: false, place: -1 };
    this.#space(kind).set(name, symbol);
    return symbol;
  }
}
