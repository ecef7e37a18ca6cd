/** Without a reference, whether an export reaches a changed type is told from what headers and exporting sources spell: a type that none reaches has no version to change. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';
import { type Files, SmallTree } from './small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

const header = 'include/net/pair.h';
const pair = (more: string): string =>
  `struct pair {\n\tlong id;\n${more}\tlong mood;\n};\n#define pair_of(x) ((struct pair *)(x))\n`;
const grown = { [header]: pair('\tlong more;\n') };
const core =
  '#include <linux/export.h>\n#include <net/pair.h>\nlong mood_of(void *p)\n{\n\treturn pair_of(p)->mood;\n}\n';
const quiet: Files = {
  [header]: pair(''),
  'net/core.c': `${core}EXPORT_SYMBOL(mood_of);\n`,
  'security/look.c': core.replace('mood_of', 'look'),
};
const driver = { 'drivers/p/p.c': core.replace('mood_of', 'probe') };

function review(files: Files, after: Files, most?: number): Review {
  const tree = new SmallTree(files);
  trees.push(tree);
  return tree.reviewByUnits(after, most);
}

describe('a type of a header that is reached only through a cast', () => {
  test('breaks silently without any guard where a module uses it', () => {
    const made = review({ ...quiet, ...driver }, grown);
    expect([made.verdict, made.symbols.changed]).toEqual(['silent-break', []]);
    expect(made.missing).toEqual([]);
  });

  test("is the base kernel's own where no module does", () => {
    expect(review(quiet, grown).verdict).toBe('none');
  });

  test('has a version where an export takes it through another type that the exporting source does not spell the first of', () => {
    const bag = '#include <net/pair.h>\nstruct bag {\n\tint (*cb)(struct pair *pair, int how);\n};\n';
    const taker =
      '#include <linux/export.h>\n#include <net/bag.h>\nint take(struct bag *bag)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(take);\n';
    const files = { ...quiet, ...driver, 'include/net/bag.h': bag, 'net/take.c': taker };
    const made = review(files, grown);
    expect([made.verdict, made.symbols.changed.map(({ name }) => name)]).toEqual(['crc-break', ['take']]);
  });

  test('has a version where one source exports what another defines', () => {
    const pairs = `${pair('')}int pair_run(struct pair *pair);\n`;
    const files = {
      ...quiet,
      ...driver,
      [header]: pairs,
      'net/run.c': '#include <net/pair.h>\nint pair_run(struct pair *pair)\n{\n\treturn 0;\n}\n',
      'net/pair_syms.c': '#include <linux/export.h>\n#include <net/pair.h>\nEXPORT_SYMBOL(pair_run);\n',
    };
    const made = review(files, { [header]: pairs.replace('\tlong mood', '\tlong more;\n\tlong mood') });
    expect([made.verdict, made.symbols.changed.map(({ name }) => name)]).toEqual(['crc-break', ['pair_run']]);
  });

  test('has a version where the source that exports it is a part of another', () => {
    const part =
      '#include <net/pair.h>\nint pair_part(struct pair *pair)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(pair_part);\n';
    const whole = '#include <linux/export.h>\n#include "part.c"\n';
    const made = review({ ...quiet, ...driver, 'net/part.c': part, 'net/whole.c': whole }, grown);
    expect([made.verdict, made.symbols.changed.map(({ name }) => name)]).toEqual(['crc-break', ['pair_part']]);
  });

  test.each([
    ['a typedef', 'typedef int (*pair_cb)(struct pair *pair);'],
    ['a macro that declares', '#define PAIR_HOOK int (*hook)(struct pair *pair)'],
    ['the call of a macro', 'PAIR_EVENT(mood, struct pair *pair);'],
  ])('is not taken for one without a version where %s may pass it on', (_, line) => {
    const made = review({ ...quiet, ...driver, 'include/net/more.h': `#include <net/pair.h>\n${line}\n` }, grown);
    expect(made.verdict).toBe('crc-break');
  });

  test('is not taken for one without a version where its tag has another name', () => {
    const named = (text: string): string => `${text}#define couple pair\n`;
    const made = review(
      { ...quiet, ...driver, [header]: named(pair('')) },
      { [header]: named(pair('\tlong more;\n')) },
    );
    expect(made.verdict).toBe('crc-break');
  });

  test('is not told to have no version while units that may export it are left', () => {
    const sources = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [
        `net/${name}.c`,
        `#include <linux/export.h>\n#include <net/pair.h>\nlong ${name}(void *p)\n{\n\tstruct pair *pair = p;\n\treturn pair->mood;\n}\nEXPORT_SYMBOL(${name});\n`,
      ]),
    );
    const files = { ...quiet, ...driver, ...sources };
    expect(review(files, grown, 2).verdict).toBe('unknown');
    expect(review(files, grown, 3).verdict).toBe('silent-break');
  });
});

test('what embeds a type whose version changes is not called silent while exports that may reach it are not read', () => {
  const inner = 'include/net/inner.h';
  const unit = (name: string, type: string): string =>
    `#include <linux/export.h>\n#include <net/outer.h>\nlong ${name}(struct ${type} *p)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(${name});\n`;
  const files = {
    [inner]: 'struct inner {\n\tlong id;\n};\n',
    'include/net/outer.h': '#include <net/inner.h>\nstruct outer {\n\tstruct inner in;\n\tlong tail;\n};\n',
    'net/inner.c': unit('take_inner', 'inner'),
    'net/outer.c': unit('take_outer', 'outer'),
    'drivers/p/p.c': '#include <net/outer.h>\nlong probe(struct outer *o)\n{\n\treturn o->tail;\n}\n',
  };
  const after = { [inner]: 'struct inner {\n\tlong first;\n\tlong id;\n};\n' };
  const verdicts = (most: number): unknown[] => {
    const { verdict, types } = review(files, after, most);
    return [verdict, ...types.map(({ name, verdict: own }) => `${name} ${own}`).sort()];
  };
  expect(verdicts(1)).toEqual(['crc-break', 'inner crc-break', 'outer unknown']);
  expect(verdicts(8)).toEqual(['crc-break', 'inner crc-break', 'outer crc-break']);
});

test.each([
  ['a typedef', 'typedef struct {\n\tlong id;\n} seen_t;\n', 'long id', 'seen_t'],
  ['an enumeration', 'enum seen {\n\tSEEN_A,\n};\n', 'SEEN_A', 'enum seen'],
])('%s has a version through the struct that an exporting source spells in its place', (_, text, line, name) => {
  const file = 'include/net/seen.h';
  const files = {
    [file]: text,
    'include/net/outer.h': `#include <net/seen.h>\nstruct outer {\n\t${name} seen;\n};\n`,
    'net/outer.c':
      '#include <linux/export.h>\n#include <net/outer.h>\nlong take(struct outer *p)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(take);\n',
  };
  const first = line === 'SEEN_A' ? 'SEEN_NEW,\n\t' : 'long more;\n\t';
  const made = review(files, { [file]: text.replace(line, first + line) });
  expect([made.verdict, made.symbols.changed.map((one) => one.name)]).toEqual(['crc-break', ['take']]);
});

test("a tree without its configuration gives no number: every layout would be another kernel's", () => {
  const kconfig = { 'include/linux/kconfig.h': '#include <generated/autoconf.h>\n' };
  const tree = new SmallTree({ ...quiet, ...driver, ...kconfig });
  trees.push(tree);
  rmSync(join(tree.dir, '.config'));
  const made = tree.reviewByUnits(grown);
  expect([made.evidence, made.types.flatMap(({ before }) => before?.size ?? [])]).toEqual(['diff', []]);
  expect(made.missing.map(({ why }) => why).join()).toContain('name one with --build');
});
