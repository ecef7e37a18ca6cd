/**
 * Two released kernels against each other: which symbols came, went, changed version, license, namespace or module, and which
 * types are laid out otherwise. Facts that were shipped go before computed ones; where neither side has a fact, nothing is
 * claimed of it.
 */
import type { Layout } from '../../c/layout.js';
import { isPromised, type PolicyList, unusedRules } from '../../kernel/lists.js';
import type { Reference, ReferenceMeta, ReferenceSymbol } from '../../kernel/reference.js';
import { incompatibilities } from '../compatible.js';
import { type LayoutChange, layoutChange } from '../units/layout-change.js';
import { extentOf } from '../units/rows.js';
import { type ComparedCause, compareCauses } from './compare-causes.js';

export interface SymbolDifference {
  readonly name: string;
  /** As the kernel after has it; before, where it is gone. */
  readonly module: string;
  readonly before: ReferenceSymbol | null;
  readonly after: ReferenceSymbol | null;
  readonly changes: readonly ('added' | 'removed' | 'crc' | 'license' | 'namespace' | 'module')[];
  /** A list that was given promises it. Without any list nothing is promised. */
  readonly promised: boolean;
  /** Place in `causes`, and the way there; null where the references do not hold the types of both kernels, or the version is the same. */
  readonly why: { readonly cause: number; readonly because: readonly string[] } | null;
}

export interface TypeDifference {
  /** `struct task_struct`, `typedef atomic_t`. */
  readonly name: string;
  readonly change: LayoutChange;
  /** Why code built before cannot go on; empty where it can. */
  readonly incompatible: readonly string[];
}

export interface Comparison {
  readonly before: ReferenceMeta;
  readonly after: ReferenceMeta;
  readonly symbols: readonly SymbolDifference[];
  readonly counts: { readonly before: number; readonly after: number; readonly equal: number };
  readonly causes: readonly ComparedCause[];
  /** Symbols that both have, of which one side has no CRC. */
  readonly unversioned: number;
  readonly types: readonly TypeDifference[];
  readonly typesAdded: readonly string[];
  readonly typesRemoved: readonly string[];
  /** Types that both have and that are equal. */
  readonly typesEqual: number;
  /** Rules of the lists that match no symbol of the kernel before. */
  readonly unused: readonly { readonly list: string; readonly line: number; readonly text: string }[];
}

export function compareReferences(before: Reference, after: Reference, lists: readonly PolicyList[]): Comparison {
  const was = symbolsOf(before);
  const is = symbolsOf(after);
  const symbols: SymbolDifference[] = [];
  let equal = 0;
  let unversioned = 0;
  for (const [key, pair] of pairs(was, is)) {
    const changes = changesOf(pair.before, pair.after);
    const either = (pair.after ?? pair.before) as ReferenceSymbol;
    if (pair.before !== null && pair.after !== null && (crcOf(pair.before) === null || crcOf(pair.after) === null))
      unversioned++;
    if (changes.length === 0) equal++;
    else
      symbols.push({
        ...{ name: key.split('\0')[0] as string, module: either.module, ...pair, changes },
        promised: lists.some((list) => isPromised(list, pair.before ?? either)),
        why: null,
      });
  }
  const all = [...was.values()];
  const unused = lists.flatMap((list) => unusedRules(list, all).map((rule) => ({ list: list.name, ...rule })));
  const changed = symbols.filter(({ changes }) => changes.includes('crc'));
  const { causes, becauseOf } = compareCauses(before, after, new Set(changed.map(nameAndModule)));
  return {
    ...{ before: before.meta, after: after.meta, causes, unversioned, unused },
    symbols: symbols.map((one) => ({ ...one, why: becauseOf.get(nameAndModule(one)) ?? null })),
    counts: { before: was.size, after: is.size, equal },
    ...compareTypes(layoutsOf(before), layoutsOf(after)),
  };
}

function nameAndModule({ name, module }: SymbolDifference): string {
  return `${name} ${module}`;
}

export function crcOf(symbol: ReferenceSymbol): number | null {
  return symbol.shipped ?? symbol.computed;
}

/** By name, and by module too where one name is exported by several. */
function symbolsOf(reference: Reference): ReadonlyMap<string, ReferenceSymbol> {
  const symbols = new Map<string, ReferenceSymbol>();
  for (const [name, rows] of reference.rows('symbols'))
    for (const row of rows) symbols.set(rows.length > 1 ? `${name}\0${row.module}` : name, row);
  return symbols;
}

interface Pair {
  readonly before: ReferenceSymbol | null;
  readonly after: ReferenceSymbol | null;
}

function pairs(was: ReadonlyMap<string, ReferenceSymbol>, is: ReadonlyMap<string, ReferenceSymbol>): [string, Pair][] {
  const keys = [...new Set([...was.keys(), ...is.keys()])].sort();
  return keys.map((key) => [key, { before: was.get(key) ?? null, after: is.get(key) ?? null }]);
}

function changesOf(before: ReferenceSymbol | null, after: ReferenceSymbol | null): SymbolDifference['changes'] {
  if (before === null) return ['added'];
  if (after === null) return ['removed'];
  const changes: ('crc' | 'license' | 'namespace' | 'module')[] = [];
  const [was, is] = [crcOf(before), crcOf(after)];
  if (was !== null && is !== null && was !== is) changes.push('crc');
  if (before.license !== after.license && before.license !== 'unknown' && after.license !== 'unknown')
    changes.push('license');
  if (before.namespace !== after.namespace) changes.push('namespace');
  if (before.module !== after.module) changes.push('module');
  return changes;
}

/** Shipped where the kernel has BTF, else computed. */
function layoutsOf(reference: Reference): ReadonlyMap<string, readonly Layout[]> {
  return new Map(reference.rows(reference.count('shipped') > 0 ? 'shipped' : 'layouts'));
}

function compareTypes(was: ReadonlyMap<string, readonly Layout[]>, is: ReadonlyMap<string, readonly Layout[]>) {
  const types: TypeDifference[] = [];
  let typesEqual = 0;
  const known = was.size > 0 && is.size > 0;
  for (const [name, before] of known ? was : []) {
    const { equal, changed } = compareVariants(before, is.get(name) ?? []);
    typesEqual += equal;
    for (const change of changed) types.push({ name, change, incompatible: incompatibilities(change) });
  }
  const typesAdded = known ? [...is.keys()].filter((name) => !was.has(name)) : [];
  const typesRemoved = known ? [...was.keys()].filter((name) => !is.has(name)) : [];
  return { types, typesAdded, typesRemoved, typesEqual };
}

/** Types of one name, of different files: equal ones are taken out first, what is left is compared in order. */
function compareVariants(before: readonly Layout[], after: readonly Layout[]) {
  const left = after.map((layout) => extentOf(layout));
  const unmatched = before
    .map((layout) => extentOf(layout))
    .filter((one) => {
      const at = left.findIndex((other) => layoutChange(one, other) === null);
      if (at !== -1) left.splice(at, 1);
      return at === -1;
    });
  const changed = unmatched.flatMap((one, i) => {
    const other = left[i];
    return other === undefined ? [] : [layoutChange(one, other) as LayoutChange];
  });
  return { equal: before.length - unmatched.length, changed };
}
