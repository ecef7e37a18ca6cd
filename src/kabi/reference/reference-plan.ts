/**
 * What a series does to the versions of all exports of a released kernel, without reading all units again: first half, what must be read.
 *
 * A file in which only declarations differ gives every unit that reads it the same new texts in place of the same old ones, because no macro
 * differs on the way there. So one unit is read before and after (a representative), and what became of each text is carried over to every unit
 * that has it; a unit that has a text that no representative had becomes one itself. A file in which macros or includes differ, or that came or
 * went, can mean anything to a unit: such units are read again, each.
 */
import { readersOf, readersOfName } from '../../kernel/readers.js';
import type { Reference } from '../../kernel/reference.js';
import type { GraphNode, TypeGraph } from '../../kernel/type-graph.js';
import type { TouchedFile } from '../series/touched-files.js';
import type { SymbolFacts } from '../units/facts.js';

/** Units read in the genksyms view; null where one could not be. */
export interface RepresentativeReader {
  before(unit: number): SymbolFacts | null;
  after(unit: number): SymbolFacts | null;
}

/** Key -> text before -> after; null: it is not declared. */
export type LearnedTexts = ReadonlyMap<string, ReadonlyMap<string | null, LearnedText>>;

export interface LearnedText {
  /** null: nothing declares it any more. */
  readonly node: GraphNode | null;
  /** Two representatives that had the same text before have different ones after. */
  readonly conflicting: boolean;
}

export interface ReferencePlan {
  /** Units to show the types of: read before and after in both views. */
  readonly representatives: readonly number[];
  /** Units whose exports follow from what was learned. */
  readonly carried: readonly number[];
  /** Units that must be read again as a whole. */
  readonly toRead: readonly number[];
  readonly learned: LearnedTexts;
  /** What else the representatives declare, for texts that a unit newly reaches: key -> text. */
  readonly declared: ReadonlyMap<string, GraphNode>;
}

/** More representatives than this, and reading the units themselves costs no more. */
const mostRepresentatives = 24;
const mostChosen = 10;
/** A header read by a unit shows more than one read alone, where it leans on what its units include before it. */
const mostShowing = 40;
const mostShown = 24;

export function planReference(
  reference: Reference,
  graph: TypeGraph,
  touched: readonly TouchedFile[],
  reader: RepresentativeReader,
): ReferencePlan {
  return new Planner(reference, graph, touched, reader).plan();
}

class Planner {
  readonly #reference: Reference;
  readonly #graph: TypeGraph;
  readonly #touched: readonly TouchedFile[];
  readonly #reader: RepresentativeReader;
  readonly #learned = new Map<string, Map<string | null, LearnedText>>();
  readonly #declared = new Map<string, GraphNode>();
  readonly #toRead = new Set<number>();
  readonly #representatives: number[] = [];

  constructor(reference: Reference, graph: TypeGraph, touched: readonly TouchedFile[], reader: RepresentativeReader) {
    this.#reference = reference;
    this.#graph = graph;
    this.#touched = touched;
    this.#reader = reader;
  }

