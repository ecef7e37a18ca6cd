/**
 * The texts of a reference as a graph: what each exported symbol reaches in its own unit, its version from that, and what the version becomes
 * where some texts are others. Rows are read when they are first met.
 */
import {
  type CutText,
  crcOfText,
  cutText,
  keysMeant,
  type Resolve,
  type TextNode,
  undeclaredText,
} from '../genksyms/text-crc.js';
import { unpackNumbers } from './number-set.js';
import { readersOf } from './readers.js';
import { type ExportingUnit, type Reference, unitKey } from './reference.js';

/** One text of a key, and the units in which it stands. */
export interface GraphNode extends TextNode {
  readonly key: string;
  readonly text: string;
  readonly file: string | null;
  readonly cut: CutText;
  /** By unit: 1 where it is this text. */
  readonly units: Uint8Array;
  /** By reference: the keys that it can mean, the likeliest first. */
  readonly meant: readonly (readonly string[])[];
  /** By reference: what it can mean; found when first asked for. */
  readonly targets: (Target | undefined)[];
  met: number;
}

/** A key, with its texts and, while a walk with other texts goes on, what stands in their place; null: nothing does. */
interface Entry {
  readonly nodes: readonly GraphNode[];
  replacement: GraphNode | null | undefined;
}

/** What a reference can mean, in any unit. Where that is one text alone, `sole`, every unit that has the reference has it. */
interface Target {
  readonly sole: GraphNode | null;
  readonly first: Entry;
  readonly entries: readonly Entry[];
}

/** Other texts for some keys of one unit; a key that is there with null is not declared in it. */
export type Replaced = ReadonlyMap<string, GraphNode | null>;

export interface Nearest {
  /** By export: keys from itself to the nearest target; exports that reach none are not in it. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
  /** Every key that one of the exports reaches. */
  readonly reached: ReadonlySet<string>;
  /** Those of them that reach a target, the targets too. */
  readonly through: ReadonlySet<string>;
}

const inNone = new Uint8Array();

/** A text is cut when a walk first comes to it: most of what a unit declares is never walked. */
class Node implements GraphNode {
  readonly targets: (Target | undefined)[] = [];
  met = 0;
  #cut: CutText | null = null;
  #meant: GraphNode['meant'] | null = null;

  constructor(
    readonly key: string,
    readonly text: string,
    readonly file: string | null,
    readonly units: Uint8Array,
  ) {}

  get cut(): CutText {
    this.#cut ??= cutText(this.text);
    return this.#cut;
  }

  get meant(): GraphNode['meant'] {
    this.#meant ??= this.cut.references.map(keysMeant);
    return this.#meant;
  }
}

/** What was read of a reference, for all graphs of it: a service asks the same one again and again. */
interface Read {
  readonly entries: Map<string, Entry>;
  readonly readers: Map<string, ReadonlySet<number>>;
}

const read = new WeakMap<Reference, Read>();
/** A text takes some kilobytes, most of them for its units; a whole kernel has 38,000 keys. */
const mostEntries = 20_000;

function readOf(reference: Reference): Read {
  let known = read.get(reference);
  if (known === undefined || known.entries.size > mostEntries) {
    known = { entries: new Map(), readers: new Map() };
    read.set(reference, known);
  }
  return known;
}

export class TypeGraph {
  readonly #reference: Reference;
  readonly #entries: Map<string, Entry>;
  readonly #readers: Map<string, ReadonlySet<number>>;
  readonly #made = new Map<string, GraphNode>();
  readonly #count: number;

  constructor(reference: Reference) {
    this.#reference = reference;
    this.#count = reference.count('exporting');
    const { entries, readers } = readOf(reference);
    this.#entries = entries;
    this.#readers = readers;
  }

  unit(number: number): ExportingUnit | null {
    return this.#reference.row('exporting', unitKey(number));
  }

