/**
 * What differs between before and after, in the compiler's view (layouts, enumerators, prototypes) and in the genksyms view (versions, and the
 * texts that moved them), of all units that were read. Facts only; what they mean is judged later.
 */

import { dumpKey } from './judge-symbols.js';
import { noSteps, type StepFacts } from './series/series-steps.js';
import type { Placed } from './units/facts.js';
import type { LayoutChange } from './units/layout-change.js';
import type { Seen, UnitChange } from './units/unit-change.js';

export interface ChangedType {
  readonly name: string;
  /** null: the type is there in one version only. */
  readonly change: LayoutChange | null;
  readonly existence: 'both' | 'added' | 'removed';
  readonly place: Placed;
  /** Types that hold it by value, in any unit that was read. */
  readonly embeddedIn: readonly string[];
  /** Why the layout cannot be known, on either side. */
  readonly unknowable: string | null;
}

export interface ChangedEnum {
  readonly name: string;
  readonly place: Placed;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** One left and one with its value came. */
  readonly renamed: readonly { readonly before: string; readonly after: string; readonly value: bigint }[];
  readonly changed: readonly { readonly name: string; readonly before: bigint; readonly after: bigint }[];
  /** Those of `changed` that only say how many there are, as `NR_X` at the end: an array as long as one says so by its own layout. */
  readonly counters: readonly string[];
}

/** Does no old value mean something else now? */
export function onlyCounts({ changed, removed, counters }: ChangedEnum): boolean {
  return removed.length === 0 && changed.every(({ name }) => counters.includes(name));
}

export interface ChangedPrototype {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** Callers built for the one may call the other: `int` for `unsigned int`. */
  readonly isCalledAlike: boolean;
  /** Records that callers hand over or get by value. */
  readonly passes: readonly string[];
  readonly place: Placed;
}

/** A typedef of a callback that is called otherwise: what passed through an interface before is called so no more. */
export interface ChangedCallback {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly place: Placed;
}

export interface ChangedSymbol {
  readonly name: string;
  readonly unit: string;
  /** `vmlinux` or the module's path, where a reference says it. */
  readonly module?: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Keys of the types in its expansion whose text differs, each with the path to it; the nearest cause first. */
  readonly causes: readonly { readonly type: string; readonly path: readonly string[] }[];
}

export interface ChangedText {
  readonly before: string | null;
  readonly after: string | null;
  /** Which declares it, after if it is declared then; null: nothing does. */
  readonly file: string | null;
}

export interface ChangeSet {
  /** Units of which something could not be read, by path. */
  readonly broken?: ReadonlySet<string>;
  /** Types that were laid out and enumerations that were read, in both versions: `struct x`, `enum y`. */
  readonly read: ReadonlySet<string>;
  readonly types: readonly ChangedType[];
  readonly enums: readonly ChangedEnum[];
  /** Of exported functions and objects. */
  readonly prototypes: readonly ChangedPrototype[];
  readonly callbacks: readonly ChangedCallback[];
  readonly symbols: readonly ChangedSymbol[];
  /** Keys of types whose genksyms text differs in any unit: `s#mm_struct`. */
  readonly hashed: ReadonlyMap<string, ChangedText>;
  /** Those of them that differ in a unit whose compiler's view was read too. */
  readonly hashedHere: ReadonlySet<string>;
  /** Keys that an export of the units reaches, before or after. */
  readonly reached: ReadonlySet<string>;
  /** Keys of which something that they reach differs in text. */
  readonly hashedThrough: ReadonlySet<string>;
  /** The same where a unit that exports nothing says so and no export that was read reaches it: others may. */
  readonly hashedElsewhere: ReadonlySet<string>;
  /** Exports of the units that were read, before. */
  readonly exported: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The files that exported what went, as far as a reference names them. */
  readonly removedFrom: ReadonlyMap<string, string>;
  /** Exports that the tree's tool can give no version after, and could before or that are new. */
  readonly unversioned: readonly string[];
  /** Functions and objects whose prototype was read in both versions. */
  readonly prototypesRead: ReadonlySet<string>;
  /** What the patches do one by one. */
  readonly steps: StepFacts;
}

