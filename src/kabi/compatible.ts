/**
 * DESIGN's strict test: may old module code go on with the type after? Every member that existed keeps its bit offset, its bit
 * size and a type of the same size and kind, and the type keeps its size and alignment.
 *
 * The type that holds a resized member is not compatible either: its own rows say so. Two things are no break: a member that only
 * has another name, and a reserved slot whose bytes are used.
 */
import { isReservedName } from './diff/idioms.js';
import type { LayoutChange, Pair } from './layout-change.js';
import { bitsOf, type Row } from './rows.js';

/** Why old code cannot go on, a reason a fact; empty where it can. */
export function incompatibilities(change: LayoutChange): string[] {
  const { before, after } = change;
  const reasons: string[] = [];
  if (before.size !== after.size) reasons.push(`size ${before.size} becomes ${after.size}`);
  if (before.align !== after.align) reasons.push(`alignment ${before.align} becomes ${after.align}`);
  for (const pair of change.moved) {
    reasons.push(`\`${pair.before.name}\` moves from ${place(pair.before)} to ${place(pair.after)}`);
  }
  for (const pair of change.retyped.filter((one) => !sameKind(one))) {
    reasons.push(difference(pair));
  }
  for (const row of change.removed.filter((one) => !isReplacedSlot(change, one)))
    reasons.push(`\`${row.name}\` is gone`);
  return reasons;
}

function difference({ before, after }: Pair): string {
  if (before.type !== after.type)
    return `\`${before.name}\` is another kind of thing: \`${before.type}\` becomes \`${after.type}\``;
  if (before.size !== after.size) return `\`${before.name}\` has ${after.size} bytes instead of ${before.size}`;
  return `\`${before.name}\` has ${bitsOf(after)} bits instead of ${bitsOf(before)}`;
}

/** It only grew at its end: every old member is where it was, but the size is another. */
export function onlyGrew(change: LayoutChange): boolean {
  const { before, after } = change;
  return (
    after.size > before.size &&
    before.align === after.align &&
    change.moved.length === 0 &&
    change.retyped.every(sameKind) &&
    change.removed.every((row) => isReplacedSlot(change, row))
  );
}

/**
 * Some members lost high bits, which new bit-fields took, and nothing else differs: old code that writes small values goes on, what it
 * reads may hold bits that it does not know. On a big-endian machine the value itself moves.
 */
export function onlyNarrowed(change: LayoutChange): boolean {
  const { before, after, added, moved, removed, retyped } = change;
  const narrowed = retyped.filter((pair) => !sameKind(pair));
  const freed = (row: Row): boolean =>
    narrowed.some(({ before: was, after: is }) => {
      const from = is.bitOffset + is.bitSize;
      return row.bitOffset >= from && row.bitOffset + bitsOf(row) <= was.bitOffset + bitsOf(was);
    });
  return (
    !after.bigEndian &&
    before.size === after.size &&
    before.align === after.align &&
    narrowed.length > 0 &&
    moved.length + removed.length === 0 &&
    narrowed.every(
      ({ before: was, after: is }) =>
        is.bitSize > 0 && was.bitOffset === is.bitOffset && was.kind === is.kind && is.bitSize < bitsOf(was),
    ) &&
    added.every(freed)
  );
}

function sameKind({ before, after }: Pair): boolean {
  return before.size === after.size && before.bitSize === after.bitSize && before.kind === after.kind;
}

/** A reserved member, and every byte of it is still inside the type and used by members that came. */
export function isReplacedSlot(change: LayoutChange, row: Row): boolean {
  if (!isReservedName(row.name.slice(row.name.lastIndexOf('.') + 1))) return false;
  const from = row.bitOffset;
  const to = from + bitsOf(row);
  const inside = change.added.filter((one) => one.bitOffset < to && one.bitOffset + bitsOf(one) > from);
  return inside.length > 0 && inside.every((one) => one.bitOffset >= from && one.bitOffset + bitsOf(one) <= to);
}

function place(row: Row): string {
  const bit = row.bitOffset % 8;
  return bit === 0 ? `byte ${row.bitOffset / 8}` : `byte ${Math.floor(row.bitOffset / 8)} bit ${bit}`;
}
