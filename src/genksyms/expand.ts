/**
 * The version of each symbol that a unit exports (expand_and_crc_sym in scripts/genksyms/genksyms.c).
 *
 * A symbol's text is fed word by word; a reference is replaced by the text of what it names, the first time in this symbol, and
 * by its name after that. The trail of what was expanded is global in one symbol, so the order of first mention matters.
 */
import { spellingOf, textOf } from '../c/lex/spelling.js';
import { crcOfWord, crcStart, finishCrc } from './crc.js';
import { DeclarationCache } from './declaration-cache.js';
import { type GenksymsUnit, readDeclarations } from './declarations.js';
import type { Dialect } from './dialect.js';
import { type GenksymsSymbol, nodeSpelling, nodeTag, type Tag, tag, tagWords } from './symbol.js';
import { SymbolTable } from './symbol-table.js';

export interface ExportedSymbol {
  readonly name: string;
  /** null where nothing declares it: the build would fail to version it. */
  readonly crc: number | null;
  /** Token of the export. */
  readonly place: number;
  /** Everything that its expansion mentions, itself first, in order of first mention. */
  readonly closure: readonly GenksymsSymbol[];
}

export interface UnitSymbols {
  readonly exports: readonly ExportedSymbol[];
  /** Every symbol that was expanded, in the order in which expansion ended: the order of a `-T` dump. */
  readonly expanded: readonly GenksymsSymbol[];
  /** What a reference means at the end of the unit. */
  readonly symbols: SymbolTable;
}

const words = tagWords.map(spellingOf);

/** `cache` must be of the same dialect. */
export function symbolsOf(unit: GenksymsUnit, dialect: Dialect, cache = new DeclarationCache()): UnitSymbols {
  const symbols = new SymbolTable(dialect);
  const expander = new Expansion(symbols);
  const exports: ExportedSymbol[] = [];
  readDeclarations(unit, dialect, cache, symbols, (name, place) => {
    const symbol = symbols.find(name, tag.normal);
    if (symbol === undefined) exports.push({ name: textOf(name), crc: null, place, closure: [] });
    else exports.push({ name: textOf(name), place, ...expander.versionOf(symbol) });
  });
  return { exports, expanded: [...expander.ended], symbols };
}

class Expansion {
  readonly ended = new Set<GenksymsSymbol>();
  readonly #symbols: SymbolTable;
  #trail = new Set<GenksymsSymbol>();
  #crc = 0;

  constructor(symbols: SymbolTable) {
    this.#symbols = symbols;
  }

  versionOf(symbol: GenksymsSymbol): { crc: number; closure: readonly GenksymsSymbol[] } {
    this.#trail = new Set([symbol]);
    this.#crc = crcStart;
    this.#expand(symbol);
    return { crc: finishCrc(this.#crc), closure: [...this.#trail] };
  }

  #expand(symbol: GenksymsSymbol): void {
    const { text } = symbol;
    let crc = this.#crc;
    for (let at = 0; at < text.length; at++) {
      const node = text[at] as number;
      const kind = nodeTag(node);
      if (kind === tag.normal) {
        crc = crcOfWord(crc, nodeSpelling(node));
        continue;
      }
      const named = this.#referenced(node, kind);
      if (named === undefined || this.#trail.has(named)) {
        if (kind !== tag.typedef && kind !== tag.enumerator) crc = crcOfWord(crc, words[kind] as number);
        crc = crcOfWord(crc, nodeSpelling(node));
        continue;
      }
      this.#trail.add(named);
      this.#crc = crc;
      this.#expand(named);
      crc = this.#crc;
    }
    this.#crc = crc;
    if (text.length > 0) this.ended.add(symbol);
  }

  #referenced(node: number, kind: Tag): GenksymsSymbol | undefined {
    const name = nodeSpelling(node);
    const found = this.#symbols.find(name, kind);
    if (found !== undefined || kind === tag.typedef || kind === tag.enumerator) return found;
    return this.#symbols.addUnknown(name, kind);
  }
}
