/** A unit that expands without end is read up to there; what was not reached is unknown, neither gone nor unchanged. */
import { afterAll, expect, test } from '@jest/globals';
import { SmallTree } from './small-tree.js';

const header = 'struct box {\n\tint a;\n\tlong b;\n};\n';
const tree = new SmallTree({
  'include/linux/box.h': header,
  'kernel/Makefile': 'obj-y := box.o\n',
  'kernel/box.c':
    '#include <linux/export.h>\n#include <linux/box.h>\nint use(struct box *b) { return b->a; }\nEXPORT_SYMBOL(use);\n',
});
afterAll(() => tree.remove());

const doubling = Array.from({ length: 40 }, (_, n) => `#define M${n + 1} M${n} M${n}\n`).join('');
const macros = `#define M0 1 +\n${doubling}`;
const inStruct = (text: string): string => header.replace('\tlong b', `${text}\tlong b`);

test.each([
  ['a member', inStruct(`${macros}int n[M40 0];\n`)],
  ['a member that genksyms alone sees', inStruct(`${macros}#ifdef __GENKSYMS__\nint n[M40 0];\n#endif\n`)],
  ['a member hidden from genksyms', inStruct(`${macros}#ifndef __GENKSYMS__\nint n[M40 0];\n#endif\n`)],
  ['a condition', inStruct(`${macros}#if M40 0\nint n;\n#endif\n`)],
])('%s without end makes a review that says so', (_, text) => {
  const { verdict, findings, missing } = tree.review({ 'include/linux/box.h': text }, ['x86_64'], ['kernel/box.c']);
  expect(verdict).toBe('unknown');
  expect(findings).toEqual([]);
  expect(missing.some(({ what }) => what === 'the rest of kernel/box.c')).toBe(true);
});

test('a member made of two of a struct made of two, 34 levels deep, is compared in no time', () => {
  const levels = Array.from({ length: 34 }, (_, n) => `struct l${n + 1} { struct l${n} one, two; };\n`).join('');
  const text = (name: string): string =>
    `struct l0 { char a; };\n${levels}struct m34 { struct l33 two[2]; };\nstruct box {\n\tint a;\n\tstruct ${name} deep;\n};\n`;
  const deep = new SmallTree({
    'include/linux/box.h': text('l34'),
    'kernel/box.c':
      '#include <linux/export.h>\n#include <linux/box.h>\nint use(struct box *b) { return b->a; }\nEXPORT_SYMBOL(use);\n',
  });
  const started = performance.now();
  const { verdict } = deep.review({ 'include/linux/box.h': text('m34') }, ['x86_64'], ['kernel/box.c']);
  deep.remove();
  expect(verdict).toBe('crc-break');
  expect(performance.now() - started).toBeLessThan(60_000);
});
