/** The versions of what one unit exports, from its source: kbuild's flags, the genksyms view, genksyms' checksum. */
import type { LexCache } from '../c/lex/lex-cache.js';
import { type Preprocessed, preprocess } from '../c/preprocess/preprocess.js';
import type { DeclarationCache } from '../genksyms/declaration-cache.js';
import type { Dialect } from '../genksyms/dialect.js';
import { symbolsOf, type UnitSymbols } from '../genksyms/expand.js';
import { symtypeEntry } from '../genksyms/symtypes.js';
import type { SourceTree } from '../tree/source-tree.js';
import { assemblerExports } from './assembler-exports.js';
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

/** What a unit says of its exports: their versions, the texts behind them, and the files that it all comes from. */
export interface UnitReading extends UnitVersions {
  /** Every symbol that the exports' expansions reach, themselves too. */
  readonly types: readonly ReadText[];
  /** Paths of the tree, the unit itself first or second. */
  readonly inputs: readonly string[];
  readonly missing: readonly string[];
}

export interface ReadText {
  /** `s#task_struct`, `t#u32`, `E#PAGE_SIZE`, an export by its name. */
  readonly key: string;
  /** As in a `-T` dump, without the key and the last blank. */
  readonly text: string;
  /** null where nothing declares it. */
  readonly file: string | null;
}

/** A unit of the build with its source in the tree. */
export type SourceUnit = Unit & { readonly source: string };

/** The part of a unit that says how it is compiled; a reference keeps it. */
export type CompiledUnit = Pick<
  SourceUnit,
  'source' | 'language' | 'module' | 'basename' | 'modname' | 'modfile' | 'flags'
>;

export function unitVersions(unit: CompiledUnit, world: BuildWorld): UnitVersions {
  const { symbols } = exportsIn(unit, world);
  return versionsOf(unit, symbols);
}

function versionsOf(unit: CompiledUnit, { exports }: UnitSymbols): UnitVersions {
  const versions = exports.map(({ name, crc }) => [name, crc] as const);
  return { source: unit.source, module: unit.module ?? 'vmlinux', versions };
}

export function readUnit(unit: CompiledUnit, world: BuildWorld): UnitReading {
  const { symbols, read, before } = exportsIn(unit, world);
  const types = symbols.expanded.map((symbol): ReadText => {
    const [key, text] = symtypeEntry(symbol);
    return { key, text, file: symbol.file };
  });
  return {
    ...versionsOf(unit, symbols),
    types,
    inputs: [...new Set([unit.source, ...before, ...read.files.slice(1)])],
    missing: read.missing.slice(0, 3).map(({ what, why, file, line }) => `${what}: ${why} (${file}:${line})`),
  };
}

interface ReadExports {
  readonly symbols: UnitSymbols;
  readonly read: Preprocessed;
  /** Files that were read to know what is exported. */
  readonly before: readonly string[];
}

function exportsIn(unit: CompiledUnit, world: BuildWorld): ReadExports {
  const asked = flaggedUnit(unit.source, unit, unit.flags, world.predefined, 'genksyms');
  const made = unit.language === 'asm' ? assemblerExports(asked, world) : { unit: asked, tree: world.tree, read: [] };
  const read = preprocess(made.unit, made.tree, world.cache);
  const { tokens, files, stretches } = read;
  const symbols = symbolsOf(
    { tokens, mainFile: files.indexOf(made.unit.path), stretches, files },
    world.dialect,
    world.declarations,
  );
  return { symbols, read, before: made.read };
}

/**
 * The units that may export something: their file says EXPORT, or one of these macros that do (exporting-macros.ts), or a file beside it that
 * they include does. Reading the others would change nothing and cost most of the time.
 */
export function exportingUnits(
  tree: SourceTree,
  units: readonly Unit[],
  macros: readonly string[] = [],
): readonly SourceUnit[] {
  const says = new Map<string, boolean>();
  const words = new RegExp(['EXPORT_', ...macros.map((name) => `\\b${name}\\b`)].join('|'));
  return units.flatMap((unit) => {
    const { source } = unit;
    const may = source !== null && unit.language !== 'rust' && saysExport(tree, source, words, says);
    return may ? [{ ...unit, source }] : [];
  });
}

/** Whether the file, or one beside it that it includes, says EXPORT or one of the words; `says` is what was found before. */
export function saysExport(
  tree: SourceTree,
  path: string,
  words = /EXPORT_/,
  says = new Map<string, boolean>(),
): boolean {
  const known = says.get(path);
  if (known !== undefined) return known;
  says.set(path, false); // for files that include each other
  const bytes = tree.read(path);
  if (bytes === null) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const dir = path.slice(0, path.lastIndexOf('/') + 1);
  const found =
    words.test(text) ||
    Array.from(text.matchAll(/^\s*#\s*include\s+"([^"./][^"]*)"/gm), ([, name]) => dir + name).some((one) =>
      saysExport(tree, one, words, says),
    );
  says.set(path, found);
  return found;
}
