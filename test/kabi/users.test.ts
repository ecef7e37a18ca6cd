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
});
