/**
 * `npm run verify:scale`: a list's archive three times over, 31,710 mails, through one process that watches and posts and 1, 2 and 4 that work, on
 * PostgreSQL. Prints the throughput, what each step costs for one message, and what was busy. `-- --workers 1,2`, `--copies 1`, `--mails 2000` and `--archive
 * BUNDLE` for other runs. The copies are other threads: ids, titles, change-ids and dates differ (copies.ts).
 */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { mailsInGit } from '../../src/disk/archives/mail-archive.js';
import { gitArchive } from '../servers/archive.js';
import { startPostgres } from '../servers/postgres.js';
import { run, scratchFolder, until } from '../servers/run.js';
import { configuration, type ServiceProcess, startProcess } from '../servers/service.js';
import { copyOf } from './copies.js';
import { databaseBytes, takenBy } from './measure.js';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '1,2,4' },
    copies: { type: 'string', default: '3' },
    mails: { type: 'string', default: '1000000' },
    archive: { type: 'string', default: '../shared/threads/linux-modules.bundle' },
  },
});
if (!existsSync(values.archive)) {
  console.log(`skipped: no archive at ${values.archive}; name a public-inbox bundle with -- --archive FILE`);
  process.exit();
}
const folder = scratchFolder('scale');
const archive = await manyOf(values.archive, Number(values.copies));
const rows: Record<string, Record<string, string | number>> = {};
try {
  for (const workers of values.workers.split(',').map(Number)) {
    const result = await through(workers);
    if (result === null) break;
    rows[`${workers} worker${workers === 1 ? '' : 's'}`] = result;
  }
} finally {
  folder.remove();
}
console.log(`${archive.count} mails; ms are for one mail; ${availableParallelism()} processors`);
const [first = {}] = Object.values(rows);
console.table(
  Object.fromEntries(
    Object.keys(first).map((what) => [
      what,
      Object.fromEntries(Object.entries(rows).map(([run, row]) => [run, row[what]])),
    ]),
  ),
);
process.exit();

/** The bundle's mails, so many times, in one archive. */
async function manyOf(bundle: string, copies: number): Promise<{ path: string; count: number }> {
  const once = `${folder.path}/once.git`;
  await run('git', ['clone', '-q', '--mirror', bundle, once]);
  const path = `${folder.path}/many.git`;
  const many = gitArchive(path);
  let count = 0;
  for (let copy = 0; copy < copies; copy++) {
    let piece: Buffer[] = [];
    for await (const { raw } of mailsInGit(once)) {
      if (count >= Number(values.mails)) break;
      piece.push(copyOf(raw, copy));
      count++;
      if (piece.length === 2000) many.add(...piece.splice(0));
    }
    if (piece.length > 0) many.add(...piece);
    piece = [];
  }
  return { path, count };
}

/** What one query of the service is for. */
function stepOf(query: string): 'thread and store mail' | 'reviews and replies' | 'queue' {
  if (/pgboss|queued_at|count\(\*\)::int as count from kabiwatch\.thread/.test(query)) return 'queue';
  if (
    /kabiwatch\.(review|series|series_patch|series_link|delivery|opt_out|parked|request|pull)|due_at = case when marks/.test(
      query,
    )
  )
    return 'reviews and replies';
  return 'thread and store mail';
}

