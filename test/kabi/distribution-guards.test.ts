/** What guards of distribution kernels look like in a tree: what old code may go on with, though a name, a number or a type is another. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';
import { SmallTree } from './small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

const path = 'include/linux/box.h';
const unit = '#include <linux/box.h>\nint use(struct crate *c) { return 0; }\nEXPORT_SYMBOL(use);\n';
const head = [
  '#include <linux/export.h>',
  'typedef struct { int counter; } count_t;',
  'struct pair { int a; int b; };',
  'struct around { int a; int b; };',
  'struct hollow { int a; long b; };',
  'struct filled { int a; int more; long b; };',
  'struct turned { long b; int a; };',
  'struct chain { struct chain *next, *prev; };',
  'struct bucket { struct bucket *next, **pprev; };',
  'struct queue { int lock; struct chain head; };',
  'struct simple_queue { int lock; struct chain task_list; };',
  'typedef int (*opener_t)(int how);',
  '#define PASTE_(a, b) a##b',
  '#define PASTE(a, b) PASTE_(a, b)',
  '#define UNIQUE(prefix) PASTE(PASTE(__UNIQUE_ID_, prefix), __COUNTER__)',
  '#ifdef __GENKSYMS__',
  '#define XX_KABI_REPLACE(old, new) old;',
  '#else',
  '#define XX_KABI_REPLACE(old, new) union { new; struct { old; } UNIQUE(kabi_hide); };',
  '#endif\n',
].join('\n');

function review(before: string, after: string): Review {
  const tail = 'int use(struct crate *c);\n';
  const tree = new SmallTree({ [path]: `${head}${before}${tail}`, 'kernel/box.c': unit });
  trees.push(tree);
  return tree.review({ [path]: `${head}${after}${tail}` }, ['x86_64'], ['kernel/box.c']);
}
const crate = (members: string): string => `struct crate {\n${members}\tlong last;\n};\n`;
const swap = (old: string, now: string): string => `#ifdef __GENKSYMS__\n${old}#else\n${now}#endif\n`;
const calls = ({ verdict, guards }: Review): unknown[] => [verdict, ...guards.map(({ honest }) => honest)];
const judged = (old: string, now: string): unknown[] => calls(review(crate(old), crate(swap(old, now))));

describe('a macro that keeps the old member in a struct named by a counter', () => {
  const kept = '\tXX_KABI_REPLACE(long mode, void *data)\n';
  test('is honest beside another one, whose number changes', () => {
    const made = review(
      crate(`\tvoid *owner;\n${kept}`),
      crate(`\tXX_KABI_REPLACE(void *owner, long owners)\n${kept}`),
    );
    expect(calls(made)).toEqual(['guarded', true]);
    expect(made.types[0]?.members.map(({ change }) => change)).not.toContain('moved');
  });

  test('lies where what it puts there is bigger', () => {
    expect(
      calls(
        review(crate('\tint mode;\n\tint more;\n'), crate('\tXX_KABI_REPLACE(int mode, long data)\n\tint more;\n')),
      ),
    ).toEqual(['silent-break', false]);
  });
});

describe('a guard that swaps the old text for a new one is honest', () => {
  test('where one member takes two reserved slots', () => {
    expect(judged('\tint kabi_reserved1;\n\tint kabi_reserved2;\n', '\tvoid *owner;\n')).toEqual(['guarded', true]);
  });

  test('where bits come out of a reserved bit-field', () => {
    const old = '\tunsigned int used:4;\n\tunsigned int __reserved_1:28;\n';
    const now = '\tunsigned int used:4;\n\tunsigned int more:3;\n\tunsigned int __reserved_1:25;\n';
    expect(judged(old, now)).toEqual(['guarded', true]);
  });

  test('where the first words of a reserved array are given away', () => {
    const old = '\tunsigned long rh_reserved[2];\n';
    const now = '\tunsigned long flags;\n\tunsigned long rh_reserved[1];\n';
    expect(judged(old, now)).toEqual(['guarded', true]);
  });

  test('where the first of an array of spare words is given away', () => {
    expect(judged('\tlong f_spare[5];\n', '\tlong flags;\n\tlong f_spare[4];\n')).toEqual(['guarded', true]);
    expect(judged('\tint nr_spare;\n', '\tshort users;\n\tshort more;\n')).toEqual(['silent-break', false]);
  });

  test('where a bit takes the place of named padding', () => {
    const old = '\tunsigned char router;\n\tunsigned char __pad2;\n';
    expect(judged(old, '\tunsigned char router;\n\tunsigned char flag:1;\n')).toEqual(['guarded', true]);
  });

  test('where members of one kind become an array of them', () => {
    const old = '\tvoid *own;\n\tvoid *own2;\n\tvoid *own3;\n';
    expect(judged(old, '\tunion {\n\t\tvoid *own[3];\n\t\tlong flush;\n\t};\n')).toEqual(['guarded', true]);
  });

  test('where a struct around one integer stands for the integer', () => {
    expect(judged('\tunsigned int users;\n', '\tcount_t users;\n')).toEqual(['guarded', true]);
  });

  test('where a qualifier, a sign or a typedef of the same kind is all that differs', () => {
    expect(judged('\tvoid *data;\n', '\tvoid *volatile data;\n')).toEqual(['guarded', true]);
    expect(judged('\tchar name[8];\n', '\tunsigned char name[8];\n')).toEqual(['guarded', true]);
    expect(judged('\tint grid[2][2];\n', '\tint grid[4];\n')).toEqual(['guarded', true]);
    expect(judged('\tint (*open)(int);\n', '\topener_t open;\n')).toEqual(['guarded', true]);
  });

  test('where another struct has each number and pointer where the old one had it', () => {
    expect(judged('\tstruct pair users;\n', '\tstruct around users;\n')).toEqual(['guarded', true]);
    expect(judged('\tstruct hollow area;\n', '\tstruct filled area;\n')).toEqual(['guarded', true]);
  });

  test('where an untagged struct grows in a union that stays as big', () => {
    const inner = (more: string): string =>
      `\tunion {\n\t\tlong pad[8];\n\t\tstruct {\n\t\t\tint at;\n${more}\t\t} fault;\n\t} fields;\n`;
    expect(judged(inner(''), inner('\t\t\tlong end;\n'))).toEqual(['guarded', true]);
  });
});

describe('a guard that swaps the old text for a new one lies', () => {
  test('where a callback is called with something else, in the struct or through a typedef', () => {
    const member = (more: string): string => `\tint (*open)(struct pair *pair${more});\n\tint (*close)(long how);\n`;
    expect(judged(member(''), member(', int why'))).toEqual(['silent-break', false]);
    const renamed = member('').replace('struct pair *pair', 'struct pair const *p').replace('long', 'unsigned long');
    expect(judged(member(''), renamed)).toEqual(['guarded', true]);
    const typedef = (more: string): string =>
      `typedef int (*opener_t)(int flags\n${more});\n${crate('\topener_t open;\n')}`;
    const made = review(typedef(''), typedef('#ifndef __GENKSYMS__\n, int why\n#endif\n'));
    expect(calls(made)).toEqual(['silent-break', false]);
  });

  test('where a member of the same type comes before one that has room to move', () => {
    const text = (more: string): string => crate(`\tint mode;\n\tlong data;\n${more}\tint users;\n`);
    const made = review(text(''), text('#ifndef __GENKSYMS__\n\tint owners;\n#endif\n'));
    expect(calls(made)).toEqual(['silent-break', false]);
    const bits = (more: string): string => crate(`\tunsigned char first:1;\n${more}\tunsigned char last:1;\n`);
    const inserted = review(bits(''), bits('#ifndef __GENKSYMS__\n\tunsigned char late:1;\n#endif\n'));
    expect(calls(inserted)).toEqual(['silent-break', false]);
  });

  test('where an array takes the place of a member of another name, or of another size', () => {
    expect(judged('\tint own;\n\tint users;\n', '\tint own[2];\n')).toEqual(['silent-break', false]);
    expect(judged('\tint own;\n\tint own2;\n', '\tshort own[4];\n')).toEqual(['silent-break', false]);
  });

  test('where a slot is not enough for the member', () => {
    expect(judged('\tint kabi_reserved1;\n\tint order;\n', '\tvoid *owner;\n\tint order;\n')).toEqual([
      'silent-break',
      false,
    ]);
  });

  test('where the reserved bits that are left lie elsewhere', () => {
    const old = '\tunsigned int used:4;\n\tunsigned int __reserved_1:28;\n';
    expect(judged(old, '\tunsigned int __reserved_1:28;\n\tunsigned int used:4;\n')).toEqual(['silent-break', false]);
  });

  test('where a struct of two integers stands for one of their size', () => {
    expect(judged('\tlong users;\n', '\tstruct pair users;\n')).toEqual(['silent-break', false]);
  });

  test('where an array has other elements, or is none, in as many bytes', () => {
    expect(judged('\tint ids[2];\n', '\tshort ids[4];\n')).toEqual(['silent-break', false]);
    expect(judged('\tchar id[4];\n', '\tint id;\n')).toEqual(['silent-break', false]);
    expect(judged('\tint id;\n', '\tshort id[2];\n')).toEqual(['silent-break', false]);
  });

  test('where a pointer to data becomes one to a function, or to one that is called otherwise by a typedef', () => {
    expect(judged('\tvoid *owner;\n', '\tint (*owner)(int);\n')).toEqual(['silent-break', false]);
    expect(judged('\tint (*open)(long, int);\n', '\topener_t open;\n')).toEqual(['silent-break', false]);
  });

  test('where another struct of the same size has other members, or has them elsewhere', () => {
    expect(judged('\tstruct chain all;\n', '\tstruct bucket all;\n')).toEqual(['silent-break', false]);
    expect(judged('\tstruct queue waiters;\n', '\tstruct simple_queue waiters;\n')).toEqual(['silent-break', false]);
    expect(judged('\tstruct hollow area;\n', '\tstruct turned area;\n')).toEqual(['silent-break', false]);
  });

  test('where a typedef of the same size is another kind of thing', () => {
    const text = (type: string): string => `${type}${crate('\tcookie_t cookie;\n')}`;
    const number = 'typedef unsigned long cookie_t;\n';
    expect(calls(review(text(number), text(swap(number, 'typedef void *cookie_t;\n'))))).toEqual([
      'silent-break',
      false,
    ]);
    expect(calls(review(text(number), text(swap(number, 'typedef long cookie_t;\n'))))).toEqual(['none', true]);
    const anchor = 'typedef struct chain cookie_t;\n';
    expect(calls(review(text(anchor), text(swap(anchor, 'typedef struct bucket cookie_t;\n'))))).toEqual([
      'silent-break',
      false,
    ]);
  });

  test('where it hides an attribute behind the closing brace, or a pragma before the struct', () => {
    const last = 'struct crate {\n\tint order;\n\tlong last;\n}';
    const packed = `${last}\n#ifndef __GENKSYMS__\n__attribute__((packed))\n#endif\n;\n`;
    expect(calls(review(`${last};\n`, packed))).toEqual(['silent-break', false]);
    const pragma = `#ifndef __GENKSYMS__\n#pragma pack(1)\n#endif\n${last};\n#pragma pack()\n`;
    expect(calls(review(`${last};\n`, pragma))).toEqual(['silent-break', false]);
  });

  test('where the union grows with the struct in it', () => {
    const inner = (more: string): string =>
      `\tunion {\n\t\tlong pad;\n\t\tstruct {\n\t\t\tint at;\n${more}\t\t} fault;\n\t} fields;\n`;
    expect(judged(inner(''), inner('\t\t\tlong end;\n'))).toEqual(['silent-break', false]);
  });
});

test('a slot whose name a new member takes over stands on under another name', () => {
  const old = '\tint (*setup)(int a);\n';
  const before = `struct ops {\n\tlong id;\n${old}};\nstruct crate {\n\tstruct ops *ops;\n};\n`;
  const now = `${swap(old, '\tint (*setup_old)(int a);\n')}#ifndef __GENKSYMS__\n\tint (*setup)(int a, int b);\n#endif\n`;
  const made = review(before, before.replace(old, now));
  const why = made.guards.map(({ why: text }) => text).join(' ');
  expect(why).toContain('size 16 becomes 24');
  expect(why).not.toContain('setup` moves');
});

test('a member with another word in its name is not the one that left its place', () => {
  const text = (place: string, late: string): string => crate(`${place}\tint first;\n\tint order;\n${late}`);
  const moved = (name: string): string => {
    const late = '#ifndef __GENKSYMS__\n\tint len;\n#endif\n';
    return review(text('\tint len;\n', ''), text(swap('\tint len;\n', `\tint ${name};\n`), late)).verdict;
  };
  expect(moved('max_len')).toBe('silent-break');
  expect(moved('rh_reserved_len')).toBe('guarded');
});

test('an enumerator under another name has its value still', () => {
  const text = (name: string): string =>
    `enum kind {\n\tFIRST,\n${name}\tLAST\n};\nstruct crate {\n\tenum kind kind;\n};\n`;
  const made = review(text('\tSPECIAL,\n'), text(swap('\tSPECIAL,\n', '\tPRIVATE,\n')));
  expect(calls(made)).toEqual(['guarded', true]);
  expect(made.types[0]?.members.map(({ name, change }) => [name, change])).toEqual([['PRIVATE', 'renamed']]);
  expect(calls(review(text('\tSPECIAL,\n'), text(swap('\tSPECIAL,\n', ''))))[1]).toBe(false);
});

test('a macro that the includer of a header defines is read through the includer', () => {
  const macros = `${head}#include <linux/box-types.h>\nint use(struct crate *c);\n`;
  const types = 'include/linux/box-types.h';
  const tree = new SmallTree({ [path]: macros, [types]: crate('\tvoid *owner;\n'), 'kernel/box.c': unit });
  trees.push(tree);
  const made = tree.review({ [types]: crate('\tXX_KABI_REPLACE(void *owner, long owners)\n') }, ['x86_64'], []);
  expect(calls(made)).toEqual(['guarded', true]);
});
