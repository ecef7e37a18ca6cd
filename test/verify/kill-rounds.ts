/**
 * kill -9 at random moments while a list is busy: every series must be reviewed, every reply be taken by the SMTP server exactly once. The SMTP
 * server is the list: what it takes comes back into the mailbox, before it answers.
 */
import { mailOf, series } from '../demo/thread.js';
import { startDovecot } from '../servers/dovecot.js';
import { startPostgres } from '../servers/postgres.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, type ServiceProcess, startProcess, withoutLimits } from '../servers/service.js';
import { startSmtp } from '../servers/smtp.js';
import { seeded } from './random.js';

export interface KillPlan {
  readonly seed: number;
  readonly kills: number;
  readonly series: number;
  readonly store: 'folder' | 'postgres';
  readonly say: (text: string) => void;
}

export interface KillResult {
  readonly mails: number;
  readonly kills: number;
  readonly answered: number;
  /** Message-IDs of replies that the SMTP server took more than once, or of series that it took no reply for. */
  readonly twice: readonly string[];
  readonly never: readonly string[];
  /** Kills by what the service was doing, as its last log line has it. */
  readonly moments: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** null where Dovecot or PostgreSQL is not installed. */
export async function killRounds(plan: KillPlan): Promise<KillResult | null> {
  const dovecot = await startDovecot();
  if (dovecot === null) return null;
  const postgres = plan.store === 'postgres' ? await startPostgres() : null;
  if (plan.store === 'postgres' && postgres === null) {
    await dovecot.stop();
    return null;
  }
  const random = seeded(plan.seed);
  const folder = scratchFolder('kill');
  const smtp = await startSmtp((mail) => dovecot.add([mail.raw]));
  const config = configuration(
    folder.path,
    { imapPort: dovecot.port, user: dovecot.user, mailbox: dovecot.mailbox, smtpPort: smtp.port },
    {
      posting: { ...withoutLimits, unsureGrace: '4s', sendingLease: '8s' },
      watching: { poll: '2s', batch: 10, lease: '2s' },
      reviewing: { lease: '6s' },
      ...(postgres === null ? {} : { store: { url: { env: 'KABIWATCH_TEST_URL' } } }),
    },
    { mode: 'list', reply: 'always', quiet: '5s' },
  );
  if (postgres !== null) process.env.KABIWATCH_TEST_URL = postgres.url;
  const launch = () => startProcess(`${folder.path}/kabiwatch.yaml`, config);
  const started = performance.now();
  const threads = Array.from({ length: plan.series }, (_, n) => series(`s${n}`));
  const mails = shuffledLightly(threads.flat(), random).map((part) => mailOf(part));
  const moments: Record<string, number> = {};
  let service: ServiceProcess = launch();
  try {
    // The store is made once, unkilled: what is tested is the work, not initdb.
    await until('the first start', () => service.port() !== null, 60_000);
    const feeding = feed(dovecot.add, mails, plan.kills * 3500);
    for (let kill = 0; kill < plan.kills; kill++) {
      // One in five dies anywhere, also while it starts; the others while they work.
      const working = random() < 0.8;
      if (working) await until('it works', () => service.port() !== null, 60_000);
      await pause(random() * (working ? 2500 : 4000));
      await service.kill();
      const last = String(service.lines.at(-1)?.msg ?? 'starting');
      moments[last] = (moments[last] ?? 0) + 1;
      plan.say(`kill ${kill + 1}: after "${last}", ${smtp.mails.length} replies taken`);
      service = launch();
    }
    await feeding;
    const answered = () => new Set(smtp.mails.map(({ raw }) => answeredBy(raw)));
    await until('all are answered', () => answered().size >= plan.series, 120_000).catch(() => {});
    // A reply that would come twice gets the time to do so.
    await pause(10_000);
    const times = new Map<string, number>();
    for (const { raw } of smtp.mails) times.set(answeredBy(raw), (times.get(answeredBy(raw)) ?? 0) + 1);
    return {
      mails: mails.length,
      kills: plan.kills,
      answered: times.size,
      twice: [...times].filter(([, count]) => count > 1).map(([id]) => id),
      never: threads.map(([cover]) => cover?.id ?? '').filter((id) => !times.has(id)),
      moments,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await service.stop();
    await smtp.stop();
    await dovecot.stop();
    await postgres?.stop();
    folder.remove();
  }
}

function answeredBy(raw: Buffer): string {
  return /^In-Reply-To: <(.*)>/im.exec(raw.toString('latin1'))?.[1] ?? '';
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** In pieces of one to six mails, spread over the time that the kills take. */
async function feed(
  add: (mails: readonly Uint8Array[]) => Promise<void>,
  mails: readonly Uint8Array[],
  ms: number,
): Promise<void> {
  const piece = 6;
  const wait = ms / (mails.length / piece);
  for (let at = 0; at < mails.length; at += piece) {
    await add(mails.slice(at, at + piece));
    await pause(wait);
  }
}

/** Neighbours change places now and then, as lists deliver. */
function shuffledLightly<T>(items: readonly T[], random: () => number): T[] {
  const out = [...items];
  for (let at = 0; at + 1 < out.length; at++) {
    if (random() < 0.2) [out[at], out[at + 1]] = [out[at + 1] as T, out[at] as T];
  }
  return out;
}
