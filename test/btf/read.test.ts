import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layoutsNamed, layoutsOf } from '../../src/btf/layouts.js';
import { type Btf, readBtf, typeAt } from '../../src/btf/read.js';
import { nameOfType } from '../../src/btf/spell.js';
import type { Layout } from '../../src/c/layout.js';
import { readBtfFile } from '../../src/disk/references/btf-file.js';
import { skipped } from '../truth/kernel.js';
import { blob, type Record } from './blob.js';

function read(bytes: Uint8Array, base: Btf | null = null): Btf {
  const result = readBtf(bytes, base);
  if (!result.ok) throw new Error(`${result.why} at ${result.at}`);
  return result.btf;
}

const int = (name: string, size: number, encoding = size * 8): Record => ({
  kind: 1,
  name,
  extra: size,
  body: [encoding],
});
const list: readonly Record[] = [
  {
    kind: 4,
    name: 'list_head',
    extra: 16,
    members: [
      ['next', 2, 0],
      ['prev', 2, 64],
    ],
  },
  { kind: 2, name: '', extra: 1 },
];

describe.each(['little', 'big'] as const)('%s-endian BTF', (order) => {
  test('gives members with offsets in bits and types as C spells them', () => {
    const [layout] = layoutsOf(read(blob(list, { order })));
    expect(layout).toMatchObject({ kind: 'struct', name: 'list_head', size: 16, align: 8, typedef: false });
    expect(layout?.members.map((m) => [m.name, m.bitOffset, m.bitSize, m.size, m.type])).toEqual([
      ['next', 0, 0, 8, 'struct list_head *'],
      ['prev', 64, 0, 8, 'struct list_head *'],
    ]);
  });

  test('knows bit-fields by the flag in the member, and old ones by their int', () => {
    const flagged = blob(
      [int('unsigned int', 4), { kind: 4, flag: true, name: 's', extra: 4, members: [['a', 1, (3 << 24) | 5]] }],
      { order },
    );
    expect(layoutsOf(read(flagged))[0]?.members[0]).toMatchObject({ bitOffset: 5, bitSize: 3, size: 4 });
    const old = blob(
      [int('unsigned int', 4, (5 << 16) | 3), { kind: 4, name: 's', extra: 4, members: [['a', 1, 0]] }],
      {
        order,
      },
    );
    expect(layoutsOf(read(old))[0]?.members[0]).toMatchObject({ bitOffset: 5, bitSize: 3, size: 4 });
  });

  test('a split BTF goes on with the ids and the strings of its base', () => {
    const base = read(blob(list, { order }));
    const bytes = blob([{ kind: 4, name: 'mine', extra: 16, members: [['head', 1, 0]] }], { order, below: base });
    const own = read(bytes, base);
    expect(layoutsOf(own).map((l) => [l.name, l.members[0]?.type, l.members[0]?.size])).toEqual([
      ['mine', 'struct list_head', 16],
    ]);
    expect(layoutsNamed(own, 'list_head')).toHaveLength(1);
    expect(readBtf(bytes)).toMatchObject({ ok: false });
  });

  test('reads enum64, floats, tags and sections', () => {
    const btf = read(
      blob(
        [
          { kind: 19, name: 'wide', extra: 8, values: [['TOP', 0, 0x80000000]] },
          { kind: 16, name: 'double', extra: 8 },
          { kind: 14, name: 'v', extra: 2, body: [1] },
          { kind: 15, name: '.data', extra: 8, sections: [[3, 0, 8]] },
          { kind: 17, name: 'tag', extra: 3, body: [0xffffffff] },
          { kind: 18, name: 'user', extra: 2 },
        ],
        { order },
      ),
    );
    expect(typeAt(btf, 1)).toEqual({
      kind: 'enum',
      name: 'wide',
      size: 8,
      values: [{ name: 'TOP', value: 1n << 63n }],
    });
    expect([2, 3, 4, 5, 6].map((id) => typeAt(btf, id).kind)).toEqual([
      'float',
      'var',
      'datasec',
      'decl-tag',
      'type-tag',
    ]);
    expect(typeAt(btf, 5)).toMatchObject({ component: -1 });
    expect(nameOfType(btf, 6)).toBe('double');
  });
});

