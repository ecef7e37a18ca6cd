/** How the files of a tree are compiled, headers by themselves among them. */
import { afterAll, expect, test } from '@jest/globals';
import { headerUnit } from '../../src/kabi/units/header-unit.js';
import { SmallTree } from '../kabi/small-tree.js';

const top = `VERSION = 6
PATCHLEVEL = 1
KBUILD_CPPFLAGS := -D__KERNEL__
KBUILD_CFLAGS := -O2
LINUXINCLUDE := -I$(srctree)/include
include $(srctree)/arch/$(SRCARCH)/Makefile
export KBUILD_CPPFLAGS KBUILD_CFLAGS LINUXINCLUDE SRCARCH
`;
const makefiles = {
  Makefile: top,
  Kbuild: 'obj-y += init/ drivers/\n',
  'arch/x86/Makefile': 'KBUILD_CFLAGS += -DWITH_FENTRY\n',
  'init/Makefile': 'obj-y := main.o\n',
  'init/main.c': '',
  'drivers/Makefile': 'obj-y := own.o\nccflags-y := -DOF_DRIVERS\n',
  'drivers/own.c': '',
};
const box = {
  'include/linux/box.h': '#ifndef WITH_FENTRY\n#error no fentry\n#endif\nstruct box {\n\tint order;\n};\n',
};
const whole = new SmallTree({ ...makefiles, ...box });
const headers = new SmallTree(box);
afterAll(() => {
  whole.remove();
  headers.remove();
});

test('a header by itself has the flags that the top makefiles give to all, and those of no folder', () => {
  const unit = whole.input('x86_64').build.unitOf(headerUnit('include/linux/box.h'));
  expect(unit?.defines).toContain('WITH_FENTRY=1');
  expect(unit?.defines).not.toContain('OF_DRIVERS=1');
  expect(unit?.defines).toContain('KBUILD_MODNAME="box"');
});

test('so what it refuses without them is no gap of a review', () => {
  const after = { 'include/linux/box.h': box['include/linux/box.h'].replace('order;', 'order;\n\tint count;') };
  expect(whole.review(after, ['x86_64'], []).missing).toEqual([]);
});

test('where no makefile tells, it has what every unit of such a tree gets', () => {
  const unit = headers.input('x86_64').build.unitOf(headerUnit('include/linux/box.h'));
  expect(unit?.includePaths).toContain('include');
  expect(unit?.defines).not.toContain('WITH_FENTRY=1');
});
