/**
 * A review with a reference: which of its units the series can concern, those of them that must be read again read on all processors, and the
 * series judged with what all exports say.
 */

import { LexCache } from '../c/lex-cache.js';
import { predefinedMacros } from '../c/predefined.js';
import { DeclarationCache } from '../genksyms/declaration-cache.js';
import { dialectOf } from '../genksyms/dialect.js';
import { againstReference } from '../kabi/against-reference.js';
import type { ComparedUnit } from '../kabi/compare-unit.js';
import type { SymbolFacts } from '../kabi/facts.js';
import { type ProgramReader, readGenksymsView } from '../kabi/program.js';
import { planReference, type ReferencePlan } from '../kabi/reference-plan.js';
import { type ReadAgain, type ReferenceSymbols, symbolsFrom, type UnitAfter } from '../kabi/reference-symbols.js';
import type { Review } from '../kabi/review.js';
import { reviewSeries } from '../kabi/review-series.js';
import type { SourceRequest } from '../kabi/review-source.js';
import { newReading, type Reading, unitsToCompare } from '../kabi/series-changes.js';
import { touchedFiles } from '../kabi/touched-files.js';
import { roleOf } from '../kabi/triage.js';
import { type UnitChange, type UnitChanges, unitChanges } from '../kabi/unit-changes.js';
import { definitionsIn, readersOf, unitsThatDiffer } from '../kernel/readers.js';
import type { Reference } from '../kernel/reference.js';
import { TypeGraph } from '../kernel/type-graph.js';
import { macrosForTree } from '../kernel/unit.js';
import { type CompiledUnit, readUnit } from '../kernel/unit-versions.js';
import type { Series } from '../patch/series.js';
import { changedFiles, overlaySeries } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import type { BuildPlace } from './build-world.js';
import { compareUnits } from './compare-pool.js';
import { inputIds } from './input-ids.js';
import type { TreeInput } from './tree-input.js';
import { readUnits } from './version-pool.js';

export interface ReferenceReview {
  readonly series: Series;
  readonly input: TreeInput;
  /** Where units are read again: on all processors, which open the tree at this place, or in this thread. */
  readonly readers: BuildPlace | 'here';
  /** Read no more units again than so many; how many are left is in `missing`. Absent: all. */
  readonly most?: number;
  readonly reference: Reference;
  readonly onUnit?: (done: number, all: number) => void;
  /** Look for a harmless rewrite; it is judged by the units that show the types. */
  readonly advice?: boolean;
}

/** Threads cost half a second to start: fewer units than this are read in this one. */
const worthThreads = 6;
/** More than a review keeps for the next judgement on the same tree. */
const manyUnits = 48;

export async function reviewWithReference(request: ReferenceReview): Promise<Review> {
  const { series, input, reference } = request;
  const reading = input.reading ?? newReading();
  const reader: ProgramReader = { build: input.build, versions: input.versions, ...reading };
  const overlay = overlaySeries(input.tree, series);
  const { after } = overlay;
  const touched = touchedFiles(series, input.tree, after);
  const graph = new TypeGraph(reference);
  const sourceOf = (unit: number): string => graph.unit(unit)?.source ?? '';
  const view =
    (tree: SourceTree) =>
    (number: number): SymbolFacts | null => {
      const unit = input.build.unitOf(sourceOf(number));
      const facts = unit === null || tree.read(unit.path) === null ? null : readGenksymsView(tree, unit, reader);
      if (unit !== null && facts !== null) keptOf(reading, tree).set(unit.path, facts);
      return facts;
    };
  const plan = planReference(reference, graph, touched, { before: view(input.tree), after: view(after) });
  const builds = { before: input.tree, after, config: input.config, arch: input.archDir };
  const built = unitChanges(reference, builds, series);
  const symbols = await allSymbols(request, after, graph, plan, built);
  const units = [...new Set(plan.representatives.map(sourceOf))];
  const shown = new Set(plan.representatives);
  const headers = touched.flatMap(({ path }) =>
    path.endsWith('.h') && roleOf(path) !== 'other' && !readersOf(reference, path).some((unit) => shown.has(unit))
      ? [path]
      : [],
  );
  const known = { overlay, units, headers, symbols };
  const compared = await comparedAhead(request, { ...input, series, reading, units: null, known }, after);
  const source = { ...input, units: null, reading, known: { ...known, compared } };
  const { advice = false } = request;
  return againstReference(reviewSeries({ series, arch: input.arch, source, advice }), reference);
}

