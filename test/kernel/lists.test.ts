import { describe, expect, test } from '@jest/globals';
import { isPromised, kabiModuleList, matchesGlob, readPolicyList, unusedRules } from '../../src/kernel/lists.js';

const symbol = (name: string, module = 'vmlinux', namespace: string | null = null) => ({ name, module, namespace });

describe('severities', () => {
  const text = `
# comment
kvm_x86_ops      FAIL
arch/x86/kvm/*   PASS   # hypervisor
EXT4_PRIVATE     PASS
not_stable_?     pass
drivers/one      PASS
arch/x86/kvm/kvm PASS
nonsense
`;
  const { list, bad } = readPolicyList('severities', text);

  test('the first rule that matches decides, and none is a promise', () => {
    expect(isPromised(list, symbol('kvm_x86_ops', 'arch/x86/kvm/kvm'))).toBe(true);
    expect(isPromised(list, symbol('kvm_init', 'arch/x86/kvm/kvm'))).toBe(false);
    expect(isPromised(list, symbol('ext4_x', 'fs/ext4/ext4', 'EXT4_PRIVATE'))).toBe(false);
    expect(isPromised(list, symbol('EXT4_PRIVATE'))).toBe(true);
    expect(isPromised(list, symbol('not_stable_1'))).toBe(false);
    expect(isPromised(list, symbol('free_task'))).toBe(true);
  });

  test('a rule that nothing reaches is reported, also one behind a wider one; so is a line that is none', () => {
    const symbols = [symbol('kvm_x86_ops'), symbol('kvm_init', 'arch/x86/kvm/kvm'), symbol('not_stable_1')];
    expect(unusedRules(list, symbols)).toEqual([
      { line: 5, text: 'EXT4_PRIVATE PASS' },
      { line: 7, text: 'drivers/one PASS' },
      { line: 8, text: 'arch/x86/kvm/kvm PASS' },
    ]);
    expect(bad).toEqual([{ line: 9, text: 'nonsense' }]);
  });

  test('old ones have numbers', () => {
    const { list: old } = readPolicyList('severities', 'fs/xfs/* 0\nvmlinux 10\n');
    expect(isPromised(old, symbol('xfs_x', 'fs/xfs/xfs'))).toBe(false);
    expect(isPromised(old, symbol('free_task'))).toBe(true);
  });
});

describe('lists of symbols', () => {
  test.each([
    ['a stable list of RHEL', '[rhel9_x86_64_stablelist]\n\tfree_task\n\tkfree\n'],
    ['a locked list of UEK', '[uek7_x86_64_lockedlist]\n\tfree_task\n\tkfree\n'],
    ["Android's", '[abi_symbol_list]\n# commonly used\n  free_task\n\n# required by x.ko\n  kfree\n  kfree\n'],
    ['a plain one', 'free_task\nkfree'],
  ])('%s', (_, text) => {
    const { list, bad } = readPolicyList('list', text);
    expect(bad).toEqual([]);
    expect(list.kind === 'symbols' ? [...list.symbols.keys()] : null).toEqual(['free_task', 'kfree']);
    expect(isPromised(list, symbol('kfree'))).toBe(true);
    expect(isPromised(list, symbol('vfree'))).toBe(false);
    expect(unusedRules(list, [symbol('kfree')]).map(({ text: name }) => name)).toEqual(['free_task']);
  });

  test('versions are kept where the list has them', () => {
    const { list } = readPolicyList('Module.kabi', '0x1c4659d0\tfree_task\tvmlinux\tEXPORT_SYMBOL\n');
    expect(list.kind === 'symbols' && list.symbols.get('free_task')).toMatchObject({ crc: 0x1c4659d0 });
  });

  test("kabi-module's files are one list", () => {
    const files = [
      { name: 'kfree', text: '#1-3\n0x037a0cba\tkfree\tvmlinux\tEXPORT_SYMBOL\n' },
      { name: 'vfree', text: '' },
    ];
    const { list } = kabiModuleList('kabi_x86_64', files);
    expect(list.kind === 'symbols' && [...list.symbols.values()].map(({ name, crc }) => [name, crc])).toEqual([
      ['kfree', 0x037a0cba],
      ['vfree', null],
    ]);
  });
});

test('wildcards that nest deep take no time', () => {
  expect(matchesGlob(`${'*a'.repeat(50)}b`, 'a'.repeat(5000))).toBe(false);
  expect(matchesGlob('*k?m*', 'linux/kvm/x')).toBe(true);
  expect(matchesGlob('', '')).toBe(true);
});
