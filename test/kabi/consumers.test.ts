/** Who uses a moved member or a size, on a small tree that has the kernel's idioms. */
import { expect, test } from '@jest/globals';
import { consumersOf } from '../../src/kabi/consumers.js';
import { makeIndex } from '../../src/kabi/tree-index.js';
import { anyConfiguration } from '../../src/kernel/mentions.js';
import { memoryTree } from '../../src/tree/memory.js';

const files = {
  'include/linux/lamp.h': [
    '#define container_of(ptr, type, member) ({ void *__p = (void *)(ptr); ((type *)(__p - offsetof(type, member))); })',
    'struct wick { int flags; };',
    'struct lamp { int id; struct wick wick; int flags; struct list_head link; struct { int oil; }; };',
    'struct room { struct lamp lamp; struct lamp *spare; int flags; };',
    '#define lamp_flags(l) ((l)->flags)',
    '#define l_oil oil',
    'struct lamp *current_lamp(void);',
    '#define here current_lamp()',
    'static inline int lamp_lit(const struct lamp *lamp)\n{\n\treturn lamp->flags & 1;\n}',
  ].join('\n'),
  'kernel/lamp.c': [
    '#include <linux/lamp.h>',
    'static struct lamp first;',
    'int a(struct lamp *lamp, struct wick *wick)\n{\n\treturn wick->flags + lamp->wick.flags;\n}',
    'int b(struct room *room)\n{\n\treturn room->flags + room->spare->flags;\n}',
    'int c(void)\n{\n\treturn lamp_flags(here);\n}',
    'struct lamp *d(struct list_head *head)\n{\n\treturn container_of(head, struct lamp, link);\n}',
    'void *e(struct lamp *lamp)\n{\n\treturn kmalloc(sizeof(*lamp));\n}',
    '#ifdef CONFIG_NEVER\nint f(struct lamp *lamp)\n{\n\treturn lamp->flags;\n}\n#endif',
  ].join('\n'),
  'drivers/torch.c': 'int torch(struct lamp *lamp)\n{\n\treturn lamp->l_oil;\n}\n',
};

const linkOf = (file: string) =>
  !file.endsWith('.c') ? null : file.startsWith('drivers/') ? 'drivers/torch' : 'vmlinux';
const index = makeIndex(
  {
    tree: memoryTree('lamps', files),
    files: Object.keys(files),
    conditions: { defined: (name) => (name.startsWith('CONFIG_') ? false : anyConfiguration.defined(name)) },
    archDirectory: 'x86',
  },
  linkOf,
);

const placement = {
  placeOf: (file: string) => (file.startsWith('drivers/') ? 'module' : 'builtin') as 'module' | 'builtin',
  linkUnitOf: linkOf,
};

function asked(members: readonly string[], resized: boolean): string[] {
  const { consumers, unresolved } = consumersOf([{ name: 'struct lamp', members, resized }], { index, placement });
  expect(unresolved).toEqual([]);
  return consumers.map((one) => `${one.kind} ${one.member} ${one.place} ${one.file} ${one.function}`);
}

test('an access counts by the type before it, through members, macros and inline functions', () => {
  expect(asked(['flags'], false).sort()).toEqual([
    'access flags builtin kernel/lamp.c b',
    'access flags builtin kernel/lamp.c c',
    'access flags inline include/linux/lamp.h lamp_flags',
    'access flags inline include/linux/lamp.h lamp_lit',
  ]);
});

test('a member under another name, and one that container_of names, are found', () => {
  expect(asked(['oil'], false)).toEqual(['access oil module drivers/torch.c torch']);
  expect(asked(['link'], false)).toEqual(['access link builtin kernel/lamp.c d']);
});

test('of a size: objects, sizeof and embedding by value, not pointers', () => {
  expect(asked([], true).sort()).toEqual([
    'define null builtin kernel/lamp.c null',
    'embed null builtin include/linux/lamp.h null',
    'sizeof null builtin kernel/lamp.c e',
  ]);
});
