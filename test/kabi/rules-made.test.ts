/** Every rule of the table is really made: a small series for each, judged on a small tree. */
import { afterAll, expect, test } from '@jest/globals';
import { againstReference } from '../../src/kabi/reference/against-reference.js';
import type { Review } from '../../src/kabi/review.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import type { ruleTable } from '../../src/kabi/rules/ids.js';
import type { Reference } from '../../src/kernel/reference.js';
import { SmallTree } from './small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

interface Change {
  /** include/linux/box.h, before and after; `use` takes a `struct box *`. */
  readonly header?: readonly [before: string, after: string];
  readonly code?: readonly [before: string, after: string];
}

const ops = (more: string): string => `struct box {\n\tint (*open)(int);\n\tint (*close)(int);\n${more}};\n`;
const struct = (members: string, tail = ''): string => `struct box {\n${members}}${tail};\n`;
const hidden = (text: string): string => `#ifndef __GENKSYMS__\n${text}#endif\n`;
const long = '\tlong a;\n';
const wide = '\tlong a;\n\tlong b;\n\tlong c;\n\tlong d;\n\tlong e;\n\tlong f;\n\tlong g;\n\tlong h;\n';
const sized = (guard: string): string =>
  `enum bin {\n\tBIN_A,\n${guard}\tBIN_COUNT,\n};\nstruct box {\n\tint a[BIN_COUNT];\n};\n`;
const holder = 'struct crate {\n\tstruct box box;\n\tint after;\n};\nint hold(struct crate *c);\n';
const exported = (text: string, name = 'use'): string =>
  `#include <linux/box.h>\n${text}int use(struct box *b) { return 0; }\nint hold(struct crate *c) { return 0; }\nEXPORT_SYMBOL(${name});\nEXPORT_SYMBOL(hold);\n`;

const changes: Readonly<Record<keyof typeof ruleTable, Change>> = {
  'member-added-in-hole': { header: [struct('\tint a;\n\tlong b;\n'), struct('\tint a;\n\tint n;\n\tlong b;\n')] },
  'member-added-at-end': { header: [struct(long), struct(`${long}\tint n;\n`)] },
  'member-inserted': { header: [struct(long), struct(`\tlong n;\n${long}`)] },
  'member-removed': { header: [struct(`${long}\tint b;\n`), struct(long)] },
  'member-moved': { header: [struct(long), struct(`\tlong n;\n${long}`)] },
  'member-retyped': { header: [struct(long), struct('\tvoid *a;\n')] },
  'member-renamed': { header: [struct(long), struct('\tlong z;\n')] },
  'reserved-slot-used': {
    header: [struct(`${long}\tvoid *reserved1;\n\tint z;\n`), struct(`${long}\tlong n;\n\tint z;\n`)],
  },
  'bitfield-changed': { header: [struct('\tint a:3;\n'), struct('\tint a:4;\n')] },
  'array-resized': { header: [struct('\tint a[3];\n'), struct('\tint a[4];\n')] },
  'size-changed': { header: [struct(long), struct(`${long}\tlong n;\n`)] },
  'align-changed': { header: [struct('\tint a;\n'), struct('\tlong a;\n')] },
  'enum-value-changed': {
    header: [`enum bin { A, B };\n${struct('\tenum bin a;\n')}`, `enum bin { N, A, B };\n${struct('\tenum bin a;\n')}`],
  },
  'enum-value-added': {
    header: [`enum bin { A, B };\n${struct('\tenum bin a;\n')}`, `enum bin { A, B, N };\n${struct('\tenum bin a;\n')}`],
  },
  'cacheline-moved': { header: [struct(`${wide}\tlong last;\n`), struct(`\tlong n;\n${wide}\tlong last;\n`)] },
  'crc-changed': { header: [struct(long), struct(`${long}\tlong n;\n`)] },
  'crc-cosmetic': { header: [struct('\tunsigned a;\n'), struct('\tunsigned int a;\n')] },
  'type-became-defined': {
    header: [`struct far;\n${struct('\tstruct far *f;\n')}`, `struct far;\n${struct('\tstruct far *f;\n')}`],
    code: [exported(''), exported('#include <linux/far.h>\n')],
  },
  'export-unversioned': {
    code: [
      exported(''),
      exported(hidden('int fresh(void);\n') + hidden('int fresh(void) { return 0; }\n')).concat(
        'EXPORT_SYMBOL(fresh);\n',
      ),
    ],
  },
  'config-drift': { header: [struct(long), struct(`${long}\tlong n;\n`)] },
  'export-removed': { code: [exported(''), exported('').replace('EXPORT_SYMBOL(use);\n', '')] },
  'export-added': { code: [exported('').replace('EXPORT_SYMBOL(use);\n', ''), exported('')] },
  'export-license-changed': {
    code: [exported(''), exported('').replace('EXPORT_SYMBOL(use)', 'EXPORT_SYMBOL_GPL(use)')],
  },
  'export-namespace-changed': {
    code: [exported(''), exported('').replace('EXPORT_SYMBOL(use)', 'EXPORT_SYMBOL_NS(use, BOX)')],
  },
  'prototype-changed': {
    code: [
      exported('int other(int a) { return a; }\n').concat('EXPORT_SYMBOL(other);\n'),
      exported('int other(long a) { return a; }\n').concat('EXPORT_SYMBOL(other);\n'),
    ],
  },
  'inline-body-changed': {
    header: [
      `${struct(long)}static inline int f(int a)\n{\n\treturn a;\n}\n`,
      `${struct(long)}static inline int f(int a)\n{\n\treturn a + 1;\n}\n`,
    ],
  },
  'attribute-hidden': {
    header: [struct('\tchar a;\n\tlong b;\n'), struct('\tchar a;\n\tlong b;\n', ' __attribute__((packed))')],
  },
  'enum-array-bound': { header: [sized(''), sized(hidden('\tBIN_N,\n'))] },
  'ops-slot-added': { header: [ops(''), ops('\tint (*more)(int);\n')] },
  'guard-honest': { header: [struct('\tint a;\n\tlong b;\n'), struct(`\tint a;\n${hidden('\tint n;\n')}\tlong b;\n`)] },
  'guard-hides-break': { header: [struct(long), struct(`${hidden('\tlong n;\n')}${long}`)] },
  'guard-embedder': { header: [struct(long) + holder, struct(`${long}${hidden('\tlong n;\n')}`) + holder] },
  'guard-stale-branch': {
    header: [struct(long), struct('#ifdef __GENKSYMS__\n\tint a;\n#else\n\tvoid *a;\n#endif\n')],
  },
  'guard-useless': {
    code: [
      exported('struct own { int a; };\nint own(struct own *o) { return 0; }\n'),
      exported(`struct own { int a;\n${hidden('\tint b;\n')}};\nint own(struct own *o) { return 0; }\n`),
    ],
  },
  'guard-unbalanced': { header: [struct(long), `${struct(long)}#ifndef __GENKSYMS__\nint late;\n`] },
};

