import { describe, expect, test } from '@jest/globals';
import { textOf } from '../../src/c/lex/spelling.js';
import { readDeclarations } from '../../src/c/parse/declarations.js';
import { predefinedMacros, withOptions } from '../../src/c/predefined.js';
import { preprocess, type Unit } from '../../src/c/preprocess/preprocess.js';
import { targets } from '../../src/c/target.js';
import type { RecordType } from '../../src/c/type.js';
import { autoconfOf, readConfig } from '../../src/kernel/config.js';
import { builtTree } from '../../src/kernel/generated.js';
import { flaggedUnit, plainUnit } from '../../src/kernel/unit.js';
import { memoryTree } from '../../src/tree/memory.js';
import type { SourceTree } from '../../src/tree/source-tree.js';

function textOfUnit(files: Record<string, string>, path: string, arch: string, view: 'compiler' | 'genksyms'): string {
  const source = memoryTree('source', files);
  const dir = arch === 'x86_64' && 'arch/x86_64/Makefile' in files ? 'x86_64' : 'x86';
  const tree = builtTree(source, null, dir, files['.config'] ?? null);
  const unit = plainUnit(tree, path, arch, predefinedMacros(arch) as string, view);
  if (unit === null) return 'no unit';
  const { tokens, missing } = preprocess(unit, tree);
  const texts = Array.from(tokens.spelling.subarray(0, tokens.length - 1), textOf).join(' ');
  return missing.length === 0 ? texts : `${texts} missing ${missing.map(({ what }) => what).join(', ')}`;
}

describe('A configuration becomes the autoconf.h that Kconfig writes', () => {
  const text = 'CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D="x \\"y\\""\nCONFIG_E=0x10\nCONFIG_F=n\n';

  test('yes, module, string and number each in its form', () => {
    expect(autoconfOf(readConfig(text)).split('\n').slice(1, -1)).toEqual([
      '#define CONFIG_A 1',
      '#define CONFIG_B_MODULE 1',
      '#define CONFIG_D "x \\"y\\""',
      '#define CONFIG_E 0x10',
    ]);
  });
});

describe('A unit of a kernel tree without a build', () => {
  const modern = {
    '.config': 'CONFIG_SMP=y\n',
    'arch/x86/include/asm/Kbuild': 'generic-y += div64.h \\\n  early.h # gone.h\n',
    'include/asm-generic/Kbuild': 'mandatory-y += atomic.h\nmandatory-y += own.h\n',
    'arch/x86/include/asm/own.h': 'int own_of_arch;',
    'include/asm-generic/div64.h': 'int generic_div;',
    'include/asm-generic/early.h': 'int generic_early;',
    'include/asm-generic/atomic.h': 'int generic_atomic;',
    'include/asm-generic/own.h': 'int never;',
    'include/linux/kconfig.h': '#include <generated/autoconf.h>',
    'kernel/a-b.c':
      '#include <asm/div64.h>\n#include <asm/early.h>\n#include <asm/atomic.h>\n#include <asm/own.h>\n' +
      '#ifdef CONFIG_SMP\nint smp;\n#endif\n#ifdef __GENKSYMS__\nint hidden;\n#endif\n__KBUILD_MODNAME KBUILD_MODFILE',
  };
  const headers = 'int generic_div ; int generic_early ; int generic_atomic ; int own_of_arch ; int smp ;';

  test('has autoconf.h and the asm wrappers made from the tree', () => {
    expect(textOfUnit(modern, 'kernel/a-b.c', 'x86_64', 'compiler')).toBe(`${headers} kmod_a_b "kernel/a-b"`);
  });

  test('defines __GENKSYMS__ in the genksyms view', () => {
    expect(textOfUnit(modern, 'kernel/a-b.c', 'x86_64', 'genksyms')).toContain('int hidden ;');
  });

  test('finds asm/ where old trees link include/asm to include/asm-ARCH', () => {
    const old = {
      '.config': 'CONFIG_SMP=y\n',
      Makefile: 'CPPFLAGS := -D__KERNEL__ -include include/linux/autoconf.h\n',
      'arch/x86_64/Makefile': '',
      'arch/i386/Makefile': '',
      'include/asm-x86_64/mmu.h': 'int mmu;',
      'include/asm-i386/mmu.h': 'int wrong;',
      'kernel/fork.c': '#include <asm/mmu.h>\n#ifdef CONFIG_SMP\nint smp;\n#endif\n',
    };
    expect(textOfUnit(old, 'kernel/fork.c', 'x86_64', 'compiler')).toBe('int mmu ; int smp ;');
  });

  test('is none where the tree lacks the architecture', () => {
    expect(textOfUnit(modern, 'kernel/a-b.c', 's390x', 'compiler')).toBe('no unit');
  });
});

