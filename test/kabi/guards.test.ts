/** Guards on whole small trees: the four views decide, the file decides where a guard begins and ends. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { treeInput } from '../../src/disk/tree-input.js';
import type { Review } from '../../src/kabi/review.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import { filePatchBetween } from '../../src/patch/line-diff.js';

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true });
});

const unit = '#include <linux/box.h>\nint use(struct crate *c) { return c->after; }\nEXPORT_SYMBOL(use);\n';
const head =
  '#ifdef __GENKSYMS__\n#define EXPORT_SYMBOL(x) __GENKSYMS_EXPORT_SYMBOL(x)\n#else\n#define EXPORT_SYMBOL(x) extern int __x_##x\n#endif\nstruct lid { int a; };\nint use(struct crate *c);\n';

/** `before` and `after` are the text of include/linux/box.h. */
function review(before: string, after: string, arch: 'x86_64' | 'i386' = 'x86_64'): Review {
  const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-guard-'));
  dirs.push(dir);
  const files = {
    Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n',
    '.config': 'CONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\nCONFIG_MODULES=y\n',
    'arch/x86/Makefile': '',
    'include/linux/box.h': `${head}${before}`,
    'kernel/box.c': unit,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const { whoUses: _, ...source } = treeInput({ tree: dir, build: [], arch });
  const patch = filePatchBetween('include/linux/box.h', `${head}${before}`, `${head}${after}`);
  const files_ = patch === null ? [] : [patch];
  const one = { n: 1, total: 1, messageId: null, subject: 's', author: null, damage: [], files: files_ };
  const series = { subject: 's', version: 1, rfc: false, messageId: null, base: null, patches: [one] };
  return reviewSeries({ series, arch, source: { ...source, units: ['kernel/box.c'] } });
}

const box = (members: string): string =>
  `struct box {\n\tlong first;\n\tint order;\n${members}};\nstruct crate {\n\tstruct box box;\n\tint after;\n};\n`;
const guarded = (text: string): string => `#ifndef __GENKSYMS__\n${text}#endif\n`;
const calls = ({ guards }: Review): unknown[] => guards.map(({ rule, honest }) => [rule, honest]);

describe('a guard', () => {
  test('that fills padding is honest', () => {
    const made = review(box(''), box(guarded('\tint count;\n')));
    expect([made.verdict, calls(made)]).toEqual(['guarded', [['guard-honest', true]]]);
  });

  test('is honest on one architecture and not on another, where the hole is missing', () => {
    const made = review(box(''), box(guarded('\tint count;\n')), 'i386');
    expect(made.verdict).not.toBe('guarded');
    expect(calls(made)).toEqual([['guard-embedder', false]]);
  });

  test('lies where a struct that embeds the changed one moves', () => {
    const made = review(box(''), box(guarded('\tlong count;\n')));
    expect([made.verdict, calls(made)]).toEqual(['silent-break', [['guard-embedder', false]]]);
  });

  test('whose genksyms branch is not the old text is stale', () => {
    const after = box('#ifdef __GENKSYMS__\n\tshort x;\n#else\n\tint count;\n#endif\n');
    const made = review(box(''), after);
    expect([made.verdict, calls(made)]).toEqual(['crc-break', [['guard-stale-branch', false]]]);
  });

  test('far above the line that changes inside it is found in the file', () => {
    const many = Array.from({ length: 12 }, (_, at) => `\tchar c${at};\n`).join('');
    const tail = '\tchar pad[8];\n';
    const made = review(box(guarded(many) + tail), box(guarded(`${many}\tchar more;\n`) + tail));
    expect(made.guards.map(({ line, idiom }) => [line, idiom])).toEqual([[11, '#ifndef __GENKSYMS__']]);
    expect(made.verdict).toBe('silent-break');
  });

  test('that no #endif closes in the file is unbalanced, one closed far below is not', () => {
    const open = review(box(''), `${box('')}#ifndef __GENKSYMS__\nstruct late { int a; };\n`);
    expect(calls(open)).toEqual([['guard-unbalanced', null]]);
    const lines = Array.from({ length: 30 }, (_, at) => `extern int v${at};\n`).join('');
    const closed = review(box('') + lines, `#ifndef __GENKSYMS__\n${box('')}${lines}#endif\n`);
    expect(calls(closed).flat()).not.toContain('guard-unbalanced');
  });

  test('answers for its own struct, not for another change of the series', () => {
    const other = 'struct tray {\n\tint a;\n};\nint tray(struct tray *t);\n';
    const grown = 'struct tray {\n\tint a;\n\tint b;\n};\nint tray(struct tray *t);\n';
    const made = review(box('') + other, box(guarded('\tint count;\n')) + grown);
    expect(calls(made)).toEqual([['guard-honest', true]]);
  });

  test('around a bit that a narrowed member gives up is honest on a little-endian machine', () => {
    const before = 'struct crate {\n\tunsigned char slot;\n\tint after;\n};\n';
    const bits =
      '#ifdef __GENKSYMS__\n\tunsigned char slot;\n#else\n\tunsigned char slot:7;\n\tunsigned char exact:1;\n#endif\n';
    const made = review(before, `struct crate {\n${bits}\tint after;\n};\n`);
    expect([made.verdict, calls(made)]).toEqual(['conditional', [['guard-honest', true]]]);
  });
});
