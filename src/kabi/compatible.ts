/**
 * DESIGN's strict test: may old module code go on with the type after? Every member that existed keeps its bit offset, its bit
 * size and a type of the same size and kind, and the type keeps its size and alignment.
 *
 * The type that holds a resized member is not compatible either: its own rows say so. Two things are no break: a member that only
 * has another name, and a reserved slot whose bytes are used.
 */
import { isReservedName } from './diff/idioms.js';
import { type LayoutChange, openTail, type Pair } from './units/layout-change.js';
import { bitsOf, type Row } from './units/rows.js';

/** Why old code cannot go on, a reason a fact; empty where it can. */
export function incompatibilities(change: LayoutChange): string[] {
  const { before, after } = change;
  const reasons: string[] = [];
  if (before.size !== after.size) reasons.push(`size ${before.size} becomes ${after.size}`);
  if (before.align !== after.align) reasons.push(`alignment ${before.align} becomes ${after.align}`);
  for (const pair of change.moved.filter((one) => !isNarrowedReserve(change, one) && !isStillThere(change, one))) {
    reasons.push(`\`${pair.before.name}\` moves from ${place(pair.before)} to ${place(pair.after)}`);
  }
  for (const pair of change.retyped.filter((one) => !isSame(change, one))) {
    reasons.push(difference(pair));
  }
  const covered = coveredTail(change);
  if (covered !== null) reasons.push(`\`${covered.by.name}\` lies where \`${covered.tail.name}\` goes on`);
  for (const row of change.removed.filter((one) => !isReplaced(change, one))) reasons.push(`\`${row.name}\` is gone`);
  return reasons;
}

/** An array without a length at the end, and a new member in what it holds. */
export function coveredTail({ before, added }: LayoutChange): { readonly tail: Row; readonly by: Row } | null {
  const tail = openTail(before);
  const by = added.find((row) => tail !== null && bitsOf(row) > 0 && row.bitOffset >= tail.bitOffset);
  return tail === null || by === undefined ? null : { tail, by };
}

