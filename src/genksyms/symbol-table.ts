/**
 * genksyms' symbol table (add_symbol in scripts/genksyms/genksyms.c): two name spaces, and the first definition of a name wins.
 *
 * It also notes, for declaration-cache.ts, what a stretch of declarations asked of it and added.
 */
import { spellingOf } from '../c/lex/spelling.js';
import type { Dialect } from './dialect.js';
import { type GenksymsSymbol, type Tag, tag, tagWords } from './symbol.js';

const openParenthesis = spellingOf('(') << 3;
const closeParenthesis = spellingOf(')') << 3;
const plus = spellingOf('+') << 3;
const openBrace = spellingOf('{') << 3;
const closeBrace = spellingOf('}') << 3;
const unknown = spellingOf('UNKNOWN') << 3;
const words = tagWords.map((word) => spellingOf(word) << 3);

/** What names were when a stretch began: by name space, a name and its kind, one more; 0 where it was free. */
export interface NameFacts {
  readonly spaces: readonly { readonly names: Int32Array; readonly kinds: Uint8Array }[];
}

/** Everything that a stretch tried to add, in order. */
export type Added = readonly GenksymsSymbol[];

/** Names and the symbols that took them. */
class NameSpace {
  /** By spelling: the kind of the symbol, one more; 0 for none. Asked for every word of the unit. */
  kinds = new Uint8Array(1 << 18);
  readonly #symbols = new Map<number, GenksymsSymbol>();
  /** By spelling: the stretch that last asked. */
  #stamps = new Int32Array(1 << 18);
  #asked: number[] = [];
  #found: number[] = [];
  stretch = 1;

  begin(): void {
    this.stretch++;
    this.#asked = [];
    this.#found = [];
  }

  get asked(): { names: Int32Array; kinds: Uint8Array } {
    return { names: new Int32Array(this.#asked), kinds: new Uint8Array(this.#found) };
  }

  agrees({ names, kinds }: { readonly names: Int32Array; readonly kinds: Uint8Array }): boolean {
    for (let i = 0; i < names.length; i++)
      if ((this.kinds[names[i] as number] ?? 0) !== (kinds[i] as number)) return false;
    return true;
  }

  /** The kind of a name, one more; 0 where it is free. */
  kindOf(name: number): number {
    if (this.#stamps[name] !== this.stretch) this.#note(name);
    return this.kinds[name] as number;
  }

  find(name: number): GenksymsSymbol | undefined {
    return this.#symbols.get(name);
  }

  values(): Iterable<GenksymsSymbol> {
    return this.#symbols.values();
  }

  /** Takes the name where it is free. */
  add(symbol: GenksymsSymbol): void {
    const { name } = symbol;
    if (this.kindOf(name) !== 0) return;
    this.kinds[name] = symbol.tag + 1;
    this.#symbols.set(name, symbol);
  }

  #note(name: number): void {
    if (name >= this.kinds.length) this.#grow(name);
    this.#stamps[name] = this.stretch;
    this.#asked.push(name);
    this.#found.push(this.kinds[name] as number);
  }

  #grow(name: number): void {
    const length = Math.max(name + 1, this.kinds.length * 2);
    const kinds = new Uint8Array(length);
    kinds.set(this.kinds);
    this.kinds = kinds;
    const stamps = new Int32Array(length);
    stamps.set(this.#stamps);
    this.#stamps = stamps;
  }
}

export class SymbolTable {
  /** Functions, variables, typedefs, enumerators. */
  readonly #names = new NameSpace();
  /** struct, union and (since 2.6.39) enum tags. */
  readonly #tags = new NameSpace();
  readonly #enums: NameSpace;
  readonly #spaces: readonly NameSpace[];
  /** The file of the declaration that is being read. */
  file: string | null = null;
  #added: GenksymsSymbol[] = [];
  #lastEnumerator: Int32Array | null = null;
  #enumerators = 0;

  constructor(dialect: Dialect) {
    this.#enums = dialect.enumNameSpace ? new NameSpace() : this.#tags;
    this.#spaces = [...new Set([this.#names, this.#tags, this.#enums])];
  }

  #space(kind: Tag): NameSpace {
    if (kind === tag.enum) return this.#enums;
    return kind === tag.struct || kind === tag.union ? this.#tags : this.#names;
  }

  isTypedef(name: number): boolean {
    return this.#names.kindOf(name) === tag.typedef + 1;
  }

  isEnumerator(name: number): boolean {
    return this.#names.kindOf(name) === tag.enumerator + 1;
  }

  /** The symbol that a reference of this kind finds: any of its name space. */
  find(name: number, kind: Tag): GenksymsSymbol | undefined {
    return this.#space(kind).find(name);
  }

  add(symbol: GenksymsSymbol): void {
    if (symbol.tag === tag.enum) this.restartEnumerators();
    this.#added.push(symbol);
    this.#space(symbol.tag).add(symbol);
  }

  /** Is the name taken, so that another definition would be ignored? Spares making its text. */
  has(name: number, kind: Tag): boolean {
    return this.#space(kind).kindOf(name) !== 0;
  }

  /** Every struct, union, enum, typedef and enumerator that is declared: a struct's text names the enumerator that an array is as long as. */
  *types(): Iterable<GenksymsSymbol> {
    for (const space of this.#spaces) if (space !== this.#names) yield* space.values();
    for (const symbol of this.#names.values())
      if (symbol.tag === tag.typedef || symbol.tag === tag.enumerator) yield symbol;
  }

  /** Everything that is declared. */
  *all(): Iterable<GenksymsSymbol> {
    for (const space of new Set([this.#names, this.#tags, this.#enums])) yield* space.values();
  }

  /** A new enum begins: the next enumerator without a value is 0. */
  restartEnumerators(): void {
    this.#lastEnumerator = null;
    this.#enumerators = 0;
  }

  /** An enumerator with its value's text, or null: then it counts from the last one that had a value. */
  addEnumerator(name: number, value: Int32Array | null): void {
    let text = value;
    if (text !== null) {
      this.#lastEnumerator = text;
      this.#enumerators = 1;
    } else {
      const count = spellingOf(String(this.#enumerators++)) << 3;
      const last = this.#lastEnumerator;
      text = Int32Array.from(last === null ? [count] : [openParenthesis, ...last, closeParenthesis, plus, count]);
    }
    this.add({ name, tag: tag.enumerator, text, isExtern: false, file: this.file });
  }

  /** What genksyms makes of a tag that is mentioned and was never defined; it stays so for the rest of the unit. */
  addUnknown(name: number, kind: Tag): GenksymsSymbol {
    const text = Int32Array.from([words[kind] as number, name << 3, openBrace, unknown, closeBrace]);
    const symbol = { name, tag: kind, text, isExtern: false, file: null };
    this.#space(kind).add(symbol);
    return symbol;
  }

  // Stretches.

  /** Does no enumerator that comes next depend on one before? */
  get isBetweenEnums(): boolean {
    return this.#lastEnumerator === null && this.#enumerators === 0;
  }

  /** A stretch of declarations begins. */
  begin(): void {
    this.#added = [];
    for (const space of this.#spaces) space.begin();
  }

  /** What the stretch asked, and what it tried to add. */
  get asked(): NameFacts {
    return { spaces: this.#spaces.map(({ asked }) => asked) };
  }

  get added(): Added {
    return this.#added.slice();
  }

  agrees({ spaces }: NameFacts): boolean {
    return spaces.every((asked, i) => this.#spaces[i]?.agrees(asked));
  }

  addAll(added: Added): void {
    for (const symbol of added) this.#space(symbol.tag).add(symbol);
  }
}
