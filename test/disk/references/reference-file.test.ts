import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Layout } from '../../../src/c/layout.js';
import { allTables, openReference, writeReference } from '../../../src/disk/references/reference-file.js';
import { KabiwatchError } from '../../../src/errors.js';
import { configFacts, versionOfMakefile } from '../../../src/kernel/config-facts.js';
import { layoutTables, mismatches, type ReferenceMeta, type ReferenceSymbol } from '../../../src/kernel/reference.js';
import { withShipped } from '../../../src/kernel/reference-tables.js';

const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-reference-'));
afterAll(() => rmSync(dir, { recursive: true }));

const meta: ReferenceMeta = {
  name: 'test',
  arch: 'x86_64',
  version: '6.1.192',
  source: null,
  build: null,
  crcMode: 'genksyms',
};
const symbol = (name: string, shipped: number | null): ReferenceSymbol => ({
  ...{ name, module: 'vmlinux', license: 'any', namespace: null },
  ...{ shipped, computed: null, source: null },
});

describe('a reference file', () => {
  const path = join(dir, 'a.kabiref');
  const names = Array.from({ length: 5000 }, (_, i) => `symbol_${(i * 7919) % 5000}`);
  const symbols = new Map(names.map((name, i) => [name, [symbol(name, i)]]));
  writeReference(path, meta, { symbols, files: new Map([['config', 'CONFIG_A=y\n']]) });

  test('gives back every row, one by one and all in order', () => {
    const reference = openReference(path);
    expect(reference.meta).toEqual(meta);
    expect(reference.count('symbols')).toBe(5000);
    for (const name of [...names.slice(0, 50), 'symbol_0', 'symbol_999', 'symbol_4999'])
      expect(reference.row('symbols', name)).toEqual(symbols.get(name));
    for (const absent of ['', 'a', 'symbol_', 'symbol_5000', 'zzz'])
      expect(reference.row('symbols', absent)).toBeNull();
    expect(reference.row('layouts', 'struct x')).toBeNull();
    const keys = Array.from(reference.rows('symbols'), ([key]) => key);
    expect(keys).toEqual([...names].sort());
    expect(allTables(reference).files?.get('config')).toBe('CONFIG_A=y\n');
    reference.close();
  });

  function codeOf(bytes: Uint8Array): string {
    const other = join(dir, 'other.kabiref');
    writeFileSync(other, bytes);
    try {
      const reference = openReference(other);
      try {
        for (const table of ['symbols', 'files'] as const) for (const _ of reference.rows(table));
      } finally {
        reference.close();
      }
      return 'fine';
    } catch (error) {
      if (!(error instanceof KabiwatchError)) throw error;
      return error.code;
    }
  }

  test('that is foreign, of another format, cut or damaged is refused for what it is', () => {
    const bytes = readFileSync(path);
    expect(codeOf(Buffer.from('hello'))).toBe('reference-foreign');
    expect(codeOf(Buffer.alloc(5000))).toBe('reference-foreign');
    expect(codeOf(bytes.subarray(0, bytes.length - 1))).toBe('reference-damaged');
    const newer = Buffer.from(bytes);
    newer[20] = 99;
    expect(codeOf(newer)).toBe('reference-foreign');
    expect(codeOf(bytes)).toBe('fine');
    expect(() => openReference(join(dir, 'absent'))).toThrow(/could not be read/);
  });

  test('any byte changed in it is noticed', () => {
    const bytes = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(statSync(path).size - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ change;
        // gzip's head has fields that mean nothing: time, system.
        const code = codeOf(changed);
        expect(['fine', 'reference-foreign', 'reference-damaged']).toContain(code);
        if (at < 60) expect(code).not.toBe('fine');
      }),
      { numRuns: 300 },
    );
  });
});

test('types that hold others by value, in unnamed structs and arrays too, are found; pointers hold nothing', () => {
  const member = (name: string | null, type: string, inner: Layout | null = null) => ({
    name,
    type,
    inner,
    bitOffset: 0,
    bitSize: 0,
    size: 8,
  });
  const layout = (name: string | null, members: Layout['members']): Layout => ({
    kind: 'struct',
    name,
    typedef: false,
    size: 8,
    align: 8,
    members,
  });
  const { embeds, layouts } = layoutTables([
    layout('outer', [
      member('list', 'struct list_head'),
      member('many', 'const struct item[4][2]'),
      member('count', 'atomic_t'),
      member('next', 'struct outer *'),
      member(null, 'union {...}', layout(null, [member('deep', 'struct deep')])),
      member('call', 'void (*)(struct arg)'),
    ]),
  ]);
  expect([...embeds]).toEqual(
    ['struct list_head', 'struct item', 'atomic_t', 'struct deep'].map((key) => [key, ['struct outer']]),
  );
  expect([...layouts.keys()]).toEqual(['struct outer']);
});

test('another Module.symvers replaces the shipped CRC and keeps what was computed', () => {
  const before = new Map([['a', [{ ...symbol('a', 1), computed: 2, source: 'a.c' }]]]);
  const shipped = [
    { name: 'a', crc: 3, module: 'vmlinux', license: 'gpl' as const, namespace: null },
    { name: 'b', crc: 4, module: 'fs/b', license: 'any' as const, namespace: 'B' },
  ];
  const after = withShipped(before, shipped);
  expect(after.get('a')).toEqual([{ ...symbol('a', 3), license: 'gpl', computed: 2, source: 'a.c' }]);
  expect(after.get('b')).toMatchObject([{ name: 'b', module: 'fs/b', shipped: 4, computed: null }]);
});

describe('a config', () => {
  test('says its architecture, version and how symbols are versioned', () => {
    const text =
      '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.1.192 Kernel Configuration\n#\nCONFIG_X86_64=y\nCONFIG_X86=y\nCONFIG_MODVERSIONS=y\nCONFIG_NAME="a \\"b\\""\n# CONFIG_OFF is not set\n';
    const facts = configFacts(text);
    expect(facts).toMatchObject({ arch: 'x86_64', version: '6.1.192', crcMode: 'genksyms' });
    expect(facts.values.get('CONFIG_NAME')).toBe('a "b"');
    expect(facts.values.has('CONFIG_OFF')).toBe(false);
    expect(configFacts('# Linux kernel version: 2.6.18\nCONFIG_PPC64=y\n')).toMatchObject({
      arch: 'ppc64',
      version: '2.6.18',
      crcMode: 'none',
    });
    expect(configFacts('CONFIG_MODVERSIONS=y\nCONFIG_GENDWARFKSYMS=y\nCONFIG_S390=y').crcMode).toBe('gendwarfksyms');
    expect(versionOfMakefile('VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\n')).toBe('6.1.192');
  });

  test('that is not the reference`s kernel is named with both sides', () => {
    expect(mismatches(meta, { arch: 'x86_64', version: '6.1.190', crcMode: 'genksyms' })).toEqual([]);
    expect(mismatches(meta, { arch: 'aarch64', version: '6.12.1' })).toEqual([
      'architecture: the reference test is for x86_64, this is aarch64',
      'version: the reference test is for 6.1, this is 6.12',
    ]);
  });
});