  /** All texts of a key. */
  nodesOf(key: string): readonly GraphNode[] {
    return this.#entry(key).nodes;
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const rows = this.#reference.row('types', key) ?? [];
      const nodes = rows.map(({ text, file, units }) => this.#node(key, text, file, unpackNumbers(units)));
      entry = { nodes, replacement: undefined };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** A text that the reference does not have: one for all units that come to it. */
  made(key: string, text: string, file: string | null): GraphNode {
    const name = `${key}\0${text}`;
    let node = this.#made.get(name);
    if (node === undefined) {
      node = this.#node(key, text, file, []);
      this.#made.set(name, node);
    }
    return node;
  }

  #node(key: string, text: string, file: string | null, units: readonly number[]): GraphNode {
    const member = units.length === 0 ? inNone : new Uint8Array(this.#count);
    for (const unit of units) member[unit] = 1;
    return new Node(key, text, file, member);
  }

  /** What genksyms makes of a tag that nothing declares; null for other keys. */
  unknownNode(key: string): GraphNode | null {
    const text = undeclaredText(key);
    return text === null ? null : this.made(key, text, null);
  }

  /** What a key is in a unit; null where it is nothing there. */
  nodeIn(unit: number, key: string): GraphNode | null {
    return this.nodesOf(key).find(({ units }) => units[unit] === 1) ?? null;
  }

  /** Units in which an exported symbol reaches the key. */
  unitsWith(key: string): readonly number[] {
    const found = new Set<number>();
    for (const { units } of this.nodesOf(key))
      units.forEach((is, unit) => {
        if (is === 1) found.add(unit);
      });
    return [...found].sort((a, b) => a - b);
  }

  /** The version of an export of a unit from its texts; null where the unit has none of that name. `onMet` as in text-crc.ts. */
  versionOf(
    unit: number,
    name: string,
    replaced: Replaced = new Map(),
    onMet?: (node: GraphNode, from: GraphNode) => void,
  ): number | null {
    const own = replaced.get(name);
    const root = own === undefined ? this.nodeIn(unit, name) : own;
    if (root === null) return null;
    return this.#with(replaced, () =>
      crcOfText(root, this.#resolver(unit), onMet as (node: TextNode, from: TextNode) => void),
    );
  }

  /** While `walk` goes on, these texts stand in place of the reference's. */
  #with<T>(replaced: Replaced, walk: () => T): T {
    const entries = Array.from(replaced, ([key, node]) => ({ entry: this.#entry(key), node }));
    for (const { entry, node } of entries) entry.replacement = node;
    try {
      return walk();
    } finally {
      for (const { entry } of entries) entry.replacement = undefined;
    }
  }

  /** Units that read a file. */
  readersOf(file: string): ReadonlySet<number> {
    let readers = this.#readers.get(file);
    if (readers === undefined) {
      readers = new Set(readersOf(this.#reference, file));
      this.#readers.set(file, readers);
    }
    return readers;
  }

  /**
   * From exports of a unit to the nearest of these keys. The exports' texts are walked once for all of them, then the same edges backwards from
   * the keys; an export's own text counts only where it reaches no other of the keys.
   */
  nearest(unit: number, names: readonly string[], targets: ReadonlySet<string>, replaced: Replaced): Nearest {
    const rootOf = (name: string): GraphNode | null => {
      const own = replaced.get(name);
      return own === undefined ? this.nodeIn(unit, name) : own;
    };
    const roots = new Map(names.flatMap((name) => [[name, rootOf(name)] as const]));
    const users = this.#with(replaced, () => this.#usersBelow(unit, roots.values()));
    const next = new Map<GraphNode, GraphNode | null>();
    for (const node of users.keys()) if (targets.has(node.key) && node.key.includes('#')) next.set(node, null);
    for (const node of next.keys()) for (const user of users.get(node) ?? []) if (!next.has(user)) next.set(user, node);
    const paths = new Map<string, readonly string[]>();
    for (const [name, root] of roots) {
      if (root !== null && next.has(root)) paths.set(name, pathFrom(root, next));
      else if (targets.has(name)) paths.set(name, [name]);
    }
    const keys = (nodes: Iterable<GraphNode>): Set<string> => new Set(Array.from(nodes, ({ key }) => key));
    return { paths, reached: keys(users.keys()), through: new Set([...keys(next.keys()), ...paths.keys()]) };
  }

  /** Everything that the roots reach, each with those that mention it. */
  #usersBelow(unit: number, roots: Iterable<GraphNode | null>): ReadonlyMap<GraphNode, readonly GraphNode[]> {
    const resolve = this.#resolver(unit);
    const users = new Map<GraphNode, GraphNode[]>();
    for (const root of roots) if (root !== null) users.set(root, []);
    for (const node of users.keys()) {
      for (let at = 0; at < node.meant.length; at++) {
        const named = resolve(node, at) as GraphNode | null;
        if (named === null) continue;
        const known = users.get(named);
        if (known === undefined) users.set(named, [node]);
        else known.push(node);
      }
    }
    return users;
  }

  #resolver(unit: number): Resolve {
    return (asked, at) => {
      const node = asked as GraphNode;
      const target = node.targets[at] ?? this.#target(node, at);
      if (target.sole !== null && target.first.replacement === undefined) return target.sole;
      for (const entry of target.entries) {
        if (entry.replacement !== undefined) {
          if (entry.replacement !== null) return entry.replacement;
          continue;
        }
        for (const one of entry.nodes) if (one.units[unit] === 1) return one;
      }
      return null;
    };
  }

  #target(node: GraphNode, at: number): Target {
    const entries = (node.meant[at] as readonly string[]).map((key) => this.#entry(key));
    const first = entries[0] as Entry;
    const isSole = entries.reduce((sum, { nodes }) => sum + nodes.length, 0) === 1 && first.nodes.length === 1;
    // A text that is no unit's can mention what its unit does not have.
    const sole = isSole && node.units !== inNone ? (first.nodes[0] as GraphNode) : null;
    const target = { sole, first, entries };
    node.targets[at] = target;
    return target;
  }
}

function pathFrom(root: GraphNode, next: ReadonlyMap<GraphNode, GraphNode | null>): readonly string[] {
  const path: string[] = [];
  for (let node: GraphNode | null | undefined = root; node != null; node = next.get(node)) path.push(node.key);
  return path;
}
