import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { flatMembers } from '../../../src/c/layout.js';
import { tokenize } from '../../../src/c/lex/tokenize.js';
import { type DeclaredUnit, readDeclarations } from '../../../src/c/parse/declarations.js';
import { targets } from '../../../src/c/target.js';
import { textOfType } from '../../../src/c/type-text.js';

function read(text: string): DeclaredUnit {
  return readDeclarations(tokenize(Buffer.from(text, 'latin1')), { target: targets.x86_64 });
}

test('a declaration that cannot be read is told, and costs no other', () => {
  const unit = read('struct a { int x; };\nint ODD ODD2 ] ;\nstruct b { int y; };');
  expect([...unit.records.keys()]).toEqual(['struct a', 'struct b']);
  expect(unit.missing).toHaveLength(1);
});

test('a fragment may use types and macros that it does not declare', () => {
  const unit = read(
    'struct x { foo_t a; bar_t *b; u32 c:3; KABI_RESERVE(1) }; MODULE_LICENSE("GPL"); int f(foo_t, u8 *p);',
  );
  expect(unit.missing).toEqual([]);
  const members = unit.records.get('struct x')?.[0]?.members ?? [];
  expect(members.map(({ name, type }) => textOfType(type, name ?? ''))).toEqual([
    'foo_t a',
    'bar_t *b',
    'u32 c',
    'KABI_RESERVE ( 1 )',
  ]);
  const layout = unit.layouts.of(unit.records.get('struct x')?.[0] as never);
  expect(layout).toEqual({ why: "the type 'foo_t' is not declared" });
});

test('a struct that contains itself, or is shuffled by the build, has no layout', () => {
  const unit = read('struct a { struct a x; }; struct b { int x; } __attribute__((randomize_layout));');
  const why = (name: string) => unit.layouts.of(unit.records.get(name)?.[0] as never);
  expect(why('struct a')).toEqual({ why: 'struct a contains itself' });
  expect(why('struct b')).toEqual({ why: 'struct b is shuffled by the build (RANDSTRUCT)' });
});

test('nesting without end is bounded, and what follows is read', () => {
  for (const deep of ['(', '[', '{', 'struct a { ', 'int (*', '*', 'typeof(', 'sizeof ', '~']) {
    const unit = read(`int x = ${deep.repeat(100_000)};\n} struct last { int z; };`);
    expect(unit.missing.length).toBeLessThan(1001);
    const nested = read(`int y[${deep.repeat(100_000)}`);
    expect(nested.missing.length).toBeLessThan(1001);
  }
});

test('any text at all gives a unit', () => {
  const words =
    'struct union enum typedef int long ( ) { } [ ] ; , : = * a b c 1 sizeof typeof __attribute__ packed aligned #pragma pack \n'.split(
      ' ',
    );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 80 }), (list) => {
      const unit = read(list.join(' '));
      for (const records of unit.records.values())
        for (const record of records) {
          const layout = unit.layouts.of(record);
          if (!('why' in layout)) flatMembers(layout);
        }
    }),
    { numRuns: 3000 },
  );
});
