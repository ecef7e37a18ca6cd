/** What was kept from one unit must be, in the next, what reading it again would give. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LexCache } from '../../../src/c/lex/lex-cache.js';
import { textOf } from '../../../src/c/lex/spelling.js';
import { type Preprocessed, preprocess } from '../../../src/c/preprocess/preprocess.js';
import { crcText } from '../../../src/genksyms/crc.js';
import { DeclarationCache } from '../../../src/genksyms/declaration-cache.js';
import { dialectOf } from '../../../src/genksyms/dialect.js';
import { symbolsOf } from '../../../src/genksyms/expand.js';
import { symtypesText } from '../../../src/genksyms/symtypes.js';
import { memoryTree } from '../../../src/tree/memory.js';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'T', 'U');
const joinOf = (x: string, y: string): string => `#define ${x} JOIN(${y}, __COUNTER__)`;
const line = fc.oneof(
  fc.tuple(name, name).map(([x, y]) => `#define ${x} ${y}`),
  name.map((x) => `#undef ${x}`),
  fc.tuple(name, name).map(([x, y]) => `#ifdef ${x}\nint ${y};\n#else\nlong ${y};\n#endif`),
  fc.tuple(name, name).map(([x, y]) => `typedef struct ${x} { int ${y}; } ${x}${y};`),
  fc.tuple(name, name).map(([x, y]) => `struct ${x} { ${y} m; };`),
  fc.tuple(name, name).map(([x, y]) => `typedef struct ${x} ${y};`),
  fc.tuple(name, name).map(([x, y]) => `enum ${x} { ${y}, E${x} = 4, F${x} };`),
  fc.tuple(name, name).map(([x, y]) => joinOf(x, y)),
  name.map((x) => `int JOIN(${x}, __COUNTER__) = __COUNTER__ + 1;`),
  name.map((x) => `static int f${x}(void) { return JOIN(${x}, __COUNTER__); }`),
  name.map((x) => `const char *n${x} = __FILE__;`),
  name.map((x) => `int l${x} = __LINE__;`),
  name.map((x) => `char *s${x} = STRING(__COUNTER__);`),
  name.map((x) => `#pragma push_macro("${x}")\n#undef ${x}\nint p${x}(${x} *);\n#pragma pop_macro("${x}")`),
  name.map((x) => `#if __has_include("${x}.h")\nint h${x};\n#endif`),
  fc.constantFrom('one', 'two', 'three').map((header) => `#include "${header}.h"`),
  fc.constantFrom('one', 'two').map((header) => `CALL(int,\n#include "${header}.h"\n)`),
);
const text = fc.array(line, { maxLength: 8 }).map((lines) => `${lines.join('\n')}\n`);
const guarded = fc
  .tuple(text, fc.constantFrom('', '#pragma once\n', 'guard'))
  .map(([body, how]) => (how === 'guard' ? `#ifndef G\n#define G\n${body}#endif\n` : how + body));
const common =
  '#define JOIN_(x, y) x ## y\n#define JOIN(x, y) JOIN_(x, y)\n#define STR(x) #x\n#define STRING(x) STR(x)\n#define CALL(t, x) t x\n';

const read = ({ tokens, files, missing }: Preprocessed) => ({
  missing,
  tokens: Array.from({ length: tokens.length }, (_, at) =>
    [
      files[tokens.file[at] as number],
      tokens.offset[at],
      textOf(tokens.spelling[at] as number),
      tokens.flags[at],
      tokens.kind[at],
    ].join(' '),
  ),
});

test('a unit read with what earlier units left reads as it does alone', () => {
  fc.assert(
    fc.property(guarded, guarded, text, fc.array(text, { minLength: 3, maxLength: 5 }), (one, two, three, units) => {
      // No header includes itself, however far round: that is another test's subject.
      const files: Record<string, string> = {
        'one.h': one.replaceAll('"one.h"', '"two.h"'),
        'two.h': two.replaceAll('"one.h"', '"three.h"').replaceAll('"two.h"', '"three.h"'),
        'three.h': three.replaceAll('#include', '//'),
      };
      const exports = ['a', 'b', 'fa', 'la', 'pa'].map((symbol) => `\n__GENKSYMS_EXPORT_SYMBOL(${symbol});`).join('');
      units.forEach((unit, i) => {
        files[`u${i}.c`] = `${common}${unit}${exports}\n`;
      });
      const tree = memoryTree('t', files);
      const cache = new LexCache();
      const declarations = new DeclarationCache();
      units.forEach((_, i) => {
        const path = `u${i}.c`;
        const unit = { path, includePaths: [''], forced: [], defines: [], predefined: '' };
        const alone = preprocess(unit, tree);
        const together = preprocess(unit, tree, cache);
        expect(read(together)).toEqual(read(alone));
        const versions = (of: Preprocessed, kept: DeclarationCache) => {
          const { tokens, stretches, files } = of;
          const { exports, expanded } = symbolsOf(
            { tokens, mainFile: files.indexOf(path), stretches, files },
            dialectOf('6.1.0'),
            kept,
          );
          return [
            exports.map(({ name, crc }) => `${name} ${crc === null ? '-' : crcText(crc)}`),
            symtypesText(expanded),
            expanded.map(({ file }) => file),
          ];
        };
        expect(versions(together, declarations)).toEqual(versions(alone, new DeclarationCache()));
      });
    }),
    { numRuns: 300 },
  );
});

test('of two headers with the same text each says what it declares', () => {
  const text = 'struct twin { int a; };\n';
  const exported = 'void f(struct twin *t);\n__GENKSYMS_EXPORT_SYMBOL(f);\n';
  const tree = memoryTree('t', {
    'one/twin.h': text,
    'two/twin.h': text,
    'one.c': `#include "one/twin.h"\n${exported}`,
    'two.c': `#include "two/twin.h"\n${exported}`,
  });
  const cache = new LexCache();
  const declarations = new DeclarationCache();
  const fileOfTwin = (path: string) => {
    const unit = { path, includePaths: [''], forced: [], defines: [], predefined: '' };
    const { tokens, stretches, files } = preprocess(unit, tree, cache);
    const read = { tokens, mainFile: files.indexOf(path), stretches, files };
    const { expanded } = symbolsOf(read, dialectOf('6.1.0'), declarations);
    return expanded.find(({ name }) => textOf(name) === 'twin')?.file;
  };
  expect(['one.c', 'two.c', 'one.c'].map(fileOfTwin)).toEqual(['one/twin.h', 'two/twin.h', 'one/twin.h']);
});
