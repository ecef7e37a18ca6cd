/**
 * What differs in one unit between before and after. The facts of a unit are large, what differs in it is small: a review of a whole release keeps
 * only this of each.
 */

import {
  type ChangedCallback,
  type ChangedEnum,
  type ChangedPrototype,
  type ChangedSymbol,
  type ChangedText,
  type ChangedType,
  pathsFrom,
} from '../changes.js';
import { countersIn } from './counters.js';
import type { CompilerFacts, Placed, SymbolFacts, UnitFacts } from './facts.js';
import { type IsOtherKind, layoutChange } from './layout-change.js';
import { plainKind } from './rows.js';
import { mayStandFor } from './shape.js';

export interface UnitChange {
  readonly types: readonly ChangedType[];
  readonly enums: readonly ChangedEnum[];
  readonly prototypes: readonly ChangedPrototype[];
  readonly callbacks: readonly ChangedCallback[];
  readonly symbols: readonly ChangedSymbol[];
  /** It exports something, before or after. */
  readonly exports: boolean;
  readonly exported: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Exports that the tree's tool can give no version after, and could before or that are new. */
  readonly unversioned: readonly string[];
  /** Keys whose text differs. */
  readonly hashed: ReadonlyMap<string, ChangedText>;
  /** Keys that reach one of those, themselves too. */
  readonly through: ReadonlySet<string>;
  /** Of a unit that exports nothing: keys that it no longer sees declared, which others may, with the keys that reached each. */
  readonly outOfSight: ReadonlyMap<string, { readonly text: ChangedText; readonly through: ReadonlySet<string> }>;
}

/** What units together show; grows with each that is compared. */
export interface Seen {
  /** Types that were laid out and enumerations that were read, in both versions: `struct x`, `enum y`. */
  readonly read: Set<string>;
  /** Exports whose prototype was read in both versions. */
  readonly prototypes: Set<string>;
  /** Keys that an export reaches, before or after. */
  readonly reached: Set<string>;
  /** Keys that a unit has after. */
  readonly after: Set<string>;
}

export function nothingSeen(): Seen {
  return { read: new Set(), prototypes: new Set(), reached: new Set(), after: new Set() };
}

export function unitChange(was: UnitFacts, is: UnitFacts, seen: Seen): UnitChange {
  for (const name of was.compiler.types.keys()) if (is.compiler.types.has(name)) seen.read.add(name);
  for (const tag of was.compiler.enums.keys()) if (is.compiler.enums.has(tag)) seen.read.add(`enum ${tag}`);
  for (const name of was.compiler.prototypes.keys()) if (is.compiler.prototypes.has(name)) seen.prototypes.add(name);
  const compiled = {
    types: changedTypes(was.compiler, is.compiler),
    enums: changedEnums(was.compiler, is.compiler),
    callbacks: changedCallbacks(was.compiler, is.compiler),
  };
  if (was.symbols === null || is.symbols === null) return { ...compiled, ...unversionedUnit };
  for (const key of is.symbols.dump.keys()) seen.after.add(key);
  return { ...compiled, ...symbolChange(was, is, was.symbols, is.symbols, seen) };
}

type SymbolPart = Omit<UnitChange, 'types' | 'enums' | 'callbacks'>;

const unversionedUnit: SymbolPart = {
  prototypes: [],
  symbols: [],
  exports: false,
  exported: { before: [], after: [] },
  unversioned: [],
  hashed: new Map(),
  through: new Set(),
  outOfSight: new Map(),
};

function symbolChange(was: UnitFacts, is: UnitFacts, before: SymbolFacts, after: SymbolFacts, seen: Seen): SymbolPart {
  const exports = before.symbols.size + after.symbols.size > 0;
  const texts = changedTexts(before, after);
  const [hashed, lost] = exports ? [texts, []] : inSight(texts);
  const dumps = [before.dump, after.dump];
  if (exports) for (const dump of dumps) for (const key of dump.keys()) if (key.includes('#')) seen.reached.add(key);
  const reachingAny = texts.size === 0 ? nobody : usersIn(dumps);
  return {
    prototypes: changedPrototypes(was.compiler, is.compiler, before),
    symbols: changedSymbols(was.path, before, after, texts),
    exports,
    exported: { before: [...before.symbols.keys()], after: [...after.symbols.keys()] },
    unversioned: Array.from(after.symbols).flatMap(([name, crc]) =>
      crc === null && before.symbols.get(name) !== null ? [name] : [],
    ),
    hashed,
    through: reachingAny(hashed.keys()),
    outOfSight: new Map(lost.map(([key, text]) => [key, { text, through: reachingAny([key]) }])),
  };
}

/**
 * A unit that exports nothing shows a type or does not, as its includes are: that a definition came into sight is no change of the type; that it
 * went out of it may be none.
 */
function inSight(
  texts: ReadonlyMap<string, ChangedText>,
): [ReadonlyMap<string, ChangedText>, (readonly [string, ChangedText])[]] {
  const isSeen = (text: string | null): boolean => text !== null && !/\bUNKNOWN\b/.test(text);
  const known = [...texts].filter(([, { before }]) => isSeen(before));
  return [new Map(known.filter(([, { after }]) => isSeen(after))), known.filter(([, { after }]) => !isSeen(after))];
}

