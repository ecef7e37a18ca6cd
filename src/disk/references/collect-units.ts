/**
 * All exporting units of a build in a collection: taken over where an older reference, or a build that was killed, has read them from the same
 * files with the same flags; read otherwise. A unit that fails is told and left out.
 */
import type { Layout } from '../../c/layout.js';
import type { Reference } from '../../kernel/reference.js';
import { type CollectedUnit, collectionOf, nameOf, UnitCollection } from '../../kernel/unit-collection.js';
import { coveringUnits } from '../../kernel/unit-layouts.js';
import type { SourceUnit } from '../../kernel/unit-versions.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { BuildJournal, readJournal } from './build-journal.js';
import type { BuildPlace } from './build-world.js';
import { inputIds } from './input-ids.js';
import { readUnits, type UnitResult } from './version-pool.js';

export interface CollectRequest {
  readonly place: BuildPlace;
  /** The tree that `place` names, opened. */
  readonly tree: SourceTree;
  readonly units: readonly SourceUnit[];
  /** Older releases of the same kernel. */
  readonly older: readonly Reference[];
  /** Where to keep what was read so far. */
  readonly journal: string;
  /** Called for each unit: `reused` ones first. */
  readonly onUnit: (how: 'reused' | 'read' | 'failed') => void;
}

export interface Collected {
  readonly collection: UnitCollection;
  readonly idOf: (path: string) => string | null;
  readonly reused: number;
  readonly failed: readonly { readonly source: string; readonly why: string }[];
  /** Removes the journal, once the reference is written. */
  readonly finish: () => void;
}

export async function collectUnits(request: CollectRequest): Promise<Collected> {
  const { tree, units, place, onUnit } = request;
  const idOf = inputIds(tree);
  const collection = new UnitCollection();
  // A killed build's journal is the nearest: it is of this tree, if nothing was edited since.
  const left = readJournal(request.journal);
  const sources = [...(left === null ? [] : [left]), ...request.older.map(collectionOf)];
  const journal = new BuildJournal(request.journal, collection);
  const keep = (unit: CollectedUnit, how: 'reused' | 'read'): void => {
    collection.add(unit);
    journal.write(unit, idOf);
    onUnit(how);
  };
  const open = new Map(units.map((unit) => [`${unit.source} ${moduleOf(unit)}`, unit]));
  for (const source of sources) {
    const isSame = unchangedIn(source, tree, idOf);
    for (const known of source.units.units) {
      const unit = open.get(nameOf(known));
      if (unit === undefined || !isCompiledAlike(known, unit) || !isSame(known)) continue;
      open.delete(nameOf(known));
      keep(moved(known, source.units, collection), 'reused');
    }
  }
  const reused = collection.units.length;
  const failed: { source: string; why: string }[] = [];
  const jobs = Array.from(open.values(), (unit) => ({ kind: 'exports', unit }) as const);
  await readUnits(place, jobs, ({ unit }, result) => {
    if (result.ok) keep(collected(unit, result, collection), 'read');
    else {
      failed.push({ source: unit.source, why: result.why });
      onUnit('failed');
    }
  });
  return { collection, idOf, reused, failed, finish: () => journal.remove() };
}

/** Headers that modules can include: a private one's types are its driver's own. */
const isPublic = /^(include|arch\/[^/]+\/include)\/.*\.h$/;

/** The layouts that a few of the units, which together read all these headers, give the types in them. */
export async function collectLayouts(
  place: BuildPlace,
  units: readonly SourceUnit[],
  { collection }: Collected,
  onUnit: (done: number, all: number) => void,
): Promise<readonly Layout[]> {
  const declaring = new Set(
    collection.texts.flatMap(({ file }) => (file !== null && isPublic.test(file) ? [file] : [])),
  );
  const isDeclaring = collection.paths.map((path) => declaring.has(path));
  const byName = new Map(units.map((unit) => [`${unit.source} ${moduleOf(unit)}`, unit]));
  const read = collection.units.filter(({ unit }) => unit.language === 'c');
  const jobs = coveringUnits(read.map(({ inputs }) => inputs.filter((at) => isDeclaring[at]))).flatMap((at) => {
    const unit = byName.get(nameOf(read[at] as CollectedUnit));
    return unit === undefined ? [] : [{ kind: 'layouts', unit, headers: [...declaring] } as const];
  });
  const found = new Map<string, Layout>();
  let done = 0;
  await readUnits(place, jobs, (_, result) => {
    onUnit(++done, jobs.length);
    if (!result.ok) return;
    for (const layout of result.reading.layouts) found.set(JSON.stringify(layout), layout);
  });
  return [...found.values()];
}

function moduleOf({ module }: SourceUnit): string {
  return module ?? 'vmlinux';
}

function collected(unit: SourceUnit, { reading }: UnitResult & { ok: true }, into: UnitCollection): CollectedUnit {
  const { source, place, basename, modname, modfile, flags } = unit;
  return {
    unit: {
      ...{ source, language: unit.language === 'asm' ? 'asm' : 'c', module: moduleOf(unit), place },
      ...{ basename, modname, modfile, exports: reading.exports, missing: reading.missing },
    },
    flags,
    texts: reading.types.map((text) => into.numberOfText(text)),
    inputs: reading.inputs.map((path) => into.numberOfPath(path)),
  };
}

function moved(known: CollectedUnit, from: UnitCollection, into: UnitCollection): CollectedUnit {
  return {
    ...known,
    texts: known.texts.map((at) => into.numberOfText(from.texts[at] as UnitCollection['texts'][number])),
    inputs: known.inputs.map((at) => into.numberOfPath(from.paths[at] as string)),
  };
}

/** A unit that lacked something is read again: it may be there now. */
function isCompiledAlike({ unit, flags }: CollectedUnit, other: SourceUnit): boolean {
  const named = (one: { readonly basename: string; readonly modname: string; readonly modfile: string }): string =>
    `${one.basename} ${one.modname} ${one.modfile}`;
  return (
    unit.missing.length === 0 && named(unit) === named(other) && JSON.stringify(flags) === JSON.stringify(other.flags)
  );
}

/** Were all files that the unit read what they are now, and would a search for each still find it first? */
function unchangedIn(
  { units, ids }: { readonly units: UnitCollection; readonly ids: ReadonlyMap<string, string> },
  tree: SourceTree,
  idOf: (path: string) => string | null,
): (unit: CollectedUnit) => boolean {
  const same = units.paths.map((path) => (ids.has(path) ? ids.get(path) === idOf(path) : idOf(path) === null));
  const known = new Set(units.paths);
  const hidden = new Map<string, boolean>();
  /** Is there a file now that would be found before this one, and that was not read? */
  const isHidden = (path: string, includes: readonly string[]): boolean => {
    const found = includes.findIndex((dir) => path.startsWith(`${dir}/`));
    const before = found <= 0 ? [] : includes.slice(0, found);
    return before.some((dir) => {
      const other = `${dir}/${path.slice((includes[found] as string).length + 1)}`;
      let is = hidden.get(other);
      if (is === undefined) {
        is = !known.has(other) && tree.contentId(other) !== null;
        hidden.set(other, is);
      }
      return is;
    });
  };
  return (unit) =>
    unit.inputs.every((at) => same[at] === true && !isHidden(units.paths[at] as string, unit.flags.includes));
}
