/** The genksyms view of a unit as facts: versions of its exports and the dump that they come from. */
import { preprocess } from '../../c/preprocess/preprocess.js';
import { crcText } from '../../genksyms/crc.js';
import { DeclarationCache } from '../../genksyms/declaration-cache.js';
import type { Dialect } from '../../genksyms/dialect.js';
import { symbolsOf } from '../../genksyms/expand.js';
import { symtypeEntry } from '../../genksyms/symtypes.js';
import type { DeclaredText, SymbolFacts } from './facts.js';
import { type Versioner, withGenksyms } from './program.js';

export function genksymsVersions(dialect: Dialect): Versioner {
  const cache = new DeclarationCache();
  return (unit, tree, reader): SymbolFacts => {
    const { tokens, files, stretches, cut } = preprocess(withGenksyms(unit), tree, reader.cache);
    const read = { tokens, mainFile: files.indexOf(unit.path), stretches, files };
    const { exports, expanded, symbols } = symbolsOf(read, dialect, cache);
    const dump = new Map<string, string>();
    // A unit that exports nothing, as that of a header alone, still says what genksyms sees of its types.
    const places = new Map<string, string | null>();
    for (const symbol of exports.length > 0 ? expanded : symbols.types()) {
      const [key, text] = symtypeEntry(symbol);
      dump.set(key, text);
      places.set(key, symbol.file);
    }
    const fileOf = (key: string): string | null => places.get(key) ?? null;
    const declared = (): ReadonlyMap<string, DeclaredText> => {
      const all = new Map<string, DeclaredText>();
      for (const symbol of symbols.all()) {
        const [key, text] = symtypeEntry(symbol);
        all.set(key, { text, file: symbol.file });
      }
      return all;
    };
    const versions = exports.map(({ name, crc }) => [name, crc === null ? null : crcText(crc)] as const);
    return { symbols: new Map(versions), dump, declared, fileOf, inputs: files, cut };
  };
}
