/**
 * `npm run verify:roles`: one PostgreSQL, two watchers, two workers and two posters, each a process. The watcher that holds the mailbox is killed
 * (-9), then one of each other role; every series must be answered exactly once, and the other watcher must take over within a minute.
 */
import { mailOf, series } from '../demo/thread.js';
import { startDovecot } from '../servers/dovecot.js';
import { startPostgres } from '../servers/postgres.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, startProcess, withoutLimits } from '../servers/service.js';
import { startSmtp } from '../servers/smtp.js';

const [count, mostSeconds] = [20, 60];
const dovecot = await startDovecot();
const postgres = await startPostgres();
if (dovecot === null || postgres === null) process.exit();
process.env.KABIWATCH_TEST_URL = postgres.url;
const folder = scratchFolder('roles');
const smtp = await startSmtp((mail) => dovecot.add([mail.raw]));
const config = configuration(
  folder.path,
  { imapPort: dovecot.port, user: dovecot.user, mailbox: dovecot.mailbox, smtpPort: smtp.port },
  {
    store: { url: { env: 'KABIWATCH_TEST_URL' } },
    posting: { ...withoutLimits, unsureGrace: '4s', sendingLease: '8s' },
    reviewing: { lease: '6s' },
  },
  { mode: 'list', reply: 'always', quiet: '5s' },
);
const launch = (role: string, n: number) => startProcess(`${folder.path}/${role}${n}.yaml`, config, { role });
const running = { watch: [launch('watch', 0)], work: [launch('work', 0)], post: [launch('post', 0)] };
const watching = (n: number) =>
  running.watch[n]?.lines.some(({ detail }) => String(detail).startsWith('watching')) ?? false;
const answered = () => new Set(smtp.mails.map(({ messageId }) => messageId)).size;
try {
  await until('the first watcher holds the mailbox', () => watching(0), 60_000);
  for (const role of ['watch', 'work', 'post'] as const) running[role].push(launch(role, 1));
  const feeding = (async () => {
    for (let n = 0; n < count; n++) await dovecot.add(series(`r${n}`).map((part) => mailOf(part)));
  })();
  await until('some answers', () => answered() > 3, 60_000);
  const killed = performance.now();
  for (const role of ['watch', 'work', 'post'] as const) await running[role][0]?.kill();
  console.log(`killed one watcher, one worker and one poster after ${answered()} answers`);
  await feeding;
  await until('the other watcher takes over', () => watching(1), 90_000);
  const seconds = Math.round((performance.now() - killed) / 1000);
  console.log(`the other watcher took over after ${seconds} s (at most ${mostSeconds})`);
  await until('all are answered', () => answered() >= count, 120_000);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const twice = smtp.mails.length - answered();
  console.log(`${count} series, ${answered()} answered, ${twice} twice`);
  if (twice > 0 || seconds > mostSeconds) process.exitCode = 1;
  console.log(process.exitCode === 1 ? 'WRONG' : 'ok');
} finally {
  for (const process of Object.values(running).flat()) await process.stop();
  await smtp.stop();
  await dovecot.stop();
  await postgres.stop();
  folder.remove();
}
process.exit();