function difference(pair: Pair): string {
  const { before, after, isOther } = pair;
  const calls = before.type === after.type ? [before.call, after.call] : [before.type, after.type];
  if (isCalledOtherwise(pair)) return `\`${before.name}\` is called otherwise: \`${calls[0]}\` becomes \`${calls[1]}\``;
  if (isOther && before.type === after.type)
    return `\`${before.name}\` is another kind of thing under the name \`${after.type}\``;
  if (isOther || (before.type !== after.type && !/\[/.test(before.type)))
    return `\`${before.name}\` is another kind of thing: \`${before.type}\` becomes \`${after.type}\``;
  if (before.size !== after.size) return `\`${before.name}\` has ${after.size} bytes instead of ${before.size}`;
  return `\`${before.name}\` has ${bitsOf(after)} bits instead of ${bitsOf(before)}`;
}

/** It only grew at its end: every old member is where it was, but the size is another. */
export function onlyGrew(change: LayoutChange): boolean {
  const { before, after } = change;
  return (
    after.size > before.size &&
    coveredTail(change) === null &&
    before.align === after.align &&
    change.moved.every((one) => isNarrowedReserve(change, one) || isStillThere(change, one)) &&
    change.retyped.every((one) => isSame(change, one)) &&
    change.removed.every((row) => isReplaced(change, row))
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

/** A callback whose caller passes or gets something else. */
function isCalledOtherwise({ before, after }: Pair): boolean {
  return before.call !== undefined && after.call !== undefined && before.call !== after.call;
}

function sameKind(pair: Pair): boolean {
  const { before, after, isOther } = pair;
  return !isOther && !isCalledOtherwise(pair) && before.size === after.size && before.bitSize === after.bitSize;
}

/** A member with another type that old code may use as before. */
function isSame(change: LayoutChange, pair: Pair): boolean {
  return (
    sameKind(pair) ||
    isNarrowedReserve(change, pair) ||
    isStillThere(change, pair) ||
    onlyGrewInUnion(change, pair) ||
    isElement(change, pair.before)
  );
}

/** `void *private, *private2, *private3;` became `void *private[3];`: it is where it was, as an element of the array. */
function isElement({ after }: LayoutChange, row: Row): boolean {
  const end = (one: Row): number => one.bitOffset + bitsOf(one);
  return after.rows.some(
    (array) =>
      array.type.startsWith(`${row.type}[`) &&
      /^\[\d+\]$/.test(array.type.slice(row.type.length)) &&
      new RegExp(`^${lastName(array)}_?\\d*$`).test(lastName(row)) &&
      row.bitSize === 0 &&
      row.bitOffset >= array.bitOffset &&
      end(row) <= end(array) &&
      (row.bitOffset - array.bitOffset) % bitsOf(row) === 0,
  );
}

/** Reserved bits of which some were given away: what is left lies in what was. */
function isNarrowedReserve(change: LayoutChange, { before, after }: Pair): boolean {
  const from = after.bitOffset >= before.bitOffset;
  return isReservedRow(change, before) && from && after.bitOffset + bitsOf(after) <= before.bitOffset + bitsOf(before);
}

/**
 * The name went to another member, and the one that had it stands where it stood under a new name, as `rh_reserved_x` or `__x`. A member of
 * another name that now stands there pushed it away.
 */
function isStillThere({ added, moved }: LayoutChange, { before }: Pair): boolean {
  const name = lastName(before);
  return (
    moved.some((one) => one.before === before) &&
    added.some(
      (row) =>
        row.bitOffset === before.bitOffset &&
        row.bitSize === before.bitSize &&
        row.type === before.type &&
        isKeptName(lastName(row), name),
    )
  );
}

/** `rh_reserved_x`, `x_old`, `__x`; `max_x` is a thing of its own. */
function isKeptName(kept: string, name: string): boolean {
  const at = `_${kept}_`.indexOf(`_${name}_`);
  const words = `${kept.slice(0, Math.max(at, 0))}_${kept.slice(at + name.length)}`.split('_').filter(Boolean);
  return at >= 0 && words.every((word) => keeping.has(word));
}

const keeping = new Set(
  'rh ck kabi uek suse deepin android reserved old orig original deprecated unused obsolete compat legacy hidden dummy pad'.split(
    ' ',
  ),
);

function lastName({ name }: Row): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** An untagged struct in a union that did not grow itself: its members tell what moved in it. */
function onlyGrewInUnion({ after }: LayoutChange, { before, after: is }: Pair): boolean {
  const [dot, untagged] = [before.name.lastIndexOf('.'), /^struct \{/];
  const outer = dot < 0 ? null : after.rows.find((row) => row.name === before.name.slice(0, dot));
  const end = outer == null ? after.size * 8 : outer.bitOffset + bitsOf(outer);
  const fits = is.bitOffset + bitsOf(is) <= end;
  return before.union && is.union && untagged.test(before.type) && untagged.test(is.type) && fits;
}

/** Padding that has a name is room that nobody uses, though nobody reserved it; so is an array like `long f_spare[5]`. */
function isReservedRow({ live }: LayoutChange, row: Row): boolean {
  if (live?.has(row.name) === true) return false;
  const isSpareArray = row.type.includes('[') && /(^|_)(spare|unused)\d*$/.test(lastName(row));
  return isReservedName(lastName(row)) || isSpareArray || /^_+pad\d*$/.test(lastName(row));
}

/** It gave its place to others and old code is not misled: a reserved slot, or one that stands on under a longer name or as an element. */
function isReplaced(change: LayoutChange, row: Row): boolean {
  return isReplacedSlot(change, row) || isKeptInside(change, row) || isElement(change, row);
}

/** `union { new; struct { old; } hidden; }`: the member is where it was, in a struct that has a name. */
function isKeptInside({ after }: LayoutChange, row: Row): boolean {
  const name = lastName(row);
  return after.rows.some(
    (one) =>
      one.name.endsWith(`.${name}`) &&
      one.bitOffset === row.bitOffset &&
      bitsOf(one) === bitsOf(row) &&
      // What is in a record, its name tells.
      (row.kind === 'record' ? one.type === row.type : one.kind === row.kind),
  );
}

/** A reserved member, or several side by side, whose bytes are all inside the type still and used by members that came, and by no other. */
export function isReplacedSlot(change: LayoutChange, row: Row): boolean {
  if (!isReservedRow(change, row)) return false;
  const { from, to } = reservedAround(change, row);
  const own = { from: row.bitOffset, to: row.bitOffset + bitsOf(row) };
  const end = (one: Row): number => one.bitOffset + bitsOf(one);
  const inside = change.added.filter((one) => one.bitOffset < own.to && end(one) > own.from);
  return inside.length > 0 && inside.every((one) => one.bitOffset >= from && end(one) <= to);
}

/** The bits of a reserved member and of those that stand side by side with it and left with it. */
function reservedAround(change: LayoutChange, row: Row): { from: number; to: number } {
  let [from, to] = [row.bitOffset, row.bitOffset + bitsOf(row)];
  const others = change.removed.filter((one) => one !== row && isReservedRow(change, one));
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of others) {
      const end = one.bitOffset + bitsOf(one);
      if (one.bitOffset === to && end > to) {
        to = end;
        grew = true;
      } else if (end === from && one.bitOffset < from) {
        from = one.bitOffset;
        grew = true;
      }
    }
  }
  return { from, to };
}

function place(row: Row): string {
  const bit = row.bitOffset % 8;
  return bit === 0 ? `byte ${row.bitOffset / 8}` : `byte ${Math.floor(row.bitOffset / 8)} bit ${bit}`;
}