describe('Predefined macros', () => {
  test('say of each architecture what its target says, for both compilers', () => {
    for (const [arch, target] of Object.entries(targets)) {
      for (const compiler of ['gcc', 'clang'] as const) {
        const text = predefinedMacros(arch, compiler) ?? '';
        const pointer = Number(/^#define __SIZEOF_POINTER__ (\d)$/m.exec(text)?.[1]);
        const bigEndian = /^#define __BYTE_ORDER__ __ORDER_BIG_ENDIAN__$/m.test(text);
        const charIsSigned = !/^#define __CHAR_UNSIGNED__ 1$/m.test(text);
        expect({ arch, compiler, pointer, bigEndian, charIsSigned }).toEqual({
          ...{ arch, compiler, pointer: target.word, bigEndian: target.bigEndian, charIsSigned: target.charIsSigned },
        });
      }
    }
  });

  test('follow the options that change them', () => {
    const tree = memoryTree('t', { 'a.c': '__CHAR_UNSIGNED__ __STDC_VERSION__' });
    const predefined = withOptions(predefinedMacros('x86_64') as string, ['-funsigned-char', '-std=gnu99']);
    const unit = { path: 'a.c', includePaths: [], forced: [], defines: [], predefined };
    const { tokens } = preprocess(unit, tree);
    expect(Array.from(tokens.spelling.subarray(0, 2), textOf)).toEqual(['1', '199901L']);
  });
});

describe('A tree that is built with -fms-extensions', () => {
  const text = 'struct head { long key; };\nstruct whole { struct head; int value; };\n';
  const sizeOfWhole = (unit: Unit | null, tree: SourceTree): number | undefined => {
    if (unit === null) return undefined;
    const { tokens, msExtensions } = preprocess(unit, tree);
    const declared = readDeclarations(tokens, { target: targets.x86_64, msExtensions });
    const size = declared.layouts.size(declared.records.get('struct whole')?.[0] as RecordType);
    return typeof size === 'number' ? size : undefined;
  };

  test.each([
    ['its makefile says so', 'KBUILD_CFLAGS += -fms-extensions\n', 16],
    ['its configuration does', 'CC_FLAGS_DIALECT += $(CONFIG_CC_MS_EXTENSIONS)\n', 16],
    ['a comment only', '# no -fms-extensions yet\n', 4],
  ])('embeds a tagged struct without a name: %s', (_, makefile, size) => {
    const source = memoryTree('source', { Makefile: makefile, 'arch/x86/Makefile': '', 'kernel/a.c': text });
    const tree = builtTree(source, null, 'x86', null);
    const unit = plainUnit(tree, 'kernel/a.c', 'x86_64', predefinedMacros('x86_64') as string, 'compiler');
    expect(sizeOfWhole(unit, tree)).toBe(size);
  });

  test.each(['-fms-extensions', '-fms-anonymous-structs', '-fplan9-extensions', '-fshort-wchar'])(
    'as the flags of a unit say: %s',
    (option) => {
      const tree = memoryTree('source', { 'kernel/a.c': text });
      const names = { basename: 'a', modname: 'a', modfile: 'kernel/a' };
      const flags = { defines: [], includes: [], preincludes: [], options: [option] };
      const size = sizeOfWhole(flaggedUnit('kernel/a.c', names, flags, '', 'compiler'), tree);
      expect(size).toBe(option === '-fshort-wchar' ? 4 : 16);
    },
  );
});
