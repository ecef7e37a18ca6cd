/** Macros that export under names that do not say so. */
import { expect, test } from '@jest/globals';
import { exportingMacros } from '../../src/kernel/exporting-macros.js';
import { unitsOf } from '../../src/kernel/kbuild.js';
import { exportingUnits } from '../../src/kernel/unit-versions.js';
import { memoryTree } from '../../src/tree/memory.js';

const tree = memoryTree('t', {
  Makefile: 'KBUILD_CFLAGS := -O2\n',
  Kbuild: 'obj-y += init/\n',
  'init/Makefile': 'obj-y += one.o other.o third.o\n',
  'include/linux/machine.h':
    '#define EXPORT_MACHINE(name) EXPORT_SYMBOL(name)\n#define define_machine(name) \\\n\tstruct machine name; \\\n\tEXPORT_SYMBOL(name)\n#define machine_is(name) (1)\n/* EXPORT_SYMBOL(x) */\n',
  'arch/x86/include/asm/far.h': '# define DECLARE_FAR int far; EXPORT_SYMBOL_GPL(far);\n',
  'drivers/own.h': '#define own_machine(name) EXPORT_SYMBOL(name)\n',
  'init/one.c': 'define_machine(one);\n',
  'init/other.c': 'DECLARE_FAR\n',
  'init/third.c': 'int redefine_machines(void);\n',
});

test('are found in public headers, and the sources that call one may export', () => {
  const macros = exportingMacros(tree);
  expect(macros).toEqual(['DECLARE_FAR', 'define_machine']);
  const { units } = unitsOf(tree, new Map(), 'x86_64');
  expect(units).toHaveLength(3);
  expect(exportingUnits(tree, units, macros).map(({ source }) => source)).toEqual(['init/one.c', 'init/other.c']);
});
