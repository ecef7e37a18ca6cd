/** The genksyms view of a unit as facts: versions of its exports and the dump that they come from. */
import { crcText } from '../genksyms/crc.js';
import { DeclarationCache } from '../genksyms/declaration-cache.js';
import type { Dialect } from '../genksyms/dialect.js';
import { symbolsOf } from '../genksyms/expand.js';
import { symtypeLine } from '../genksyms/symtypes.js';
import type { SymbolFacts } from './facts.js';
import type { Versioner } from './program.js';

export function genksymsVersions(dialect: Dialect): Versioner {
  const cache = new DeclarationCache();
  return ({ tokens, files, stretches }, unit): SymbolFacts => {
    const read = { tokens, mainFile: files.indexOf(unit.path), stretches };
    const { exports, expanded, symbols } = symbolsOf(read, dialect, cache);
    const dump = new Map<string, string>();
    // A unit that exports nothing, as that of a header alone, still says what genksyms sees of its types.
    for (const symbol of exports.length > 0 ? expanded : symbols.types()) {
      const line = symtypeLine(symbol);
      const blank = line.indexOf(' ');
      dump.set(line.slice(0, blank), line.slice(blank + 1).trim());
    }
    return { symbols: new Map(exports.map(({ name, crc }) => [name, crc === null ? null : crcText(crc)])), dump };
  };
}