async function through(workers: number): Promise<Record<string, string | number> | null> {
  const postgres = await startPostgres(['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.track=top']);
  if (postgres === null) return null;
  process.env.KABIWATCH_TEST_URL = postgres.url;
  const admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  await admin.query('create extension pg_stat_statements');
  const servers = { imapPort: 1, user: 'nobody', mailbox: 'INBOX', smtpPort: 1 };
  const list = { mode: 'dry-run', quiet: '5s', account: undefined, publicInbox: { path: archive.path } };
  const config = configuration(
    `${folder.path}`,
    servers,
    { store: { url: { env: 'KABIWATCH_TEST_URL' } }, replies: `${folder.path}/replies${workers}` },
    list,
  );
  const busyBefore = busyMs();
  const watch = startProcess(`${folder.path}/watch.yaml`, config, { role: 'watch,post' });
  const working = Array.from({ length: workers }, (_, n) =>
    startProcess(`${folder.path}/work${n}.yaml`, config, { role: 'work' }),
  );
  try {
    const all = [watch, ...working];
    await until('the services run', () => all.every(isRunning), 300_000).catch((error: Error) => {
      console.log(all.map(({ lines }) => lines.slice(-3)));
      throw error;
    });
    const started = performance.now();
    const stored = () => sum(watch.lines, 'fresh') + sum(watch.lines, 'known') + sum(watch.lines, 'quarantined');
    await until('all is stored', () => stored() >= archive.count, 3_600_000);
    const storedS = (performance.now() - started) / 1000;
    const due = async () =>
      Number((await admin.query('select count(*) as n from kabiwatch.thread where due_at is not null')).rows[0]?.n);
    await until('all is reviewed', async () => (await due()) === 0, 3_600_000);
    const seconds = (performance.now() - started) / 1000;
    const perMail = (ms: number) => Math.round((ms / archive.count) * 100) / 100;
    const [front, back] = [takenBy(watch.child.pid ?? -1), working.map(({ child }) => takenBy(child.pid ?? -1))];
    const database = takenBy(postgres.pid());
    const workMain = back.reduce((total, { own }) => total + own.cpuMs, 0);
    const judge = back.reduce((total, { children }) => total + children.cpuMs, 0);
    const databaseMs = database.own.cpuMs + database.children.cpuMs;
    const ours = front.own.cpuMs + front.children.cpuMs + workMain + judge + databaseMs;
    const { rows: statements } = await admin.query<{ query: string; ms: number }>(
      'select query, total_exec_time as ms from pg_stat_statements where query not like $1',
      ['%pg_stat_statements%'],
    );
    const inStep = (step: string) =>
      perMail(statements.filter(({ query }) => stepOf(query) === step).reduce((total, { ms }) => total + ms, 0));
    const { rows: counts } = await admin.query<{ series: string; threads: string }>(
      'select (select count(*) from kabiwatch.series) as series, (select count(*) from kabiwatch.thread) as threads',
    );
    if (process.env.KABI_DEBUG !== undefined) await sayDearest(admin);
    const available = seconds * 1000 * availableParallelism();
    return {
      'series reviewed': Number(counts[0]?.series),
      threads: Number(counts[0]?.threads),
      'reviews begun again': working.flatMap(({ lines }) => lines.filter(({ msg }) => /begun again/.test(String(msg))))
        .length,
      'stored after s': Math.round(storedS),
      'all reviewed after s': Math.round(seconds),
      'mails/s': Math.round(archive.count / seconds),
      'series/s': Math.round((Number(counts[0]?.series) / seconds) * 10) / 10,
      'CPU fetch, store, post (watcher, ms)': perMail(front.own.cpuMs),
      'CPU parse (its worker, ms)': perMail(front.children.cpuMs),
      'CPU hand out, store reviews (workers, ms)': perMail(workMain),
      'CPU judge (their workers, ms)': perMail(judge),
      'CPU PostgreSQL (ms)': perMail(databaseMs),
      'CPU in all (ms)': perMail(ours),
      'database time: thread and store mail (ms)': inStep('thread and store mail'),
      'database time: reviews and replies (ms)': inStep('reviews and replies'),
      'database time: queue (ms)': inStep('queue'),
      'waited for its parser (watcher, ms)': perMail(sum(watch.lines, 'readMs')),
      'waited for the database (watcher, ms)': perMail(sum(watch.lines, 'storeMs')),
      'database on disk (kB)': Math.round(((await databaseBytes(admin)) / 1000 / archive.count) * 10) / 10,
      'processors busy by us': `${Math.round((ours / available) * 100)} %`,
      'processors busy in all': `${Math.round(((busyMs() - busyBefore) / available) * 100)} %`,
    };
  } finally {
    await Promise.all([watch, ...working].map((one) => one.stop()));
    await admin.end();
    await postgres.stop();
  }
}

function isRunning({ lines }: ServiceProcess): boolean {
  return lines.some(({ msg }) => msg === 'kabiwatch is running');
}

function sum(lines: readonly Record<string, unknown>[], key: string): number {
  return lines.reduce((total, line) => total + (Number(line[key]) || 0), 0);
}

/** Of all processors together, since the machine started; waiting for a disk is not busy. */
function busyMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] = (
    readFileSync('/proc/stat', 'latin1').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + soft) * 10;
}

async function sayDearest(admin: pg.Client): Promise<void> {
  const { rows: dearest } = await admin.query(
    `select round(total_exec_time) as ms, calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) as query
     from pg_stat_statements order by total_exec_time desc limit 25`,
  );
  console.table(dearest);
}
