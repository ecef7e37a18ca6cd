import { describe, expect, test } from '@jest/globals';
import { LexCache } from '../../src/c/lex/lex-cache.js';
import { DeclarationCache } from '../../src/genksyms/declaration-cache.js';
import { dialectOf } from '../../src/genksyms/dialect.js';
import { type CompiledUnit, readUnit } from '../../src/kernel/unit-versions.js';
import { memoryTree } from '../../src/tree/memory.js';

/** linux/export.h, in short, with what it says to the assembler. */
const exportHeader = (assembler: string): string =>
  `#ifdef __GENKSYMS__\n#define EXPORT_SYMBOL(sym) __GENKSYMS_EXPORT_SYMBOL(sym)\n#else\n${assembler}#endif\n`;
/** 6.5 and later. */
const byLabel = exportHeader(
  '#define EXPORT_SYMBOL(sym) .section ".export_symbol","a" ; __export_symbol_##sym: ; .asciz "" ; .previous\n',
);
/** 4.9 to 6.4: an assembler macro does the rest. */
const byMacro = exportHeader(
  '.macro ___EXPORT_SYMBOL name,val,sec,ns\n.endm\n#define EXPORT_SYMBOL(name) ___EXPORT_SYMBOL name, name, ,\n',
);

function exportsOfAssembler(files: Readonly<Record<string, string>>): readonly string[] {
  const tree = memoryTree('tree', {
    'include/linux/kernel.h': '',
    'include/asm/assembler.h': '',
    'include/asm/asm-prototypes.h':
      '#include <linux/export.h>\nvoid thunk_a(void); int thunk_b(long); char plain(void);\n',
    ...files,
  });
  const unit: CompiledUnit = {
    ...{
      source: 'lib/thunk.S',
      language: 'asm',
      module: null,
      basename: 'thunk',
      modname: 'thunk',
      modfile: 'lib/thunk',
    },
    flags: { defines: [], includes: ['include'], preincludes: [], options: [] },
  };
  const world = {
    tree,
    predefined: '',
    dialect: dialectOf('6.12'),
    cache: new LexCache(),
    declarations: new DeclarationCache(),
  };
  const { versions, inputs } = readUnit(unit, world);
  // Another header may make other exports: whoever keeps what was read must know.
  expect(inputs).toContain('include/asm/assembler.h');
  return versions.map(([name, crc]) => `${name}${crc === null ? ' unversioned' : ''}`);
}

describe('The exports of an assembler source', () => {
  const generated =
    '#include <asm/assembler.h>\n#include <linux/export.h>\n#define THUNK(sym) nokprobe(sym); EXPORT_SYMBOL(sym)\n' +
    '#define GEN(reg) THUNK(thunk_ ## reg)\n# a comment that begins like a directive\nGEN(a)\nGEN(b)\n' +
    "#ifdef CONFIG_ABSENT\nEXPORT_SYMBOL(plain)\n#endif\n#ifndef __ASSEMBLY__\nint it's_not_c;\n#endif\n";

  test('are those that its own macros make, of this configuration, by the labels of 6.5 and later', () => {
    expect(exportsOfAssembler({ 'include/linux/export.h': byLabel, 'lib/thunk.S': generated })).toEqual([
      'thunk_a',
      'thunk_b',
    ]);
  });

  test('and by the assembler macro of older kernels', () => {
    expect(exportsOfAssembler({ 'include/linux/export.h': byMacro, 'lib/thunk.S': generated })).toEqual([
      'thunk_a',
      'thunk_b',
    ]);
  });

  test('are found as written where no header says what EXPORT_SYMBOL is', () => {
    expect(
      exportsOfAssembler({
        'include/linux/export.h': exportHeader(''),
        'lib/thunk.S': '#include <asm/assembler.h>\n#include <linux/export.h>\nEXPORT_SYMBOL(plain)\n',
      }),
    ).toEqual(['plain']);
  });
});