  plan(): ReferencePlan {
    const headers: { readonly path: string; readonly readers: readonly number[] }[] = [];
    for (const { path, how } of this.#touched) {
      const readers = how === 'added' ? readersOfName(this.#reference, path) : readersOf(this.#reference, path);
      const isSource = !path.endsWith('.h') || readers.length === 1;
      if (how === 'declarations' && !isSource) headers.push({ path, readers });
      else for (const unit of readers) this.#toRead.add(unit);
    }
    for (const unit of this.#choose(headers)) this.#learnFrom(unit);
    const carried = this.#carry(new Set(headers.flatMap(({ readers }) => readers)));
    return {
      representatives: this.#shown(),
      carried,
      toRead: [...this.#toRead].sort((a, b) => a - b),
      learned: this.#learned,
      declared: this.#declared,
    };
  }

  /** Few units that together read all these headers and whose exports reach types in them; of equals the smallest. */
  #choose(
    headers: readonly { readonly path: string; readonly readers: readonly number[] }[],
    most = mostChosen,
  ): readonly number[] {
    const left = new Map(headers.map(({ path, readers }) => [path, new Set(this.#reaching(path, readers))]));
    const chosen: number[] = [];
    while (left.size > 0 && chosen.length < most) {
      const reads = new Map<number, number>();
      for (const units of left.values()) for (const unit of units) reads.set(unit, (reads.get(unit) ?? 0) + 1);
      const highest = Math.max(0, ...reads.values());
      if (highest === 0) break;
      const best = this.#smallest([...reads].flatMap(([unit, count]) => (count === highest ? [unit] : [])));
      chosen.push(best);
      for (const [path, units] of left) if (units.has(best)) left.delete(path);
    }
    return chosen;
  }

  #in(place: string, units: readonly number[]): readonly number[] {
    return units.filter((unit) => this.#graph.unit(unit)?.place === place);
  }

  #reaching(path: string, readers: readonly number[]): readonly number[] {
    const keys = this.#reference.row('declares', path) ?? [];
    const reached = new Set(keys.flatMap((key) => this.#graph.unitsWith(key)));
    const both = readers.filter((unit) => reached.has(unit));
    return both.length > 0 ? both : readers;
  }

  #smallest(units: readonly number[]): number {
    const sizes = units.map((unit) => ({ unit, size: this.#graph.unit(unit)?.size ?? Number.MAX_SAFE_INTEGER }));
    return sizes.reduce((best, one) => (one.size < best.size ? one : best)).unit;
  }

  /** Everything whose text differs between before and after in this unit. */
  #learnFrom(unit: number): boolean {
    const before = this.#reader.before(unit)?.declared();
    const after = this.#reader.after(unit)?.declared();
    if (before === undefined || after === undefined) {
      this.#toRead.add(unit);
      return false;
    }
    this.#representatives.push(unit);
    for (const [key, { text, file }] of after) {
      if (!this.#declared.has(key)) this.#declared.set(key, this.#graph.made(key, text, file));
      const was = before.get(key)?.text ?? null;
      // A tag that is mentioned for the first time and declared nowhere is this unit's own affair.
      if (was !== text && (was !== null || file !== null))
        this.#note(key, was, this.#declared.get(key) as GraphNode, text, file);
    }
    for (const [key, { text }] of before) if (!after.has(key)) this.#note(key, text, null, '', null);
    // That a text stays what it is where others change is learned too.
    for (const key of this.#learned.keys()) {
      const is = after.get(key);
      if (is !== undefined && before.get(key)?.text === is.text)
        this.#note(key, is.text, this.#declared.get(key) as GraphNode, is.text, is.file);
    }
    return true;
  }

  #note(key: string, was: string | null, node: GraphNode | null, text: string, file: string | null): void {
    const known = this.#learned.get(key) ?? new Map<string | null, LearnedText>();
    this.#learned.set(key, known);
    const own = node === null || node.text === text ? node : this.#graph.made(key, text, file);
    const other = known.get(was);
    if (other === undefined) known.set(was, { node: own, conflicting: false });
    else if (other.node?.text !== own?.text) known.set(was, { ...other, conflicting: true });
  }

  /** The units to which what was learned applies, in whole. Another representative can teach more: then all are asked again. */
  #carry(readers: ReadonlySet<number>): readonly number[] {
    let carried: number[] = [];
    for (let known = -1; known !== this.#learned.size; ) {
      known = this.#learned.size;
      const keys = [...this.#learned.keys()];
      const affected = new Set(keys.flatMap((key) => this.#graph.unitsWith(key)).filter((unit) => readers.has(unit)));
      carried = [...affected].filter((unit) => !this.#toRead.has(unit) && this.#follows(unit, keys));
    }
    return carried.sort((a, b) => a - b);
  }

  #follows(unit: number, keys: readonly string[]): boolean {
    const isKnown = (): boolean =>
      keys.every((key) => {
        const own = this.#graph.nodeIn(unit, key);
        return own === null || this.#learned.get(key)?.get(own.text)?.conflicting === false;
      });
    if (isKnown()) return true;
    const mayLearn = !this.#representatives.includes(unit) && this.#representatives.length < mostRepresentatives;
    if (mayLearn && this.#learnFrom(unit) && isKnown()) return true;
    this.#toRead.add(unit);
    return false;
  }

  /** Units in which the types of all touched files are seen: headers first, then sources, no more than can be read in a review. */
  #shown(): readonly number[] {
    const shown = [...this.#representatives];
    const open = this.#touched
      .map(({ path }) => ({ path, readers: readersOf(this.#reference, path) }))
      .filter(({ readers }) => readers.length > 0 && !readers.some((unit) => shown.includes(unit)));
    const headers = open.filter(({ path }) => path.endsWith('.h'));
    // Where macros differ, modules may see something else than the kernel does.
    for (const place of ['builtin', 'module'])
      shown.push(
        ...this.#choose(
          headers.map((one) => ({ ...one, readers: this.#in(place, one.readers) })),
          mostShowing,
        ),
      );
    for (const { path, readers } of open)
      if (!path.endsWith('.h') && shown.length < mostShown && !readers.some((unit) => shown.includes(unit)))
        shown.push(this.#smallest(readers));
    return shown;
  }
}
