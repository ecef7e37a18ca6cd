/** Who uses what moved decides between harmless and not: base kernel, one module, others; before the series and after it. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';
import { type Files, SmallTree } from './small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

const header = 'include/linux/card.h';
const core = 'kernel/card.c';
const driver = 'drivers/card/main.c';
const card = (more: string): string =>
  [
    '#include <linux/export.h>',
    `struct card {\n\tlong id;\n${more}};`,
    'int card_add(struct card *card);',
    'void *make(unsigned long size);\n',
  ].join('\n');
const guarded = card('#ifndef __GENKSYMS__\n\tlong state;\n#endif\n');
const coreText = (body: string): string =>
  `#include <linux/card.h>\nint card_add(struct card *card)\n{\n\treturn ${body};\n}\nEXPORT_SYMBOL(card_add);\n`;
const driverText = (body: string): string =>
  `#include <linux/card.h>\nstruct card *probe(void)\n{\n\tstruct card *card = make(sizeof(*card));\n\t${body}\n\treturn card;\n}\n`;

const before = { [header]: card(''), [core]: coreText('card->id'), [driver]: driverText('card->id = 1;') };

function review(after: Files, files: Files = before): Review {
  const tree = new SmallTree(files);
  trees.push(tree);
  return tree.reviewWithUsers(after, [core]);
}
const calls = ({ verdict, guards }: Review): unknown[] => [verdict, ...guards.map(({ rule }) => rule)];

describe('a type that one module alone allocates and that only grows at its end', () => {
  test('is conditional where that module alone uses the new member', () => {
    const made = review({ [header]: guarded, [driver]: driverText('card->state = 1;') });
    expect(calls(made)).toEqual(['conditional', 'guard-honest']);
  });

  test('breaks silently where the base kernel uses the new member: it reads behind what the old module allocated', () => {
    const made = review({ [header]: guarded, [core]: coreText('card->state') });
    expect(calls(made)).toEqual(['silent-break', 'guard-hides-break']);
  });

  test('breaks silently where another module, or inline code, uses the new member', () => {
    const other = 'drivers/other/main.c';
    const touch = '#include <linux/card.h>\nlong touch(struct card *card)\n{\n\treturn card->state;\n}\n';
    expect(review({ [header]: guarded, [other]: touch }, { ...before, [other]: '\n' }).verdict).toBe('silent-break');
    const inline = `${guarded}static inline long card_state(struct card *card)\n{\n\treturn card->state;\n}\n`;
    expect(review({ [header]: inline }).verdict).toBe('silent-break');
  });

  test('is not blamed for a member of the same name in another type', () => {
    const other = '#include <linux/card.h>\nstruct room { long state; };\n';
    const made = review({
      [header]: guarded,
      [core]: `${other}${coreText('card->id')}long room(struct room *room)\n{\n\treturn room->state;\n}\n`,
    });
    expect(calls(made)).toEqual(['conditional', 'guard-honest']);
  });
});

test('a guard that only the base kernel would notice lies where a module uses what embeds the type, whatever else embeds it', () => {
  const text = (slot: string): string =>
    [
      '#include <linux/export.h>',
      `struct lid {\n\tlong id;\n${slot}};`,
      'struct quiet {\n\tstruct lid lid;\n\tlong order;\n};',
      'struct card {\n\tstruct lid lid;\n\tlong order;\n};',
      'int card_add(struct card *card, struct quiet *quiet);\n',
    ].join('\n');
  const slot = '\tint kabi_reserved1;\n';
  const swapped = `#ifdef __GENKSYMS__\n${slot}#else\n\tlong more[2];\n#endif\n`;
  const use = '#include <linux/card.h>\nlong look(struct card *card)\n{\n\treturn card->order;\n}\n';
  const body =
    '#include <linux/card.h>\nint card_add(struct card *card, struct quiet *quiet)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(card_add);\n';
  const size = 'long big(struct lid *lid)\n{\n\treturn sizeof(*lid) + lid->id;\n}\n';
  const made = review({ [header]: text(swapped) }, { [header]: text(slot), [core]: body + size, [driver]: use });
  expect(calls(made)).toEqual(['silent-break', 'guard-embedder']);
  expect(made.guards[0]?.why).toContain('struct card');
});

describe('a typedef that genksyms sees as it was', () => {
  const text = (type: string): string =>
    [
      '#include <linux/export.h>',
      `#ifdef __GENKSYMS__\ntypedef int weight_t;\n#else\ntypedef ${type} weight_t;\n#endif`,
      'struct card {\n\tlong id;\n\tweight_t weight;\n};',
      'int card_add(struct card *card);\nvoid *make(unsigned long size);\n',
    ].join('\n');
  const plain = text('int').replace(/#ifdef.*#endif/s, 'typedef int weight_t;');
  const judged = (inCore: string, inDriver: string): unknown[] =>
    calls(
      review({ [header]: text('long') }, { [header]: plain, [core]: coreText(inCore), [driver]: driverText(inDriver) }),
    );

  test('and whose members the base kernel alone uses, is conditional and honest', () => {
    expect(judged('card->weight', '')).toEqual(['conditional', 'guard-honest']);
  });

  test('and whose members a module uses, breaks silently', () => {
    expect(judged('card->weight', 'card->weight = 1;')).toEqual(['silent-break', 'guard-hides-break']);
  });
});

describe('a type that no export reaches', () => {
  const own = 'struct gear {\n\tint a;\n\tlong b;\n};\n';
  const moved = 'struct gear {\n\tint a;\n#ifndef __GENKSYMS__\n\tlong more;\n#endif\n\tlong b;\n};\n';
  const files = {
    ...before,
    'include/linux/gear.h': own,
    [driver]: `#include <linux/gear.h>\n${driverText('')}long turn(struct gear *gear)\n{\n\treturn gear->b;\n}\n`,
  };

  test('and one link unit alone touches is no interface', () => {
    const made = review({ 'include/linux/gear.h': moved }, files);
    expect(made.verdict).toBe('none');
  });

  test('and that the base kernel begins to touch is one', () => {
    const use = `#include <linux/gear.h>\nlong gears(struct gear *gear)\n{\n\treturn gear->more;\n}\n`;
    const made = review({ 'include/linux/gear.h': moved, [core]: use + coreText('card->id') }, files);
    expect(made.verdict).toBe('silent-break');
  });

  const hidden = 'drivers/card/gear.h';
  const through = 'kernel/through.h';
  const privately = {
    ...before,
    [hidden]: own,
    [through]: '\n',
    [driver]: `#include "gear.h"\n${driverText('')}long turn(struct gear *gear)\n{\n\treturn gear->b;\n}\n`,
  };
  const use = 'long gears(struct gear *gear)\n{\n\treturn gear->more;\n}\n';

  test('and whose private header the base kernel begins to include is one', () => {
    expect(review({ [hidden]: moved }, privately).verdict).toBe('none');
    const text = `#include "../drivers/card/gear.h"\n${use}${coreText('card->id')}`;
    expect(review({ [hidden]: moved, [core]: text }, privately).verdict).toBe('silent-break');
  });

  test('and whose private header another header begins to pass on is one', () => {
    const text = `#include "through.h"\n${use}${coreText('card->id')}`;
    const passed = { [through]: '#include "../drivers/card/gear.h"\n' };
    expect(review({ [hidden]: moved, ...passed, [core]: text }, privately).verdict).toBe('silent-break');
  });
});

test('headers that hold what grew are read as their drivers read them, and those of no driver that is built are not', () => {
  const lamp = (member: string) => `struct lamp {\n\tint lit;\n${member}};\n`;
  const holder = (name: string) => `struct ${name} {\n\tstruct lamp lamp;\n\tknown_here own;\n};\n`;
  const driver = (name: string) =>
    `#include <linux/lamp.h>\ntypedef long known_here;\n#include "holder.h"\nint use_${name}(struct ${name} *p) { return p->lamp.lit; }\n`;
  const small = new SmallTree({
    'include/linux/lamp.h': lamp(''),
    'kernel/lamp.c':
      '#include <linux/export.h>\n#include <linux/lamp.h>\nint lit(struct lamp *l) { return l->lit; }\nEXPORT_SYMBOL(lit);\n',
    'drivers/near/holder.h': holder('near'),
    'drivers/near/near.c': driver('near'),
    'drivers/none/holder.h': `#include <asm/of-another-architecture.h>\n${holder('none')}`,
    'drivers/none/none.c': driver('none'),
  });
  const review = small.reviewWithUsers({ 'include/linux/lamp.h': lamp('\tlong brightness;\n') }, ['kernel/lamp.c']);
  small.remove();
  const near = review.types.find(({ name }) => name === 'near');
  expect([near?.before?.size, near?.after?.size]).toEqual([16, 24]);
  expect(review.types.map(({ name }) => name)).not.toContain('none');
  expect(review.missing).toEqual([]);
});

describe('a slot at the end of what modules define, hidden', () => {
  const head = 'include/linux/lamp.h';
  const core = 'kernel/lamp.c';
  const headText = (slot: string, defines: string) =>
    `#include <linux/export.h>\n#define LAMP_OLD 1\n${defines}struct lamp;\nstruct lamp_ops {\n\tlong flags;\n\tconst char *version;\n\tint (*on)(struct lamp *);\n\tint (*off)(struct lamp *);\n${slot}};\nstruct lamp {\n\tconst struct lamp_ops *ops;\n\tlong flags;\n};\nextern int lamp_lit;\nint lamp_add(struct lamp *lamp);\n`;
  const coreText = (body: string) =>
    `#include <linux/lamp.h>\nint lamp_lit;\nint lamp_add(struct lamp *lamp)\n{\n\tint got = lamp->ops->on(lamp);\n${body}\treturn got;\n}\nEXPORT_SYMBOL(lamp_add);\n`;
  const driverOf = (line: string) =>
    `#include <linux/lamp.h>\nstatic int on(struct lamp *lamp) { return 0; }\nstatic const struct lamp_ops ops = { .on = on };\nstatic struct lamp mine = { .ops = &ops };\nint start(void)\n{\n${line}\treturn lamp_add(&mine);\n}\n`;
  const small = new SmallTree({
    [head]: headText('', ''),
    [core]: coreText(''),
    'drivers/lamp/lamp.c': driverOf(''),
  });
  afterAll(() => small.remove());
  const slot = '#ifndef __GENKSYMS__\n\tint (*dim)(struct lamp *);\n#endif\n';
  const call = 'got = lamp->ops->dim(lamp);';
  const verdictOf = (body: string, defines = '#define LAMP_DIMS 2\n') =>
    small.reviewWithUsers({ [head]: headText(slot, defines), [core]: coreText(body) }, [core]).verdict;

  test.each([
    ['a flag of theirs that is new', `\tif (lamp->ops->flags & LAMP_DIMS)\n\t\t${call}\n`],
    [
      'one that leaves before',
      `\tif (!(lamp->ops->flags & LAMP_DIMS) || !lamp->ops->dim)\n\t\treturn got;\n\t${call}\n`,
    ],
    [
      'one in the same expression',
      `\tgot = (lamp->flags & LAMP_DIMS) && lamp->ops->dim ? lamp->ops->dim(lamp) : got;\n`,
    ],
  ])('is conditional where it is called behind %s', (_, body) => expect(verdictOf(body)).toBe('conditional'));

  test('is conditional behind a flag that a module sets in its own object', () => {
    const driver = 'drivers/lamp/lamp.c';
    const set = driverOf('\tmine.flags |= LAMP_DIMS;\n');
    const body = `\tif (lamp->flags & LAMP_DIMS)\n\t\t${call}\n`;
    const after = { [head]: headText(slot, '#define LAMP_DIMS 2\n'), [core]: coreText(body), [driver]: set };
    expect(small.reviewWithUsers(after, [core]).verdict).toBe('conditional');
  });

  test('is conditional behind a string that is new in a version', () => {
    const body = `\tif (strstr(lamp->ops->version, "+dim") && lamp->ops->dim)\n\t\t${call}\n`;
    expect(verdictOf(body, '#define LAMP_VERSION "1.0+dim"\n')).toBe('conditional');
    expect(verdictOf(body, '#define LAMP_VERSION "1.0"\n')).toBe('silent-break');
  });

  test.each([
    ['nothing', `\t${call}\n`],
    ['a look at the slot itself', `\tif (lamp->ops->dim)\n\t\t${call}\n`],
    ['a flag that old modules may have', `\tif (lamp->ops->flags & LAMP_OLD)\n\t\t${call}\n`],
    ['a flag or something else', `\tif ((lamp->ops->flags & LAMP_DIMS) || got)\n\t\t${call}\n`],
    ['a flag that is denied', `\tif (!(lamp->ops->flags & LAMP_DIMS))\n\t\t${call}\n`],
    ['the flag of something else', `\tif (lamp_lit & LAMP_DIMS)\n\t\t${call}\n`],
    ['a flag that the core sets for all', `\tlamp->flags |= LAMP_DIMS;\n\tif (lamp->flags & LAMP_DIMS)\n\t\t${call}\n`],
    [
      'a flag, and by what the text does not tell',
      `\tif (lamp->ops->flags & LAMP_DIMS)\n\t\t${call}\n\tgot = nobody_knows(lamp)->dim(lamp);\n`,
    ],
    ['a flag once, and once not', `\tif (lamp->ops->flags & LAMP_DIMS)\n\t\t${call}\n\t${call}\n`],
    [
      'a jump around the flag',
      `\tif (got)\n\t\tgoto dim;\n\tif (!(lamp->ops->flags & LAMP_DIMS))\n\t\treturn got;\ndim:\n\t${call}\n`,
    ],
  ])('breaks silently where it is called behind %s', (_, body) => expect(verdictOf(body)).toBe('silent-break'));
});

describe('a type that grows at its end breaks modules', () => {
  const sized = `${coreText('card->id')}unsigned long room = sizeof(struct card);\n`;
  const judged = (code: string): unknown[] => {
    const files = { [header]: card(''), [core]: sized, [driver]: `#include <linux/card.h>\n${code}\n` };
    return calls(review({ [header]: guarded }, files));
  };
  const lies = ['silent-break', 'guard-hides-break'];

  test('that count in its objects', () => {
    expect(judged('struct card *nth(struct card *all, int n) { return &all[n]; }')).toEqual(lies);
    expect(judged('struct card *next(struct card *one) { return one + 1; }')).toEqual(lies);
    expect(judged('void next(struct card **at) { (*at)++; }')).toEqual(lies);
    expect(
      judged('#define nth_(all, n) ((all) + (n))\n#define nth nth_\nvoid *f(struct card *c) { return nth(c, 2); }'),
    ).toEqual(lies);
    expect(judged('long between(struct card *a, struct card *b) { return a - b; }')).toEqual(lies);
    expect(
      judged('#define each(p, all) for (p = all; p->id; p++)\nvoid f(struct card *a) { struct card *p; each(p, a); }'),
    ).toEqual(lies);
  });

  test('that copy one, make one in an expression or take one by value', () => {
    expect(judged('void copy(struct card *a, struct card *b) { *a = *b; }')).toEqual(lies);
    expect(judged('int add(void) { return card_add(&(struct card){ .id = 1 }); }')).toEqual(lies);
    expect(judged('long id(struct card card) { return card.id; }')).toEqual(lies);
  });

  test('but not those that have pointers to it, or pointers to such pointers', () => {
    expect(judged('long id(struct card **all, int n) { return all[n]->id; }')).toEqual(['conditional', 'guard-honest']);
    expect(judged('long id(struct card *c) { struct card *next, *head = c; next = head; return next->id; }')).toEqual([
      'conditional',
      'guard-honest',
    ]);
    expect(judged('long id(struct card *card) { long *p = &card->id; return p[0] + card->id; }')).toEqual([
      'conditional',
      'guard-honest',
    ]);
  });
});

test('what is known of a type is not made up for by what is not known of one that embeds it', () => {
  const deck = '#include <linux/card.h>\nstruct deck {\n\tstruct card card;\n\tlong order;\n};\n';
  const files = {
    ...before,
    [driver]: '#include <linux/card.h>\nint add(void)\n{\n\tstruct card card = { 1 };\n\treturn card_add(&card);\n}\n',
    'kernel/deck.h': deck,
    'kernel/deck.c': '#include "deck.h"\nlong order(struct deck *deck)\n{\n\treturn deck->order + sizeof(*deck);\n}\n',
  };
  expect(calls(review({ [header]: guarded }, files))).toEqual(['silent-break', 'guard-hides-break']);
});

describe('a member that is called reserved', () => {
  const text = (member: string): string => card(`${member}\tlong last;\n`);
  const swapped = text('#ifdef __GENKSYMS__\n\tlong reserved;\n#else\n\tvoid *owner;\n#endif\n');
  const judged = (body: string): unknown[] =>
    calls(
      review({ [header]: swapped }, { ...before, [header]: text('\tlong reserved;\n'), [driver]: driverText(body) }),
    );

  test('is room for another where nobody looks into it', () => {
    expect(judged('')).toEqual(['guarded', 'guard-honest']);
  });

  test('is none where a module does', () => {
    expect(judged('card->reserved = 1;')).toEqual(['silent-break', 'guard-hides-break']);
  });
});
