import { describe, expect, test } from '@jest/globals';
import type { Layout } from '../../src/c/layout.js';
import { compareReferences } from '../../src/kabi/reference/compare-references.js';
import { readPolicyList } from '../../src/kernel/lists.js';
import {
  layoutTables,
  type Reference,
  type ReferenceSymbol,
  type ReferenceTables,
  type TableName,
} from '../../src/kernel/reference.js';
import { comparisonJson, comparisonText } from '../../src/report/comparison.js';

const symbol = (name: string, shipped: number | null, more: Partial<ReferenceSymbol> = {}): ReferenceSymbol => ({
  ...{ name, module: 'vmlinux', license: 'any', namespace: null },
  ...{ shipped, computed: null, source: null, ...more },
});

function layout(name: string, size: number, members: readonly (readonly [string, number, string, number])[]): Layout {
  const rows = members.map(([member, at, type, bytes]) => ({
    name: member,
    bitOffset: at * 8,
    bitSize: 0,
    size: bytes,
    type,
    inner: null,
  }));
  return { kind: 'struct', name, typedef: false, size, align: 8, members: rows };
}

function reference(name: string, symbols: readonly ReferenceSymbol[], layouts: readonly Layout[] = []): Reference {
  const rows = new Map<string, ReferenceSymbol[]>();
  for (const one of symbols) rows.set(one.name, [...(rows.get(one.name) ?? []), one]);
  const tables: { [T in TableName]?: ReadonlyMap<string, ReferenceTables[T]> } = {
    symbols: rows,
    shipped: layoutTables(layouts).layouts,
  };
  return {
    meta: { name, arch: 'x86_64', version: '6.1', source: null, build: null, crcMode: 'genksyms' },
    count: (table) => tables[table]?.size ?? 0,
    row: (table, key) => (tables[table]?.get(key) ?? null) as never,
    rows: (table) => [...(tables[table] ?? [])] as never,
  };
}

describe('two releases', () => {
  const before = reference(
    'old',
    [
      symbol('same', 1),
      symbol('crc', 2),
      symbol('gone', 3),
      symbol('license', 4),
      symbol('space', 5),
      symbol('moved', 6, { module: 'a' }),
      symbol('bare', null),
      symbol('twice', 7, { module: 'a' }),
      symbol('twice', 8, { module: 'b' }),
    ],
    [
      layout('same', 8, [['a', 0, 'int', 4]]),
      layout('hole', 16, [
        ['a', 0, 'int', 4],
        ['b', 8, 'long', 8],
      ]),
      layout('moved', 8, [
        ['a', 0, 'int', 4],
        ['b', 4, 'int', 4],
      ]),
      layout('twice', 4, [['x', 0, 'int', 4]]),
      layout('twice', 8, [['y', 0, 'long', 8]]),
    ],
  );
  const after = reference(
    'new',
    [
      symbol('same', 1),
      symbol('crc', 0x22),
      symbol('license', 4, { license: 'gpl' }),
      symbol('space', 5, { namespace: 'NS' }),
      symbol('moved', 6, { module: 'b' }),
      symbol('bare', 9),
      symbol('fresh', 10),
      symbol('twice', 7, { module: 'a' }),
      symbol('twice', 88, { module: 'b' }),
    ],
    [
      layout('same', 8, [['a', 0, 'int', 4]]),
      layout('hole', 16, [
        ['a', 0, 'int', 4],
        ['new', 4, 'int', 4],
        ['b', 8, 'long', 8],
      ]),
      layout('moved', 16, [
        ['a', 0, 'int', 4],
        ['c', 4, 'int', 4],
        ['b', 8, 'int', 4],
      ]),
      layout('twice', 8, [['y', 0, 'long', 8]]),
      layout('twice', 4, [['x', 0, 'int', 4]]),
    ],
  );

  test('every kind of difference of a symbol, and nothing of one whose version is not known', () => {
    const { symbols, counts, unversioned } = compareReferences(before, after, []);
    expect(symbols.map(({ name, module, changes }) => [name, module, ...changes])).toEqual([
      ['crc', 'vmlinux', 'crc'],
      ['fresh', 'vmlinux', 'added'],
      ['gone', 'vmlinux', 'removed'],
      ['license', 'vmlinux', 'license'],
      ['moved', 'b', 'module'],
      ['space', 'vmlinux', 'namespace'],
      ['twice', 'b', 'crc'],
    ]);
    expect(counts).toEqual({ before: 9, after: 9, equal: 3 });
    expect(unversioned).toBe(1);
  });

  test('types by their strict compatibility; those of one name are matched by what they are', () => {
    const { types, typesEqual, typesAdded } = compareReferences(before, after, []);
    expect(types.map(({ name, incompatible }) => [name, incompatible.length > 0])).toEqual([
      ['struct hole', false],
      ['struct moved', true],
    ]);
    expect(typesEqual).toBe(3);
    expect(typesAdded).toEqual([]);
    expect(compareReferences(before, reference('none', [symbol('same', 1)]), []).types).toEqual([]);
  });

  test('lists say what was promised, and which rules say nothing', () => {
    const { list } = readPolicyList('severities', 'crc PASS\ngone FAIL\nnothing PASS\na/* PASS\n');
    const { symbols, unused } = compareReferences(before, after, [list]);
    expect(symbols.filter(({ promised }) => promised).map(({ name }) => name)).toEqual([
      'fresh',
      'gone',
      'license',
      'moved',
      'space',
      'twice',
    ]);
    expect(unused.map(({ text }) => text)).toEqual(['nothing PASS', 'a/* PASS']);
  });

  test('the text and the JSON say the same', () => {
    const comparison = compareReferences(before, after, []);
    const text = comparisonText(comparison);
    expect(text).toContain('symbols: 9 before, 9 after, 3 unchanged');
    expect(text).toMatch(/crc +vmlinux +0x00000002 -> 0x00000022/);
    expect(text).toContain('types: 3 equal, 2 laid out otherwise, 1 of them incompatible');
    const json = JSON.parse(comparisonJson(comparison));
    expect(json).toMatchObject({ schema: 'kabiwatch.compare/1', counts: { equal: 3 }, typesEqual: 3 });
    expect(json.types[1]).toMatchObject({
      name: 'struct moved',
      before: { size: 8 },
      after: { size: 16 },
      members: [
        { name: 'c', change: 'added', before: null, after: { bitOffset: 32 } },
        { name: 'b', change: 'moved', before: { bitOffset: 32 }, after: { bitOffset: 64 } },
      ],
    });
  });
});
