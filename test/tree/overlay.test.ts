import { memoryTree } from '../../src/tree/memory.js';
import { overlayFiles } from '../../src/tree/overlay.js';
import { sourceTreeContract } from '../contract/source-tree.js';

sourceTreeContract('an overlay', (files) => {
  const { Makefile, 'include/linux/deep/c.h': deep, ...rest } = files;
  const base = memoryTree('base', { ...rest, Makefile: 'other', 'gone/away/x.h': 'int x;' });
  const own = new Map<string, Uint8Array | null>([
    ['Makefile', Buffer.from(Makefile as string, 'latin1')],
    ['include/linux/deep/c.h', Buffer.from(deep as string, 'latin1')],
    ['gone/away/x.h', null],
  ]);
  return overlayFiles(base, own, 'overlay');
});
