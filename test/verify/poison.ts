/**
 * `npm run verify:poison`: a hundred series through the service, alone, and again behind a poisoned job: a bomb that the engine must cut, or a worker
 * that loops, backtracks, takes memory or ends, as a fault in the engine would have it; and behind all of these together. The hundred must be done
 * as fast as without. KABI_POISON=WORDS takes those whose name has them, KABI_ROUNDS so many pairs of each.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pino from 'pino';
import type { Service } from '../../src/service/start.js';
import { mailOf, series } from '../demo/thread.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration } from '../servers/service.js';
import { startSmallImap } from '../servers/small-imap.js';

const count = Number(process.env.KABI_JOBS ?? 100);
const dist = (path: string) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { startService } = (await dist('service/start.js')) as typeof import('../../src/service/start.js');
const { parseConfig } = (await dist('service/config-file.js')) as typeof import('../../src/service/config-file.js');

/** A small kernel in git, so that the bombs reach the preprocessor and the parser. */
function smallTree(folder: string): string {
  const files: Record<string, string> = {
    Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\ninclude arch/$(SRCARCH)/Makefile\n',
    Kbuild: 'obj-y += kernel/\n',
    'arch/x86/Makefile': '',
    'arch/x86/include/asm/page.h': '',
    'kernel/Makefile': 'obj-y := s.o\n',
    'include/linux/s.h': 'struct s {\n\tint a;\n\tlong b;\n};\n',
    'kernel/s.c':
      '#include <linux/s.h>\n#define EXPORT_SYMBOL(name) __GENKSYMS_EXPORT_SYMBOL(name)\nint use_s(struct s *s) { return s->a; }\nEXPORT_SYMBOL(use_s);\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args]);
  git('init', '-q', '.');
  git('add', '-A');
  git('commit', '-q', '-m', 'base');
  return folder;
}

/** Lines put into struct s by a patch that applies. */
function bomb(id: string, lines: readonly string[], more = ''): Buffer {
  const added = lines.map((line) => `+${line}\n`).join('');
  const diff = `--- a/include/linux/s.h\n+++ b/include/linux/s.h\n@@ -1,4 +1,${4 + lines.length} @@\n struct s {\n \tint a;\n${added} \tlong b;\n };\n`;
  const text = `${more}Boom.\n\n---\ndiff --git a/include/linux/s.h b/include/linux/s.h\n${diff}-- \n2.39.5\n`;
  return mailOf({ id: `${id}@poison`, subject: `[PATCH] poison ${id}`, answers: null, text });
}

const doubling = Array.from({ length: 40 }, (_, n) => `#define M${n + 1} M${n} M${n}`);
const nested = `${'('.repeat(60_000)}1${')'.repeat(60_000)}`;
const bombs: Readonly<Record<string, Buffer>> = {
  'macro bomb, 2^40 tokens': bomb('macros', ['#define M0 int x;', ...doubling, 'M40']),
  'macro bomb in #if': bomb('if', ['#define M0 1 +', ...doubling, '#if M40 0', 'int y;', '#endif']),
  'array of 2^62': bomb('array', ['char big[1UL << 40][1UL << 22];']),
  'nesting of 60,000': bomb('nesting', [`char deep[${nested}];`]),
  'text that makes patterns backtrack': bomb(
    'regex',
    ['int z;'],
    `${'a '.repeat(20_000)}!\n${'<'.repeat(40_000)}\n${' '.repeat(60_000)}x\n${'-8<'.repeat(20_000)}\n`,
  ),
};
const evil = (name: string): Buffer[] =>
  series(`evil${name}`).map((part) =>
    Buffer.from(mailOf(part).toString('latin1').replace(/^/, `X-Poison: ${name}\r\n`), 'latin1'),
  );

interface Run {
  /** Until the hundred were reviewed, and the longest time of one of them in its worker. */
  readonly seconds: number;
  readonly parked: number;
  readonly reviewed: readonly string[];
  /** Seconds until each poison was dealt with: reviewed, or parked. */
  readonly all: number;
}

/** `poisons`: series that come before the hundred. */
async function through(poisons: readonly (readonly Buffer[])[]): Promise<Run> {
  const folder = scratchFolder('poison');
  const imap = await startSmallImap('bot', 'secret');
  process.env.KABIWATCH_TEST_PASSWORD = 'secret';
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    {
      write: (line: string) => {
        lines.push(JSON.parse(line));
        if (process.env.KABI_DEBUG !== undefined) process.stderr.write(line);
      },
    },
  );
  const tree = smallTree(join(folder.path, 'tree'));
  const config = configuration(
    folder.path,
    { imapPort: imap.port, user: 'bot', mailbox: 'INBOX', smtpPort: 1 },
    { reviewing: { workers: 2, timeLimit: '20s' } },
    { mode: 'dry-run', reply: 'always', quiet: '2s', source: { tree: `${tree}@HEAD`, timeLimit: '20s' } },
  );
  let service: Service | null = null;
  try {
    service = await startService(parseConfig(config, 'kabiwatch.yaml'), {
      roles: ['watch', 'work', 'post', 'web'],
      log,
      workerScript: new URL('../../../test/servers/poison-worker.mjs', import.meta.url),
    });
    await until('it watches', () => lines.some(({ detail }) => String(detail).startsWith('watching')), 60_000);
    // One before, so that both runs begin with workers at hand.
    for (const part of series('warm')) imap.deliver(mailOf(part));
    const done = (wanted: RegExp) =>
      lines.filter(({ msg, series: id }) => msg === 'reviewed' && wanted.test(String(id)));
    await until('it works', () => done(/^warm/).length === 1, 60_000);
    const started = performance.now();
    const parked = () => lines.filter(({ msg }) => msg === 'parked for a person').length;
    for (const mail of poisons.flat()) imap.deliver(mail);
    for (let n = 0; n < count; n++) for (const part of series(`n${n}`)) imap.deliver(mailOf(part));
    await until('the hundred are reviewed', () => done(/^n\d/).length >= count, 600_000);
    const seconds = (performance.now() - started) / 1000;
    const bad = () => done(/@poison$|^evil/).length + parked();
    await until('the poison is dealt with', () => bad() >= poisons.length, 600_000).catch(() => {});
    return {
      seconds,
      parked: parked(),
      reviewed: done(/@poison$|^evil/).map(({ series: id, ms, verdict }) => `${id}: ${verdict}, ${ms} ms`),
      all: (performance.now() - started) / 1000,
    };
  } finally {
    await service?.stop();
    await imap.stop();
    folder.remove();
  }
}

