import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tokenize } from '../../src/c/lex/tokenize.js';
import { exportsOf } from '../../src/kernel/exports.js';
import { readSymvers, writeSymvers } from '../../src/kernel/symvers.js';

describe('Module.symvers', () => {
  test('every layout that kernels have written', () => {
    const text = [
      '0x1c4659d0\tfree_task\tvmlinux\tEXPORT_SYMBOL\t',
      '0x00000000\tno_crc\tfs/ext4/ext4\tEXPORT_SYMBOL_GPL\tEXT4_PRIVATE',
      '0xffffffff\tof_5_4\tUSB_STORAGE\tdrivers/usb/storage/usb-storage\tEXPORT_SYMBOL_GPL',
      '0x0000abcd\tof_5_4_plain\t\tvmlinux\tEXPORT_SYMBOL',
      '0x12345678\trhel6\tvmlinux\tEXPORT_SYMBOL_GPL',
      '0x12345678\told\tdrivers/net/8390',
      '',
    ].join('\n');
    expect(readSymvers(text)).toEqual({
      symbols: [
        { name: 'free_task', crc: 0x1c4659d0, module: 'vmlinux', license: 'any', namespace: null },
        { name: 'no_crc', crc: null, module: 'fs/ext4/ext4', license: 'gpl', namespace: 'EXT4_PRIVATE' },
        {
          name: 'of_5_4',
          crc: 0xffffffff,
          module: 'drivers/usb/storage/usb-storage',
          license: 'gpl',
          namespace: 'USB_STORAGE',
        },
        { name: 'of_5_4_plain', crc: 0xabcd, module: 'vmlinux', license: 'any', namespace: null },
        { name: 'rhel6', crc: 0x12345678, module: 'vmlinux', license: 'gpl', namespace: null },
        { name: 'old', crc: 0x12345678, module: 'drivers/net/8390', license: 'unknown', namespace: null },
      ],
      bad: [],
    });
  });

  test('other lines are told with their number', () => {
    expect(readSymvers('0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\nhello\n0x2\tb\tx\ty\n').bad).toEqual([
      { line: 2, text: 'hello' },
      { line: 3, text: '0x2\tb\tx\ty' },
    ]);
  });

  test('what is written reads the same', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/);
    const symbol = fc.record({
      name,
      crc: fc.option(fc.integer({ min: 1, max: 0xffffffff })),
      module: name,
      license: fc.constantFrom(
        'any' as const,
        'gpl' as const,
        'gpl-future' as const,
        'unused' as const,
        'unused-gpl' as const,
      ),
      namespace: fc.option(name),
    });
    fc.assert(
      fc.property(fc.array(symbol), (symbols) => expect(readSymvers(writeSymvers(symbols)).symbols).toEqual(symbols)),
    );
  });
});

describe('exports of a source file', () => {
  const exported = (text: string, given: string | null = null) =>
    exportsOf(tokenize(Buffer.from(text)), given).map(({ name, license, namespace }) => [name, license, namespace]);

  test('licenses and namespaces, old and new', () => {
    const text = `
EXPORT_SYMBOL(a);
EXPORT_SYMBOL_GPL( b );
EXPORT_SYMBOL_NS(c, OLD); EXPORT_SYMBOL_NS_GPL(d, "NEW");
EXPORT_SYMBOL_GPL_FUTURE(e);
EXPORT_UNUSED_SYMBOL(f); EXPORT_UNUSED_SYMBOL_GPL(g);
/* EXPORT_SYMBOL(comment); */
`;
    expect(exported(text)).toEqual([
      ['a', 'any', null],
      ['b', 'gpl', null],
      ['c', 'any', 'OLD'],
      ['d', 'gpl', 'NEW'],
      ['e', 'gpl-future', null],
      ['f', 'unused', null],
      ['g', 'unused-gpl', null],
    ]);
  });

  test('a default namespace, of the command line or of the file, holds where none is written', () => {
    expect(exported('EXPORT_SYMBOL(a);', '"CMD"')).toEqual([['a', 'any', 'CMD']]);
    const text = '#define DEFAULT_SYMBOL_NAMESPACE MINE\nEXPORT_SYMBOL_GPL(a);\nEXPORT_SYMBOL_NS(b, OTHER);';
    expect(exported(text, 'CMD')).toEqual([
      ['a', 'gpl', 'MINE'],
      ['b', 'any', 'OTHER'],
    ]);
    expect(exported('#include <linux/module.h>\n#define DEFAULT_SYMBOL_NAMESPACE LATE\nEXPORT_SYMBOL(a);')).toEqual([
      ['a', 'any', null],
    ]);
  });

  test('a definition of a macro is no export, and neither is an argument that is no name', () => {
    expect(exported('#define EXPORT_MY(x) \\\n EXPORT_SYMBOL(my)\nEXPORT_SYMBOL(\\name)\nEXPORT_SYMBOL(a##b)')).toEqual(
      [],
    );
  });

  test('assembler, tracepoints, static calls and per-cpu variables', () => {
    expect(exported('SYM_FUNC_END(memcpy)\nEXPORT_SYMBOL(memcpy)\n')).toEqual([['memcpy', 'any', null]]);
    expect(exported('EXPORT_TRACEPOINT_SYMBOL_GPL(xdp); EXPORT_PER_CPU_SYMBOL(x86);').map(([name]) => name)).toEqual([
      '__tracepoint_xdp',
      '__traceiter_xdp',
      '__SCK__tp_func_xdp',
      '__SCT__tp_func_xdp',
      'x86',
      'per_cpu__x86',
    ]);
  });
});
