/** `review --fix` and several `--arch`: the written patch applies on top of the series, with git. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { diffText, filePatchBetween } from '../../src/patch/line-diff.js';
import { SmallTree } from '../kabi/small-tree.js';

const trees: SmallTree[] = [];
afterAll(() => {
  for (const tree of trees) tree.remove();
});

const path = 'include/linux/box.h';
const box = (members: string): string =>
  `#include <linux/export.h>\nstruct box {\n${members}};\nint use(struct box *b);\n`;
const unit = '#include <linux/box.h>\nint use(struct box *b) { return 0; }\nEXPORT_SYMBOL(use);\n';

function run(
  before: string,
  after: string,
  ...more: string[]
): { tree: SmallTree; status: number | null; stdout: string; stderr: string } {
  const tree = new SmallTree({ [path]: before, 'kernel/box.c': unit });
  trees.push(tree);
  const patch = filePatchBetween(path, before, after);
  if (patch === null) throw new Error('nothing changes');
  writeFileSync(join(tree.dir, 'series.patch'), diffText(patch));
  const args = [
    'dist/cli/main.js',
    'review',
    '--tree',
    tree.dir,
    '--unit',
    'kernel/box.c',
    ...more,
    join(tree.dir, 'series.patch'),
  ];
  const env = { ...process.env, XDG_CACHE_HOME: join(tree.dir, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  return { tree, status, stdout, stderr };
}

test('--fix writes a patch that git applies on top of the series', () => {
  const { tree, status, stderr } = run(
    box('\tint first;\n\tlong second;\n'),
    box('\tint first;\n\tlong second;\n\tint count;\n'),
    '--fix',
    'FIXES',
  );
  const written = join('FIXES', 'kabiwatch-fix-1.patch');
  try {
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('put `count` into the hole of 4 bytes behind `first` (guarded)'),
    ]);
    execFileSync('git', ['init', '-q'], { cwd: tree.dir });
    execFileSync('git', ['apply', join(tree.dir, 'series.patch')], { cwd: tree.dir });
    const git = ['-c', 'user.name=A', '-c', 'user.email=a@example.org'];
    execFileSync('git', ['add', '-A'], { cwd: tree.dir });
    execFileSync('git', [...git, 'commit', '-q', '-m', 'series'], { cwd: tree.dir });
    execFileSync('git', [...git, 'am', '-q', join(process.cwd(), written)], { cwd: tree.dir });
    expect(readFileSync(join(tree.dir, path), 'utf8')).toContain(
      '#ifndef __GENKSYMS__\n\tint count;\n#endif\n\tlong second;',
    );
  } finally {
    if (existsSync('FIXES')) execFileSync('rm', ['-r', 'FIXES']);
  }
});

test('several architectures give one review with the worst verdict, and say on which', () => {
  const guarded = '\tint first;\n#ifndef __GENKSYMS__\n\tint count;\n#endif\n\tlong second;\n';
  const before = box('\tint first;\n\tlong second;\n');
  const one = run(before, box(guarded), '--json', '--arch', 'x86_64');
  expect(JSON.parse(one.stdout).verdict).toBe('guarded');
  const both = run(before, box(guarded), '--json', '--no-advice', '--arch', 'x86_64', '--arch', 'i386');
  const review = JSON.parse(both.stdout);
  expect(['guarded', 'none']).not.toContain(review.verdict);
  expect(review.target.arch).toBe('x86_64');
  expect(review.findings.some(({ text }: { text: string }) => text.startsWith('on i386: '))).toBe(true);
});