/** Each the mails of one series. What is no poison shows how far two runs alike are apart. */
const kinds: Readonly<Record<string, readonly Buffer[]>> = {
  'nothing: one more series': series('evilnot').map((part) => mailOf(part)),
  ...Object.fromEntries(Object.entries(bombs).map(([name, mail]) => [name, [mail]])),
  'a worker that loops': evil('loop'),
  'a pattern that backtracks': evil('regex'),
  '1 GB of objects': evil('memory'),
  '1 GB of buffers': evil('buffer'),
  'a worker that ends': evil('exit'),
};
const together = 'all of these at once';
const asked = process.env.KABI_POISON;
const rounds = Number(process.env.KABI_ROUNDS ?? 3);
const middle = (all: readonly number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] as number;
const clean: number[] = [];
const rows: string[] = [];
for (const [name, series] of [
  ...Object.entries(kinds).map(([name, one]) => [name, [one]] as const),
  [together, Object.values(kinds)] as const,
]) {
  if (asked !== undefined && !name.includes(asked)) continue;
  const ratios: number[] = [];
  let last: Run | null = null;
  for (let round = 0; round < rounds; round++) {
    // In turns: whichever comes first finds the machine otherwise.
    const first = round % 2 === 0 ? await through([]) : null;
    last = await through(series);
    const without = first ?? (await through([]));
    clean.push(without.seconds);
    ratios.push(last.seconds / without.seconds);
    if (last.parked + last.reviewed.length >= series.length) continue;
    console.log(`WRONG: ${name}: a poisoned job was neither reviewed nor parked`);
    process.exitCode = 1;
  }
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((one) => one.toFixed(2));
  const dealt = `${last?.all.toFixed(1)} s: ${last?.parked} parked${last?.reviewed.map((one) => `, ${one}`).join('')}`;
  const row = `| ${name} | ${middle(ratios).toFixed(2)} (${least} to ${most}) | ${dealt} |`;
  console.log(row);
  rows.push(row);
}
console.log(
  `\n${count} series take ${middle(clean).toFixed(1)} s alone (median of ${clean.length}). With poison before them, median of ${rounds} pairs:\n`,
);
console.log(`| poison | times as long | dealt with after |\n|---|---|---|\n${rows.join('\n')}`);
process.exit();
