/** Input that nobody should send: a clear message or a bounded result; never a crash, a gigabyte, or ten seconds. Runs the built program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { diff, rawMail } from '../mail/mails.js';

if (!existsSync('dist/cli/main.js')) execFileSync('npm', ['run', 'build']);
const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-bad-'));
/** What each run took; the largest are printed at the end. */
const runs: (Pick<Outcome, 'seconds' | 'megabytes'> & { readonly name: string })[] = [];
afterAll(() => {
  rmSync(folder, { recursive: true });
  const largest = (figure: 'seconds' | 'megabytes'): string => {
    const worst = runs.reduce((one, other) => (other[figure] > one[figure] ? other : one));
    return `${worst[figure].toFixed(1)} (${worst.name})`;
  };
  if (runs.length > 0)
    process.stdout.write(
      `bad input: ${runs.length} runs, most seconds ${largest('seconds')}, MB ${largest('megabytes')}\n`,
    );
});

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
  readonly megabytes: number;
}

/** Runs a command and notes its largest memory. */
function run(command: string, path: string): Outcome {
  const peak = join(folder, 'peak');
  const note = `import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(${JSON.stringify(peak)},String(process.resourceUsage().maxRSS)))`;
  const started = performance.now();
  const hook = `data:text/javascript,${encodeURIComponent(note)}`;
  const args = ['--import', hook, 'dist/cli/main.js', command, path, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const seconds = (performance.now() - started) / 1000;
  return { status, out: stdout, err: stderr, seconds, megabytes: Number(readFileSync(peak, 'utf8')) / 1024 };
}

const hunk = '@@ -1,2 +1,3 @@\n struct box {\n+\tint more;\n };\n';
const mail = rawMail({ id: '1@x', subject: '[PATCH] x: one', body: diff });
const from = 'From a@example.org Thu Jan  1 00:00:00 1970\n';

/** What it is, its bytes (null: a directory), the exit code of `review`, and what must be said. */
const inputs: readonly (readonly [name: string, bytes: () => Buffer | null, status: number, said: RegExp])[] = [
  ['an empty file', () => Buffer.alloc(0), 2, /no patch in it/],
  ['a directory', () => null, 2, /neither a maildir nor a public-inbox archive/],
  [
    'a truncated mbox',
    () => Buffer.from(`${from}${mail}\n${from}${mail.replace('1@x', '2@x').slice(0, -20)}`),
    1,
    /truncated/,
  ],
  [
    'a mail of 200 MB',
    () => Buffer.concat([Buffer.from(mail), Buffer.alloc(200_000_000, 'text text\n')]),
    2,
    /more than 64 MiB/,
  ],
  [
    'a mail of 60 MB',
    () => Buffer.concat([Buffer.from(mail), Buffer.alloc(60_000_000, 'text text\n')]),
    1,
    /too-large/,
  ],
  [
    'a mail of 100,000 MIME parts',
    () => {
      const parts = '--b\nContent-Type: text/plain\n\nx\n'.repeat(100_000);
      const fields = ['Content-Type: multipart/mixed; boundary=b'];
      return Buffer.from(
        `${rawMail({ id: '1@x', subject: '[PATCH] x', fields, body: `--b\n\n${diff}\n${parts}--b--` })}`,
      );
    },
    1,
    /too-large/,
  ],
  [
    'names outside the tree',
    () =>
      Buffer.from(`--- a/../../etc/passwd\n+++ b/../../etc/passwd\n${hunk}--- /etc/passwd\n+++ /etc/passwd\n${hunk}`),
    3,
    /unsafe-path[^"]*\/etc\/passwd/,
  ],
  [
    'a hunk of 1,000,000 lines',
    () =>
      Buffer.from(`--- /dev/null\n+++ b/include/linux/x.h\n@@ -0,0 +1,1000000 @@\n${'+\tint x;\n'.repeat(1_000_000)}`),
    3,
    /too-large/,
  ],
  [
    'invalid UTF-8',
    () => Buffer.from(mail.replace('int more', 'int \xff\xfe\xc3(more'), 'latin1'),
    1,
    /crc-break|silent-break|unknown/,
  ],
  ['zero bytes', () => Buffer.alloc(1_000_000), 2, /no patch in it/],
];

describe.each(inputs)('%s', (name, bytes, status, said) => {
  const path = join(folder, name.replace(/\W+/g, '-'));

  test('has a clear end, soon and in bounded memory', () => {
    const content = bytes();
    if (content === null) mkdirSync(path);
    else writeFileSync(path, content);
    const review = run('review', path);
    expect(review.out + review.err).toMatch(said);
    expect(review.err).not.toMatch(/\n\s+at /);
    expect(review.status).toBe(status);
    const thread = run('thread', path);
    expect(thread.err).not.toMatch(/\n\s+at /);
    expect([0, 2]).toContain(thread.status);
    runs.push({ name: `review, ${name}`, ...review }, { name: `thread, ${name}`, ...thread });
    for (const { seconds, megabytes } of [review, thread]) {
      expect(seconds).toBeLessThan(10);
      expect(megabytes).toBeLessThan(1000);
    }
    rmSync(path, { recursive: true });
  });
});
