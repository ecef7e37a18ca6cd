/**
 * Which units' exports to version for a series that changes types in headers: those that export a symbol which the reference knows to
 * reach a changed type, else those that spell a changed type and export something. A first review says which types change; the units named
 * here are read for a second one.
 */
import { unpackNumbers } from '../../kernel/number-set.js';
import { type Reference, unitKey } from '../../kernel/reference.js';
import { dumpKey } from '../judge-symbols.js';
import type { Review } from '../review.js';
import type { Reaching } from './reaching-types.js';

export interface ExportingUnits {
  /** Source files, the likeliest first; at most as many as asked for. */
  readonly units: readonly string[];
  /** How many more there are. */
  readonly left: number;
  /** Types, as a dump's keys, that no export of another unit reaches. */
  readonly settled: ReadonlySet<string>;
}

type Types = Review['types'];

/** What is known of a kernel's units. */
export interface UnitsKnown {
  readonly reference: Reference | null;
  /**
   * Sources that the configuration builds, that export something and that spell one of these: `struct s`, a typedef's name, `linux/s.h` of
   * those that include a header.
   */
  readonly spelling: (words: readonly string[]) => readonly string[];
  /** Types through which an export can come to one of these; null where nobody was asked. */
  readonly reaching: (types: readonly string[]) => Reaching | null;
}

/** `headers`: public ones that the series touches; asked for where no type of them changes, but what else they declare may. */
export function exportingUnits(
  types: Types,
  headers: readonly string[],
  known: UnitsKnown,
  most: number,
): ExportingUnits {
  const reached = known.reference === null ? [] : unitsInReference(types, known.reference);
  const names = types.map(({ kind, name }) => (kind === 'typedef' ? name : `${kind} ${name}`));
  const included = headers.map((path) => path.replace(/^(include|arch\/[^/]+\/include)\//, ''));
  const through = reached.length > 0 || types.length === 0 ? null : known.reaching(names);
  const found = reached.length > 0 ? reached : known.spelling(types.length > 0 ? names : included);
  const places = types.length > 0 ? types.map(({ file }) => file) : headers;
  // Where others may lead there too, nothing is settled, and units are wanted only while there are too few.
  const isWanted = through !== null && (through.isAll || found.length < most);
  const more = isWanted ? nearestFirst([...known.spelling(through.types)], places) : [];
  const all = [...new Set([...nearestFirst([...found], places), ...more])];
  const left = Math.max(0, all.length - most);
  const isSettled = through?.isAll === true && left === 0;
  const settled = new Set(isSettled ? types.map(({ kind, name }) => dumpKey(`${kind} ${name}`)) : []);
  return { units: all.slice(0, most), left, settled };
}

/** lib/genalloc.c for linux/genalloc.h; the core of the kernel before drivers, since what it exports reaches most. */
function nearestFirst(units: readonly string[], headers: readonly string[]): string[] {
  const stems = new Set(headers.map(stemOf));
  const rank = (unit: string): number => {
    if (stems.has(stemOf(unit))) return 0;
    return /^(kernel|mm|fs|block|lib|net|security)\/[^/]*$|^net\/core\//.test(unit)
      ? 1
      : unit.startsWith('drivers/')
        ? 3
        : 2;
  };
  return [...units].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[ch]$/, '');
}

function unitsInReference(types: Types, reference: Reference): string[] {
  const numbers = new Set(
    types.flatMap(({ kind, name }) =>
      (reference.row('types', dumpKey(`${kind} ${name}`)) ?? []).flatMap(({ units }) => unpackNumbers(units)),
    ),
  );
  return [...numbers].flatMap((number) => reference.row('exporting', unitKey(number))?.source ?? []);
}
