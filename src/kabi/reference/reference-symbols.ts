/**
 * What a series does to the versions of all exports of a released kernel: second half. From what representatives taught and from the units that
 * were read again comes, for each export whose version changes, the version before and after and the shortest way to what changed.
 */
import { crcText } from '../../genksyms/crc.js';
import type { Reference } from '../../kernel/reference.js';
import type { GraphNode, Replaced, TypeGraph } from '../../kernel/type-graph.js';
import type { ReadText } from '../../kernel/unit-versions.js';
import type { ChangedSymbol, ChangedText } from '../changes.js';
import type { Missing } from '../review.js';
import type { ReferencePlan } from './reference-plan.js';

/** A unit that was read again, after the series. */
export interface UnitAfter {
  readonly exports: readonly (readonly [name: string, crc: number | null])[];
  readonly types: readonly ReadText[];
}

/** By unit: what it says on the tree before and after. */
export interface ReadAgain {
  readonly source: string;
  readonly module: string;
  /** null: what the reference says; nothing where that does not have the unit. */
  readonly before: UnitAfter | null;
  /** null: it is not built any more. */
  readonly after: UnitAfter | null;
}

export interface ReferenceSymbols {
  readonly changed: readonly (ChangedSymbol & { readonly module: string })[];
  /** Texts that differ, of any unit. */
  readonly hashed: ReadonlyMap<string, ChangedText>;
  /** Keys that an export reaches, among those that a change of this series can concern. */
  readonly reached: ReadonlySet<string>;
  readonly hashedThrough: ReadonlySet<string>;
  readonly exported: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The file that exported it. */
  readonly removedFrom: ReadonlyMap<string, string>;
  readonly missing: readonly Missing[];
}

/** An export of a unit that was read again. */
interface ReadExport {
  readonly unit: number;
  readonly module: string;
  readonly crc: number | null;
}

/** The units that cannot be followed from texts alone; they are read again, and this is asked again with them. */
export interface Unfollowed {
  readonly toRead: readonly number[];
}

export function symbolsFrom(
  reference: Reference,
  graph: TypeGraph,
  plan: ReferencePlan,
  readAgain: ReadonlyMap<number, ReadAgain>,
  filesDefining: (tag: string) => readonly string[],
): ReferenceSymbols & Unfollowed {
  return new Symbols(reference, graph, plan, readAgain, filesDefining).all();
}

class Symbols {
  readonly #reference: Reference;
  readonly #graph: TypeGraph;
  readonly #plan: ReferencePlan;
  readonly #readAgain: ReadonlyMap<number, ReadAgain>;
  /** Files that define a struct, union or enum of this name. */
  readonly #filesDefining: (tag: string) => readonly string[];
  readonly #changed: (ChangedSymbol & { readonly module: string })[] = [];
  readonly #hashed = new Map<string, ChangedText>();
  readonly #reached = new Set<string>();
  readonly #through = new Set<string>();
  readonly #names = { before: new Set<string>(), after: new Set<string>() };
  /** Exports that a unit has no more, and those that it has first after the series: one that moved to another file is both. */
  readonly #gone = new Map<string, ReadExport>();
  readonly #come = new Map<string, ReadExport>();
  readonly #toRead: number[] = [];
  readonly #missing: Missing[] = [];

  constructor(
    reference: Reference,
    graph: TypeGraph,
    plan: ReferencePlan,
    readAgain: ReadonlyMap<number, ReadAgain>,
    filesDefining: (tag: string) => readonly string[],
  ) {
    this.#reference = reference;
    this.#graph = graph;
    this.#plan = plan;
    this.#readAgain = readAgain;
    this.#filesDefining = filesDefining;
  }