/** Where there are many units they are compared on all processors; few are quicker in this thread, which keeps what it read. */
async function comparedAhead(
  { readers }: ReferenceReview,
  asked: SourceRequest,
  after: SourceTree,
): Promise<ReadonlyMap<string, ComparedUnit>> {
  const { series, build, crcMode, known } = asked;
  if (readers === 'here' || known === undefined || known.units.length + known.headers.length < manyUnits)
    return new Map();
  const place = { before: readers, crcMode, changed: changedFiles(series.patches, after) };
  const answers = new Map<string, ComparedUnit>();
  for (const questions of unitsToCompare(asked, after, answers)) {
    const jobs = questions.map((question) => ({ question, unit: build.unitOf(question.path) }));
    for (const [key, unit] of await compareUnits(place, jobs)) answers.set(key, unit);
  }
  return answers;
}

function keptOf({ kept }: Reading, tree: SourceTree): Map<string, SymbolFacts> {
  const ofTree = kept.get(tree) ?? new Map<string, SymbolFacts>();
  kept.set(tree, ofTree);
  return ofTree;
}

const ids = new WeakMap<SourceTree, ReturnType<typeof inputIds>>();

/** Asked once a file for as long as the tree is kept. */
function idsOf(tree: SourceTree): ReturnType<typeof inputIds> {
  const known = ids.get(tree) ?? inputIds(tree);
  ids.set(tree, known);
  return known;
}

/** Units that differ from the reference's, or cannot be followed, are read again until none is left. */
async function allSymbols(
  request: ReferenceReview,
  after: SourceTree,
  graph: TypeGraph,
  plan: ReferencePlan,
  { changes, missing: unsettled }: UnitChanges,
): Promise<ReferenceSymbols> {
  const { reference, input } = request;
  const concerned = new Set([...plan.carried, ...plan.toRead]);
  const differ = unitsThatDiffer(reference, concerned, idsOf(input.tree));
  const read = new Map<number, ReadAgain>();
  const filesDefining = definitionsIn(reference, after);
  const most = request.most ?? Number.POSITIVE_INFINITY;
  const built = builtUnits(graph, reference, changes, differ);
  let open: readonly number[] = [...new Set([...plan.toRead, ...differ, ...built.changed])];
  for (;;) {
    await readAll(request, after, open.slice(0, most - read.size), built.of, read);
    const symbols = symbolsFrom(reference, graph, plan, read, filesDefining);
    const left = new Set([...open, ...symbols.toRead].filter((unit) => !read.has(unit))).size;
    if (symbols.toRead.length === 0 || read.size >= most) {
      const missing = [...symbols.missing, ...unsettled, ...told(differ, reference), ...leftOut(left, most)];
      return { ...symbols, missing };
    }
    open = symbols.toRead;
  }
}

/** A unit as it is compiled before and after the series; `before: null`: the reference says what it exports, if it has it. */
interface BuiltUnit {
  readonly before: CompiledUnit | null;
  readonly after: CompiledUnit | null;
}

