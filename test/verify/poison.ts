/**
 * `npm run verify:poison`: a hundred series through the service, alone, and again with poisoned jobs among them: bombs that the engine must cut, and a worker
 * that loops, backtracks, takes memory or ends, as a fault in the engine would have it. The hundred must be done as fast as without.
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
const evils = ['loop', 'regex', 'memory', 'buffer', 'exit'];
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

async function through(poisons: readonly Buffer[]): Promise<Run> {
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
    for (const mail of poisons) imap.deliver(mail);
    for (let n = 0; n < count; n++) for (const part of series(`n${n}`)) imap.deliver(mailOf(part));
    await until('the hundred are reviewed', () => done(/^n\d/).length >= count, 600_000);
    const seconds = (performance.now() - started) / 1000;
    const bad = () => done(/@poison$|^evil/).length + parked();
    const wanted = poisons.length === 0 ? 0 : Object.keys(bombs).length + evils.length;
    await until('the poison is dealt with', () => bad() >= wanted, 600_000).catch(() => {});
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

const pairs = Number(process.env.KABI_ROUNDS ?? 2);
const times: { without: number; with: number }[] = [];
for (let round = 0; round < pairs; round++) {
  const without = await through([]);
  const poisoned = await through([...Object.values(bombs), ...evils.flatMap(evil)]);
  times.push({ without: without.seconds, with: poisoned.seconds });
  console.log(
    `${count} series: ${without.seconds.toFixed(1)} s alone, ${poisoned.seconds.toFixed(1)} s with ${Object.keys(bombs).length} bombs and ${evils.length} evil jobs among them; the last of those was dealt with after ${poisoned.all.toFixed(1)} s, ${poisoned.parked} parked`,
  );
  for (const line of poisoned.reviewed) console.log(`  reviewed: ${line}`);
  if (poisoned.parked + poisoned.reviewed.length < Object.keys(bombs).length + evils.length) {
    console.log('WRONG: a poisoned job was neither reviewed nor parked');
    process.exitCode = 1;
  }
}
const best = (name: 'without' | 'with') => Math.min(...times.map((one) => one[name]));
console.log(
  `best of ${pairs}: ${best('without').toFixed(1)} s alone, ${best('with').toFixed(1)} s with poison (${(best('with') / best('without')).toFixed(2)} times)`,
);
process.exit();
