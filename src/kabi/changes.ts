/**
 * Four Programs -> a ChangeSet: what differs between before and after, in the compiler's view (layouts, enumerators,
 * prototypes) and in the genksyms view (versions, and the texts that moved them). Facts only; what they mean is judged later.
 */

import type { CompilerFacts, Placed, SymbolFacts, UnitFacts } from './facts.js';
import { type LayoutChange, layoutChange } from './layout-change.js';
import { noSteps, type StepFacts } from './series-steps.js';

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
  readonly changed: readonly { readonly name: string; readonly before: bigint; readonly after: bigint }[];
}

export interface ChangedPrototype {
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
  /** Exports that the tree's tool can give no version after, and could before or that are new. */
  readonly unversioned: readonly string[];
  /** Functions and objects whose prototype was read in both versions. */
  readonly prototypesRead: ReadonlySet<string>;
  /** What the patches do one by one. */
  readonly steps: StepFacts;
}

export function changesBetween(before: readonly UnitFacts[], after: readonly UnitFacts[]): ChangeSet {
  const read = new Set<string>();
  const prototypesRead = new Set<string>();
  const types = new Map<string, ChangedType>();
  const enums = new Map<string, ChangedEnum>();
  const prototypes = new Map<string, ChangedPrototype>();
  const symbols = new Map<string, ChangedSymbol>();
  const hashed = new Map<string, ChangedText>();
  const reached = new Set<string>();
  const hashedThrough = new Set<string>();
  const hashedElsewhere = new Set<string>();
  const exporting = before.some((unit) => (unit.symbols?.symbols.size ?? 0) > 0);
  const names = { before: new Set<string>(), after: new Set<string>() };
  const unversioned = new Set<string>();
  const stillThere = new Set(after.flatMap(({ symbols: its }) => (its === null ? [] : [...its.dump.keys()])));
  for (const was of before) {
    const is = after.find((one) => one.path === was.path);
    if (is === undefined) continue;
    for (const name of was.compiler.types.keys()) if (is.compiler.types.has(name)) read.add(name);
    for (const tag of was.compiler.enums.keys()) if (is.compiler.enums.has(tag)) read.add(`enum ${tag}`);
    for (const name of was.compiler.prototypes.keys()) if (is.compiler.prototypes.has(name)) prototypesRead.add(name);
    for (const one of changedTypes(was.compiler, is.compiler)) types.set(one.name, joined(types.get(one.name), one));
    for (const one of changedEnums(was.compiler, is.compiler)) enums.set(one.name, one);
    if (was.symbols === null || is.symbols === null) continue;
    for (const name of was.symbols.symbols.keys()) names.before.add(name);
    for (const [name, crc] of is.symbols.symbols) {
      names.after.add(name);
      if (crc === null && was.symbols.symbols.get(name) !== null) unversioned.add(name);
    }
    const exportsHere = was.symbols.symbols.size + is.symbols.symbols.size > 0;
    const all = changedTexts(was.symbols, is.symbols);
    const texts = exportsHere ? all : new Map([...all].filter(([key, text]) => !isOnlySeen(text, stillThere.has(key))));
    for (const [key, text] of texts) hashed.set(key, text);
    for (const dump of [was.symbols.dump, is.symbols.dump]) {
      if (exportsHere) for (const key of dump.keys()) if (key.includes('#')) reached.add(key);
      for (const key of reachingAny(texts, dump))
        (exporting && !exportsHere ? hashedElsewhere : hashedThrough).add(key);
    }
    for (const one of changedSymbols(was, is)) symbols.set(one.name, one);
    for (const one of changedPrototypes(was, is)) prototypes.set(one.name, one);
  }
  return {
    read,
    types: [...types.values()],
    enums: [...enums.values()],
    prototypes: [...prototypes.values()],
    symbols: [...symbols.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),
    hashed,
    hashedHere: new Set(hashed.keys()),
    reached,
    hashedThrough,
    hashedElsewhere,
    exported: names.before.size,
    added: [...names.after].filter((name) => !names.before.has(name)).sort(),
    removed: [...names.before].filter((name) => !names.after.has(name)).sort(),
    unversioned: [...unversioned].sort(),
    prototypesRead,
    steps: noSteps,
  };
}

/**
 * A unit that exports nothing shows a type or does not, as its includes are: that a definition came into sight, or is now out of it but still
 * there elsewhere, is no change of the type.
 */
function isOnlySeen({ before, after }: ChangedText, stillThere: boolean): boolean {
  const seen = (text: string | null): boolean => text !== null && !/\bUNKNOWN\b/.test(text);
  return !seen(before) || (!seen(after) && stillThere);
}

function joined(first: ChangedType | undefined, next: ChangedType): ChangedType {
  if (first === undefined) return next;
  // A unit to which an #include brought the type, or took it from, does not tell how it changed.
  const told = first.change === null && next.change !== null ? next : first;
  return { ...told, embeddedIn: [...new Set([...first.embeddedIn, ...next.embeddedIn])].sort() };
}

