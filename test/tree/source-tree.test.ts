import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { directoryTree } from '../../src/disk/trees/directory-tree.js';
import { gitPlace, gitTree } from '../../src/disk/trees/git-tree.js';
import { memoryTree } from '../../src/tree/memory.js';
import { unionTree } from '../../src/tree/union.js';
import { sourceTreeContract } from '../contract/source-tree.js';

const scratch = mkdtempSync(join(tmpdir(), 'kabiwatch-tree-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let made = 0;
function directoryOf(files: Readonly<Record<string, string>>): string {
  const dir = join(scratch, String(made++));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text, 'latin1');
  }
  return dir;
}

function git(dir: string, ...args: string[]): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'core.autocrlf=false'];
  execFileSync('git', ['-C', dir, ...who, ...args], { stdio: 'pipe' });
}

function repositoryOf(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): string {
  const dir = directoryOf(files);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(dir, path));
  git(dir, 'init', '-q');
  git(dir, 'add', '-A', '-f');
  git(dir, 'commit', '-q', '-m', 'all');
  return dir;
}

sourceTreeContract('a map in memory', (files) => memoryTree('memory', files));
sourceTreeContract('a directory', (files) => directoryTree(directoryOf(files)));
sourceTreeContract('a git revision', (files) => gitTree(repositoryOf(files), 'HEAD'));
sourceTreeContract('a union', (files) => {
  const { Makefile, ...rest } = files;
  return unionTree([memoryTree('first', { Makefile: Makefile as string }), memoryTree('second', rest)]);
});

const linked = { 'include/asm-x/page.h': 'int page;' };
const links = {
  'include/asm': 'asm-x',
  'include/out': '/etc',
  'include/up.h': '../../../etc/passwd',
  'include/me': 'me',
};

describe.each([
  ['a directory', () => directoryTree(linkedDirectory())],
  ['a git revision', () => gitTree(repositoryOf(linked, links), 'HEAD')],
])('Symbolic links in %s', (_name, make) => {
  test('are followed inside and are nothing where they leave it or turn in a circle', () => {
    const tree = make();
    expect(Buffer.from(tree.read('include/asm/page.h') as Uint8Array).toString()).toBe('int page;');
    expect(tree.list('include/asm')).toEqual(['page.h']);
    expect(tree.list('include/out')).toEqual([]);
    for (const path of ['include/out/passwd', 'include/up.h', 'include/me', 'include/me/x'])
      expect([path, tree.read(path), tree.contentId(path)]).toEqual([path, null, null]);
  });
});

function linkedDirectory(): string {
  const dir = directoryOf(linked);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(dir, path));
  return dir;
}

describe('A git revision', () => {
  test('is read as it was, whatever the work tree holds now', () => {
    const dir = repositoryOf({ 'a.h': 'int first;' });
    git(dir, 'tag', 'one');
    writeFileSync(join(dir, 'a.h'), 'int second;');
    git(dir, 'commit', '-q', '-a', '-m', 'second');
    const place = gitPlace(`${dir}@one`);
    expect(place).toEqual({ dir, revision: 'one' });
    expect(Buffer.from(gitTree(dir, 'one').read('a.h') as Uint8Array).toString()).toBe('int first;');
  });

  test('that does not exist, or looks like an option, is an error with its name', () => {
    const dir = repositoryOf({ 'a.h': 'int a;' });
    for (const revision of ['absent', '--all', '--output=x'])
      expect(() => gitTree(dir, revision)).toThrow(
        expect.objectContaining({ code: 'tree-not-found' }) as unknown as Error,
      );
  });
});