test('a member without a name is in place, its type named or not (-fms-extensions)', () => {
  const btf = read(
    blob([
      int('int', 4),
      { kind: 4, name: 'head', extra: 4, members: [['key', 1, 0]] },
      {
        kind: 4,
        name: 'whole',
        extra: 12,
        members: [
          ['', 2, 0],
          ['head', 2, 32],
          ['value', 1, 64],
        ],
      },
    ]),
  );
  const whole = [...layoutsOf(btf)].find(({ name }) => name === 'whole');
  expect(whole?.members.map(({ name, inner }) => [name, inner?.name, inner?.members.map((one) => one.name)])).toEqual([
    [null, 'head', ['key']],
    ['head', undefined, undefined],
    ['value', undefined, undefined],
  ]);
});

describe('spelling', () => {
  test('declarators are written inside out', () => {
    const btf = read(
      blob([
        int('int', 4),
        {
          kind: 13,
          name: '',
          extra: 1,
          parameters: [
            ['', 4],
            ['', 0],
          ],
        },
        { kind: 2, name: '', extra: 2 },
        { kind: 2, name: '', extra: 5 },
        { kind: 10, name: '', extra: 1 },
        { kind: 3, name: '', extra: 0, body: [3, 1, 4] },
        { kind: 10, name: '', extra: 4 },
        { kind: 3, name: '', extra: 0, body: [6, 1, 2] },
        { kind: 2, name: '', extra: 8 },
      ]),
    );
    expect([3, 4, 6, 7, 8, 9].map((id) => nameOfType(btf, id))).toEqual([
      'int (*)(const int *, ...)',
      'const int *',
      'int (*[4])(const int *, ...)',
      'const int *const',
      'int (*[2][4])(const int *, ...)',
      'int (*(*)[2][4])(const int *, ...)',
    ]);
  });
});

describe('hostile BTF', () => {
  const cases: readonly (readonly [string, readonly Record[]])[] = [
    ['a typedef of itself', [{ kind: 8, name: 't', extra: 1 }]],
    [
      'a struct inside itself',
      [
        { kind: 4, name: 's', extra: 8, members: [['me', 2, 0]] },
        { kind: 10, name: '', extra: 1 },
      ],
    ],
    ['an id that does not exist', [{ kind: 2, name: '', extra: 99 }]],
    ['a kind that is not known', [{ kind: 27, name: '', extra: 0 }]],
    ['100,000 typedefs of each other', Array.from({ length: 100_000 }, (_, i) => ({ kind: 8, name: 't', extra: i }))],
  ];
  test.each(cases)('%s is refused with a place', (_, records) => {
    expect(readBtf(blob(records))).toMatchObject({ ok: false, why: expect.any(String), at: expect.any(Number) });
  });

  test('anonymous structs that double at every level, and endless pointers, take no time', () => {
    const doubling = Array.from({ length: 100 }, (_, i) => ({
      kind: 4,
      name: i === 99 ? 'top' : '',
      extra: 0,
      members: [['', i, 0] as const, ['', i, 0] as const],
    }));
    const pointer: Record = { kind: 2, name: '', extra: 101 };
    const proto: Record = {
      kind: 13,
      name: '',
      extra: 101,
      parameters: [
        ['', 102],
        ['', 102],
      ],
    };
    const holder: Record = { kind: 4, name: 'holder', extra: 8, members: [['p', 101, 0]] };
    const btf = read(blob([...doubling, pointer, proto, { ...proto }, holder]));
    expect(layoutsOf(btf).map((layout) => layout.name)).toEqual(['top', 'holder']);
    const twice: Record = {
      kind: 13,
      name: '',
      extra: 2,
      parameters: [
        ['', 2],
        ['', 2],
      ],
    };
    expect(nameOfType(read(blob([twice, { kind: 2, name: '', extra: 1 }])), 2).length).toBeLessThan(2000);
  });

  test('any bytes give types or a refusal', () => {
    const seed = blob([
      ...list,
      int('int', 4),
      { kind: 4, flag: true, name: 's', extra: 4, members: [['a', 3, 1 << 24]] },
    ]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
        const bytes = Uint8Array.from(seed);
        for (const [at, byte] of changes) bytes[at] = byte;
        const result = readBtf(bytes);
        if (result.ok) layoutsOf(result.btf);
      }),
      { numRuns: 5000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readBtf(bytes)));
  });
});

