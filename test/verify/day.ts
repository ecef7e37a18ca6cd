/**
 * `npm run verify:day`: a day of list traffic at 60 times its speed, 24 minutes, through four processes on PostgreSQL, whose replies come back over the list.
 * Everything that is configured in time is a sixtieth, and retention an hour or two of that day, so that what nobody prunes shows. Each simulated
 * hour prints the memory of every process and the rows of every table. `-- --hours 4` for less, `--per-day N` for other traffic (9,600 mails), `--archive`
 * for other mails than those of ../shared: 400 of them, once in each hour, as other threads each time.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startDovecot } from '../servers/dovecot.js';
import { startPostgres } from '../servers/postgres.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, startProcess, withoutLimits } from '../servers/service.js';
import { startSmtp } from '../servers/smtp.js';
import { copyOf } from './copies.js';
import { databaseBytes, rowsOf, takenBy } from './measure.js';
import { mailsOf } from './servers.js';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    'per-day': { type: 'string', default: '9600' },
    archive: { type: 'string', default: '../shared/threads/linux-modules.mbox' },
  },
});
const [hours, perHour] = [Number(values.hours), Math.round(Number(values['per-day']) / 24)];
const roles = ['watch', 'work', 'post', 'web'] as const;
/** One simulated hour. */
const hourMs = 60_000;
if (!existsSync(values.archive)) {
  console.log(`skipped: no archive at ${values.archive}; name an mbox with -- --archive FILE`);
  process.exit();
}
const mails = mailsOf(readFileSync(values.archive, 'latin1')).slice(0, perHour);
const dovecot = await startDovecot();
const postgres = dovecot === null ? null : await startPostgres();
if (dovecot === null || postgres === null) process.exit();
process.env.KABIWATCH_TEST_URL = postgres.url;
const folder = scratchFolder('day');
let replies = 0;
const smtp = await startSmtp(async ({ raw }) => {
  replies++;
  smtp.mails.length = 0;
  await dovecot.add([raw]);
});
const config = configuration(
  folder.path,
  { imapPort: dovecot.port, user: dovecot.user, mailbox: dovecot.mailbox, smtpPort: smtp.port },
  {
    store: { url: { env: 'KABIWATCH_TEST_URL' } },
    posting: withoutLimits,
    watching: { poll: '3s', lease: '10s', maxMessage: '500kB' },
    reviewing: { lease: '10s' },
    retention: { mail: '120s', reviews: '240s', quarantine: '120s' },
  },
  { mode: 'list', reply: 'always', quiet: '15s' },
);
const services = roles.map((role) => ({
  role,
  process: startProcess(`${folder.path}/${role}.yaml`, config, { role }),
}));
const admin = new pg.Client({ connectionString: postgres.url });
await admin.connect();

interface Hour {
  readonly hour: number;
  readonly mails: number;
  /** MB of each process, of the workers together, and of the database on disk. */
  readonly memory: Readonly<Record<string, number>>;
  readonly rows: ReadonlyMap<string, number>;
}

const mb = (bytes: number) => Math.round(bytes / 1e6);
const sample = async (hour: number, sent: number): Promise<Hour> => {
  const memory: Record<string, number> = {};
  let workers = 0;
  for (const { role, process: service } of services) {
    const { own, children } = takenBy(service.child.pid ?? -1);
    memory[role] = mb(own.bytes);
    workers += children.bytes;
  }
  return {
    hour,
    mails: sent,
    memory: { ...memory, workers: mb(workers), database: mb(await databaseBytes(admin)) },
    rows: await rowsOf(admin),
  };
};

/** A list does not write evenly: pieces of one to twenty mails, a second apart. */
async function feedHour(hour: number): Promise<void> {
  const began = performance.now();
  // One that is put aside unread.
  await dovecot?.add([
    Buffer.from(`Subject: large ${hour}\r\nMessage-ID: <large${hour}@x>\r\n\r\n${'x\r\n'.repeat(200_000)}`),
  ]);
  let at = 0;
  for (let second = 0; at < mails.length; second++) {
    const share = Math.ceil((mails.length * (second + 1)) / 55);
    if (share > at) await dovecot?.add(mails.slice(at, share).map((raw) => copyOf(raw, hour)));
    at = Math.max(at, share);
    await pause(Math.max(0, began + (second + 1) * 1000 - performance.now()));
  }
  await pause(Math.max(0, began + hourMs - performance.now()));
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const kept: Hour[] = [];
try {
  await until(
    'the services run',
    () => services.every(({ process: { lines } }) => lines.some(({ msg }) => msg === 'kabiwatch is running')),
    120_000,
  );
  console.log(`${mails.length} mails an hour, ${hours} hours in ${hours} minutes`);
  for (let hour = 1; hour <= hours; hour++) {
    await feedHour(hour);
    const now = await sample(hour, hour * mails.length);
    kept.push(now);
    const rows = [...now.rows.values()].reduce((sum, count) => sum + count, 0);
    console.log(`hour ${hour}: ${now.mails} mails, ${replies} replies, ${rows} rows; MB ${JSON.stringify(now.memory)}`);
  }
  console.log('memory in MB, each simulated hour');
  console.table(Object.fromEntries(kept.map(({ hour, memory }) => [hour, memory])));
  console.log('rows of each table');
  const some = kept.filter(({ hour }) => hour === 1 || hour % Math.max(1, Math.floor(hours / 6)) === 0);
  const tables = [...(kept.at(-1)?.rows.keys() ?? [])];
  console.table(
    Object.fromEntries(
      tables.map((table) => [
        table,
        Object.fromEntries(some.map(({ hour, rows }) => [`h${hour}`, rows.get(table) ?? 0])),
      ]),
    ),
  );
  for (const line of grown()) {
    console.log(`GROWS: ${line}`);
    process.exitCode = 1;
  }
} finally {
  for (const { process: service } of services) await service.stop();
  await admin.end();
  await smtp.stop();
  await dovecot.stop();
  await postgres.stop();
  folder.remove();
}
console.log(
  process.exitCode === 1
    ? 'something grows'
    : kept.length < 3
      ? 'too short to say whether anything grows: 3 hours at least'
      : 'nothing grows: the last third of the day is as the second',
);
process.exit();

/** The last third against the second; in the first, tables fill up to what retention keeps. */
function grown(): string[] {
  const third = Math.floor(kept.length / 3);
  if (third === 0) return [];
  const mean = (of: readonly Hour[], value: (hour: Hour) => number) =>
    of.reduce((sum, hour) => sum + value(hour), 0) / of.length;
  const [middle, last] = [kept.slice(-2 * third, -third), kept.slice(-third)];
  const names = (of: (hour: Hour) => Iterable<string>) => [...of(kept.at(-1) as Hour)];
  const lines: string[] = [];
  const check = (what: string, value: (hour: Hour) => number, allowed: (before: number) => number) => {
    const [before, after] = [mean(middle, value), mean(last, value)];
    if (after > allowed(before))
      lines.push(`${what}: ${before.toFixed(0)} in the second third, ${after.toFixed(0)} in the last`);
  };
  for (const name of names(({ memory }) => Object.keys(memory)))
    check(
      `memory of ${name} (MB)`,
      ({ memory }) => memory[name] ?? 0,
      (before) => before * 1.1 + 15,
    );
  for (const name of names(({ rows }) => rows.keys()))
    check(
      `rows of ${name}`,
      ({ rows }) => rows.get(name) ?? 0,
      (before) => before * 1.1 + 20,
    );
  return lines;
}
