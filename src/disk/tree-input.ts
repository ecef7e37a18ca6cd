/** `--tree`, `--build` and `--arch` -> the tree that a series is judged on, and how its units are compiled. */

import { predefinedMacros } from '../c/predefined.js';
import { targets } from '../c/target.js';
import { KabiwatchError } from '../errors.js';
import type { ConsumerQuestion, Placement } from '../kabi/consumers/consumers.js';
import { type Architecture, architectures } from '../kabi/review.js';
import { type Reaching, typesReaching } from '../kabi/series/reaching-types.js';
import type { Reading } from '../kabi/series/series-changes.js';
import { headerUnitFolder } from '../kabi/units/header-unit.js';
import type { Build, Versioner } from '../kabi/units/program.js';
import { type ConfigFacts, configFacts } from '../kernel/config-facts.js';
import { builtTree } from '../kernel/generated.js';
import { type Unit as KbuildUnit, unitAt, unitsOf } from '../kernel/kbuild.js';
import type { ConfigValues } from '../kernel/kbuild-top.js';
import type { NameIndex } from '../kernel/names.js';
import { mismatches, type Reference } from '../kernel/reference.js';
import { archDirectory, flaggedUnit, macrosForTree, plainUnit, unitNames } from '../kernel/unit.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';
import { indexKeyAhead } from './index/index-key-ahead.js';
import { indexedTree } from './index/index-request.js';
import { knownNameIndex, nameIndexOf } from './index/name-index.js';
import { unitsSpelling } from './index/spelling-units.js';
import { type CrcMode, versionerOf } from './references/versioner.js';
import { directoryTree } from './trees/directory-tree.js';
import { openTree } from './trees/open-tree.js';

export interface TreeOptions {
  readonly tree: string;
  readonly build: readonly string[];
  /** null: the build's. */
  readonly arch: Architecture | null;
  /** Laid over the builds: a configuration of its own. */
  readonly over?: readonly SourceTree[];
  /** `tree` with prerequisites of the series on it. */
  readonly source?: SourceTree;
  /** Where it is of the same kernel, it says how units are compiled and where they end up, at less cost than the makefiles. */
  readonly reference?: Reference;
  /** Whoever asks waits for one answer alone: the index's key is worked out by a thread meanwhile. */
  readonly ahead?: boolean;
}

export interface TreeInput {
  readonly tree: SourceTree;
  readonly build: Build;
  readonly arch: Architecture;
  /** The directory under arch/. */
  readonly archDir: string;
  readonly config: ConfigValues;
  /** The kernel's version, `6.1.192`. */
  readonly release: string;
  readonly crcMode: CrcMode;
  /** null where the tree has no symbol versions. */
  readonly versions: Versioner | null;
  /** The index of the whole tree, made at the first call and kept on disk; each call gives the same. */
  readonly whoUses: () => ConsumerQuestion;
  /** Sources that are built, export something and spell one of these types, as `struct s` or a typedef's name. */
  readonly spelling: (types: readonly string[]) => readonly string[];
  /** Types through which genksyms can come to one of these; null where the tree's index is not there. */
  readonly reaching: (types: readonly string[]) => Reaching | null;
  /** What earlier reviews on this very tree have read; absent: nothing. */
  readonly reading?: Reading;
}

