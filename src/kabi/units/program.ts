/**
 * Program: one version of the tree, units of it read in both views. Reading a unit is preprocessing it once a view and taking
 * from its declarations what a comparison needs; tokens are dropped at once, because four views of a large unit are a gigabyte.
 */

import type { LexCache } from '../../c/lex/lex-cache.js';
import { spellingOf, textOf } from '../../c/lex/spelling.js';
import { readDeclarations } from '../../c/parse/declarations.js';
import { type Preprocessed, preprocess, type Unit } from '../../c/preprocess/preprocess.js';
import type { Target } from '../../c/target.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { Missing } from '../review.js';
import { type CompilerFacts, compilerFacts, type Placed, type SymbolFacts, type UnitFacts } from './facts.js';
import { headerOf, headerUnitFolder } from './header-unit.js';

/** What a build says of how units are compiled. */
export interface Build {
  readonly target: Target;
  /** The unit of a source file, or null where the build does not compile it; a header's own unit includes just it. */
  unitOf(path: string): Unit | null;
}

/** How the tree versions what a unit exports: by genksyms, or by gendwarfksyms. */
export type Versioner = (unit: Unit, tree: SourceTree, reader: ProgramReader) => SymbolFacts;

export interface ReadProgram {
  readonly units: readonly UnitFacts[];
  readonly missing: readonly Missing[];
}

export interface ProgramReader {
  readonly build: Build;
  readonly cache: LexCache;
  readonly versions: Versioner | null;
  /** Genksyms views that are at hand, by tree and unit. */
  readonly kept?: WeakMap<SourceTree, Map<string, SymbolFacts>>;
}

export function readProgram(tree: SourceTree, paths: readonly string[], reader: ProgramReader): ReadProgram {
  const units: UnitFacts[] = [];
  const missing: Missing[] = [];
  for (const path of paths) {
    const unit = reader.build.unitOf(path);
    if (unit === null || tree.read(path) === null) {
      missing.push({ what: `unit ${path}`, why: unit === null ? 'the build does not compile it' : 'not in the tree' });
      continue;
    }
    const read = readUnit(tree, unit, reader);
    // Of a unit that was cut short nothing is believed: an export that was not reached is not one that is gone.
    if (!read.cut) units.push(read.facts);
    missing.push(...read.missing);
  }
  return { units, missing };
}

function readUnit(
  tree: SourceTree,
  unit: Unit,
  reader: ProgramReader,
): { readonly facts: UnitFacts; readonly missing: readonly Missing[]; readonly cut: boolean } {
  const symbols = readGenksymsView(tree, unit, reader);
  const { compiler, missing, cut } = readCompilerView(tree, unit, reader, symbols);
  const facts = { path: unit.path, compiler, symbols };
  if (cut || symbols?.cut !== true) return { facts, missing, cut };
  const hidden = { what: `the rest of ${unit.path}`, why: 'what only genksyms sees of it is too large' };
  return { facts, missing: [...missing, hidden], cut: true };
}

function readCompilerView(
  tree: SourceTree,
  unit: Unit,
  { build, cache }: ProgramReader,
  symbols: SymbolFacts | null,
): { readonly compiler: CompilerFacts; readonly missing: readonly Missing[]; readonly cut: boolean } {
  const read = preprocess(unit, tree, cache, 'empty');
  const declared = readDeclarations(read.tokens, { target: build.target, msExtensions: read.msExtensions });
  const { file, offset } = declared.tokens;
  const positionOf = (token: number): Position => [read.files[file[token] as number] ?? '', offset[token] as number];
  // Only the positions that are asked for, and not the tokens, live as long as the facts.
  const placesOf = (tokens: readonly number[]): ((at: number) => Placed) => {
    const places = tokens.map(positionOf);
    return (at) => placeAt(tree, places[at] as Position);
  };
  const compiler = compilerFacts(declared, new Set(symbols?.symbols.keys()), placesOf);
  const missing = [
    ...read.missing.map(({ what, why, file, line }) => ({ what, why: `${why} (${file}:${line})` })),
    ...(unit.path.startsWith(headerUnitFolder)
      ? [...unexpanded(unit, read.tokens), ...unmeasured(unit, compiler)]
      : []),
    ...declared.missing.slice(0, 3).map(({ why, at }) => {
      const place = placeAt(tree, positionOf(at));
      return { what: `a declaration in ${unit.path}`, why: `${why} (${place.file}:${place.line})` };
    }),
  ];
  return { compiler, missing, cut: read.cut };
}

const isMacro = new Map<number, boolean>();
const openMark = spellingOf('(');

/** A header alone may use a distribution's macro that the file which includes it has defined: it reads as a declaration of another kind. */
function unexpanded(unit: Unit, tokens: Preprocessed['tokens']): Missing[] {
  for (let at = 0; at + 1 < tokens.length; at++) {
    if (tokens.spelling[at + 1] !== openMark) continue;
    const spelling = tokens.spelling[at] as number;
    const known = isMacro.get(spelling) ?? /^[A-Z_]*KABI_[A-Z0-9_]+$/.test(textOf(spelling));
    isMacro.set(spelling, known);
    if (known) return [{ what: `a declaration in ${unit.path}`, why: `\`${textOf(spelling)}\` is not defined` }];
  }
  return [];
}

/** A header alone may hold by value what it leaves to others to include: its own types cannot be laid out then. */
function unmeasured(unit: Unit, { unknowable, placeOf }: CompilerFacts): Missing[] {
  const header = headerOf(unit.path);
  const own = [...unknowable].filter(([name]) => placeOf(name)?.file === header);
  return own.slice(0, 3).map(([name, why]) => ({ what: `a declaration in ${unit.path}`, why: `${name}: ${why}` }));
}

/** null where the tree has no versions that follow from this view. */
export function readGenksymsView(tree: SourceTree, unit: Unit, reader: ProgramReader): SymbolFacts | null {
  const { versions, kept } = reader;
  return versions === null ? null : (kept?.get(tree)?.get(unit.path) ?? versions(unit, tree, reader));
}

export function withGenksyms(unit: Unit): Unit {
  return { ...unit, defines: [...unit.defines, '__GENKSYMS__'] };
}

type Position = readonly [file: string, offset: number];

function placeAt(tree: SourceTree, [file, offset]: Position): Placed {
  const bytes = tree.read(file);
  return { file, line: bytes === null ? 0 : lineOf(bytes, offset) };
}

function lineOf(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(10); at >= 0 && at < offset; at = bytes.indexOf(10, at + 1)) line++;
  return line;
}