function changedTypes(before: CompilerFacts, after: CompilerFacts): ChangedType[] {
  const found: ChangedType[] = [];
  for (const name of new Set([...before.types.keys(), ...after.types.keys()])) {
    const was = before.types.get(name);
    const is = after.types.get(name);
    const change = was === undefined || is === undefined ? null : layoutChange(was, is);
    if (was !== undefined && is !== undefined && change === null) continue;
    const unknowable = before.unknowable.get(name) ?? after.unknowable.get(name) ?? null;
    found.push({
      name,
      change,
      existence: was === undefined ? 'added' : is === undefined ? 'removed' : 'both',
      place: (after.placeOf(name) ?? before.placeOf(name)) as Placed,
      embeddedIn: [...(after.embedders.get(name) ?? [])].sort(),
      unknowable,
    });
  }
  return found;
}

function changedEnums(before: CompilerFacts, after: CompilerFacts): ChangedEnum[] {
  const found: ChangedEnum[] = [];
  for (const [tag, was] of before.enums) {
    const is = after.enums.get(tag);
    if (is === undefined) continue;
    const added = [...is.keys()].filter((name) => !was.has(name));
    const removed = [...was.keys()].filter((name) => !is.has(name));
    const changed = [...was].flatMap(([name, value]) => {
      const now = is.get(name);
      return now === undefined || now === value ? [] : [{ name, before: value, after: now }];
    });
    if (added.length + removed.length + changed.length === 0) continue;
    found.push({ name: tag, place: after.placeOf(`enum ${tag}`) as Placed, added, removed, changed });
  }
  return found;
}

function changedTexts(before: SymbolFacts, after: SymbolFacts): Map<string, ChangedText> {
  const found = new Map<string, ChangedText>();
  for (const key of new Set([...before.dump.keys(), ...after.dump.keys()])) {
    const was = before.dump.get(key) ?? null;
    const is = after.dump.get(key) ?? null;
    if (was !== is) found.set(key, { before: was, after: is, file: after.fileOf(key) ?? before.fileOf(key) });
  }
  return found;
}

function changedSymbols(was: UnitFacts, is: UnitFacts): ChangedSymbol[] {
  const before = was.symbols as SymbolFacts;
  const after = is.symbols as SymbolFacts;
  const texts = changedTexts(before, after);
  return [...before.symbols].flatMap(([name, crc]) => {
    const now = after.symbols.get(name);
    if (now === undefined || now === crc) return [];
    return [
      { name, unit: was.path, before: crc, after: now, causes: causesOf(name, texts, [after.dump, before.dump]) },
    ];
  });
}

/** The changed texts that a symbol's expansion reaches, nearest first; behind a changed text nothing is looked for. */
function causesOf(
  symbol: string,
  texts: ReadonlyMap<string, ChangedText>,
  dumps: readonly ReadonlyMap<string, string>[],
): ChangedSymbol['causes'] {
  const causes = new Map<string, readonly string[]>();
  for (const dump of dumps) {
    for (const [type, path] of pathsFrom(symbol, dump, (key) => texts.has(key) && key !== symbol)) {
      if (texts.has(type) && !causes.has(type)) causes.set(type, path);
    }
  }
  const found = [...causes].map(([type, path]) => ({ type, path }));
  // A symbol's own text counts where nothing that it reaches changed: its prototype did.
  const others = found.filter((one) => one.type !== symbol);
  return (others.length > 0 ? others : found).sort((one, other) => one.path.length - other.path.length);
}

/** The keys that reach one of the changed texts: a walk against the references. */
function reachingAny(texts: ReadonlyMap<string, ChangedText>, dump: ReadonlyMap<string, string>): Set<string> {
  const users = new Map<string, string[]>();
  if (texts.size > 0) {
    for (const [key, text] of dump) {
      for (const used of text.match(/(?<![\w#])[stueE]#\w+/g) ?? []) {
        const list = users.get(used);
        if (list === undefined) users.set(used, [key]);
        else list.push(key);
      }
    }
  }
  const found = new Set([...texts.keys()].filter((key) => dump.has(key)));
  for (const key of found) for (const user of users.get(key) ?? []) found.add(user);
  return found;
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
    for (const next of dump.get(key)?.match(/(?<![\w#])[stueE]#\w+/g) ?? []) {
      if (!paths.has(next)) paths.set(next, [...path, next]);
    }
  }
  return paths;
}

/** What a caller passes is the compiler's view: a guard in a header changes nothing there. */
function changedPrototypes(was: UnitFacts, is: UnitFacts): ChangedPrototype[] {
  return [...(is.symbols as SymbolFacts).symbols.keys()].flatMap((name) => {
    const before = was.compiler.prototypes.get(name);
    const after = is.compiler.prototypes.get(name);
    if (before === undefined || after === undefined || before.plain === after.plain) return [];
    return [{ name, before: before.text, after: after.text, place: is.compiler.placeOf(name) as Placed }];
  });
}