export function treeInput(options: TreeOptions): TreeInput {
  const base = openTree(options.tree);
  const source = options.source ?? base;
  const builds = [...(options.over ?? []), ...options.build.map((dir) => directoryTree(dir))];
  const config = [...builds, source].map((tree) => tree.read('.config')).find((bytes) => bytes !== null) ?? null;
  const facts = config === null ? null : configFacts(Buffer.from(config).toString('latin1'));
  const arch = options.arch ?? architectures.find((one) => one === facts?.arch) ?? 'x86_64';
  const archDir = archDirectory(source, arch);
  if (archDir === null)
    throw new KabiwatchError('tree-not-found', { path: options.tree, why: `it has no arch/ for ${arch}` });
  const built = builtTree(source, builds.length === 0 ? null : unionTree(builds), archDir, null);
  const tree: SourceTree = { ...built, id: options.tree };
  const crcMode = facts?.crcMode ?? null;
  const release = releaseOf(tree, facts);
  const versions = versionerOf(crcMode, release);
  const isOfThis = (one: Reference): boolean => mismatches(one.meta, { arch, version: release, crcMode }).length === 0;
  const reference = options.reference !== undefined && isOfThis(options.reference) ? options.reference : undefined;
  const values = facts?.values ?? new Map<string, string>();
  const units = once(() => unitsOf(tree, values, archDir).units);
  const text = config === null ? null : Buffer.from(config).toString('latin1');
  const spec = { tree: options.tree, arch, config: text };
  const keyOfIndex = options.ahead === true ? indexKeyAhead(spec) : () => null;
  const whoUses = once((): ConsumerQuestion => {
    const index = nameIndexOf(spec, base, keyOfIndex());
    const isPlaced = reference !== undefined && reference.count('units') > 0;
    return { index, placement: isPlaced ? placementOf(placedIn(reference)) : placementIn(index) };
  });
  const sources = once(() => [
    ...new Set(units().flatMap((unit) => (unit.language === 'c' ? (unit.source ?? []) : []))),
  ]);
  const index = once(() => knownNameIndex(spec, base, keyOfIndex()));
  const spelling = (types: readonly string[]): string[] => {
    // Where no makefile tells what is built, all of it may be.
    const built = sources();
    const all = built.length > 0 ? built : indexedTree(spec, base).files.filter((path) => path.endsWith('.c'));
    return unitsSpelling(types, base, all, index());
  };
  const near = (path: string): KbuildUnit | null => unitAt(tree, values, archDir, path);
  const reaching = (types: readonly string[]): Reaching | null => {
    const names = index();
    return names === null ? null : typesReaching(types, base, names);
  };
  const build = buildOf(tree, arch, { units, near }, reference);
  return { tree, build, arch, archDir, config: values, release, crcMode, versions, whoUses, spelling, reaching };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type PlacedUnit = Pick<KbuildUnit, 'source' | 'place' | 'module'>;

function* placedIn(reference: Reference): Iterable<PlacedUnit> {
  for (const [, units] of reference.rows('units')) yield* units;
}

function placementIn(index: NameIndex): Placement {
  const linkUnitOf = (source: string): string | null => index.linkOf(source);
  return { placeOf: (source) => placeOfLink(linkUnitOf(source)), linkUnitOf };
}

function placeOfLink(link: string | null): 'builtin' | 'module' | 'possible' {
  return link === null ? 'possible' : link === 'vmlinux' ? 'builtin' : 'module';
}

function placementOf(units: Iterable<PlacedUnit>): Placement {
  const bySource = new Map<string, PlacedUnit>();
  for (const unit of units)
    if (unit.source !== null && bySource.get(unit.source)?.place !== 'module') bySource.set(unit.source, unit);
  return {
    placeOf: (source) => bySource.get(source)?.place ?? 'possible',
    linkUnitOf: (source) => {
      const unit = bySource.get(source);
      return unit === undefined ? null : (unit.module ?? 'vmlinux');
    },
  };
}

type CompiledUnit = Pick<KbuildUnit, 'basename' | 'modname' | 'modfile' | 'flags'>;

/** Exporting units by source, as a reference's build compiled them. */
function compiledIn(reference: Reference): ReadonlyMap<string, CompiledUnit> {
  const units = new Map<string, CompiledUnit>();
  for (const [, unit] of reference.rows('exporting')) {
    const flags = reference.row('flags', unit.flags);
    if (flags !== null && !units.has(unit.source)) units.set(unit.source, { ...unit, flags });
  }
  return units;
}

/** Of more units than this one at a time, reading all makefiles costs less than those on the way to each. */
const askedAlone = 40;

/** A header's own unit is in no makefile: it is compiled as this source, which every tree builds with what the top makefiles give to all. */
const plainSource = 'init/main.c';

function buildOf(
  tree: SourceTree,
  arch: Architecture,
  makefiles: { readonly units: () => readonly KbuildUnit[]; readonly near: (path: string) => KbuildUnit | null },
  reference: Reference | undefined,
): Build {
  const macros = macrosForTree(predefinedMacros(arch) ?? '', tree);
  const unitsByPath = once(
    () => new Map(makefiles.units().flatMap((unit) => (unit.source === null ? [] : [[unit.source, unit] as const]))),
  );
  const asked = new Map<string, CompiledUnit | undefined>();
  const fromMakefiles = (path: string): CompiledUnit | undefined => {
    if (!asked.has(path))
      asked.set(path, asked.size < askedAlone ? (makefiles.near(path) ?? undefined) : unitsByPath().get(path));
    return asked.get(path);
  };
  const known = once(() => (reference === undefined ? new Map<string, CompiledUnit>() : compiledIn(reference)));
  const compiledAs = (path: string): CompiledUnit | undefined => known().get(path) ?? fromMakefiles(path);
  return {
    target: targets[arch],
    unitOf: (path) => {
      // Only the makefiles know a unit's own macros and directories.
      const isHeader = path.startsWith(headerUnitFolder);
      const unit = isHeader ? compiledAs(plainSource) : compiledAs(path);
      return unit === undefined
        ? plainUnit(tree, path, arch, macros, 'compiler')
        : flaggedUnit(path, isHeader ? unitNames(path) : unit, unit.flags, macros, 'compiler');
    },
  };
}

/** `6.1.192`, of the config's head line or of the top Makefile. */
function releaseOf(tree: SourceTree, facts: ConfigFacts | null): string {
  if (facts?.version != null) return facts.version;
  const text = Buffer.from(tree.read('Makefile') ?? '').toString('latin1');
  const part = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(text)?.[1] ?? '0';
  return `${part('VERSION')}.${part('PATCHLEVEL')}.${part('SUBLEVEL')}`;
}
