/** `review --tree` with neither --unit nor --reference: the units that show what a header declares are found. Runs the built program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Review } from '../../src/kabi/review.js';
import { diffText } from '../../src/patch/line-diff.js';
import { SmallTree } from '../kabi/small-tree.js';

if (!existsSync('dist/cli/main.js')) execFileSync('npm', ['run', 'build']);

const header = (members: string): string => `struct box {\n\tint order;\n${members}};\nint use(struct box *b);\n`;
const unit = (tail: string): string => `#include <linux/export.h>\n#include <linux/box.h>\n${tail}`;
const tree = new SmallTree({
  'include/linux/box.h': header(''),
  'kernel/box.c': unit('int use(struct box *b) { return b->order; }\nEXPORT_SYMBOL(use);\n'),
  'kernel/quiet.c': unit('int still(struct box *b) { return b->order; }\n'),
});
afterAll(() => tree.remove());

function review(members: string): Review {
  const [file] = tree.series({ 'include/linux/box.h': header(members) }).patches[0]?.files ?? [];
  const args = ['dist/cli/main.js', 'review', '--tree', tree.dir, '--no-advice', '--json', '-'];
  const env = { ...process.env, XDG_CACHE_HOME: join(tree.dir, '.cache') };
  const { stdout } = spawnSync(process.execPath, args, { input: file && diffText(file), encoding: 'utf8', env });
  return Review.parse(JSON.parse(stdout));
}

test('a header alone: the unit that exports what spells the type is read, and that no other can is known', () => {
  const { verdict, symbols, missing } = review('\tlong count;\n');
  expect([verdict, symbols.changed.map(({ name }) => name)]).toEqual(['crc-break', ['use']]);
  expect(missing).toEqual([]);
});

test('a guarded member is judged by what that unit exports', () => {
  const { verdict, types } = review('#ifndef __GENKSYMS__\n\tint count;\n#endif\n');
  expect([types[0]?.name, verdict]).toEqual(['box', 'conditional']);
});