/** How units are compiled, those that the series makes anew under numbers of their own. */
function builtUnits(
  graph: TypeGraph,
  reference: Reference,
  changes: readonly UnitChange[],
  differ: ReadonlySet<number>,
): { readonly changed: readonly number[]; readonly of: (number: number) => BuiltUnit | null } {
  let fresh = reference.count('exporting');
  const changed = new Map(changes.map((one) => [one.number ?? fresh++, one]));
  const ofReference = (number: number): CompiledUnit | null => {
    const row = graph.unit(number);
    const flags = row === null ? null : reference.row('flags', row.flags);
    return row === null || flags === null
      ? null
      : { ...row, module: row.module === 'vmlinux' ? null : row.module, flags };
  };
  const of = (number: number): BuiltUnit | null => {
    const change = changed.get(number);
    if (change?.number === null) return change;
    const unit = ofReference(number);
    if (unit === null) return null;
    return { before: differ.has(number) ? unit : null, after: change === undefined ? unit : change.after };
  };
  return { changed: [...changed.keys()], of };
}

function told(differ: ReadonlySet<number>, reference: Reference): ReferenceSymbols['missing'] {
  if (differ.size === 0) return [];
  return [
    {
      what: `${differ.size} units as reference ${reference.meta.name} has them`,
      why: 'this tree has other text in files that they read, so that the reference does not tell what they export before the series',
    },
  ];
}

function leftOut(units: number, most: number): ReferenceSymbols['missing'] {
  return units === 0 ? [] : [{ what: `the exports of ${units} more units`, why: `${most} units were read again` }];
}

async function readAll(
  request: ReferenceReview,
  after: SourceTree,
  numbers: readonly number[],
  builtUnit: (number: number) => BuiltUnit | null,
  read: Map<number, ReadAgain>,
): Promise<void> {
  const { readers, input, onUnit } = request;
  const units = numbers.flatMap((number) => {
    const built = builtUnit(number);
    return built === null ? [] : [{ number, built }];
  });
  const those = (when: 'before' | 'after', tree: SourceTree): readonly NumberedUnit[] =>
    units.flatMap(({ number, built: { [when]: unit } }) =>
      unit === null || tree.read(unit.source) === null ? [] : [{ number, unit }],
    );
  const patched = readers === 'here' ? readers : withChanged(readers, changedFiles(request.series.patches, after));
  const is = await readVersions(those('after', after), patched, after, input, onUnit);
  const was = await readVersions(those('before', input.tree), readers, input.tree, input, onUnit);
  for (const { number, built } of units) {
    const { source = '', module = null } = built.after ?? built.before ?? {};
    const own = { source, module: module ?? 'vmlinux' };
    read.set(number, { ...own, before: was.get(number) ?? null, after: is.get(number) ?? null });
  }
}

interface NumberedUnit {
  readonly number: number;
  readonly unit: CompiledUnit;
}

async function readVersions(
  units: readonly NumberedUnit[],
  readers: BuildPlace | 'here',
  tree: SourceTree,
  { arch, release, reading }: TreeInput,
  onUnit: ReferenceReview['onUnit'],
): Promise<ReadonlyMap<number, UnitAfter>> {
  const found = new Map<number, UnitAfter>();
  if (readers === 'here' || units.length < worthThreads) {
    const predefined = macrosForTree(predefinedMacros(arch) ?? '', tree);
    const world = {
      tree,
      predefined,
      dialect: dialectOf(release),
      cache: reading?.cache ?? new LexCache(),
      declarations: new DeclarationCache(),
    };
    for (const { number, unit } of units) {
      const { versions, types } = readUnit(unit, world);
      found.set(number, { exports: versions, types });
    }
    return found;
  }
  let done = 0;
  const jobs = units.map((one) => ({ ...one, kind: 'exports' as const }));
  await readUnits(readers, jobs, ({ number }, result) => {
    onUnit?.(++done, units.length);
    if (result.ok) found.set(number, result.reading);
  });
  return found;
}

function withChanged(place: BuildPlace, changed: ReadonlyMap<string, Uint8Array | null>): BuildPlace {
  return { ...place, changed: new Map([...(place.changed ?? []), ...changed]) };
}
