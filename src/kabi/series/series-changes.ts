/**
 * A series on a tree -> its ChangeSet: which units and headers are read, before and after, and how far the reading follows what grew into
 * the headers that embed it.
 *
 * A unit is read once a version. What was read before the series is kept for the next review on the same tree (an advice is judged several
 * times with the same before).
 */
import { LexCache } from '../../c/lex/lex-cache.js';
import type { Overlay } from '../../tree/overlay.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { type ChangeSet, changesOf } from '../changes.js';
import type { ConsumerQuestion } from '../consumers/consumers.js';
import { builtReader, headersHolding } from '../consumers/embedding-headers.js';
import { bareTypedef } from '../consumers/users.js';
import type { ReferenceSymbols } from '../reference/reference-symbols.js';
import type { Missing } from '../review.js';
import type { SourceRequest } from '../review-source.js';
import { type ComparedUnit, compareUnit, keyOf, readOne, type UnitQuestion } from '../units/compare-unit.js';
import type { SymbolFacts } from '../units/facts.js';
import { headerUnit, headerUnitText, throughOf } from '../units/header-unit.js';
import { type ProgramReader, type ReadProgram, readGenksymsView } from '../units/program.js';
import { nothingSeen, type Seen } from '../units/unit-change.js';
import { noSteps, type StepFacts, stepsOf } from './series-steps.js';
import { filesThatMatter, pathOf, roleOf } from './triage.js';

/** What reviews of one tree and build share. */
export interface Reading {
  readonly cache: LexCache;
  /** Units before, by path and, for a header's own unit, text: the first of them. */
  readonly before: Map<string, ReadProgram>;
  /** Genksyms views of units that were read for something else than a review. */
  readonly kept: NonNullable<ProgramReader['kept']>;
}

export function newReading(): Reading {
  return { cache: new LexCache(), before: new Map(), kept: new WeakMap() };
}

/** Of no more units than this the facts before are kept for another judgement: a unit's are tens of megabytes. */
const KEPT_UNITS = 40;
/** A whole release's units need the room themselves, and nothing is judged after it. */
const MANY_UNITS = 200;
/** No more headers than this are read for embedders. */
const EMBEDDER_HEADERS = 60;

export function changesIn(request: SourceRequest, overlay: Overlay, missing: Missing[]): ChangeSet {
  const reader = new SeriesReader(request, overlay.after);
  const asked = reader.changes(missing);
  for (;;) {
    const next = asked.next();
    if (next.done === true) return { ...next.value, steps: reader.steps(overlay.steps, next.value.hashed.keys()) };
  }
}

/**
 * Tells a turn at a time which units a review is about to compare, for whoever can do many of them at once: what they come to must stand
 * in `answers` before the next turn. `known.compared` takes them.
 */
export function unitsToCompare(
  request: SourceRequest,
  after: SourceTree,
  answers: Map<string, ComparedUnit>,
): Iterable<readonly UnitQuestion[]> {
  return new SeriesReader(request, after, answers).changes([]);
}

class SeriesReader {
  readonly #request: SourceRequest;
  readonly #after: SourceTree;
  readonly #reader: ProgramReader;
  readonly #mostKept: number;
  readonly #before: Map<string, ReadProgram>;
  readonly #compared: Map<string, ComparedUnit>;
  readonly #seen = nothingSeen();
  /** Headers before a header that cannot be read by itself. */
  readonly #through = new Map<string, readonly string[]>();
  readonly #sources: readonly string[];
  readonly #headers: string[];
  /** Headers that the series does not touch: their texts stay as they are, for genksyms nothing is new in them. */
  readonly #embedding = new Set<string>();
  /** Those of them that cannot be read by themselves: the source that shows each. */
  readonly #bySource = new Map<string, string>();
  readonly #broken = new Set<string>();
  #gaps: readonly Missing[] = [];

  constructor(request: SourceRequest, after: SourceTree, compared = new Map(request.known?.compared ?? [])) {
    const { build, versions, units, series, known } = request;
    const reading = request.reading ?? newReading();
    this.#request = request;
    this.#after = after;
    this.#compared = compared;
    this.#reader = { build, versions, cache: reading.cache, kept: reading.kept };
    this.#before = reading.before;
    const touched = filesThatMatter(series).map(pathOf);
    this.#sources = known?.units ?? units ?? touched.filter((path) => path.endsWith('.c'));
    const headers = known?.headers ?? touched.filter((path) => path.endsWith('.h') && roleOf(path) !== 'other');
    this.#headers = [...headers];
    this.#mostKept = this.#sources.length + headers.length > MANY_UNITS ? 0 : KEPT_UNITS;
  }

