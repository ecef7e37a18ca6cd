/** The id of a patch against `git patch-id --stable`, for commits made at random and for the same diff in other shapes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDiffs } from '../../src/patch/parse.js';
import { patchId } from '../../src/patch/patch-id.js';

const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-patch-id-'));
afterAll(() => rmSync(dir, { recursive: true }));

function git(input: string, ...args: string[]): string {
  return execFileSync('git', ['-C', dir, ...args], { input: Buffer.from(input, 'latin1'), encoding: 'latin1' });
}
git('', 'init', '-q', '.');

function blob(text: string): string {
  return git(text, 'hash-object', '-w', '--stdin').trim();
}

type Files = Readonly<Record<string, { readonly text: string; readonly mode: string }>>;

function treeOf(files: Files): string {
  const entries = Object.entries(files).map(([name, { text, mode }]) => `${mode} blob ${blob(text)}\t${name}\n`);
  return git(entries.join(''), 'mktree').trim();
}

const line = fc.constantFrom(
  'int a;',
  '\tlong b;',
  '',
  '  char  c[4];',
  '--- a/x',
  '+++ b/x',
  '@@ -1 +1 @@',
  'diff --git a/q b/q',
  'ä',
);
const text = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean())
  .map(([lines, end]) => lines.join('\n') + (end ? '\n' : ''));
const file = fc.record({ text, mode: fc.constantFrom('100644', '100755') });
const files = fc.dictionary(fc.constantFrom('a.c', 'b.h', 'c d.h', 'e.c'), file, { maxKeys: 4 });

test('equals git’s for random commits', () => {
  fc.assert(
    fc.property(files, files, (one, other) => {
      const diff = git('', 'diff-tree', '-p', '--no-renames', '-r', treeOf(one), treeOf(other));
      const [truth = ''] = git(diff, 'patch-id', '--stable').split(' ');
      expect(patchId(parseDiffs(diff).files) ?? '').toBe(truth.trim());
    }),
    { numRuns: Number(process.env.KABI_ROUNDS ?? 40) },
  );
}, 600_000);

test('is the same on another base, with other white space and in another order of files; another when text differs', () => {
  const one = 'diff --git a/a.h b/a.h\n--- a/a.h\n+++ b/a.h\n@@ -1,2 +1,3 @@\n int a;\n+int b;\n int c;\n';
  const two = 'diff --git a/b.h b/b.h\n--- a/b.h\n+++ b/b.h\n@@ -1 +1 @@\n-x\n+y\n';
  const idOf = (diff: string) => patchId(parseDiffs(diff).files);
  expect(idOf(one + two)).toBe(idOf(two + one));
  expect(idOf(one.replace('-1,2 +1,3', '-70,2 +91,3'))).toBe(idOf(one));
  expect(idOf(one.replace('+int b;', '+int  b; '))).toBe(idOf(one));
  expect(idOf(one.replace('+int b;', '+long b;'))).not.toBe(idOf(one));
  expect(idOf(one.replaceAll('a.h', 'q.h'))).not.toBe(idOf(one));
  expect(patchId([])).toBeNull();
});
