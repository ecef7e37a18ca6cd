/** A unit read without its function bodies declares the same types as with them. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { flatMembers } from '../../../src/c/layout.js';
import { LexCache } from '../../../src/c/lex/lex-cache.js';
import { readDeclarations } from '../../../src/c/parse/declarations.js';
import { preprocess } from '../../../src/c/preprocess/preprocess.js';
import { targets } from '../../../src/c/target.js';
import { memoryTree } from '../../../src/tree/memory.js';

function types(files: Record<string, string>, path: string, bodies: 'whole' | 'empty', cache: LexCache | null) {
  const unit = { path, includePaths: [''], forced: [], defines: [], predefined: '' };
  const { tokens } = preprocess(unit, memoryTree('t', files), cache, bodies);
  const { records, layouts, missing } = readDeclarations(tokens, { target: targets.x86_64 });
  const found = [...records].flatMap(([key, all]) =>
    all.map((record) => {
      const layout = layouts.of(record, null);
      return `${key} ${'size' in layout ? `${layout.size} ${flatMembers(layout).map(({ name }) => name)}` : layout.why}`;
    }),
  );
  return { found: [...found.sort(), ...missing.map(({ why }) => why)], length: tokens.length };
}

const macros = [
  '#define OPEN {',
  '#define CLOSE }',
  '#define BEGIN(x) do { x',
  '#define END } while (0);',
  '#define LOCAL(n) struct n ## _local { int a; }',
  '#define VIA(n) LOCAL(n)',
  '#define PACKED __attribute__((packed))',
  '#define BLOCK(x) ({ typeof(x) t = x; t; })',
  '#define HEAD(n) static inline int n(void)',
].join('\n');

const statement = fc.constantFrom(
  'BLOCK(1);',
  'if (1) { BLOCK(2); }',
  'BEGIN(int a;) a++; END',
  'OPEN int q; CLOSE',
  'LOCAL(x) v;',
  'VIA(y) w;',
  'struct inner { long l; } i;',
  'struct { char c; } nameless;',
  'enum e { A, B };',
  '#ifdef LATE\n{\n#else\n{\n#endif\n}',
  '#define LATE OPEN',
  'LATE }',
  'char *s = "}{";',
);
const nested = fc.oneof(
  statement,
  fc.array(statement, { maxLength: 3 }).map((all) => `while (1) {\n{ int a; }\n${all.join('\n')}\n}`),
);
const body = fc.array(nested, { maxLength: 5 }).map((all) => `{\n${all.join('\n')}\n}`);
const declaration = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 9 }), body).map(([n, text]) => `static int f${n}(int a) ${text}`),
  fc.tuple(fc.integer({ min: 0, max: 9 }), body).map(([n, text]) => `int f${n}(void) __attribute__((cold)) ${text}`),
  fc.tuple(fc.integer({ min: 0, max: 9 }), body).map(([n, text]) => `HEAD(h${n}) ${text}`),
  fc.tuple(fc.integer({ min: 0, max: 9 }), body).map(([n, text]) => `int (*g${n}(int a))(void) ${text}`),
  fc.integer({ min: 0, max: 9 }).map((n) => `struct __attribute__((packed)) s${n} { char c; long l; };`),
  fc.integer({ min: 0, max: 9 }).map((n) => `struct PACKED p${n} { char c; long l; } PACKED;`),
  fc.integer({ min: 0, max: 9 }).map((n) => `struct a${n} { int (*call)(int); union { int x; long y; }; };`),
  fc.integer({ min: 0, max: 9 }).map((n) => `int t${n}[] = { 1, 2, ({ 3; }) };`),
  fc.integer({ min: 0, max: 9 }).map((n) => `struct b${n} OPEN int z; CLOSE;`),
  fc.constant('#include "h.h"'),
);
const text = fc.array(declaration, { maxLength: 6 }).map((all) => `${all.join('\n')}\n`);

test('types do not depend on whether bodies are read', () => {
  fc.assert(
    fc.property(text, text, fc.boolean(), (header, unit, early) => {
      const files = {
        'h.h': header.replaceAll('#include', '//'),
        'u.c': `${early ? '#define USES(x) LATE x\n' : ''}${macros}\n${unit}`,
      };
      const cache = new LexCache();
      const whole = types(files, 'u.c', 'whole', null).found;
      expect(types(files, 'u.c', 'empty', null).found).toEqual(whole);
      expect(types(files, 'u.c', 'empty', cache).found).toEqual(whole);
      expect(types(files, 'u.c', 'empty', cache).found).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});

test('a body that defines no type leaves its braces alone', () => {
  const files = { 'u.c': `${macros}\nHEAD(f) { int a = BLOCK(1); { a++; } return a; }\nstruct s { int a; };\n` };
  const whole = types(files, 'u.c', 'whole', null);
  const empty = types(files, 'u.c', 'empty', null);
  expect(empty.found).toEqual(whole.found);
  expect(whole.length - empty.length).toBeGreaterThan(20);
});
