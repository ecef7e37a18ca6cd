/** A tree whose config says gendwarfksyms: the mode is stated, and what changes is told by its rules, not by __GENKSYMS__. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createTwoFilesPatch } from 'diff';
import { treeInput } from '../../src/disk/tree-input.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import { seriesFromDiffs } from './series.js';

const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-dwarf-'));
afterAll(() => rmSync(dir, { recursive: true }));

const header = 'include/linux/pool.h';
const rules = ['BYTE_SIZE(fqn, value) R(byte_size, fqn, #fqn, #value)', 'DECLONLY(fqn) R(declonly, fqn, #fqn, "")']
  .concat('ENUMERATOR_IGNORE(fqn, one) R(enumerator_ignore, fqn##one, #fqn " " #one, "")')
  .concat('ENUMERATOR_VALUE(fqn, one, value) R(enumerator_value, fqn##one, #fqn " " #one, #value)')
  .map((rule) => `#define KABI_${rule}\n`)
  .concat(
    '#define R(hint, own, target, value) static const char __gendwarfksyms_rule_##own[] = "1\\0" #hint "\\0" target "\\0" value\n',
  )
  .join('');
const tree: Readonly<Record<string, string>> = {
  '.config': 'CONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\nCONFIG_GENDWARFKSYMS=y\n',
  Makefile:
    'VERSION = 6\nPATCHLEVEL = 14\nSUBLEVEL = 0\nLINUXINCLUDE := -I$(srctree)/include\ninclude arch/$(SRCARCH)/Makefile\n',
  Kbuild: 'obj-y += init/\n',
  'arch/x86/Makefile': '',
  'init/Makefile': 'obj-y := main.o\n',
  [header]: `${rules}#define EXPORT_SYMBOL(name) extern typeof(name) name\nenum mode {\n\tFAST,\n\tSLOW,\n\tMODE_MAX,\n};\nstruct near {\n\tint latch;\n\tlong last;\n};\nstruct pool {\n\tint lock;\n\tlong end;\n\tunion {\n\t\tlong __kabi_reserved0;\n\t};\n\tstruct near *near;\n\tenum mode mode;\n};\nint pool_add(struct pool *p, int n);\n`,
  'init/main.c':
    '#include <linux/pool.h>\nint pool_add(struct pool *p, int n) { return 0; }\nEXPORT_SYMBOL(pool_add);\nint plain(int n) { return 0; }\nEXPORT_SYMBOL(plain);\n',
};
for (const [path, text] of Object.entries(tree)) {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

function review(from: string, to: string, units = ['init/main.c']) {
  const text = tree[header] as string;
  const diff = createTwoFilesPatch(`a/${header}`, `b/${header}`, text, text.replace(from, to));
  const { whoUses: _, ...source } = treeInput({ tree: dir, build: [], arch: 'x86_64' });
  return reviewSeries({
    series: seriesFromDiffs([diff]),
    arch: 'x86_64',
    source: { ...source, units },
  });
}

describe('A tree versioned by gendwarfksyms', () => {
  test('a guard hides nothing, and the values are not guessed', () => {
    const { target, verdict, symbols } = review(
      '\tint lock;\n',
      '\tint lock;\n#ifndef __GENKSYMS__\n\tint count;\n#endif\n',
    );
    expect([target.crcMode, verdict]).toEqual(['gendwarfksyms', 'crc-break']);
    expect(symbols.changed).toEqual([
      expect.objectContaining({
        name: 'pool_add',
        before: null,
        after: null,
        because: ['pool_add', 'struct pool: member added'],
      }),
    ]);
    expect(symbols.exported).toBe(2);
  });

  test('a reserved slot that is used as its rule says changes no version', () => {
    const { verdict, symbols } = review(
      '\t\tlong __kabi_reserved0;\n',
      '\t\tlong __kabi_reserved0;\n\t\tstruct { int one; int two; };\n',
    );
    expect([verdict, symbols.changed]).toEqual(['guarded', []]);
  });

  test('a member that is said to fill a hole is hidden, and so is harmless only where it does', () => {
    const union = 'union {\n\t\tint count;\n\t\tint __kabi_ignored0;\n\t};\n';
    expect(review('\tint lock;\n', `\tint lock;\n\t${union}`).verdict).toBe('guarded');
    const large = union.replace('int count;', 'char count[16];');
    const lying = review('\tint lock;\n', `\tint lock;\n\t${large}`);
    expect(lying.verdict).toBe('crc-break');
  });

  test('a header alone says of its types what is hashed', () => {
    const end = '\tint latch;\n\tlong last;\n};';
    expect(review(end, end.replace('long', 'int more;\n\tlong'), []).verdict).toBe('crc-break');
    expect(review('\tSLOW,\n', '\tSLOW,\n\tSLOWER,\n', []).verdict).toBe('crc-break');
  });

  test('a rule is judged by the type that it names, wherever it stands', () => {
    const enumeration = (names: string, ...values: string[]): ReturnType<typeof review> =>
      review(
        '\tSLOW,\n\tMODE_MAX,\n};\n',
        `${names}};\n${values.map((value) => `KABI_ENUMERATOR_${value};\n`).join('')}`,
      );
    const calls = ({ verdict, guards }: ReturnType<typeof review>): unknown[] => [
      verdict,
      ...guards.map((one) => one.honest),
    ];
    const ignored = 'IGNORE(mode, MID)';
    const appended = enumeration('\tSLOW,\n\tMID,\n\tMODE_MAX,\n', ignored, 'VALUE(mode, MODE_MAX, 2)');
    expect(calls(appended)).toEqual(['guarded', true, true]);
    const inserted = enumeration(
      '\tMID,\n\tSLOW,\n\tMODE_MAX,\n',
      ignored,
      'VALUE(mode, SLOW, 1)',
      'VALUE(mode, MODE_MAX, 2)',
    );
    expect(calls(inserted)).toEqual(['silent-break', false, false, false]);
    const end = '\tint latch;\n\tlong last;\n};\nstruct pool';
    const grown = end.replace(
      '};',
      '\tunion {\n\t\tlong more;\n\t\tchar __kabi_ignored0;\n\t};\n};\nKABI_BYTE_SIZE(near, 16);',
    );
    expect(review(end, grown).guards.map(({ rule, honest }) => [rule, honest])).toEqual([['guard-hides-break', false]]);
    const opaque = end.replace('\tlong', '\tint more;\n\tlong').replace('};', '};\nKABI_DECLONLY(near);');
    expect(calls(review(end, opaque))).toEqual(['crc-break', false]);
    const alone = end.replace('};', '};\nKABI_BYTE_SIZE(near, 24);');
    expect(calls(review(end, alone))).toEqual(['crc-break', null]);
  });
});
