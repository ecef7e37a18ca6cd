/** Free room in a type as it was before the series: holes, spare bits and padding at the end, reserved slots. */
import { isReservedName } from '../diff/idioms.js';
import { bitsOf, type Extent, type Row } from '../units/rows.js';

export interface Hole {
  /** Of the outermost type. */
  readonly bitOffset: number;
  readonly bits: number;
  /** The member that ends where the hole begins, by its name; null at the start of the type. */
  readonly behind: string | null;
  /** Nothing follows. */
  readonly atEnd: boolean;
}

/** Every run of bits that no member takes, in order. */
export function holesOf(extent: Extent): Hole[] {
  const outer = extent.rows.filter((row) => !row.name.includes('.'));
  const leaves = outer.filter((row) => bitsOf(row) > 0).sort((one, other) => one.bitOffset - other.bitOffset);
  const holes: Hole[] = [];
  let end = 0;
  let last: Row | null = null;
  for (const row of leaves) {
    if (row.bitOffset > end)
      holes.push({ bitOffset: end, bits: row.bitOffset - end, behind: last?.name ?? null, atEnd: false });
    if (row.bitOffset + bitsOf(row) > end) {
      end = row.bitOffset + bitsOf(row);
      last = row;
    }
  }
  const size = extent.size * 8;
  if (size > end) holes.push({ bitOffset: end, bits: size - end, behind: last?.name ?? null, atEnd: true });
  return holes;
}

/** Reserved members of one object each, whole bytes, in order. */
export function slotsOf(extent: Extent): Row[] {
  return extent.rows.filter(
    (row) =>
      !row.name.includes('.') && !row.union && row.bitSize === 0 && isReservedName(row.name) && !row.type.includes('['),
  );
}

/** Bytes that a member's address is most likely a multiple of; the engine, not this, has the last word. */
export function alignmentOf(row: Pick<Row, 'size' | 'bitOffset'>): number {
  const lowest = row.size === 0 ? 1 : row.size & -row.size;
  return Math.min(lowest, 8);
}

/** Where a member would begin in a hole, in bits; null where it does not fit. */
export function placeIn(hole: Hole, row: Row): number | null {
  const step = row.bitSize > 0 ? 1 : alignmentOf(row) * 8;
  const at = Math.ceil(hole.bitOffset / step) * step;
  return at + bitsOf(row) <= hole.bitOffset + hole.bits ? at : null;
}
