/** `kabiwatch reference build`: source, build directory and shipped files of a kernel -> one reference. Progress on a terminal. */

import { existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { layoutsOf } from '../btf/layouts.js';
import type { Layout } from '../c/layout.js';
import { readBtfFile } from '../disk/references/btf-file.js';
import { type BuildPlace, openBuild } from '../disk/references/build-world.js';
import { type Collected, collectLayouts, collectUnits } from '../disk/references/collect-units.js';
import { openReference, writeReference } from '../disk/references/reference-file.js';
import { listReferences, openNamedReference, referencePath } from '../disk/references/references.js';
import { gitPlace } from '../disk/trees/git-tree.js';
import { readPolicyFile, readText } from '../disk/trees/kernel-files.js';
import { KabiwatchError } from '../errors.js';
import { type ConfigFacts, configFacts, versionOfMakefile } from '../kernel/config-facts.js';
import { exportingMacros } from '../kernel/exporting-macros.js';
import { type Unit, unitsOf } from '../kernel/kbuild.js';
import { layoutTables, mismatches, type Reference, type ReferenceMeta } from '../kernel/reference.js';
import { type LocatedExport, locateExports, symbolRows, unitRows, withComputed } from '../kernel/reference-tables.js';
import { readSymvers } from '../kernel/symvers.js';
import { exportingUnits } from '../kernel/unit-versions.js';
import type { SourceTree } from '../tree/source-tree.js';
import { summarize } from './reference-summary.js';

export interface Shipped {
  readonly symvers?: string;
  readonly btf?: string;
  readonly list?: readonly string[];
}

export interface BuildOptions extends Shipped {
  readonly tree?: string;
  readonly build?: string;
  readonly config?: string;
  readonly arch?: string;
  readonly output?: string;
  readonly from?: readonly string[];
  readonly shippedOnly?: boolean;
}

/** What the source says, before a unit of it is read; nothing where no tree is named. */
interface FromSource {
  readonly meta: ReferenceMeta;
  readonly units: readonly Unit[];
  readonly exports: readonly LocatedExport[];
  readonly place: BuildPlace | null;
  readonly tree: SourceTree | null;
}

export async function buildReference(name: string, options: BuildOptions): Promise<void> {
  const inBuild = (file: string): string | undefined =>
    options.build !== undefined && existsSync(join(options.build, file)) ? join(options.build, file) : undefined;
  const configFile = options.config ?? inBuild('.config');
  if (configFile === undefined)
    throw new KabiwatchError('usage', {
      missing: 'a .config',
      remedy: 'name it with --config, or its directory with --build',
    });
  const configText = readText(configFile);
  const bar = new SingleBar({ format: '{bar} {value}/{total} {step}', clearOnComplete: true, noTTYOutput: false });
  bar.start(4, 0, { step: 'config' });
  try {
    const path = options.output ?? referencePath(name);
    const source = fromSource(name, options, configText, bar);
    const read = options.shippedOnly === true ? null : await readSource(source, path, options, bar);
    const symversFile = options.symvers ?? inBuild('Module.symvers');
    const shipped = symversFile === undefined ? null : readSymvers(readText(symversFile)).symbols;
    const btf = layoutTables(options.btf === undefined ? [] : layoutsOf(readBtfFile(options.btf)));
    const computed = layoutTables(read?.layouts ?? []);
    bar.update({ step: 'writing' });
    const rows = symbolRows(shipped, source.exports);
    writeReference(path, source.meta, {
      ...(read?.collected.collection.tables(read.collected.idOf) ?? {}),
      symbols: withComputed(rows, read?.collected.collection.units.map(({ unit }) => unit) ?? []),
      units: unitRows(source.units),
      shipped: btf.layouts,
      layouts: computed.layouts,
      embeds: btf.embeds.size > 0 ? btf.embeds : computed.embeds,
      files: new Map([['config', configText], ...listFiles(options.list)]),
    });
    read?.collected.finish();
    bar.stop();
    summarize(path);
    if (read !== null) tellReading(read.collected);
  } finally {
    bar.stop();
  }
}

function tellReading({ collection, reused, failed }: Collected): void {
  console.log(
    `  ${collection.units.length - reused} units read, ${reused} taken over unchanged, ${failed.length} failed`,
  );
  for (const { source, why } of failed) console.error(`kabiwatch: ${source} was left out: ${why}`);
  const incomplete = collection.units.filter(({ unit }) => unit.missing.length > 0);
  for (const { unit } of incomplete.slice(0, 10)) console.error(`kabiwatch: ${unit.source}: ${unit.missing[0]}`);
  if (incomplete.length > 10) console.error(`kabiwatch: and ${incomplete.length - 10} more units lack something`);
}

/** Refuses a config of another kernel than the tree is. */
function fromSource(name: string, options: BuildOptions, configText: string, bar: SingleBar): FromSource {
  const config = configFacts(configText);
  const arch = options.arch ?? config.arch;
  if (arch === null) throw new KabiwatchError('usage', { missing: 'the architecture', remedy: 'name it with --arch' });
  if (config.arch !== null && config.arch !== arch)
    throw new KabiwatchError('reference-mismatch', {
      architecture: `the config is for ${config.arch}, --arch says ${arch}`,
    });
  const builds = options.build === undefined ? [] : [resolve(options.build)];
  const meta: ReferenceMeta = {
    name,
    arch,
    version: config.version,
    source: options.tree === undefined ? null : resolvedTree(options.tree),
    build: builds[0] ?? null,
    crcMode: config.crcMode,
  };
  if (meta.source === null) return { meta, units: [], exports: [], place: null, tree: null };
  const place = { tree: meta.source, builds, config: configText, arch, version: config.version ?? '0' };
  const { tree } = openBuild(place);
  const version = versionOfTree(tree, options.tree as string, config);
  bar.increment(1, { step: 'makefiles' });
  const { units } = unitsOf(tree, config.values, arch);
  bar.increment(1, { step: 'exports' });
  const exports = locateExports(tree, units);
  bar.increment(1, { step: 'symbols' });
  return { meta: { ...meta, version }, units, exports, place: { ...place, version }, tree };
}

/** DIR@REVISION stays what it is but for the directory. */
function resolvedTree(text: string): string {
  const place = gitPlace(text);
  return place === null ? resolve(text) : `${resolve(place.dir)}@${place.revision}`;
}

function versionOfTree(tree: SourceTree, path: string, config: ConfigFacts): string {
  const makefile = tree.read('Makefile');
  const version = makefile === null ? null : versionOfMakefile(Buffer.from(makefile).toString('latin1'));
  if (version === null) throw new KabiwatchError('tree-not-found', { path, why: 'it has no kernel Makefile' });
  if (config.version !== null && config.version.split('-')[0] !== version)
    throw new KabiwatchError('reference-mismatch', {
      version: `the config is for ${config.version}, the tree is ${version}`,
    });
  return version;
}

/** Symbol versions by genksyms' rule; a tree that versions them otherwise, or not, gets none. */
async function readSource(
  { meta, units, place, tree }: FromSource,
  path: string,
  options: BuildOptions,
  bar: SingleBar,
): Promise<{ readonly collected: Collected; readonly layouts: readonly Layout[] } | null> {
  if (place === null || tree === null || meta.crcMode !== 'genksyms') return null;
  const exporting = once(exportingUnits(tree, units, exportingMacros(tree)));
  bar.setTotal(bar.getTotal() + exporting.length);
  mkdirSync(dirname(path), { recursive: true });
  const older = olderReferences(meta, path, options.from);
  try {
    const collected = await collectUnits({
      ...{ place, tree, units: exporting, older, journal: `${path}.partial` },
      onUnit: (how) => bar.increment(1, { step: how === 'reused' ? 'unchanged since' : 'symbol versions' }),
    });
    const layouts = await collectLayouts(place, exporting, collected, (done, all) => {
      if (done === 1) bar.setTotal(bar.getTotal() + all);
      bar.increment(1, { step: 'layouts' });
    });
    return { collected, layouts };
  } finally {
    for (const reference of older) reference.close();
  }
}

/** A source that is linked into one module twice is versioned once. */
function once<T extends { readonly source: string; readonly module: string | null }>(
  units: readonly T[],
): readonly T[] {
  return [...new Map(units.map((unit) => [`${unit.source} ${unit.module}`, unit])).values()];
}

/** Those of --from; else the file that is to be replaced, and the kept reference of the nearest release of the same series. */
function olderReferences(
  meta: ReferenceMeta,
  path: string,
  from: readonly string[] | undefined,
): readonly (Reference & { close(): void })[] {
  if (from !== undefined) return from.map(openNamedReference);
  const kept = listReferences().map((one) => one.path);
  const candidates = [path, ...kept.reverse().filter((one) => one !== path)].filter((one) => existsSync(one));
  for (const candidate of candidates) {
    const reference = openedOrNull(candidate);
    if (reference === null) continue;
    const fits = mismatches(reference.meta, meta).length === 0 && reference.count('exporting') > 0;
    if (fits) return [reference];
    reference.close();
  }
  return [];
}

/** One that is damaged or of another format is no help, and no harm. */
function openedOrNull(path: string): (Reference & { close(): void }) | null {
  try {
    return openReference(path);
  } catch (error) {
    if (error instanceof KabiwatchError) return null;
    throw error;
  }
}

export function listFiles(paths: readonly string[] = []): readonly (readonly [string, string])[] {
  return paths.map((path) => {
    const { text, bad } = readPolicyFile(path);
    for (const { line, text: wrong } of bad) console.error(`${path}:${line}: no rule and no symbol: ${wrong}`);
    return [`list/${basename(path)}`, text] as const;
  });
}
