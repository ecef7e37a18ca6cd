/** The object store of a repository: how often git is started, and what is said when it ends or lacks something. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { GitObjects } from '../../../src/disk/trees/git-objects.js';
import { treeIn } from '../../../src/disk/trees/git-tree.js';
import { scratchFolder } from '../../servers/run.js';

const folder = scratchFolder('objects');
const path = process.env.PATH ?? '';
afterAll(() => {
  process.env.PATH = path;
  folder.remove();
});

const work = join(folder.path, 'work');
mkdirSync(work);
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', work, '-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
    encoding: 'latin1',
  });
git('init', '-q', '.');
for (let n = 0; n < 300; n++) {
  mkdirSync(join(work, `d${n % 20}`), { recursive: true });
  writeFileSync(join(work, `d${n % 20}`, `${n}.c`), `int file_${n};\n`.repeat(n * 40));
}
git('add', '-A');
git('commit', '-q', '-m', 'files');

/** A git that writes down what it is asked, before the real one. */
const log = join(folder.path, 'log');
const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
const shim = join(folder.path, 'bin');
mkdirSync(shim);
writeFileSync(join(shim, 'git'), `#!/bin/sh\necho "$*" >> ${log}\nexec ${real} "$@"\n`);
chmodSync(join(shim, 'git'), 0o755);
process.env.PATH = `${shim}:${path}`;

test('300 files of any size are read by one git cat-file', () => {
  const objects = new GitObjects(join(work, '.git'));
  const tree = treeIn(objects, 'HEAD');
  for (let n = 299; n >= 0; n--)
    expect(Buffer.from(tree.read(`d${n % 20}/${n}.c`) ?? '').toString()).toBe(`int file_${n};\n`.repeat(n * 40));
  expect(tree.read('d0/none.c')).toBeNull();
  const started = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('cat-file'));
  expect(started).toHaveLength(1);
  objects.close();
});

test('an id that is not there, or no blob, is no content', () => {
  const objects = new GitObjects(join(work, '.git'));
  expect(objects.blob('f'.repeat(40))).toBeNull();
  expect(objects.blob(git('rev-parse', 'HEAD').trim())).toBeNull();
  const blob = git('rev-parse', 'HEAD:d1/1.c').trim();
  expect(objects.blob(blob)?.length).toBe(40 * 'int file_1;\n'.length);
  objects.close();
});

test('a place that is no repository is an error, not a wait', () => {
  const objects = new GitObjects(folder.path);
  expect(() => objects.blob('f'.repeat(40))).toThrow(expect.objectContaining({ code: 'tree-not-found' }));
});
