/**
 * The symbol versions of a kernel's units: each preprocessed as genksyms' input and read as genksyms reads it.
 *
 * One reader serves many units of one tree: files are lexed once by content. Assembler exports are versioned as kbuild does it,
 * through a made-up C file that includes asm/asm-prototypes.h and exports each symbol (scripts/Makefile.build, cmd_gensymtypes_S).
 */
import { LexCache, type PreprocessMissing, type Unit as PreprocessUnit, preprocess } from '../c/preprocess.js';
import type { TokenList } from '../c/tokens.js';
import type { Dialect } from '../genksyms/dialect.js';
import { symbolsOf, type UnitSymbols } from '../genksyms/expand.js';
import { memoryTree } from '../tree/memory.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';
import type { Unit } from './kbuild.js';
import { flaggedUnit } from './unit.js';

export interface UnitVersions extends UnitSymbols {
  readonly tokens: TokenList;
  readonly files: readonly string[];
  readonly missing: readonly PreprocessMissing[];
}

export class VersionReader {
  readonly #tree: SourceTree;
  readonly #predefined: string;
  readonly #dialect: Dialect;
  readonly #cache: LexCache;

  constructor(tree: SourceTree, predefined: string, dialect: Dialect, cache: LexCache = new LexCache()) {
    this.#tree = tree;
    this.#predefined = predefined;
    this.#dialect = dialect;
    this.#cache = cache;
  }

  /** `exported` are the names that an assembler source exports; a C source says them itself. */
  of(unit: Unit & { readonly source: string }, exported: readonly string[]): UnitVersions {
    const flagged = flaggedUnit(unit.source, unit, unit.flags, this.#predefined, 'genksyms');
    if (unit.language !== 'asm') return this.#read(flagged, this.#tree);
    const path = `${unit.source}.exports.c`;
    const text = [
      '#include <linux/kernel.h>',
      '#include <asm/asm-prototypes.h>',
      ...exported.map((name) => `EXPORT_SYMBOL(${name});`),
    ].join('\n');
    const defines = flagged.defines.filter((define) => !define.startsWith('__ASSEMBLY__'));
    return this.#read(
      { ...flagged, path, defines },
      unionTree([memoryTree(path, { [path]: `${text}\n` }), this.#tree]),
    );
  }

  #read(unit: PreprocessUnit, tree: SourceTree): UnitVersions {
    const { tokens, files, missing } = preprocess(unit, tree, this.#cache);
    return { ...symbolsOf(tokens, files.indexOf(unit.path), this.#dialect), tokens, files, missing };
  }
}