function changedTypes(before: CompilerFacts, after: CompilerFacts): ChangedType[] {
  const found: ChangedType[] = [];
  const changed = changedTypedefs(before, after);
  for (const name of new Set([...before.types.keys(), ...after.types.keys()])) {
    const was = before.types.get(name);
    const is = after.types.get(name);
    const change =
      was === undefined || is === undefined
        ? null
        : layoutChange(was, is, otherKindIn(name, { before, after, changed }));
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

/** Those of callbacks are told for themselves. */
function changedTypedefs(before: CompilerFacts, after: CompilerFacts): ReadonlySet<string> {
  return new Set(
    [...before.typedefs].flatMap(([name, was]) => {
      const isSame = (after.typedefs.get(name) ?? was) === was;
      return isSame || (before.callbacks.has(name) && after.callbacks.has(name)) ? [] : [name];
    }),
  );
}

interface TwoFacts {
  readonly before: CompilerFacts;
  readonly after: CompilerFacts;
  /** Typedefs that stand for something else. */
  readonly changed: ReadonlySet<string>;
}

/** Nearly every member has the type that it had, and needs no look at what that is made of. */
function otherKindIn(name: string, { before, after, changed }: TwoFacts): IsOtherKind {
  return (was, is) => {
    if (was.type === is.type && (changed.size === 0 || !was.type.split(/\W/).some((word) => changed.has(word))))
      return false;
    // How much it has of it is told apart from what it is.
    if (was.size !== is.size || was.bitSize !== is.bitSize) return plainKind(was) !== plainKind(is);
    const [one, other] = [before.shapeOf(name, was.name), after.shapeOf(name, is.name)];
    return one === null || other === null ? plainKind(was) !== plainKind(is) : !mayStandFor(one, other);
  };
}

function changedCallbacks(before: CompilerFacts, after: CompilerFacts): ChangedCallback[] {
  return [...before.callbacks].flatMap(([name, was]) => {
    const is = after.callbacks.get(name) ?? was;
    return is === was ? [] : [{ name, before: was, after: is, place: after.placeOf(`typedef ${name}`) as Placed }];
  });
}

function changedEnums(before: CompilerFacts, after: CompilerFacts): ChangedEnum[] {
  const found: ChangedEnum[] = [];
  for (const [tag, was] of before.enums) {
    const is = after.enums.get(tag);
    if (is === undefined) continue;
    const came = [...is.keys()].filter((name) => !was.has(name));
    const gone = [...was.keys()].filter((name) => !is.has(name));
    const renamed = gone.flatMap((name) => {
      const value = was.get(name) as bigint;
      const other = came.find((one) => is.get(one) === value);
      return other === undefined ? [] : [{ before: name, after: other, value }];
    });
    const added = came.filter((name) => !renamed.some((one) => one.after === name));
    const removed = gone.filter((name) => !renamed.some((one) => one.before === name));
    const changed = [...was].flatMap(([name, value]) => {
      const now = is.get(name);
      return now === undefined || now === value ? [] : [{ name, before: value, after: now }];
    });
    if (added.length + removed.length + renamed.length + changed.length === 0) continue;
    const place = after.placeOf(`enum ${tag}`) as Placed;
    found.push({ name: tag, place, added, removed, renamed, changed, counters: countersIn(changed, was, is) });
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

function changedSymbols(
  unit: string,
  before: SymbolFacts,
  after: SymbolFacts,
  texts: ReadonlyMap<string, ChangedText>,
): ChangedSymbol[] {
  return [...before.symbols].flatMap(([name, crc]) => {
    const now = after.symbols.get(name);
    if (now === undefined || now === crc) return [];
    return [{ name, unit, before: crc, after: now, causes: causesOf(name, texts, [after.dump, before.dump]) }];
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
  // A symbol's own text counts where nothing that it reaches changed: its prototype did. What it reaches no more, or only now, is as it was.
  const [own, others] = [found.filter(({ type }) => type === symbol), found.filter(({ type }) => type !== symbol)];
  const stayed = others.filter(({ type }) => texts.get(type)?.before !== null && texts.get(type)?.after !== null);
  const told = stayed.length > 0 ? stayed : own.length > 0 ? own : others;
  return told.sort((one, other) => one.path.length - other.path.length);
}

const nobody = (): ReadonlySet<string> => new Set();

/** The keys that reach one of some keys, in either dump: a walk against the references. */
function usersIn(dumps: readonly ReadonlyMap<string, string>[]): (keys: Iterable<string>) => ReadonlySet<string> {
  const users = dumps.map((dump) => {
    const ofDump = new Map<string, string[]>();
    for (const [key, text] of dump)
      for (const used of text.match(/(?<![\w#])[stueE]#\w+/g) ?? []) {
        const list = ofDump.get(used);
        if (list === undefined) ofDump.set(used, [key]);
        else list.push(key);
      }
    return { dump, ofDump };
  });
  return (keys) => {
    const asked = [...keys];
    const all = new Set<string>();
    for (const { dump, ofDump } of users) {
      const found = new Set(asked.filter((key) => dump.has(key)));
      for (const key of found) for (const user of ofDump.get(key) ?? []) found.add(user);
      for (const key of found) all.add(key);
    }
    return all;
  };
}

/** What a caller passes is the compiler's view: a guard in a header changes nothing there. */
function changedPrototypes(was: CompilerFacts, is: CompilerFacts, { symbols }: SymbolFacts): ChangedPrototype[] {
  return [...symbols.keys()].flatMap((name) => {
    const before = was.prototypes.get(name);
    const after = is.prototypes.get(name);
    if (before === undefined || after === undefined) return [];
    const [isSpelledAlike, isCalledAlike] = [before.plain === after.plain, before.call === after.call];
    if (isSpelledAlike && isCalledAlike) return [];
    const [one, other] = isSpelledAlike ? [before.call, after.call] : [before.text, after.text];
    const place = is.placeOf(name) as Placed;
    return [{ name, before: one, after: other, isCalledAlike, passes: before.passes, place }];
  });
}
