/**
 * A series on a tree -> its ChangeSet: which units and headers are read, before and after, and how far the reading follows what grew into
 * the headers that embed it.
 *
 * A unit is read once a version. What was read before the series is kept for the next review on the same tree (an advice is judged several
 * times with the same before).
 */
import { LexCache } from '../c/lex-cache.js';
import { type Overlay, overlayFiles } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import { type ChangeSet, changesBetween } from './changes.js';
import type { ConsumerQuestion } from './consumers.js';
import type { SymbolFacts } from './facts.js';
import { headerOf, headerUnit, headerUnitText, throughOf } from './header-unit.js';
import { type ProgramReader, type ReadProgram, readGenksymsView, readProgram } from './program.js';
import type { ReferenceSymbols } from './reference-symbols.js';
import type { Missing } from './review.js';
import type { SourceRequest } from './review-source.js';
import { type StepFacts, stepsOf } from './series-steps.js';
import { filesThatMatter, pathOf, roleOf } from './triage.js';
import { headersHolding } from './users.js';

/** What reviews of one tree and build share. */
export interface Reading {
  readonly cache: LexCache;
  /** Units before, by path and, for a header's own unit, text. */
  readonly before: Map<string, ReadProgram>;
  /** Views of units that were read for something else than a review. */
  readonly kept: NonNullable<ProgramReader['kept']>;
}

export function newReading(): Reading {
  return { cache: new LexCache(), before: new Map(), kept: new WeakMap() };
}

/** No more headers than this are read for embedders. */
const EMBEDDER_HEADERS = 60;

export function changesIn(request: SourceRequest, overlay: Overlay, missing: Missing[]): ChangeSet {
  const reader = new SeriesReader(request, overlay.after);
  const changes = reader.changes(missing);
  return { ...changes, steps: reader.steps(overlay.steps, changes.hashed.keys()) };
}

class SeriesReader {
  readonly #request: SourceRequest;
  readonly #after: SourceTree;
  readonly #reader: ProgramReader;
  readonly #before: Map<string, ReadProgram>;
  readonly #is = new Map<string, ReadProgram>();
  /** Headers before a header that cannot be read by itself. */
  readonly #through = new Map<string, readonly string[]>();
  readonly #sources: readonly string[];
  readonly #headers: string[];
  readonly #broken = new Set<string>();
  #gaps: readonly Missing[] = [];

  constructor(request: SourceRequest, after: SourceTree) {
    const { build, versions, units, series, known } = request;
    const reading = request.reading ?? newReading();
    this.#request = request;
    this.#after = after;
    this.#reader = { build, versions, cache: reading.cache, kept: reading.kept };
    this.#before = reading.before;
    const touched = filesThatMatter(series).map(pathOf);
    this.#sources = known?.units ?? units ?? touched.filter((path) => path.endsWith('.c'));
    const headers = known?.headers ?? touched.filter((path) => path.endsWith('.h') && roleOf(path) !== 'other');
    this.#headers = [...headers];
  }

  changes(missing: Missing[]): ChangeSet {
    const { units, whoUses, known } = this.#request;
    if (known !== undefined) missing.push(...known.symbols.missing);
    else if (units === null) {
      missing.push({
        what: 'exports of other units',
        why: 'only the units that the series touches were read; name more with --unit',
      });
    }
    let changes = this.#mended(this.#read());
    for (let turn = 0; turn < 4 && whoUses !== undefined; turn++) {
      const more = this.#embedders(changes, whoUses());
      if (more.length === 0) break;
      this.#headers.push(...more.slice(0, EMBEDDER_HEADERS));
      const left = more.length - EMBEDDER_HEADERS;
      if (left > 0) missing.push({ what: `${left} headers that may embed what grew`, why: 'more than are read' });
      changes = this.#read();
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
    const units = this.#sources.flatMap((path) => {
      const symbols = this.#before.get(`${path}\n`)?.units[0]?.symbols ?? null;
      return symbols === null || symbols.symbols.size === 0 ? [] : [{ path, before: symbols }];
    });
    const read = (step: SourceTree, path: string): SymbolFacts | null => {
      const unit = this.#reader.build.unitOf(path);
      return unit === null || step.read(path) === null ? null : readGenksymsView(step, unit, this.#reader);
    };
    return stepsOf(series, { before: tree, steps }, units, read, new Set(changed));
  }

  #read(): ChangeSet {
    const paths = [...this.#sources, ...this.#headers.map(headerUnit)];
    const before = this.#program(this.#request.tree, paths, this.#before);
    const is = this.#program(this.#after, paths, this.#is);
    this.#gaps = [...before.missing, ...is.missing];
    return changesBetween(before.units, is.units);
  }

  #program(tree: SourceTree, paths: readonly string[], known: Map<string, ReadProgram>): ReadProgram {
    const texts = new Map(this.#headers.map((one) => [headerUnit(one), headerUnitText(one, this.#through.get(one))]));
    const files = new Map([...texts].map(([path, text]) => [path, Buffer.from(text)]));
    const whole = overlayFiles(tree, files, tree.id);
    // A header that one version does not have has no unit there.
    const there = paths.filter((path) => !texts.has(path) || tree.contentId(headerOf(path)) !== null);
    const read = there.map((path) => {
      const key = `${path}\n${texts.get(path) ?? ''}`;
      const made = known.get(key) ?? readProgram(texts.has(path) ? whole : tree, [path], this.#reader);
      known.set(key, made);
      if (made.missing.length > 0) this.#broken.add(path);
      else this.#broken.delete(path);
      return made;
    });
    return { units: read.flatMap(({ units }) => units), missing: read.flatMap(({ missing }) => missing) };
  }

  /** Reads again with other headers before those that cannot be read by themselves. */
  #mended(first: ChangeSet): ChangeSet {
    let changes = first;
    for (const turn of [0, 1]) {
      const broken = this.#headers.filter((header) =>
        this.#gaps.some(({ what }) => what === `a declaration in ${headerUnit(header)}`),
      );
      if (broken.length === 0) break;
      for (const header of broken) this.#through.set(header, throughOf(header, this.#after, turn));
      changes = this.#read();
    }
    return changes;
  }

  /** Headers, not read yet, that hold by value what has another size. */
  #embedders(changes: ChangeSet, question: ConsumerQuestion): string[] {
    const resized = changes.types.filter(
      ({ change }) =>
        change !== null && (change.before.size !== change.after.size || change.before.align !== change.after.align),
    );
    if (resized.length === 0) return [];
    const names = resized.map(({ name }) => name);
    return headersHolding(names, question).filter((path) => !this.#headers.includes(path));
  }
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
  };
}