/** `seen`: by these units together. `settled`: keys of types that no export of another unit reaches. */
export function changesOf(
  units: readonly UnitChange[],
  seen: Seen,
  settled: ReadonlySet<string> = new Set(),
): ChangeSet {
  const types = new Map<string, ChangedType>();
  const enums = new Map<string, ChangedEnum>();
  const prototypes = new Map<string, ChangedPrototype>();
  const callbacks = new Map<string, ChangedCallback>();
  const symbols = new Map<string, ChangedSymbol>();
  const hashed = new Map<string, ChangedText>();
  const hashedThrough = new Set<string>();
  const hashedElsewhere = new Set<string>();
  const names = { before: new Set<string>(), after: new Set<string>() };
  const exporting = units.some(({ exported }) => exported.before.length > 0);
  for (const unit of units) {
    for (const one of unit.types) types.set(one.name, joined(types.get(one.name), one));
    for (const one of unit.enums) enums.set(one.name, one);
    for (const one of unit.symbols) symbols.set(one.name, one);
    for (const one of unit.prototypes) prototypes.set(one.name, one);
    for (const one of unit.callbacks) callbacks.set(one.name, one);
    for (const name of unit.exported.before) names.before.add(name);
    for (const name of unit.exported.after) names.after.add(name);
    const through = exporting && !unit.exports ? hashedElsewhere : hashedThrough;
    // Out of a unit's sight and still there elsewhere is no change of the type.
    const gone = Array.from(unit.outOfSight).filter(([key]) => !seen.after.has(key));
    // What no export reaches, no version shows.
    const isShown = (key: string): boolean => unit.exports || !settled.has(key);
    for (const [key, text] of [...unit.hashed, ...gone.map(([key, { text }]) => [key, text] as const)])
      if (isShown(key)) hashed.set(key, text);
    for (const keys of [unit.through, ...gone.map(([, { through: its }]) => its)])
      for (const key of keys) if (isShown(key)) through.add(key);
  }
  for (const key of holdersOf(hashedThrough, types))
    if (!hashedThrough.has(key) && !settled.has(key)) hashedElsewhere.add(key);
  return {
    read: seen.read,
    types: [...types.values()],
    enums: [...enums.values()],
    prototypes: [...prototypes.values()],
    callbacks: [...callbacks.values()],
    symbols: [...symbols.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),
    hashed,
    hashedHere: new Set(hashed.keys()),
    reached: seen.reached,
    hashedThrough,
    hashedElsewhere,
    exported: names.before.size,
    added: [...names.after].filter((name) => !names.before.has(name)).sort(),
    removed: [...names.before].filter((name) => !names.after.has(name)).sort(),
    removedFrom: new Map(),
    unversioned: [...new Set(units.flatMap(({ unversioned }) => unversioned))].sort(),
    prototypesRead: seen.prototypes,
    steps: noSteps,
  };
}

/** What holds by value a type that genksyms reads otherwise is read otherwise, too; whether an export shows that, only units that were not read may know. */
function holdersOf(keys: ReadonlySet<string>, types: ReadonlyMap<string, ChangedType>): ReadonlySet<string> {
  const holders = new Set<string>();
  const names = new Set([...types.keys()].filter((name) => keys.has(dumpKey(name))));
  for (const name of names)
    for (const holder of types.get(name)?.embeddedIn ?? []) {
      holders.add(dumpKey(holder));
      names.add(holder);
    }
  return holders;
}

function joined(first: ChangedType | undefined, next: ChangedType): ChangedType {
  if (first === undefined) return next;
  // A unit to which an #include brought the type, or took it from, does not tell how it changed.
  const told = first.change === null && next.change !== null ? next : first;
  return { ...told, embeddedIn: [...new Set([...first.embeddedIn, ...next.embeddedIn])].sort() };
}

/** Every key that `from` reaches in a dump, with a shortest path, itself first; `stop` says where not to go on. */
export function pathsFrom(
  from: string,
  dump: ReadonlyMap<string, string>,
  stop: (key: string) => boolean = () => false,
): Map<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>([[from, [from]]]);
  for (const [key, path] of paths) {
    if (stop(key)) continue;
    for (const next of named(dump, key)) if (!paths.has(next)) paths.set(next, [...path, next]);
  }
  return paths;
}

/** Asked again for each export that comes by. */
const namedIn = new WeakMap<ReadonlyMap<string, string>, Map<string, readonly string[]>>();

/** Keys that a key's text names. */
function named(dump: ReadonlyMap<string, string>, key: string): readonly string[] {
  let known = namedIn.get(dump);
  if (known === undefined) {
    known = new Map();
    namedIn.set(dump, known);
  }
  let names = known.get(key);
  if (names === undefined) {
    names = [...new Set(dump.get(key)?.match(/(?<![\w#])[stueE]#\w+/g))];
    known.set(key, names);
  }
  return names;
}
