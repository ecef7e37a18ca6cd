/** Who uses a moved member or a size, on a small tree that has the kernel's idioms. */
import { expect, test } from '@jest/globals';
import { type ConsumerQuestion, consumersOf } from '../../src/kabi/consumers/consumers.js';
import { makeIndex } from '../../src/kabi/index/tree-index.js';
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

const opsFiles = {
  'include/linux/ops.h': [
    'struct ops { int users; int (*open)(void); };',
    'struct box { struct ops ops; };',
    '#define OPS(f) { .open = f }',
    '#define DEFINE_OPS(name, f) struct ops name = { .open = f }',
    '#define OPS_SIZE sizeof(struct ops)',
  ].join('\n'),
  'kernel/ops.c': [
    'static int run(void)\n{\n\treturn 0;\n}',
    'static struct ops plain = {\n\t.open = run,\n};',
    'static struct box boxes[] = { { .ops = OPS(run) } };',
    'static DEFINE_OPS(made, run);',
    'int register_one(void)\n{\n\treturn add(&(struct ops){ .open = run });\n}',
    'int count(void)\n{\n\treturn made.users + OPS_SIZE;\n}',
  ].join('\n'),
};

const linkOf = (file: string) =>
  !file.endsWith('.c') ? null : file.startsWith('drivers/') ? 'drivers/torch' : 'vmlinux';
const placement = {
  placeOf: (file: string) => (file.startsWith('drivers/') ? 'module' : 'builtin') as 'module' | 'builtin',
  linkUnitOf: linkOf,
};

function questionOf(sources: Readonly<Record<string, string>>): ConsumerQuestion {
  const index = makeIndex(
    {
      tree: memoryTree('lamps', sources),
      files: Object.keys(sources),
      conditions: { defined: (name) => (name.startsWith('CONFIG_') ? false : anyConfiguration.defined(name)) },
      archDirectory: 'x86',
    },
    linkOf,
  );
  return { index, placement };
}

function askedOf(
  name: string,
  members: readonly string[],
  resized: boolean,
  sources: Readonly<Record<string, string>>,
): string[] {
  const { consumers, unresolved } = consumersOf([{ name, members, resized }], questionOf(sources));
  expect(unresolved).toEqual([]);
  return consumers.map((one) => `${one.kind} ${one.member} ${one.place} ${one.file} ${one.function}`);
}

const asked = (members: readonly string[], resized: boolean): string[] =>
  askedOf('struct lamp', members, resized, files);

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

test('an initialiser names members: by designators, nested and through macros, and a macro that defines the object', () => {
  expect(askedOf('struct ops', ['open'], false, opsFiles)).toEqual([
    'access open inline include/linux/ops.h OPS',
    'access open inline include/linux/ops.h DEFINE_OPS',
    'access open builtin kernel/ops.c null',
    'access open builtin kernel/ops.c null',
    'access open builtin kernel/ops.c null',
    'access open builtin kernel/ops.c register_one',
  ]);
});

test('the object that a macro defines has its type in the functions after it', () => {
  expect(askedOf('struct ops', ['users'], false, opsFiles)).toEqual(['access users builtin kernel/ops.c count']);
});

test('a macro without arguments that hides a sizeof counts where it is used, and as inline code of its header', () => {
  expect(askedOf('struct ops', [], true, opsFiles).filter((one) => one.startsWith('sizeof'))).toEqual([
    'sizeof null inline include/linux/ops.h OPS_SIZE',
    'sizeof null builtin kernel/ops.c count',
  ]);
});

test('a trace event counts where its code is made; its own record is not asked for', () => {
  const files = {
    'include/linux/lamp.h': 'struct lamp { int id; };',
    'include/linux/tracepoint.h': '#define TRACE_EVENT(name, proto, args, tstruct, assign, print)',
    'include/trace/events/lamp.h':
      'TRACE_EVENT(lamp_on, TP_PROTO(struct lamp *lamp), TP_ARGS(lamp), TP_STRUCT__entry(__field(int, id)), TP_fast_assign(__entry->id = lamp->id;), TP_printk("%d", __entry->id));',
    'drivers/torch.c': '#define CREATE_TRACE_POINTS\n#include <trace/events/lamp.h>\n',
    'kernel/lamp.c': '#include <trace/events/lamp.h>\n',
  };
  expect(askedOf('struct lamp', ['id'], false, files)).toEqual(['access id module include/trace/events/lamp.h null']);
});

