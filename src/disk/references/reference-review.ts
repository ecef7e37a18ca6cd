/**
 * A review with a reference: which of its units the series can concern, those of them that must be read again (read-units-again.ts), and
 * the series judged with what all exports say.
 */

import { againstReference } from '../../kabi/reference/against-reference.js';
import { buildChanges } from '../../kabi/reference/build-changes.js';
import { planReference } from '../../kabi/reference/reference-plan.js';
import type { Review } from '../../kabi/review.js';
import { reviewSeries } from '../../kabi/review-series.js';
import type { SourceRequest } from '../../kabi/review-source.js';
import { newReading, type Reading, unitsToCompare } from '../../kabi/series/series-changes.js';
import { touchedFiles } from '../../kabi/series/touched-files.js';
import { roleOf } from '../../kabi/series/triage.js';
import type { ComparedUnit } from '../../kabi/units/compare-unit.js';
import type { SymbolFacts } from '../../kabi/units/facts.js';
import { type ProgramReader, readGenksymsView } from '../../kabi/units/program.js';
import { readersOf } from '../../kernel/readers.js';
import type { Reference } from '../../kernel/reference.js';
import { TypeGraph } from '../../kernel/type-graph.js';
import type { Series } from '../../patch/series.js';
import { changedFiles, overlaySeries } from '../../tree/overlay.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { TreeInput } from '../tree-input.js';
import type { BuildPlace } from './build-world.js';
import { compareUnits } from './compare-pool.js';
import { allSymbols } from './read-units-again.js';

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
  const changes = buildChanges(reference, builds, series);
  const symbols = await allSymbols(request, { after, graph, plan, changes });
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
