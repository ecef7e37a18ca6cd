/** The command as a user runs it: formats, exit codes, and clear words for bad input. Runs the built program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { Review } from '../../src/kabi/review.js';
import { sharedData } from '../truth/kernel.js';

if (!existsSync('dist/cli/main.js')) execFileSync('npm', ['run', 'build']);
const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[], input = ''): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', 'review', ...args], {
    input,
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

const diff = (line: string): string =>
  `--- a/include/linux/box.h\n+++ b/include/linux/box.h\n@@ -1,4 +1,5 @@\n struct box {\n \tint order;\n+${line}\n \tint last;\n };\n`;
const mail = (subject: string, id: string, answers: string, body: string): string =>
  `From: A <a@example.org>\nSubject: ${subject}\nMessage-ID: <${id}>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n${answers}\n${body}\n-- \n2.40\n`;

test('a bare diff on standard input: JSON by the schema, exit code 1 for a break', () => {
  const { status, out } = run(['--json', '-'], diff('\tvoid *owner;'));
  expect(status).toBe(1);
  expect(Review.parse(JSON.parse(out)).verdict).toBe('crc-break');
});

test('exit code 0 where there is nothing, 3 where a tree would be needed', () => {
  expect(run(['-'], '--- a/README.md\n+++ b/README.md\n@@ -1,1 +1,2 @@\n a\n+b\n').status).toBe(0);
  expect(run(['-'], diff('#ifndef __GENKSYMS__\n+\tu32 count;\n+#endif').replace('+1,5', '+1,7')).status).toBe(3);
});

test('an mbox with two threads is an array of two reviews', () => {
  const path = join(folder, 'two.mbox');
  const from = 'From mboxrd@z Thu Jan  1 00:00:00 1970\n';
  const one = mail('[PATCH] one', '1@x', '', `\n${diff('\tvoid *owner;')}`);
  const two = mail('[PATCH] two', '2@x', '', `\n${diff('\tint more;')}`);
  writeFileSync(path, `${from}${one}\n${from}${two}`);
  const reviews = JSON.parse(run(['--json', path]).out);
  expect(reviews.map((review: Review) => review.series.subject)).toEqual(['[PATCH] one', '[PATCH] two']);
});

test('no colour where the output is no terminal, and the verdict in the first line', () => {
  const { out } = run(['-'], diff('\tvoid *owner;'));
  expect(out.split('\n')[0]).toMatch(/^crc-break/);
  expect(out).not.toContain('\u001b');
});

test('bad usage and unreadable input are exit code 2 and one clear line', () => {
  expect(run(['/nowhere.mbox'])).toMatchObject({ status: 2, out: '', err: expect.stringContaining('/nowhere.mbox') });
  expect(run([folder]).status).toBe(2);
  expect(run(['-'], '').status).toBe(2);
  expect(run(['--arch', 'vax', '-']).status).toBe(2);
  expect(run(['--help']).out).toContain('Examples:');
});

test.each([['--build', folder], ['--branch', 'v6.1'], ['--unit', 'lib/box.c'], ['--verify']])(
  '%s without a tree is refused, not ignored',
  (option, ...values) => {
    const { status, out, err } = run([option, ...values, '-'], diff('\tvoid *owner;'));
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(new RegExp(`${option} .*remedy: name the kernel source with --tree`));
  },
);

const uprobes = sharedData('threads/2007-uprobes.mbox');

(uprobes === null ? test.skip : test)(
  'the thread of 2007: a pointer of 4 bytes on i386, not guarded, and what a tree is needed for',
  () => {
    const { status, out } = run(['--json', uprobes as string]);
    const review = Review.parse(JSON.parse(out));
    expect(status).toBe(1);
    expect(review.types.map(({ kind, name }) => [kind, name])).toEqual([['typedef', 'mm_context_t']]);
    expect(review.findings[0]?.text).toContain('4 bytes on i386 (a pointer); not guarded');
    expect(review.guards).toEqual([]);
    expect(review.missing.map(({ what }) => what)).toContain('which types embed `typedef mm_context_t`');
  },
);

test('in an Action: annotations on lines of the new file, and a step summary that is added to', () => {
  const summary = join(folder, 'summary.md');
  writeFileSync(summary, 'of the step before\n');
  const { status, stdout } = spawnSync(process.execPath, ['dist/cli/main.js', 'review', '--format', 'github', '-'], {
    input: diff('\tvoid *owner;'),
    encoding: 'utf8',
    env: { ...process.env, GITHUB_STEP_SUMMARY: summary },
  });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^::(warning|error) file=include\/linux\/box\.h,line=3,title=member-inserted::/);
  expect(readFileSync(summary, 'utf8')).toMatch(/^of the step before\n### kABI: crc-break\n/);
});