test('what cannot be resolved is counted only in files that have to do with the type', () => {
  const files = {
    'include/linux/lamp.h': 'struct lamp { int id; };',
    'kernel/lamp.c': 'int a(struct lamp *lamp) { return lamp->id + unknown(lamp)->id; }',
    'kernel/other.c': 'int b(void *p) { return unknown(p)->id; }',
  };
  const { unresolved } = consumersOf([{ name: 'struct lamp', members: ['id'], resized: false }], questionOf(files));
  expect(unresolved).toEqual([{ member: 'id', file: 'kernel/lamp.c', line: 1 }]);
});

test('another configuration reads another branch, also where only a header tells it', () => {
  const files = {
    'include/linux/count.h': '#ifdef CONFIG_NEVER\n#define MANY 1\n#endif\n#define WIDTH 4\n',
    'include/linux/lamp.h': 'struct lamp { int id; int old; };',
    'kernel/lamp.c': [
      '#ifdef MANY\nint a(struct lamp *lamp) { return lamp->old; }\n#endif',
      '#if WIDTH > 3\nint b(struct lamp *lamp) { return lamp->id; }\n#else\nint c(struct lamp *lamp) { return lamp->old; }\n#endif',
    ].join('\n'),
  };
  expect(askedOf('struct lamp', ['id', 'old'], false, files)).toEqual(['access id builtin kernel/lamp.c b']);
});

test('functions that a macro defines through other macros are read, with a macro that is an argument', () => {
  const files = {
    'include/linux/lamp.h': [
      'struct lamp { long flags; };',
      '#define ANY(lamp, enforce) (lamp)',
      '#define TEST_LAMP(name, policy) static inline int Lamp##name(struct lamp *lamp) { return test_bit(1, &policy(lamp, 0)->flags); }',
      '#define SET_LAMP(name, policy) static inline void SetLamp##name(struct lamp *lamp) { set_bit(1, &policy(lamp, 1)->flags); }',
      '#define LAMP_FLAG(name, policy) TEST_LAMP(name, policy) SET_LAMP(name, policy)',
      'LAMP_FLAG(Lit, ANY)',
    ].join('\n'),
  };
  const found = askedOf('struct lamp', ['flags'], false, files);
  expect(found).toEqual([
    'access flags inline include/linux/lamp.h LampLit',
    'access flags inline include/linux/lamp.h SetLampLit',
  ]);
});

test("a macro that measures what its caller names is no header's use; one that names the type is", () => {
  const files = {
    'include/linux/lamp.h': [
      'struct lamp { long flags; };',
      '#define SIZE_OF(x) (sizeof(x) / sizeof((x)[0]))',
      '#define ALLOC(type) ((type *)__alloc(sizeof(type)))',
      '#define ALLOC_LAMPS(n) __alloc((n) * sizeof(struct lamp))',
    ].join('\n'),
    'kernel/lamp.c': [
      'int a(void)\n{\n\tstruct lamp lamps[4];\n\treturn SIZE_OF(lamps);\n}',
      'void *b(void)\n{\n\treturn ALLOC(struct lamp);\n}',
      'void *c(void)\n{\n\treturn ALLOC_LAMPS(2);\n}',
    ].join('\n'),
  };
  const found = askedOf('struct lamp', [], true, files);
  expect(found.filter((one) => one.includes(' inline '))).toEqual([
    'sizeof null inline include/linux/lamp.h ALLOC_LAMPS',
  ]);
  expect(
    found
      .filter((one) => one.startsWith('sizeof null builtin'))
      .map((one) => one.slice(-1))
      .sort(),
  ).toEqual(['a', 'b', 'c']);
});