  all(): ReferenceSymbols & Unfollowed {
    for (const unit of this.#plan.carried) if (!this.#readAgain.has(unit)) this.#carriedUnit(unit);
    for (const [unit, read] of this.#readAgain) this.#readUnit(unit, read);
    this.#movedExports();
    const { before, after } = this.#names;
    return {
      changed: this.#changed.sort((one, other) => (one.name < other.name ? -1 : 1)),
      hashed: this.#hashed,
      reached: this.#reached,
      hashedThrough: this.#through,
      exported: this.#reference.count('symbols'),
      added: [...after].filter((name) => !before.has(name)).sort(),
      removed: [...before].filter((name) => !after.has(name)).sort(),
      removedFrom: new Map(Array.from(this.#gone, ([name, { unit }]) => [name, this.#graph.unit(unit)?.source ?? ''])),
      missing: this.#missing,
      toRead: this.#toRead,
    };
  }

  #carriedUnit(unit: number): void {
    const row = this.#graph.unit(unit);
    if (row === null) return;
    const { replaced, ambiguous } = this.#replacedIn(unit);
    if (!this.#fillIn(unit, replaced, ambiguous)) {
      this.#toRead.push(unit);
      return;
    }
    const exports = new Map(row.exports);
    const names = row.exports.map(([name]) => name);
    for (const [name, causes] of this.#walk(unit, names, replaced)) {
      const before = exports.get(name) ?? null;
      // The texts must give what was computed from the unit itself, or they do not tell its whole story.
      if (this.#graph.versionOf(unit, name) !== before) {
        this.#toRead.push(unit);
        return;
      }
      this.#note(unit, row.module, name, before, this.#graph.versionOf(unit, name, replaced), causes);
    }
  }

  /** What was learned, as it is in this unit; `ambiguous` are keys that its exports did not reach before and that have several texts. */
  #replacedIn(unit: number): {
    readonly replaced: Map<string, GraphNode | null>;
    readonly ambiguous: ReadonlySet<string>;
  } {
    const replaced = new Map<string, GraphNode | null>();
    const ambiguous = new Set<string>();
    for (const [key, texts] of this.#plan.learned) {
      const own = this.#graph.nodeIn(unit, key);
      const learned = own === null ? [...texts.values()] : [texts.get(own.text)];
      const [first, ...others] = learned;
      if (first === undefined || first.node?.text === own?.text) continue;
      if (others.some((other) => other?.node?.text !== first.node?.text)) ambiguous.add(key);
      else replaced.set(key, first.node ?? this.#graph.unknownNode(key));
    }
    return { replaced, ambiguous };
  }

  /**
   * Texts that are new in this unit may name what its exports did not reach before. What that is, the representative says, where the unit reads
   * the file that declares it; or it is declared nowhere. false: the unit itself must be asked.
   */
  #fillIn(unit: number, replaced: Map<string, GraphNode | null>, ambiguous: ReadonlySet<string>): boolean {
    const open = [...replaced.values()].filter((node) => node !== null);
    for (const node of open) {
      for (const meant of node.meant) {
        if (meant.some((key) => ambiguous.has(key))) return false;
        if (meant.some((key) => replaced.has(key) || this.#graph.nodeIn(unit, key) !== null)) continue;
        const found = this.#elsewhere(unit, meant);
        if (found === 'unknown') return false;
        if (found === null) continue;
        replaced.set(found.key, found);
        open.push(found);
      }
    }
    return true;
  }

  #elsewhere(unit: number, meant: readonly string[]): GraphNode | null | 'unknown' {
    for (const key of meant) {
      const declared = this.#plan.declared.get(key);
      if (declared === undefined || declared.file === null) continue;
      if (this.#graph.nodesOf(key).some(({ text, file }) => file !== null && text !== declared.text)) return 'unknown';
      return this.#graph.readersOf(declared.file).has(unit) ? declared : 'unknown';
    }
    // Nothing declares it to the representative; to this unit a header may that the representative does not read.
    const [first = ''] = meant;
    const made = this.#graph.unknownNode(first);
    if (made === null) return null;
    const tag = first.slice(first.indexOf('#') + 1);
    return this.#filesDefining(tag).some((file) => this.#graph.readersOf(file).has(unit)) ? 'unknown' : made;
  }

  #readUnit(unit: number, { module, before, after }: ReadAgain): void {
    const was = new Map(before?.exports ?? this.#graph.unit(unit)?.exports ?? []);
    const is = new Map(after?.exports ?? []);
    for (const [name, crc] of was) {
      this.#names.before.add(name);
      if (!is.has(name)) this.#gone.set(name, { unit, module, crc });
    }
    for (const [name, crc] of is) {
      this.#names.after.add(name);
      if (!was.has(name)) this.#come.set(name, { unit, module, crc });
    }
    const names = [...was.keys()].filter((name) => is.has(name) && was.get(name) !== is.get(name));
    for (const [name, causes] of this.#causesIn(unit, names, before, after))
      this.#note(unit, module, name, was.get(name) ?? null, is.get(name) ?? null, causes);
  }

  /** An export of another file than before is the same to modules: it may have another version there. */
  #movedExports(): void {
    for (const [name, is] of this.#come) {
      const was = this.#gone.get(name);
      if (was === undefined || was.crc === is.crc) continue;
      const before = this.#readAgain.get(was.unit)?.before ?? null;
      const after = this.#readAgain.get(is.unit)?.after ?? null;
      for (const [, causes] of this.#causesIn(was.unit, [name], before, after))
        this.#note(is.unit, is.module, name, was.crc, is.crc, causes);
    }
  }

  /** For each of a unit's exports the nearest causes among the texts that differ; none where the texts do not show any. */
  #causesIn(
    unit: number,
    names: readonly string[],
    before: UnitAfter | null,
    after: UnitAfter | null,
  ): readonly (readonly [name: string, ChangedSymbol['causes']])[] {
    const texts = new Map((before?.types ?? []).map((one) => [one.key, one.text]));
    const replaced = new Map<string, GraphNode | null>();
    for (const { key, text, file } of after?.types ?? [])
      if (this.#graph.nodeIn(unit, key)?.text !== text) replaced.set(key, this.#graph.made(key, text, file));
    const found = new Map(this.#walk(unit, names, replaced, texts));
    return names.map((name) => [name, found.get(name) ?? []]);
  }

  #fileOf(unit: number, key: string, node: GraphNode | null): string | null {
    return node?.file ?? this.#graph.nodeIn(unit, key)?.file ?? null;
  }

  #note(
    unit: number,
    module: string,
    name: string,
    before: number | null,
    after: number | null,
    causes: ChangedSymbol['causes'],
  ): void {
    if (before === after) return;
    const text = (crc: number | null): string | null => (crc === null ? null : crcText(crc));
    const source = this.#graph.unit(unit)?.source ?? this.#readAgain.get(unit)?.source ?? '';
    this.#changed.push({ name, unit: source, module, before: text(before), after: text(after), causes });
  }

  /** Exports that reach a text that differs: the nearest causes, with a shortest path to each. */
  *#walk(
    unit: number,
    names: readonly string[],
    replaced: Replaced,
    before: ReadonlyMap<string, string> = new Map(),
  ): Generator<readonly [string, ChangedSymbol['causes']]> {
    const differs = new Map<string, ChangedText>();
    for (const [key, node] of replaced) {
      const was = before.get(key) ?? this.#graph.nodeIn(unit, key)?.text ?? null;
      // What is only reached for the first time did not change; what was opaque, or is now, did.
      if (was !== null && was !== node?.text)
        differs.set(key, { before: was, after: node?.text ?? null, file: this.#fileOf(unit, key, node) });
    }
    if (differs.size === 0 && replaced.size === 0) return;
    const near = this.#graph.nearest(unit, names, new Set(differs.keys()), replaced);
    for (const key of near.reached) this.#reached.add(key);
    for (const key of near.through) this.#through.add(key);
    for (const [key, text] of differs) if (near.through.has(key)) this.#hashed.set(key, text);
    for (const [name, path] of near.paths) {
      yield [name, [{ type: path.at(-1) as string, path }]];
    }
  }
}
