/** What happened to a struct, against the oracle: the rows are BTF's before and after, the facts are its own comparison of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { incompatibilities, onlyGrew } from '../../src/kabi/compatible.js';
import { layoutFindings } from '../../src/kabi/rules/layout.js';
import { isFree, layoutChange } from '../../src/kabi/units/layout-change.js';
import { type Extent, kindFromText, type Row } from '../../src/kabi/units/rows.js';
import { sharedData } from '../truth/kernel.js';

function row(name: string, type: string, bitOffset: number, size: number, bitSize = 0): Row {
  return { name, type, bitOffset, bitSize, size, kind: kindFromText({ type }), union: false };
}

function extent(size: number, rows: readonly Row[], align = 8): Extent {
  return { name: 'struct box', kind: 'struct', size, align, rows, bigEndian: false };
}

const lock = row('lock', 'int', 0, 4);
const items = row('items', 'struct list_head', 64, 16);
const order = row('order', 'int', 192, 4);
const box = extent(32, [lock, items, order]);

function rulesFor(after: Extent): string[] {
  const change = layoutChange(box, after);
  return change === null ? [] : layoutFindings(change).map((one) => one.rule);
}

describe('a struct of 32 bytes with a hole at byte 4 and four bytes at its end', () => {
  test('is not changed by being the same', () => {
    expect(layoutChange(box, extent(32, [lock, items, order]))).toBeNull();
  });

  test('takes four bytes into its hole, compatibly, and eight bytes not', () => {
    const filled = extent(32, [lock, row('count', 'u32', 32, 4), items, order]);
    expect(rulesFor(filled)).toEqual(['member-added-in-hole']);
    expect(incompatibilities(layoutChange(box, filled) as never)).toEqual([]);
    expect(isFree(box, row('wide', 'u64', 32, 8))).toBe(false);
  });

  test('is broken by what moves its members', () => {
    const moved = extent(40, [
      lock,
      row('owner', 'void *', 64, 8),
      row('items', 'struct list_head', 128, 16),
      row('order', 'int', 256, 4),
    ]);
    expect(rulesFor(moved)).toEqual(['member-inserted', 'member-moved', 'size-changed']);
    expect(incompatibilities(layoutChange(box, moved) as never)).toHaveLength(3);
  });

  test('that only grew is not compatible, and is known to have only grown', () => {
    const grown = layoutChange(box, extent(40, [lock, items, order, row('owner', 'void *', 256, 8)]));
    expect(incompatibilities(grown as never)).toEqual(['size 32 becomes 40']);
    expect(onlyGrew(grown as never)).toBe(true);
  });

  test('keeps a pointer for a pointer and not a pointer for an integer', () => {
    const was = extent(8, [row('data', 'void *', 0, 8)]);
    const pointer = layoutChange(was, extent(8, [row('data', 'unsigned long *', 0, 8)]));
    const integer = layoutChange(was, extent(8, [row('data', 'u64', 0, 8)]));
    expect(incompatibilities(pointer as never)).toEqual([]);
    expect(incompatibilities(integer as never)).toHaveLength(1);
  });

  test('lets a reserved slot be used, and no other member be replaced', () => {
    const slot = extent(8, [row('kabi_reserved1', 'u64', 0, 8)]);
    const name = extent(8, [row('name', 'u64', 0, 8)]);
    const used = extent(8, [row('owner', 'void *', 0, 8)]);
    expect(incompatibilities(layoutChange(slot, used) as never)).toEqual([]);
    expect(incompatibilities(layoutChange(name, used) as never)).toEqual(['`name` is gone']);
  });
});

const folder = sharedData('oracle/cases');

(folder === null ? describe.skip : describe)('the oracle', () => {
  const ids = folder === null ? [] : readdirSync(folder);
  test.each(ids)('%s: the same members were added, removed, moved and retyped', (id) => {
    const truth = JSON.parse(readFileSync(`${folder}/${id}/truth.json`, 'utf8'));
    for (const [name, { before, after }] of Object.entries(
      truth.layouts as Record<string, { before: Side | null; after: Side | 'same' | null }>,
    )) {
      if (before === null || after === null) continue;
      const is = after === 'same' ? before : after;
      const change = layoutChange(fromTruth(name, before), fromTruth(name, is));
      const wanted = truth.changed_structs[name];
      if (wanted === undefined) {
        expect(change).toBeNull();
        continue;
      }
      const names = (list: readonly { name: string }[] | undefined): string[] =>
        (list ?? []).map((one) => one.name).sort();
      expect(change).not.toBeNull();
      const renamedFrom = change?.renamed.map((pair) => pair.before) ?? [];
      expect(names([...(change?.added ?? []), ...(change?.renamed.map((pair) => pair.after) ?? [])])).toEqual(
        names(wanted.added),
      );
      expect(names([...(change?.removed ?? []), ...renamedFrom])).toEqual(
        [...names(wanted.removed), ...(wanted.replaced_in_place ?? [])].sort(),
      );
      expect(change?.moved.map((pair) => [pair.after.name, pair.before.bitOffset, pair.after.bitOffset])).toEqual(
        (wanted.moved ?? []).map((one: { name: string; bit_from: number; bit_to: number }) => [
          one.name,
          one.bit_from,
          one.bit_to,
        ]),
      );
      expect(names(change?.retyped.map((pair) => pair.after))).toEqual(names(wanted.retyped));
      expect([change?.before.size, change?.after.size]).toEqual(wanted.size);
    }
  });
});

interface Side {
  readonly size: number;
  /** Name, type, bit offset, bits. */
  readonly members: readonly [string, string, number, number][];
}

function fromTruth(name: string, side: Side): Extent {
  const rows = side.members.map(([member, type, bitOffset, bits]) => row(member, type, bitOffset, bits / 8));
  return { ...extent(side.size, rows), name };
}
