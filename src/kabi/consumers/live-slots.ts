/**
 * Members called `reserved`, `__pad` or `spare` that are no room for later: code of the tree looks into them. What takes their bytes takes them away from that code.
 * The names that kABI headers give to slots are believed.
 */
import type { ChangeSet } from '../changes.js';
import { isReplacedSlot } from '../compatible.js';
import type { LayoutChange } from '../units/layout-change.js';
import type { Row } from '../units/rows.js';
import { basesOf, type ConsumerQuestion } from './consumers.js';
import { bareTypedef } from './users.js';

export function withoutLiveSlots(changes: ChangeSet, whoUses: () => ConsumerQuestion): ChangeSet {
  const types = changes.types.map((type) => {
    const { name, change } = type;
    const taken = change === null ? [] : takenPlain(change);
    if (change === null || taken.length === 0) return type;
    const { index } = whoUses();
    const bases = basesOf(bareTypedef(name), index);
    const isLive = (row: Row): boolean => bases.some((base) => index.uses(`access ${base}.${row.name}`).length > 0);
    return { ...type, change: { ...change, live: new Set(taken.filter(isLive).map((row) => row.name)) } };
  });
  return { ...changes, types };
}

/** Slots that were taken and whose name anybody may give to a member. */
function takenPlain(change: LayoutChange): Row[] {
  const retyped = change.retyped.map(({ before }) => before);
  return [
    ...change.removed.filter((row) => isReplacedSlot(change, row)),
    ...change.moved.map(({ before }) => before),
    ...retyped,
  ].filter(({ name }) => /^(_*reserved_?\d*|_+pad\d*|(\w*_)?(spare|unused)\d*)$/.test(name));
}
