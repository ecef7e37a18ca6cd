/** What every SourceTree holds to. `make` gets the files that the tree is to have. */
import { describe, expect, test } from '@jest/globals';
import type { SourceTree } from '../../src/tree/source-tree.js';

export const contractFiles = {
  Makefile: 'VERSION = 6\n',
  'include/linux/a.h': 'int a;\n',
  'include/linux/same.h': 'int a;\n',
  'include/linux/b.h': 'int b;\n',
  'include/linux/deep/c.h': '',
  'kernel/bytes.c': '\u00e9\u0000\r\n',
};

export function sourceTreeContract(name: string, make: (files: Readonly<Record<string, string>>) => SourceTree): void {
  describe(`${name} is a source tree`, () => {
    const tree = make(contractFiles);

    test('gives the bytes of each file', () => {
      for (const [path, text] of Object.entries(contractFiles))
        expect([path, Buffer.from(tree.read(path) as Uint8Array).toString('latin1')]).toEqual([path, text]);
    });

    test('lists names sorted, directories with a slash', () => {
      expect(tree.list('')).toEqual(['Makefile', 'include/', 'kernel/']);
      expect(tree.list('include/linux')).toEqual(['a.h', 'b.h', 'deep/', 'same.h']);
      expect(tree.list('absent')).toEqual([]);
      expect(tree.list('Makefile')).toEqual([]);
    });

    test('has no file where there is none, and none outside', () => {
      for (const path of ['absent', 'include', '', '/etc/passwd', '../x', 'include/../Makefile', 'a\0b', './Makefile'])
        expect([path, tree.read(path), tree.contentId(path)]).toEqual([path, null, null]);
      expect(tree.list('..')).toEqual([]);
      expect(tree.list('/')).toEqual([]);
    });

    test('gives different contents different ids', () => {
      const ids = ['Makefile', 'include/linux/a.h', 'include/linux/b.h', 'include/linux/deep/c.h'];
      expect(new Set(ids.map((path) => tree.contentId(path))).size).toBe(ids.length);
      expect(tree.contentId('include/linux/a.h')).toBe(tree.contentId('include/linux/a.h'));
    });
  });
}
