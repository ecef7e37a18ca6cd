/**
 * What all exports of a reference say after a series: the units that the plan names, those that differ from the reference's and those that
 * the series makes anew are read again, on all processors where they are many.
 */
import { LexCache } from '../../c/lex/lex-cache.js';
import { predefinedMacros } from '../../c/predefined.js';
import { DeclarationCache } from '../../genksyms/declaration-cache.js';
import { dialectOf } from '../../genksyms/dialect.js';
import type { BuildChange, BuildChanges } from '../../kabi/reference/build-changes.js';
import type { ReferencePlan } from '../../kabi/reference/reference-plan.js';
import {
  type ReadAgain,
  type ReferenceSymbols,
  symbolsFrom,
  type UnitAfter,
} from '../../kabi/reference/reference-symbols.js';
import { definitionsIn, unitsThatDiffer } from '../../kernel/readers.js';
import type { Reference } from '../../kernel/reference.js';
import type { TypeGraph } from '../../kernel/type-graph.js';
import { macrosForTree } from '../../kernel/unit.js';
import { type CompiledUnit, readUnit } from '../../kernel/unit-versions.js';
import { changedFiles } from '../../tree/overlay.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { TreeInput } from '../tree-input.js';
import type { BuildPlace } from './build-world.js';
import { inputIds } from './input-ids.js';
import type { ReferenceReview } from './reference-review.js';
import { readUnits } from './version-pool.js';

/** Threads cost half a second to start: fewer units than this are read in this one. */
const worthThreads = 6;

/** What is known of a series and a reference before any unit is read again. */
export interface SeriesOnReference {
  readonly after: SourceTree;
  readonly graph: TypeGraph;
  readonly plan: ReferencePlan;
  readonly changes: BuildChanges;
}

const ids = new WeakMap<SourceTree, ReturnType<typeof inputIds>>();

/** Asked once a file for as long as the tree is kept. */
function idsOf(tree: SourceTree): ReturnType<typeof inputIds> {
  const known = ids.get(tree) ?? inputIds(tree);
  ids.set(tree, known);
  return known;
}

/** Units that differ from the reference's, or cannot be followed, are read again until none is left. */
export async function allSymbols(
  request: ReferenceReview,
  { after, graph, plan, changes: { changes, missing: unsettled } }: SeriesOnReference,
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
    const units = open.slice(0, most - read.size).flatMap((number) => {
      const unit = built.of(number);
      return unit === null ? [] : [{ number, built: unit }];
    });
    for (const [number, unit] of await readAll(units, request, after)) read.set(number, unit);
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
  changes: readonly BuildChange[],
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
  units: readonly { readonly number: number; readonly built: BuiltUnit }[],
  request: ReferenceReview,
  after: SourceTree,
): Promise<ReadonlyMap<number, ReadAgain>> {
  const { readers, input, series } = request;
  const those = (when: 'before' | 'after', tree: SourceTree): readonly NumberedUnit[] =>
    units.flatMap(({ number, built: { [when]: unit } }) =>
      unit === null || tree.read(unit.source) === null ? [] : [{ number, unit }],
    );
  const patched = readers === 'here' ? readers : withChanged(readers, changedFiles(series.patches, after));
  const is = await readVersions(those('after', after), after, { ...request, readers: patched });
  const was = await readVersions(those('before', input.tree), input.tree, request);
  return new Map(
    units.map(({ number, built }) => {
      const { source = '', module = null } = built.after ?? built.before ?? {};
      const own = { source, module: module ?? 'vmlinux' };
      return [number, { ...own, before: was.get(number) ?? null, after: is.get(number) ?? null }];
    }),
  );
}

interface NumberedUnit {
  readonly number: number;
  readonly unit: CompiledUnit;
}

async function readVersions(
  units: readonly NumberedUnit[],
  tree: SourceTree,
  { readers, input, onUnit }: ReferenceReview,
): Promise<ReadonlyMap<number, UnitAfter>> {
  if (readers === 'here' || units.length < worthThreads) return readHere(units, tree, input);
  const found = new Map<number, UnitAfter>();
  let done = 0;
  const jobs = units.map((one) => ({ ...one, kind: 'exports' as const }));
  await readUnits(readers, jobs, ({ number }, result) => {
    onUnit?.(++done, units.length);
    if (result.ok) found.set(number, result.reading);
  });
  return found;
}

function readHere(
  units: readonly NumberedUnit[],
  tree: SourceTree,
  { arch, release, reading }: TreeInput,
): ReadonlyMap<number, UnitAfter> {
  const world = {
    tree,
    predefined: macrosForTree(predefinedMacros(arch) ?? '', tree),
    dialect: dialectOf(release),
    cache: reading?.cache ?? new LexCache(),
    declarations: new DeclarationCache(),
  };
  return new Map(
    units.map(({ number, unit }) => {
      const { versions, types } = readUnit(unit, world);
      return [number, { exports: versions, types }];
    }),
  );
}

function withChanged(place: BuildPlace, changed: ReadonlyMap<string, Uint8Array | null>): BuildPlace {
  return { ...place, changed: new Map([...(place.changed ?? []), ...changed]) };
}
