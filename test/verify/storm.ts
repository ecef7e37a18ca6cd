/**
 * Rounds of faults over a service in four processes on PostgreSQL, with a network between every two of them that can be cut. Each round posts a
 * series and every second opens a pull request, and one thing goes wrong while they are read, reviewed or answered. In the end each must have been answered exactly once at the
 * receiving server, and nothing may still be in anybody's hands. The same seed gives the same faults in the same order.
 */
import { writeFileSync } from 'node:fs';
import pg from 'pg';
import { mailOf, series } from '../demo/thread.js';
import { startDovecot } from '../servers/dovecot.js';
import { startPostgres } from '../servers/postgres.js';
import { startProxy } from '../servers/proxy.js';
import { freePort, scratchFolder, until } from '../servers/run.js';
import { configuration, type ServiceProcess, startProcess, withoutLimits } from '../servers/service.js';
import { startSmtp } from '../servers/smtp.js';
import { seeded } from './random.js';
import { startStormGithub } from './storm-github.js';
import { type Posted, rowOf, type StormRow, shuffled } from './storm-rows.js';

export interface StormPlan {
  readonly seed: number;
  readonly rounds: number;
  readonly say: (text: string) => void;
}

export interface StormResult {
  readonly rows: readonly StormRow[];
  readonly series: number;
  readonly answered: number;
  readonly pulls: number;
  readonly pullsAnswered: number;
  readonly twice: readonly string[];
  readonly never: readonly string[];
  /** Leases whose holder ended, replies on their way, threads handed out: none may be left. */
  readonly left: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const rateLimit = {
  kind: 'status',
  status: 403,
  headers: { 'retry-after': '5' },
  message: 'You have exceeded a secondary rate limit',
} as const;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const roles = ['watch', 'work', 'post', 'web'] as const;

/** null where Dovecot or PostgreSQL is not installed. */
export async function storm({ seed, rounds, say }: StormPlan): Promise<StormResult | null> {
  const dovecot = await startDovecot();
  const postgres = dovecot === null ? null : await startPostgres();
  if (dovecot === null || postgres === null) {
    await dovecot?.stop();
    return null;
  }
  const random = seeded(seed);
  const folder = scratchFolder('storm');
  const answeredAt = new Map<string, number[]>();
  const smtp = await startSmtp((mail) => {
    const id = /^In-Reply-To: <(.*)>/im.exec(mail.raw.toString('latin1'))?.[1] ?? '';
    answeredAt.set(id, [...(answeredAt.get(id) ?? []), performance.now()]);
    return dovecot.add([mail.raw]);
  });
  const webPort = await freePort();
  const github = await startStormGithub(folder.path, webPort);
  const proxies = {
    github: github.proxy,
    imap: await startProxy(() => dovecot.port),
    smtp: await startProxy(() => smtp.port),
    database: await startProxy(() => Number(new URL(postgres.url).port)),
  };
  const url = new URL(postgres.url);
  url.port = String(proxies.database.port);
  const clockFile = `${folder.path}/clock`;
  const env = {
    KABIWATCH_TEST_URL: url.toString(),
    KABIWATCH_TEST_CLOCK: clockFile,
    NODE_OPTIONS: `--import=${new URL('../../../test/servers/clock-shift.mjs', import.meta.url).href}`,
  };
  const config = configuration(
    folder.path,
    { imapPort: proxies.imap.port, user: dovecot.user, mailbox: dovecot.mailbox, smtpPort: proxies.smtp.port },
    {
      store: { url: { env: 'KABIWATCH_TEST_URL' } },
      posting: {
        ...withoutLimits,
        ...{ perThread: 100, attempts: 1000, breakerFailures: 100_000, unsureGrace: '6s', sendingLease: '10s' },
      },
      github: github.config,
      web: { listen: `127.0.0.1:${webPort}` },
      watching: { poll: '2s', batch: 10, lease: '4s' },
      reviewing: { lease: '8s' },
    },
    { mode: 'list', reply: 'always', quiet: '5s' },
  );
  let ending = false;
  // As systemd does: who ends is started again, whatever the reason.
  const launch = (role: (typeof roles)[number]): ServiceProcess => {
    const service = startProcess(`${folder.path}/${role}.yaml`, config, { role, env });
    service.child.once('exit', async () => {
      await pause(500);
      if (!ending) running[role] = launch(role);
    });
    return service;
  };
  const running = Object.fromEntries(roles.map((role) => [role, launch(role)])) as Record<
    (typeof roles)[number],
    ServiceProcess
  >;
  const kill = (role: (typeof roles)[number]) => () => running[role].kill();
  const away = (name: keyof typeof proxies, how: 'cut' | 'stall') => async () => {
    proxies[name][how]();
    await pause(500 + random() * 2500);
    proxies[name].heal();
  };
  const jump = (sign: number) => async () => {
    writeFileSync(clockFile, String(Math.round(sign * (60_000 + random() * 7_200_000))));
    await pause(300);
  };
  const faults: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['kill -9 of the watcher', kill('watch')],
    ['kill -9 of the worker', kill('work')],
    ['kill -9 of the poster', kill('post')],
    ['kill -9 of the web', kill('web')],
    ['PostgreSQL restarted', () => postgres.restart()],
    ['network to PostgreSQL cut', away('database', 'cut')],
    ['network to PostgreSQL silent', away('database', 'stall')],
    ['network to IMAP cut', away('imap', 'cut')],
    ['network to IMAP silent', away('imap', 'stall')],
    ['network to SMTP cut', away('smtp', 'cut')],
    ['network to SMTP silent', away('smtp', 'stall')],
    ['SMTP answers 421', async () => smtp.plan.push({ kind: 'refuse', code: 421 })],
    ['SMTP takes a mail, never answers', async () => smtp.plan.push({ kind: 'swallow' })],
    ['SMTP ends within the text', async () => smtp.plan.push({ kind: 'drop' })],
    ['network to GitHub cut', away('github', 'cut')],
    ['network to GitHub silent', away('github', 'stall')],
    ['GitHub answers 502', async () => github.fail({ kind: 'status', status: 502 }, 2)],
    ['GitHub does it and answers 502', async () => github.fail({ kind: 'status-after', status: 502 }, 3)],
    ['GitHub loses calls', async () => github.fail({ kind: 'drop' }, 2)],
    ['GitHub loses answers', async () => github.fail({ kind: 'drop-after' }, 3)],
    ['GitHub says 403, retry after 5 s', async () => github.fail(rateLimit, 1)],
    ['clock jumps ahead, up to 2 h', jump(1)],
    ['clock jumps back, up to 2 h', jump(-1)],
  ];
  const posted: Posted[] = [];
  const started = performance.now();
  const admin = new pg.Client({ connectionString: postgres.url });
  admin.on('error', () => {});
  try {
    await until('the service runs', () => roles.every((role) => hasStarted(running[role])), 120_000);
    for (let round = 0; round < rounds; round++) {
      // Each fault as often as the others, in an order of the seed.
      const [fault, happen] = shuffled(faults, seed + Math.floor(round / faults.length))[
        round % faults.length
      ] as (typeof faults)[number];
      const parts = series(`w${round}`);
      posted.push({ id: parts[0]?.id ?? '', fault, at: performance.now() });
      await dovecot.add(parts.map((part) => mailOf(part)));
      // The call that goes wrong is one of this round.
      // The App writes no quicker than GitHub wants, which is five seconds a pull request: every second round has one.
      const opening = round % 2 === 0 ? github.open(round, fault) : null;
      await pause(random() * 1800);
      await happen();
      await opening;
      await pause(random() * 400);
      github.close();
      if (round % 20 === 19)
        say(
          `round ${round + 1}: ${answeredAt.size} of ${posted.length} series and ${github.answeredAt.size} of ${github.posted.length} pull requests answered`,
        );
    }
    for (const proxy of Object.values(proxies)) proxy.heal();
    writeFileSync(clockFile, '0');
    const done = () => {
      github.close();
      return answeredAt.size >= posted.length && github.answeredAt.size >= github.posted.length;
    };
    await until('all are answered', done, 1_200_000).catch(() => {});
    // An answer that would come twice gets the time to do so: longer than the grace of a lost answer.
    await pause(15_000);
    ending = true;
    await Promise.all(roles.map((role) => running[role].stop()));
    await admin.connect();
    const count = async (sql: string) => Number((await admin.query(`select count(*) as n from ${sql}`)).rows[0].n);
    const left = {
      leases: await count(`kabiwatch.lease where until > clock_timestamp() and name not like 'pause %'`),
      'replies on their way': await count(`kabiwatch.delivery where state in ('sending', 'unsure', 'planned')`),
      'pull requests in hand': await count('kabiwatch.pull where held_until > clock_timestamp()'),
      'pull requests still due': await count('kabiwatch.pull where due_at is not null'),
      'threads still due': await count('kabiwatch.thread where due_at is not null or queued_at is not null'),
      parked: await count('kabiwatch.parked'),
      'mails put aside': await count('kabiwatch.quarantine'),
    };
    return {
      rows: faults.map(([fault]) => rowOf(fault, { posted, answeredAt }, github)),
      series: posted.length,
      answered: posted.filter(({ id }) => answeredAt.has(id)).length,
      pulls: github.posted.length,
      pullsAnswered: github.answeredAt.size,
      twice: [...[...answeredAt].filter(([, times]) => times.length > 1).map(([id]) => id), ...github.wrong()],
      never: [
        ...posted.filter(({ id }) => !answeredAt.has(id)).map(({ id, fault }) => `${id} (${fault})`),
        ...github.posted
          .filter(({ id }) => !github.answeredAt.has(id))
          .map(({ id, fault }) => `pull request ${id} (${fault})`),
      ],
      left,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    ending = true;
    await admin.end().catch(() => {});
    await Promise.all(roles.map((role) => running[role].stop()));
    const { github: _, ...others } = proxies;
    for (const proxy of Object.values(others)) await proxy.stop();
    await github.stop();
    await smtp.stop();
    await dovecot.stop();
    await postgres.stop();
    folder.remove();
  }
}

function hasStarted({ lines }: ServiceProcess): boolean {
  return lines.some(({ msg }) => msg === 'kabiwatch is running');
}
