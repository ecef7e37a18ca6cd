import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { directoryTree } from '../../src/disk/trees/directory-tree.js';
import { nameDefines, type Unit, unitAt, unitsOf } from '../../src/kernel/kbuild.js';
import { shellWords } from '../../src/kernel/kbuild-flags.js';
import { memoryTree } from '../../src/tree/memory.js';
import { debianKernel } from '../truth/kernel.js';

/** The common part of a top Makefile, in the manner of 6.x: the top Kbuild names the directories. */
const top = `
KBUILD_CPPFLAGS := -D__KERNEL__
KBUILD_CFLAGS := -O2
KBUILD_CFLAGS_MODULE := -DMODULE
LINUXINCLUDE := -I$(srctree)/arch/$(SRCARCH)/include -I$(objtree)/include -include $(srctree)/include/linux/kconfig.h
export KBUILD_CPPFLAGS KBUILD_CFLAGS KBUILD_CFLAGS_MODULE LINUXINCLUDE SRCARCH
libs-y := lib/
include $(srctree)/arch/$(SRCARCH)/Makefile
export ARCH_LIB := $(filter %/, $(libs-y))
`;
const sources = ['a', 'b', 'c', 'd', 'e', 'sub/f'];
const common: Record<string, string> = {
  Makefile: top,
  Kbuild: 'obj-y += init/\nobj-y += drivers/\nobj-y += $(ARCH_LIB)\n',
  'arch/x86/Makefile': 'KBUILD_CFLAGS += -m64',
  'init/Makefile': '',
  'lib/Makefile': 'lib-y := l.o\nlib-$(CONFIG_OFF) += off.o',
  'lib/l.S': '',
  ...Object.fromEntries(sources.map((name) => [`drivers/${name}.c`, ''])),
};

function kbuildOf(files: Record<string, string>, config: Record<string, string> = {}) {
  return unitsOf(memoryTree('test', { ...common, ...files }), new Map(Object.entries(config)), 'x86_64');
}

function shown({ object, place, module, modname }: Unit): string {
  return `${object} ${place} ${module ?? '-'} ${modname}`;
}

describe('kbuild', () => {
  test('objects, composite objects, directories and what the config leaves out', () => {
    const { units, modules } = kbuildOf(
      {
        'drivers/Makefile': `
obj-y += a.o
obj-$(CONFIG_BUILTIN) += many.o
obj-$(CONFIG_MOD) += my-mod.o a.o sub/
obj-$(CONFIG_OFF) += off.o
many-objs := b.o
many-y := c.o
my-mod-y := d.o
my-mod-$(CONFIG_OFF) += off.o
my-mod-$(CONFIG_BUILTIN) += e.o
`,
        'drivers/sub/Makefile': 'obj-y += never-linked.o\nobj-m += f.o\n',
      },
      { CONFIG_BUILTIN: 'y', CONFIG_MOD: 'm' },
    );
    expect(units.map(shown)).toEqual([
      'drivers/a.o builtin - a',
      'drivers/b.o builtin - many',
      'drivers/c.o builtin - many',
      'drivers/d.o module drivers/my-mod my-mod',
      'drivers/e.o module drivers/my-mod my-mod',
      'drivers/sub/f.o module drivers/sub/f f',
      'lib/l.o builtin - l',
    ]);
    expect(modules).toEqual(['drivers/my-mod', 'drivers/sub/f']);
    expect(units.at(-1)).toMatchObject({ language: 'asm', source: 'lib/l.S' });
  });

  test('flags: of the tree, the directory, those above it and the object, with what is taken away', () => {
    const { units } = kbuildOf({
      'drivers/Makefile': `
subdir-ccflags-y := -DBELOW
ccflags-y := -DHERE -I $(srctree)/$(src)/inc
CFLAGS_a.o := -DOWN='"x y"' -include $(src)/first.h
CFLAGS_REMOVE_a.o = -O2
obj-y := a.o b.o sub/`,
      'drivers/sub/Makefile': 'obj-m := f.o\nEXTRA_CFLAGS += -DEXTRA -UBELOW',
    });
    const flags = Object.fromEntries(units.map((unit) => [unit.object, unit.flags]));
    expect(flags['drivers/a.o']).toEqual({
      defines: [
        ['__KERNEL__', '1'],
        ['BELOW', '1'],
        ['HERE', '1'],
        ['OWN', '"x y"'],
      ],
      includes: ['arch/x86/include', 'include', 'drivers/inc', 'drivers'],
      preincludes: ['include/linux/kconfig.h', 'drivers/first.h'],
      options: ['-m64'],
    });
    expect(flags['drivers/b.o']?.options).toEqual(['-O2', '-m64']);
    expect(flags['drivers/sub/f.o']?.defines).toEqual([
      ['__KERNEL__', '1'],
      ['BELOW', '1'],
      ['EXTRA', '1'],
      ['BELOW', null],
      ['MODULE', '1'],
    ]);
  });

  test('a dash in a name is an underscore in its macros', () => {
    const { units } = kbuildOf({ 'drivers/Makefile': 'obj-m := my-mod.o\nmy-mod-y := a.o b.o' });
    expect(nameDefines(units[0] as Unit)).toEqual([
      ['KBUILD_BASENAME', '"a"'],
      ['KBUILD_MODNAME', '"my_mod"'],
      ['__KBUILD_MODNAME', 'kmod_my_mod'],
    ]);
  });

  test('an old tree names its directories in the top Makefile, and archives after them', () => {
    const files = {
      Makefile: `
CPPFLAGS := -D__KERNEL__ $(LINUXINCLUDE)
CFLAGS := -Wall
CFLAGS_MODULE = -DMODULE
export CPPFLAGS CFLAGS CFLAGS_MODULE
init-y := init/
drivers-y := drivers/
libs-y := lib/
include $(srctree)/arch/$(ARCH)/Makefile
vmlinux-dirs := $(patsubst %/,%,$(filter %/, $(init-y) $(core-y) $(drivers-y) $(libs-y)))
init-y := $(patsubst %/, %/built-in.o, $(init-y))
libs-y1 := $(patsubst %/, %/lib.a, $(libs-y))
libs-y2 := $(patsubst %/, %/built-in.o, $(libs-y))
libs-y := $(libs-y1) $(libs-y2)
`,
      'arch/x86_64/Makefile': 'core-y += arch/x86_64/kernel/',
      'arch/x86_64/kernel/Makefile': 'extra-y := head.o vmlinux.lds\nobj-y := setup.o',
      'drivers/Makefile': 'obj-$(CONFIG_MOD) += mod.o\nmod-objs := a.o',
    };
    const tree = memoryTree('old', {
      ...Object.fromEntries(Object.entries(common).filter(([path]) => path !== 'Kbuild' && !path.startsWith('arch'))),
      ...files,
    });
    const { units } = unitsOf(tree, new Map([['CONFIG_MOD', 'm']]), 'x86_64');
    expect(units.map(shown)).toEqual([
      'arch/x86_64/kernel/setup.o builtin - setup',
      'arch/x86_64/kernel/head.o builtin - head',
      'drivers/a.o module drivers/mod mod',
      'lib/l.o builtin - l',
    ]);
    expect(units[2]?.flags.defines).toEqual([
      ['__KERNEL__', '1'],
      ['MODULE', '1'],
    ]);
  });

  test('what a makefile would run is named, not run', () => {
    const { units, missing } = kbuildOf({
      'drivers/Makefile':
        'obj-y := $(shell find . -name secret)\nobj-$(shell test 3 -lt 4 && echo y) += a.o generated.o',
    });
    expect(units.map(({ object, source }) => [object, source])).toContainEqual(['drivers/generated.o', null]);
    expect(units.map(({ object }) => object)).toContain('drivers/a.o');
    expect(missing.map(({ what }) => what)).toEqual([
      '$(shell find . -name secret)',
      'the source of drivers/generated.o',
    ]);
  });

  test('directories that name each other end', () => {
    const { units } = kbuildOf({
      'drivers/Makefile': 'obj-y := a.o sub/',
      'drivers/sub/Makefile': 'obj-y := ../../drivers/ f.o',
    });
    expect(units).toHaveLength(3);
  });
});

