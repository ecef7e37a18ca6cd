/** What the reply says beyond its bounds, which test/contract/report.test.ts keeps. */
import { describe, expect, test } from '@jest/globals';
import type { Consumer, Review } from '../../src/kabi/review.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import { advisoryReport } from '../../src/report/advisory.js';
import { textReport } from '../../src/report/text.js';
import { seriesFromDiffs } from '../kabi/series.js';

const series = seriesFromDiffs([
  '--- a/include/linux/box.h\n+++ b/include/linux/box.h\n@@ -9,3 +9,4 @@ struct box {\n \tint a;\n+\tint b;\n \tint c;\n };\n',
]);
const base = reviewSeries({ series, arch: 'x86_64' });
const uses = (file: string, member: string | null, place: Consumer['place'] = 'builtin'): Consumer => ({
  type: 'struct box',
  member,
  kind: member === null ? 'sizeof' : 'access',
  place,
  file,
  line: 7,
  function: 'f',
});

describe('the reply', () => {
  test('says for conditional what to leave alone, and which modules might not', () => {
    const consumers = [
      uses('fs/exec.c', 'dumpable'),
      uses('security/commoncap.c', 'dumpable'),
      uses('fs/exec.c', 'dumpable'),
      uses('drivers/pci/probe.c', null),
    ];
    const text = textReport({ ...base, verdict: 'conditional', consumers }, series);
    expect(text).toContain('an outside module must not touch: struct box.dumpable');
    expect(text).toContain('nor allocate, embed or copy: struct box');
    expect(text.replace(/\s+/g, ' ')).toContain(
      'kinds of module that might: exec handlers, security modules (LSMs), pci drivers',
    );
  });

  test('names modules first where they decide, and asks nobody to leave anything alone', () => {
    const text = textReport(
      { ...base, verdict: 'silent-break', consumers: [uses('drivers/x/a.c', 'c', 'module')] },
      series,
    );
    expect(text).toContain('- module: drivers/x/a.c:7 access of struct box.c');
    expect(text).not.toContain('must not touch');
  });

  test('says that a guard lies only where there is one', () => {
    expect(textReport({ ...base, verdict: 'silent-break' }, series).split('\n')[0]).not.toContain('guard');
    const guard = {
      file: 'x.h',
      line: 1,
      idiom: '#ifndef __GENKSYMS__',
      hides: [],
      honest: false,
      rule: 'guard-hides-break',
      why: 'y',
    };
    expect(textReport({ ...base, verdict: 'silent-break', guards: [guard] }, series).split('\n')[0]).toContain(
      'the guard lies',
    );
  });

  test('has the rewrite whole or not at all', () => {
    const diff = (lines: number): string =>
      `--- a/x.h\n+++ b/x.h\n@@ -1 +1,${lines} @@\n a\n${'+b\n'.repeat(lines - 1)}`;
    const withFix = (lines: number): Review => ({
      ...base,
      fixes: [{ title: 't', verdict: 'none', diff: diff(lines) }],
    });
    expect(textReport(withFix(20), series)).toContain(diff(20));
    expect(textReport(withFix(60), series)).toContain('(a patch of 63 lines: --fix writes it)');
  });
});

test('where nothing is promised the reply is the verdict, one short paragraph and the command', () => {
  const text = advisoryReport(base);
  const [first, blank, ...rest] = text.trimEnd().split('\n');
  expect(first).toContain(base.verdict);
  expect(blank).toBe('');
  expect(rest).not.toContain('');
  expect(rest.length).toBeLessThan(8);
  expect(text.split('\n').every((line) => line.length <= 72)).toBe(true);
  expect(text.replace(/\s+/g, ' ')).toContain('To repeat: kabiwatch review');
});
