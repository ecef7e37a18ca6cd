/** The versions of what one unit exports, from its source: kbuild's flags, the genksyms view, genksyms' checksum. */
import type { LexCache } from '../c/lex-cache.js';
import { type Unit as PreprocessUnit, preprocess } from '../c/preprocess.js';
import { tokenize } from '../c/tokenize.js';
import type { DeclarationCache } from '../genksyms/declaration-cache.js';
import type { Dialect } from '../genksyms/dialect.js';
import { symbolsOf, type UnitSymbols } from '../genksyms/expand.js';
import { memoryTree } from '../tree/memory.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';
import { exportsOf } from './exports.js';
import type { Unit } from './kbuild.js';
import { flaggedUnit } from './unit.js';

/** What all units of a build have in common. */
export interface BuildWorld {
  /** Sources and generated headers. */
  readonly tree: SourceTree;
  /** The compiler's own macros. */
  readonly predefined: string;
  readonly dialect: Dialect;
  readonly cache: LexCache;
  readonly declarations: DeclarationCache;
}

export interface UnitVersions {
  readonly source: string;
  /** `vmlinux` or the module's path. */
  readonly module: string;
  /** null: the version tool would leave the export without a version. */
  readonly versions: readonly (readonly [name: string, crc: number | null])[];
}

export function unitVersions(unit: Unit & { readonly source: string }, world: BuildWorld): UnitVersions {
  const asked = flaggedUnit(unit.source, unit, unit.flags, world.predefined, 'genksyms');
  const { exports } = unit.language === 'asm' ? assemblerExports(asked, world) : exportsIn(asked, world.tree, world);
  const versions = exports.map(({ name, crc }) => [name, crc] as const);
  return { source: unit.source, module: unit.module ?? 'vmlinux', versions };
}

function exportsIn(unit: PreprocessUnit, tree: SourceTree, { cache, declarations, dialect }: BuildWorld): UnitSymbols {
  const { tokens, files, stretches } = preprocess(unit, tree, cache);
  return symbolsOf({ tokens, mainFile: files.indexOf(unit.path), stretches }, dialect, declarations);
}

/**
 * What an assembler source exports, versioned as kbuild does it: through a made-up C file that includes asm/asm-prototypes.h and
 * exports each symbol (scripts/Makefile.build, cmd_gensymtypes_S).
 */
function assemblerExports(unit: PreprocessUnit, world: BuildWorld): UnitSymbols {
  const bytes = world.tree.read(unit.path) ?? new Uint8Array();
  const path = `${unit.path}.exports.c`;
  const text = [
    '#include <linux/kernel.h>',
    '#include <asm/asm-prototypes.h>',
    ...exportsOf(tokenize(bytes), null).map(({ name }) => `EXPORT_SYMBOL(${name});`),
  ].join('\n');
  const defines = unit.defines.filter((define) => !define.startsWith('__ASSEMBLY__'));
  return exportsIn(
    { ...unit, path, defines },
    unionTree([memoryTree(path, { [path]: `${text}\n` }), world.tree]),
    world,
  );
}

/**
 * The units that may export something: their file says EXPORT, or a file beside it that they include does. Reading the
 * others would change nothing and cost most of the time.
 */
export function exportingUnits(
  tree: SourceTree,
  units: readonly Unit[],
): readonly (Unit & { readonly source: string })[] {
  const says = new Map<string, boolean>();
  return units.flatMap((unit) => {
    const { source } = unit;
    return source !== null && unit.language !== 'rust' && saysExport(tree, source, says) ? [{ ...unit, source }] : [];
  });
}

function saysExport(tree: SourceTree, path: string, says: Map<string, boolean>): boolean {
  const known = says.get(path);
  if (known !== undefined) return known;
  says.set(path, false); // for files that include each other
  const bytes = tree.read(path);
  if (bytes === null) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const dir = path.slice(0, path.lastIndexOf('/') + 1);
  const found =
    text.includes('EXPORT_') ||
    Array.from(text.matchAll(/^\s*#\s*include\s+"([^"./][^"]*)"/gm), ([, name]) => dir + name).some((one) =>
      saysExport(tree, one, says),
    );
  says.set(path, found);
  return found;
}
