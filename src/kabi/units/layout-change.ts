/**
 * One type before and after: which members came, went, moved or have another type, and which bits were free before.
 *
 * A member can have moved and been retyped at once; both are told. A name that left and one that came at the same bits with the
 * same type is one that was renamed.
 */
import type { MemberChange } from '../review.js';
import { bitsOf, type Extent, plainKind, type Row } from './rows.js';

export interface LayoutChange {
  readonly name: string;
  readonly before: Extent;
  readonly after: Extent;
  readonly added: readonly Row[];
  readonly removed: readonly Row[];
  readonly moved: readonly Pair[];
  readonly retyped: readonly Pair[];
  readonly renamed: readonly Pair[];
  /** Members that are called like a reserved slot, and that code uses. */
  readonly live?: ReadonlySet<string>;
}

export interface Pair {
  readonly before: Row;
  readonly after: Row;
  /** The type is another kind of thing: code that was built for the one misreads the other. */
  readonly isOther: boolean;
}

/** Is the type of the second another kind of thing than that of the first? */
export type IsOtherKind = (before: Row, after: Row) => boolean;

/** null where nothing differs. */
export function layoutChange(
  before: Extent,
  after: Extent,
  isOtherKind: IsOtherKind = (one, other) => plainKind(one) !== plainKind(other),
): LayoutChange | null {
  if (isSame(before, after, isOtherKind)) return null;
  const was = byName(before.rows);
  const is = byName(after.rows);
  const came = [...is].filter(([key]) => !was.has(key)).map(([, row]) => row);
  const gone = [...was].filter(([key]) => !is.has(key)).map(([, row]) => row);
  const stayed = [...was].flatMap(([key, row]) => {
    const now = is.get(key);
    return now === undefined ? [] : [{ before: row, after: now, isOther: isOtherKind(row, now) }];
  });
  const renamed = renamedPairs(gone, came);
  const old = new Set(renamed.map((pair) => pair.before));
  const fresh = new Set(renamed.map((pair) => pair.after));
  const change: LayoutChange = {
    name: after.name,
    before,
    after,
    added: came.filter((row) => !fresh.has(row)),
    removed: gone.filter((row) => !old.has(row)),
    moved: stayed.filter((pair) => pair.before.bitOffset !== pair.after.bitOffset),
    retyped: stayed.filter((pair) => differs(pair)),
    renamed,
  };
  const same = before.size === after.size && before.align === after.align;
  const lists = [change.added, change.removed, change.moved, change.retyped, change.renamed];
  return same && lists.every((list) => list.length === 0) ? null : change;
}

/** Row by row: what nearly all types of a unit are. */
function isSame(before: Extent, after: Extent, isOtherKind: IsOtherKind): boolean {
  return (
    before.size === after.size &&
    before.align === after.align &&
    before.rows.length === after.rows.length &&
    before.rows.every((row, at) => {
      const other = after.rows[at] as Row;
      const isOther = isOtherKind(row, other);
      return (
        row.name === other.name && row.bitOffset === other.bitOffset && !differs({ before: row, after: other, isOther })
      );
    })
  );
}

function differs({ before, after, isOther }: Pair): boolean {
  return (
    isOther ||
    before.call !== after.call ||
    before.type !== after.type ||
    before.size !== after.size ||
    before.bitSize !== after.bitSize
  );
}

/**
 * A name that a macro made of a counter or of its line: `__UNIQUE_ID_rh_kabi_hide27`, `rh_kabi_hidden_120`. Another use above gives it another
 * number, so it is known by its place.
 */
const COUNTED = /(?<=^|\.)(__UNIQUE_ID_\w*?|\w*kabi_hid(?:e|den)_*)\d+(?=\.|$)/;

/** One name can stand in several unions of a struct: the second is its own. */
function byName(rows: readonly Row[]): Map<string, Row> {
  const map = new Map<string, Row>();
  const places = new Map(rows.map((row) => [row.name, row.bitOffset]));
  for (const row of rows) {
    const outer = row.name.slice(0, row.name.indexOf('.') >>> 0);
    const name = row.name.replace(COUNTED, (_, word) => `${word}@${places.get(outer) ?? row.bitOffset}`);
    let key = name;
    for (let again = 2; map.has(key); again++) key = `${name} ${again}`;
    map.set(key, row);
  }
  return map;
}

function renamedPairs(gone: readonly Row[], came: readonly Row[]): Pair[] {
  const left = [...came];
  return gone.flatMap((before) => {
    const at = left.findIndex(
      (row) =>
        row.bitOffset === before.bitOffset &&
        row.bitSize === before.bitSize &&
        row.size === before.size &&
        row.type === before.type,
    );
    const [after] = at < 0 ? [] : left.splice(at, 1);
    return after === undefined ? [] : [{ before, after, isOther: false }];
  });
}

/** As the review prints it. */
export function memberChanges(change: LayoutChange): MemberChange[] {
  const place = (row: Row): NonNullable<MemberChange['before']> => ({
    bitOffset: row.bitOffset,
    bitSize: row.bitSize,
    type: row.type,
  });
  const both =
    (kind: 'moved' | 'retyped' | 'renamed') =>
    (pair: Pair): MemberChange => ({
      name: pair.after.name,
      change: kind,
      before: place(pair.before),
      after: place(pair.after),
    });
  return [
    ...change.added.map((row): MemberChange => ({ name: row.name, change: 'added', before: null, after: place(row) })),
    ...change.removed.map(
      (row): MemberChange => ({ name: row.name, change: 'removed', before: place(row), after: null }),
    ),
    ...change.moved.map(both('moved')),
    ...change.retyped.map(both('retyped')),
    ...change.renamed.map(both('renamed')),
  ];
}

/** Are the bits of `row` padding in `extent`: inside it, and under no member's own bits? */
export function isFree(extent: Extent, row: Row): boolean {
  const from = row.bitOffset;
  const to = from + bitsOf(row);
  if (to > extent.size * 8) return false;
  const tail = openTail(extent);
  return leaves(extent).every((one) => one.bitOffset >= to || (one !== tail && one.bitOffset + bitsOf(one) <= from));
}

/** `data[]` or `data[0]` behind all other members: what it holds goes on from there, over the padding and past the end. */
export function openTail({ rows }: Extent): Row | null {
  const last = rows.reduce<Row | null>(
    (far, row) => (far === null || row.bitOffset >= far.bitOffset ? row : far),
    null,
  );
  const isOpen = last !== null && bitsOf(last) === 0 && /\[0?\]$/.test(last.type);
  return isOpen && rows.every((row) => row.bitOffset + bitsOf(row) <= last.bitOffset) ? last : null;
}

/** Rows that hold no other rows: the padding inside a nested anonymous type is padding too. */
function leaves(extent: Extent): Row[] {
  const outer = new Set(
    extent.rows.flatMap((row) => (row.name.includes('.') ? [row.name.slice(0, row.name.lastIndexOf('.'))] : [])),
  );
  return extent.rows.filter((row) => !outer.has(row.name));
}