describe('BTF that pahole made of what gcc compiled', () => {
  const source = `
    #include <stddef.h>
    typedef struct { int counter; } atomic_t;
    struct inner { char c; long l; };
    struct packed { char c; int i; } __attribute__((packed));
    struct outer {
      unsigned a : 3, b : 7; unsigned long c : 40;
      struct inner in[2]; struct packed p;
      union { int x; struct { short y; char z[3]; }; };
      struct { void (*call)(struct outer *, const char *); } named;
      atomic_t count; _Bool flag : 1; char tail[];
    };
    struct outer *keep_outer; struct packed *keep_packed; atomic_t *keep_atomic;
    unsigned long use(struct outer *o) { return o->in[0].l + sizeof(struct packed) + o->count.counter; }
  `;
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kabiwatch-btf-'));
    writeFileSync(join(dir, 's.c'), source);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  function compiled(): Btf | null {
    try {
      execFileSync('gcc', ['-g', '-c', 's.c', '-o', 's.o'], { cwd: dir });
      execFileSync('pahole', ['--btf_encode_detached=s.btf', 's.o'], { cwd: dir });
    } catch {
      skipped('gcc or pahole is not installed');
      return null;
    }
    return readBtfFile(join(dir, 's.btf'));
  }

  /** What gcc must agree to: the size, and every member that is no bit-field, by the name that C code uses. */
  function asserts(layout: Layout, type: string, prefix = '', base = 0): string[] {
    return layout.members.flatMap((member) => {
      const at = base + member.bitOffset;
      const path = member.name === null ? prefix : `${prefix}${member.name}.`;
      const own =
        member.name === null || member.bitSize > 0
          ? []
          : [`_Static_assert(offsetof(${type}, ${prefix}${member.name}) == ${at / 8}, "${prefix}${member.name}");`];
      return [...own, ...(member.inner === null ? [] : asserts(member.inner, type, path, at))];
    });
  }

  test('holds against offsetof and sizeof', () => {
    const btf = compiled();
    if (btf === null) return;
    const layouts = layoutsOf(btf);
    expect(layouts.map((layout) => layout.name)).toEqual(
      expect.arrayContaining(['outer', 'inner', 'packed', 'atomic_t']),
    );
    const lines = layouts.flatMap((layout) => {
      const type = layout.typedef ? (layout.name as string) : `${layout.kind} ${layout.name}`;
      return [`_Static_assert(sizeof(${type}) == ${layout.size}, "size");`, ...asserts(layout, type)];
    });
    writeFileSync(join(dir, 'check.c'), `${source}\n${lines.join('\n')}\n`);
    execFileSync('gcc', ['-fsyntax-only', 'check.c'], { cwd: dir });
    const outer = layouts.find((layout) => layout.name === 'outer') as Layout;
    expect(outer.members.slice(0, 3).map((m) => [m.name, m.bitOffset, m.bitSize])).toEqual([
      ['a', 0, 3],
      ['b', 3, 7],
      ['c', 10, 40],
    ]);
  });

  test('is found in an ELF section, in a gzip file, and in a flat image', () => {
    if (compiled() === null) return;
    execFileSync('objcopy', ['--add-section', '.BTF=s.btf', 's.o', 'vmlinux'], { cwd: dir });
    const bytes = readFileSync(join(dir, 's.btf'));
    writeFileSync(join(dir, 'vmlinux.gz'), gzipSync(readFileSync(join(dir, 'vmlinux'))));
    writeFileSync(join(dir, 'Image'), Buffer.concat([Buffer.alloc(5000, 7), bytes, Buffer.alloc(3000)]));
    for (const name of ['vmlinux', 'vmlinux.gz', 'Image'])
      expect(layoutsNamed(readBtfFile(join(dir, name)), 'outer')).toHaveLength(1);
  });

  test('a file without it is refused by name', () => {
    writeFileSync(join(dir, 'note'), 'no kernel');
    expect(() => readBtfFile(join(dir, 'note'))).toThrow(/note; why: no BTF/);
    expect(() => readBtfFile(join(dir, 'absent'))).toThrow(/could not be read/);
  });
});
