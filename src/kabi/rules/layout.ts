/** A changed layout -> what a reviewer calls it. Offsets are facts here: a hole is a hole, not a guess. */
import { isReplacedSlot } from '../compatible.js';
import { isFree, type LayoutChange } from '../units/layout-change.js';
import { bitsOf, type Row } from '../units/rows.js';
import type { RuleId } from './ids.js';

export interface Told {
  readonly rule: RuleId;
  /** null: the type as a whole. */
  readonly member: string | null;
  readonly text: string;
}

const CACHELINE = 512;

export function layoutFindings(change: LayoutChange): Told[] {
  const { before, after } = change;
  const slots = change.removed.filter((row) => isReplacedSlot(change, row));
  const told = change.added.map((row) => addedMember(change, row, slots));
  for (const row of change.removed.filter((one) => !slots.includes(one))) {
    told.push({ rule: 'member-removed', member: row.name, text: `\`${written(row)}\` at ${place(row)} is gone` });
  }
  for (const { before: was, after: is } of change.renamed) {
    told.push({ rule: 'member-renamed', member: is.name, text: `\`${was.name}\` is now \`${is.name}\`` });
  }
  for (const pair of change.retyped) told.push(retypedMember(pair));
  const [first] = change.moved;
  if (first !== undefined) {
    const others = change.moved.length - 1;
    const more = others === 0 ? '' : `, and ${others} more`;
    told.push({
      rule: 'member-moved',
      member: first.before.name,
      text: `\`${first.before.name}\` moves from ${place(first.before)} to ${place(first.after)}${more}`,
    });
  }
  if (before.size !== after.size) {
    told.push({ rule: 'size-changed', member: null, text: `size ${before.size} becomes ${after.size}` });
  }
  if (before.align !== after.align) {
    told.push({ rule: 'align-changed', member: null, text: `alignment ${before.align} becomes ${after.align}` });
  }
  const lines = change.moved.filter((one) => cacheline(one.before) !== cacheline(one.after));
  if (lines.length > 0) {
    told.push({
      rule: 'cacheline-moved',
      member: lines[0]?.before.name ?? null,
      text:
        lines.length === 1 ? 'a member is in another cache line' : `${lines.length} members are in another cache line`,
    });
  }
  return told;
}

function addedMember(change: LayoutChange, row: Row, slots: readonly Row[]): Told {
  const what = `\`${written(row)}\` at ${place(row)}`;
  const slot = slots.find((one) => row.bitOffset >= one.bitOffset && row.bitOffset < one.bitOffset + bitsOf(one));
  if (slot !== undefined)
    return { rule: 'reserved-slot-used', member: row.name, text: `${what} takes the reserved \`${slot.name}\`` };
  if (isFree(change.before, row)) {
    const rule = row.bitSize > 0 ? 'bitfield-changed' : 'member-added-in-hole';
    return { rule, member: row.name, text: `${what} fills ${row.bitSize > 0 ? 'spare bits' : 'a hole'}` };
  }
  if (row.bitOffset >= change.before.size * 8 || isLast(change, row)) {
    return { rule: 'member-added-at-end', member: row.name, text: `${what} is new at the end` };
  }
  return { rule: 'member-inserted', member: row.name, text: `${what} is new before others` };
}

function isLast(change: LayoutChange, row: Row): boolean {
  return change.before.rows.every((one) => one.bitOffset + bitsOf(one) <= row.bitOffset) && change.moved.length === 0;
}

function retypedMember({ before, after }: { before: Row; after: Row }): Told {
  const [was, is] = [written(before), written(after)];
  const grown = `${before.size} bytes become ${after.size}`;
  const become = was === is ? '' : ` becomes \`${is}\``;
  const text = `\`${was}\`${become}${before.size === after.size ? '' : `: ${grown}`}`;
  if (before.bitSize !== after.bitSize) return { rule: 'bitfield-changed', member: after.name, text };
  const array = /^(.*?)\[\d*\]/;
  const element = array.exec(before.type)?.[1];
  if (element !== undefined && element === array.exec(after.type)?.[1])
    return { rule: 'array-resized', member: after.name, text };
  return { rule: 'member-retyped', member: after.name, text };
}

function cacheline(row: Row): number {
  return Math.floor(row.bitOffset / CACHELINE);
}

function place(row: Row): string {
  const bit = row.bitOffset % 8;
  return bit === 0 ? `byte ${row.bitOffset / 8}` : `byte ${Math.floor(row.bitOffset / 8)} bit ${bit}`;
}

function written(row: Row): string {
  const pointer = /^(.*\(\*)(\)\(.*)$/.exec(row.type);
  const width = row.bitSize > 0 ? `:${row.bitSize}` : '';
  if (pointer !== null) return `${pointer[1]}${row.name}${pointer[2]}`;
  const array = /^([^[]*)(\[.*)$/.exec(row.type);
  const [type, suffix] = array === null ? [row.type, ''] : [array[1] as string, array[2] as string];
  return `${type}${type.endsWith('*') ? '' : ' '}${row.name}${suffix}${width}`;
}