  /** Tells before each turn which units it is about to compare, where nobody has yet. */
  *changes(missing: Missing[]): Generator<readonly UnitQuestion[], ChangeSet> {
    const { units, whoUses, known } = this.#request;
    if (known !== undefined) missing.push(...known.symbols.missing);
    else if (units === null) {
      missing.push({
        what: 'exports of other units',
        why: 'only the units that the series touches were read; name more with --unit',
      });
    }
    let changes = yield* this.#mended(yield* this.#read());
    for (let turn = 0; turn < 4 && whoUses !== undefined; turn++) {
      const more = this.#embedders(changes, whoUses);
      if (more.length === 0) break;
      for (const header of more.slice(0, EMBEDDER_HEADERS)) {
        this.#headers.push(header);
        this.#embedding.add(header);
      }
      const left = more.length - EMBEDDER_HEADERS;
      if (left > 0) missing.push({ what: `${left} headers that may embed what grew`, why: 'more than are read' });
      changes = yield* this.#read();
      if (this.#readBySources(whoUses)) changes = yield* this.#read();
    }
    for (const one of this.#gaps) {
      if (!missing.some((other) => other.what === one.what && other.why === one.why)) missing.push(one);
    }
    const whole = { ...changes, broken: this.#broken };
    return known === undefined ? whole : withReferenceSymbols(whole, known.symbols);
  }

  /** What the patches do one by one, as the units show that were read. */
  steps(steps: readonly SourceTree[], changed: Iterable<string>): StepFacts {
    const { series, tree } = this.#request;
    if (series.patches.length < 2) return noSteps;
    const read = (step: SourceTree, path: string): SymbolFacts | null => {
      const unit = this.#reader.build.unitOf(path);
      return unit === null || step.read(path) === null ? null : readGenksymsView(step, unit, this.#reader);
    };
    const units = this.#sources.flatMap((path) => {
      const symbols = this.#before.get(`${path}\n`)?.units[0]?.symbols ?? read(tree, path);
      return symbols === null || symbols.symbols.size === 0 ? [] : [{ path, before: symbols }];
    });
    return stepsOf(series, { before: tree, steps }, units, read, new Set(changed));
  }

  *#read(): Generator<readonly UnitQuestion[], ChangeSet> {
    const sources = this.#sources.map((path): UnitQuestion => ({ path, text: null, views: 'both' }));
    const alone = this.#headers.filter((header) => !this.#bySource.has(header));
    const headers = alone.map((header): UnitQuestion => {
      const text = headerUnitText(header, this.#through.get(header));
      return { path: headerUnit(header), text, views: this.#embedding.has(header) ? 'compiler' : 'both' };
    });
    const embedding = Array.from(
      this.#bySource.values(),
      (path): UnitQuestion => ({ path, text: null, views: 'compiler' }),
    );
    const questions = [...sources, ...headers, ...embedding];
    yield questions.filter((question) => !this.#compared.has(keyOf(question)));
    const units = questions.map((question) => this.#unit(question));
    this.#gaps = units.flatMap(({ missing }) => missing);
    for (const { seen } of units) addTo(this.#seen, seen);
    // An export that could not be read whole may reach anything.
    const isWhole = units.slice(0, sources.length).every(({ missing }) => missing.length === 0);
    const settled = isWhole ? this.#request.settled : undefined;
    return changesOf(
      units.flatMap(({ change }) => change ?? []),
      this.#seen,
      settled,
    );
  }

  #unit(question: UnitQuestion): ComparedUnit {
    const key = keyOf(question);
    const compared = this.#compared.get(key) ?? this.#compare(question, key);
    this.#compared.set(key, compared);
    if (compared.missing.length > 0) this.#broken.add(question.path);
    else this.#broken.delete(question.path);
    return compared;
  }

  #compare(question: UnitQuestion, key: string): ComparedUnit {
    const trees = { before: this.#request.tree, after: this.#after };
    const before = this.#before.get(key) ?? readOne(question, trees.before, this.#reader);
    if (this.#before.size < this.#mostKept) this.#before.set(key, before);
    return compareUnit(question, trees, this.#reader, before);
  }

  /** Reads again with other headers before those that cannot be read by themselves. */
  *#mended(first: ChangeSet): Generator<readonly UnitQuestion[], ChangeSet> {
    let changes = first;
    for (const turn of [0, 1]) {
      const broken = this.#headers.filter((header) =>
        this.#gaps.some(({ what }) => what === `a declaration in ${headerUnit(header)}`),
      );
      if (broken.length === 0) break;
      for (const header of broken) this.#through.set(header, throughOf(header, this.#after, turn));
      changes = yield* this.#read();
    }
    return changes;
  }

  /** An embedding header that lacks something alone is read as a source of its driver reads it. Is there any? */
  #readBySources(whoUses: () => ConsumerQuestion): boolean {
    const broken = [...this.#embedding].filter((header) => this.#broken.has(headerUnit(header)));
    const found = broken.flatMap((header) => {
      const source = builtReader(header, whoUses());
      return source === null ? [] : [[header, source] as const];
    });
    for (const [header, source] of found) {
      this.#bySource.set(header, source);
      this.#broken.delete(headerUnit(header));
    }
    return found.length > 0;
  }

  /** Headers, not read yet, that hold by value what has another size. */
  #embedders(changes: ChangeSet, whoUses: () => ConsumerQuestion): string[] {
    const resized = changes.types.filter(
      ({ change }) =>
        change !== null && (change.before.size !== change.after.size || change.before.align !== change.after.align),
    );
    if (resized.length === 0) return [];
    const names = resized.map(({ name }) => name);
    return headersHolding(names.map(bareTypedef), whoUses()).filter((path) => !this.#headers.includes(path));
  }
}

function addTo(all: Seen, { read, prototypes, reached, after }: Seen): void {
  for (const name of read) all.read.add(name);
  for (const name of prototypes) all.prototypes.add(name);
  for (const key of reached) all.reached.add(key);
  for (const key of after) all.after.add(key);
}

/** The reference knows every export, the units that were read only theirs. */
function withReferenceSymbols(changes: ChangeSet, symbols: ReferenceSymbols): ChangeSet {
  return {
    ...changes,
    symbols: symbols.changed,
    hashed: new Map([...changes.hashed, ...symbols.hashed]),
    reached: new Set([...changes.reached, ...symbols.reached]),
    hashedThrough: symbols.hashedThrough,
    hashedElsewhere: new Set(),
    exported: symbols.exported,
    added: symbols.added,
    removed: symbols.removed,
    removedFrom: symbols.removedFrom,
  };
}