test('shell words lose their quotes', () => {
  expect(shellWords(`-DA='"b c"' -D"X=1 2" \\"q\\" ''`)).toEqual(['-DA="b c"', '-DX=1 2', '"q"', '']);
});

describe('one unit', () => {
  const files = {
    'drivers/Makefile':
      'ccflags-y := -DHERE\nsubdir-ccflags-y := -DBELOW\nobj-y += a.o sub/ ../far/\nCFLAGS_a.o := -DOWN\n',
    'drivers/sub/Makefile': 'obj-y += f.o ../../odd/away.o\nobj-m += m.o\nm-y := g.o\n',
    'drivers/sub/g.c': '',
    'far/Makefile': 'obj-y += far.o\n',
    'far/far.c': '',
    'odd/away.c': '',
  };

  test('is what all units have for its source, wherever it is named', () => {
    const { units } = kbuildOf(files);
    const tree = memoryTree('test', { ...common, ...files });
    for (const source of ['drivers/a.c', 'drivers/sub/f.c', 'drivers/sub/g.c', 'far/far.c', 'odd/away.c', 'lib/l.S']) {
      const unit = units.find((one) => one.source === source);
      expect(unit).toBeDefined();
      expect(unitAt(tree, new Map(), 'x86_64', source)).toEqual(unit);
    }
    expect(unitAt(tree, new Map(), 'x86_64', 'drivers/b.c')).toBeNull();
  });
});

describe("Debian's kernel", () => {
  test('the modules that Module.symvers names are all found, and no unit is without a source for no reason', () => {
    const kernel = debianKernel();
    if (kernel === null || !existsSync(join(kernel.build, '.config'))) return;
    const values = readFileSync(join(kernel.build, '.config'), 'utf8').matchAll(/^(CONFIG_\w+)=(.*)$/gm);
    const config = new Map(
      Array.from(values, ([, name, value]) => [name as string, (value as string).replaceAll('"', '')]),
    );
    const { units, modules } = unitsOf(directoryTree(kernel.source), config, 'x86_64');
    const symvers = readFileSync(join(kernel.build, 'Module.symvers'), 'utf8').trim().split('\n');
    const shipped = new Set(symvers.map((line) => line.split('\t')[2] as string));
    shipped.delete('vmlinux');
    expect(shipped.size).toBeGreaterThan(500);
    const found = new Set(modules);
    expect([...shipped].filter((module) => !found.has(module))).toEqual([]);
    expect(units.filter(({ source }) => source === null).length).toBeLessThan(60);

    // One unit alone is the same as among all.
    const first = new Map<string, Unit>();
    for (const unit of units) if (unit.source !== null && !first.has(unit.source)) first.set(unit.source, unit);
    const every = Math.ceil(first.size / 100);
    const sample = [...first].filter((_, at) => at % every === 0);
    const tree = directoryTree(kernel.source);
    const differing = sample.filter(
      ([source, unit]) => !isDeepStrictEqual(unitAt(tree, config, 'x86_64', source), unit),
    );
    expect(differing.map(([source]) => source)).toEqual([]);
  });
});