const macros = [
  '#ifdef __GENKSYMS__',
  ...['', '_GPL'].map((kind) => `#define EXPORT_SYMBOL${kind}(x) __GENKSYMS_EXPORT_SYMBOL(x)`),
  '#define EXPORT_SYMBOL_NS(x, ns) __GENKSYMS_EXPORT_SYMBOL(x)',
  '#else',
  ...['', '_GPL'].map((kind) => `#define EXPORT_SYMBOL${kind}(x) extern int __x_##x`),
  '#define EXPORT_SYMBOL_NS(x, ns) extern int __x_##x',
  '#endif\n',
].join('\n');

const filesOf = ({ header, code }: Change, at: 0 | 1): Record<string, string> => ({
  'include/linux/box.h': `#include <linux/export.h>\nstruct crate;\n${(header ?? [struct(long), struct(long)])[at]}int use(struct box *b);\n`,
  'kernel/box.c': (code ?? [exported(''), exported('')])[at],
});

function treeOf(change: Change, more: Record<string, string> = {}): SmallTree {
  const own = { 'include/linux/export.h': macros, 'include/linux/far.h': 'struct far { int far; };\n' };
  const tree = new SmallTree({ ...filesOf(change, 0), ...own, ...more });
  trees.push(tree);
  return tree;
}

function reviewOf(change: Change): Review {
  return treeOf(change).review(filesOf(change, 1), ['x86_64'], ['kernel/box.c']);
}
/** A kernel that shipped another size of the type. */
const shipped = {
  meta: { name: 'shipped', arch: 'x86_64', version: null, crcMode: 'genksyms' },
  row: (table: string) =>
    table === 'shipped' ? [{ kind: 'struct', name: 'box', typedef: false, size: 4, align: 4, members: [] }] : null,
  rows: () => [],
} as unknown as Reference;

test.each(Object.entries(changes))('%s', (rule, change) => {
  const review = reviewOf(change);
  const made = rule === 'config-drift' ? againstReference(review, shipped) : review;
  const found = made.findings.filter((one) => one.rule === rule);
  expect(
    [rule, made.verdict, made.findings.map((one) => one.rule)].concat(found.length > 0 ? [] : ['not made']),
  ).not.toContain('not made');
  for (const one of found) expect(one.text).not.toBe('');
});

test('a reserved slot used as intended and an enumerator at the end of an enumeration are no break of layout', () => {
  for (const rule of ['reserved-slot-used', 'enum-value-added'] as const) {
    const review = reviewOf(changes[rule]);
    const severities = review.findings
      .filter((one) => one.rule !== 'crc-changed' && one.rule !== 'crc-cosmetic')
      .map((one) => [one.rule, one.severity]);
    expect(severities).toEqual([[rule, 'info']]);
  }
});

test.each(Object.entries(changes))('%s: where a review decides nothing it says what is missing', (_rule, change) => {
  const after = filesOf(change, 1);
  const tree = treeOf(change);
  const unversioned = treeOf(change, { '.config': 'CONFIG_X86_64=y\nCONFIG_MODULES=y\n' });
  const reviews = {
    'the mail alone': reviewSeries({ series: tree.series(after), arch: 'x86_64' }),
    'no unit that exports': tree.review(after, ['x86_64'], []),
    'no versions': unversioned.review(after, ['x86_64'], ['kernel/box.c']),
  };
  for (const [from, { verdict, missing }] of Object.entries(reviews))
    expect([from, verdict, verdict !== 'unknown' || missing.length > 0]).toEqual([from, verdict, true]);
});
