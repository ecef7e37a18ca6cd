/** Clang, asked again, agrees with our layouts; where numbers differ from its, neither is said. */
import { expect, test } from '@jest/globals';
import { LexCache } from '../../src/c/lex/lex-cache.js';
import { type TargetName, targets } from '../../src/c/target.js';
import { readDump } from '../../src/clang/record-layouts.js';
import { verified } from '../../src/clang/verify.js';
import type { Review } from '../../src/kabi/review.js';
import { reviewSource } from '../../src/kabi/review-source.js';
import { layoutQuestions } from '../../src/kabi/second-opinion.js';
import type { Build } from '../../src/kabi/units/program.js';
import { memoryTree } from '../../src/tree/memory.js';
import { overlaySeries } from '../../src/tree/overlay.js';
import { seriesFromDiffs } from '../kabi/series.js';

test('a dump is read by depth: members of anonymous members count, those of named ones do not', () => {
  const dump = [
    '',
    '*** Dumping AST Record Layout',
    '         0 | struct s',
    '         0 |   int a',
    '         8 |   struct s::(anonymous at u.c:1:2) ',
    '    8:0-2  |     int b',
    '        16 |   struct t inner',
    '        16 |     int hidden',
    '        20 |   int[3] list',
    '           | [sizeof=32, align=8]',
    '',
  ];
  const record = readDump(dump.join('\n').replace('8:0-2  |', '8:0-2 |')).get('struct s');
  expect(record?.size).toBe(32);
  expect(
    [...(record?.members ?? [])].map(([name, { bitOffset, bitSize }]) => `${name} ${bitOffset} ${bitSize}`),
  ).toEqual(['a 0 0', 'b 64 3', 'inner 128 0', 'list 160 0']);
});

const header = 'include/linux/thing.h';
const text = (more: string): string => `struct part { long long wide; char tail; } __attribute__((packed));
typedef struct { int a:3; unsigned b:9; ${more}long c; } plain_t;
struct thing { char first; struct part part; union { plain_t plain; struct { int x; int y; }; }; unsigned f:5; long last; };
`;
const patch = `--- a/${header}
+++ b/${header}
@@ -1,3 +1,3 @@
 struct part { long long wide; char tail; } __attribute__((packed));
-typedef struct { int a:3; unsigned b:9; long c; } plain_t;
+typedef struct { int a:3; unsigned b:9; void *added; long c; } plain_t;
 struct thing { char first; struct part part; union { plain_t plain; struct { int x; int y; }; }; unsigned f:5; long last; };
`;

function reviewed(arch: 'x86_64' | 'i386' | 's390x', files: Record<string, string> = { [header]: text('') }) {
  const series = seriesFromDiffs([patch]);
  const tree = memoryTree('t', files);
  const build: Build = {
    target: targets[arch as TargetName],
    unitOf: (path) => ({ path, includePaths: ['include'], forced: [], defines: [], predefined: '' }),
  };
  const { review } = reviewSource({
    series,
    arch,
    tree,
    build,
    crcMode: null,
    versions: null,
    units: Object.keys(files).filter((file) => file.endsWith('.c')),
  });
  const request = {
    before: tree,
    after: overlaySeries(tree, series).after,
    build,
    target: arch,
    cache: new LexCache(),
  };
  return { review, request };
}

test.each(['x86_64', 'i386', 's390x'] as const)(
  'clang agrees on %s',
  async (arch) => {
    const { review, request } = reviewed(arch);
    expect(review.types.map(({ name }) => name).sort()).toEqual(['plain_t', 'thing']);
    expect(await verified(review, request)).toEqual(review);
  },
  120_000,
);

test('a number that clang does not confirm is not said', async () => {
  const { review, request } = reviewed('x86_64');
  const wrong: Review = {
    ...review,
    types: review.types.map((type) => (type.name === 'thing' ? { ...type, after: { size: 4, align: 8 } } : type)),
  };
  const checked = await verified(wrong, request);
  expect(checked.verdict).toBe('unknown');
  expect(checked.types.find(({ name }) => name === 'thing')?.after).toEqual({ size: null, align: null });
  expect(checked.types.find(({ name }) => name === 'plain_t')).toEqual(
    review.types.find(({ name }) => name === 'plain_t'),
  );
  expect(checked.missing.at(-1)?.why).toMatch(/^size after the series: 4 here, \d+ by clang$/);
}, 120_000);

test('a limit leaves out what only embeds a changed type, and says nothing of it', async () => {
  const outer = 'kernel/a.c';
  const { review, request } = reviewed('x86_64', {
    [header]: text(''),
    [outer]: '#include <linux/thing.h>\nstruct outer { char c; struct thing thing; };\n',
  });
  expect(review.types.map(({ name, file }) => `${name} ${file}`).sort()).toEqual([
    `outer ${outer}`,
    `plain_t ${header}`,
    `thing ${header}`,
  ]);
  expect(layoutQuestions(review, request).map(({ types }) => types)).toEqual([
    ['plain_t', 'struct thing'],
    ['plain_t', 'struct thing'],
    ['struct outer'],
    ['struct outer'],
  ]);
  expect(layoutQuestions(review, { ...request, most: 1 }).flatMap(({ types }) => types)).not.toContain('struct outer');
  expect(await verified(review, { ...request, most: 1 })).toEqual(review);
}, 120_000);
