/**
 * The composition root of the daemon: the one place where ports meet adapters. Roles may run in one process or in many on one
 * PostgreSQL: `watch` reads mailboxes, `work` reviews, `post` sends, `web` answers HTTP.
 */
import { randomUUID } from 'node:crypto';
import type { Forge } from '../github/forge.js';
import { pageRoutes } from '../web/pages.js';
import { healthRoutes, startServer, type WebServer } from '../web/server.js';
import { botOf, forgeOf, githubLoginOf, patchworkOf, repliesOf, shelfOf, smtpOf, sourcesOf } from './adapters.js';
import { systemClock } from './clock.js';
import { obeyMail } from './commands.js';
import { authenticationOf, type Config, type ListConfig } from './config.js';
import { readSecret } from './config-file.js';
import type { Store } from './database.js';
import { engineVersion } from './engine.js';
import { type Health, startHealth } from './health.js';
import { type Log, startLog } from './log.js';
import { type Metrics, startMetrics } from './metrics.js';
import { openStore } from './open-store.js';
import { type Posting, post } from './outbox.js';
import { type Pool, startPool } from './pool.js';
import type { Clock, MailSink, MailSource } from './ports.js';
import { startQueue } from './queue.js';
import type { Bot } from './reply.js';
import { prune, prunePause } from './retention.js';
import { every, type Rounds, type StoreState, storeState } from './rounds.js';
import { doubtStaleSendings } from './store/deliveries.js';
import { beginPause, dropLeases } from './store/leases.js';
import { countDueThreads, keepThreads, releaseAllThreads, takeDueThreads } from './store/threads.js';
import { storeClock } from './store-clock.js';
import { type ListMail, watchMailbox } from './watch.js';
import { listsByMailbox } from './which-list.js';
import { workThread } from './work.js';

export const roles = ['watch', 'work', 'post', 'web'] as const;
export type Role = (typeof roles)[number];

export interface Service {
  /** Where `/healthz` answers; null without the role `web` where no other address is configured. */
  readonly port: number | null;
  readonly health: Health;
  /** Stops taking new work, lets what runs finish, closes everything. */
  stop(): Promise<void>;
}

export interface Options {
  readonly roles: readonly Role[];
  /** ADDRESS:PORT in place of the configured one. */
  readonly listen?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** The compiled worker. */
  readonly workerScript?: URL;
}

const drainMs = 20_000;
/** Threads in memory because their review takes long; more than these wait in the queue. */
const mostAside = 32;
/** Threads that were handed to the queue and that nobody took yet. */
const mostQueued = 400;

interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly state: StoreState;
  readonly metrics: Metrics;
  readonly pool: Pool;
  /** For mail that comes in: it waits for no review. */
  readonly reading: Pool;
  readonly bot: Bot;
  readonly engine: string;
  readonly holder: string;
  readonly sources: ReadonlyMap<string, MailSource>;
  readonly mailSink: MailSink | null;
  readonly signal: AbortSignal;
  /** Threads whose review runs here. */
  readonly running: Map<number, AbortController>;
}

export async function startService(config: Config, options: Options): Promise<Service> {
  const { parts, stopping, followed } = await startParts(config, options);
  const { store, log, health, engine } = parts;
  const has = new Set(options.roles);
  const forge = await forgeOf(parts);
  const routes = healthRoutes(health, parts.metrics);
  if (has.has('web')) {
    if (forge !== null) routes.post('/github/webhook', (context) => forge.receive(context.req.raw));
    routes.route('/', pagesOf(parts));
  }
  // Every process can be asked how it is; with the role `web` where the pages are.
  const listen = options.listen ?? (has.has('web') ? config.web.listen : config.health?.listen);
  const web: WebServer | null = listen === undefined ? null : await startServer(routes, listen);
  const running: Promise<void>[] = [];
  if (followed !== null) running.push(every(parts, 'clock', 30_000, () => followed.follow().then(() => 0)).ended);
  if (forge !== null && has.has('work')) running.push(forge.run(stopping.signal));
  else if (forge !== null && has.has('web')) running.push(catchUp(parts, forge));
  const posting = has.has('post') ? startPosting(parts) : [];
  const nudgePost = () => posting[0]?.nudge();
  const working = has.has('work') || has.has('watch') ? await startWorking(parts, has.has('work'), nudgePost) : null;
  if (has.has('watch')) running.push(...startWatching(parts, () => working?.rounds[0]?.nudge(), nudgePost));
  running.push(...[...posting, ...(working?.rounds ?? [])].map(({ ended }) => ended));
  log.info({ roles: options.roles, engine, store: store.name, port: web?.port ?? null }, 'kabiwatch is running');
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    log.info('draining');
    stopping.abort();
    await working?.stop();
    await Promise.all(running);
    await parts.pool.close();
    await parts.reading.close();
    await dropLeases(store, parts.holder).catch(() => {});
    await web?.close();
    await store.close();
    log.info('stopped');
  };
  return {
    port: web?.port ?? null,
    health,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Webhooks that came while nobody listened are lost: where the worker is another process, it does not know of them. */
async function catchUp({ clock, log, signal }: Parts, forge: Forge): Promise<void> {
  for (let pauseMs = 1000; !signal.aborted; pauseMs = Math.min(pauseMs * 2, 60_000)) {
    try {
      log.info({ pulls: await forge.catchUp() }, 'caught up with GitHub');
      return;
    } catch (error) {
      log.warn({ err: error as Error }, 'GitHub cannot be asked');
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** What all roles need. */
async function startParts(config: Config, options: Options) {
  const log = options.log ?? startLog(config.log);
  const { store, migrated } = await openStore(config.store);
  const followed = options.clock === undefined ? await storeClock(store, systemClock.sleep) : null;
  const clock = options.clock ?? followed ?? systemClock;
  const health = startHealth(log, () => clock.now());
  if (migrated.length > 0) log.info({ migrated }, 'store migrated');
  const stopping = new AbortController();
  const { workers, timeLimit: timeMs, memory } = config.reviewing;
  const script = options.workerScript ?? new URL('./worker.js', import.meta.url);
  const parts: Parts = {
    config,
    store,
    clock,
    log,
    health,
    state: storeState(store, health, log),
    metrics: startMetrics(),
    pool: startPool(script, { workers, timeMs, memoryBytes: memoryOf(config) }),
    reading: startPool(script, { workers: 1, timeMs, memoryBytes: memory }),
    bot: botOf(config),
    engine: engineVersion(),
    holder: randomUUID(),
    sources: sourcesOf(config, clock),
    mailSink: smtpOf(config, clock),
    signal: stopping.signal,
    running: new Map(),
  };
  health.set('store', { ok: true, detail: store.name });
  if (!store.shared) await recoverAlone(parts);
  return { parts, stopping, followed };
}

function pagesOf({ config, store, health, clock, log }: Parts) {
  const { web } = config;
  return pageRoutes({
    store,
    health,
    clock,
    log,
    url: web.url ?? null,
    public: web.public,
    token: web.token === undefined ? null : readSecret(web.token),
    github: githubLoginOf(config),
    references: shelfOf(log),
  });
}

/** The first of the rounds hands out what is due. A process that only watches does that, too: its mail may be the reason. */
async function startWorking(
  parts: Parts,
  takes: boolean,
  planned: () => void,
): Promise<{ readonly rounds: readonly Rounds[]; stop(): Promise<void> }> {
  const { config, store, clock, log, metrics, state, pool, running } = parts;
  const leaseMs = config.reviewing.lease;
  const queue = await startQueue(store, leaseMs, {
    failed: (error) => state.failed('queue', error),
    worked: () => state.worked('queue'),
  });
  const rounds = [
    every(parts, 'planning', 1000, async () => {
      // What is not in the queue stands in our own table: so the queue stays small, however much is due.
      if ((await queue.waiting()) < mostQueued) {
        const due = await takeDueThreads(store, clock.now(), leaseMs);
        await queue.offer(due.map(({ thread }) => thread));
        for (const { thread, review } of due) log.info({ review: `r${review}`, thread }, 'due: handed to the workers');
      }
      metrics.due.set(await countDueThreads(store));
      return 0;
    }),
  ];
  if (takes) {
    // However long a review takes, it is nobody else's while this process lives.
    const renew = async () => {
      await keepThreads(store, [...running.keys()], clock.now());
      return 0;
    };
    rounds.push(every(parts, 'leases', Math.max(1000, leaseMs / 3), renew));
    // More than there are workers, since the pool has them wait; and what stands aside there blocks no other.
    const lanes = () => config.reviewing.workers * 3 + Math.min(pool.aside, mostAside);
    queue.take(lanes, (thread) => workThread({ ...parts, planned }, thread));
  }
  return { rounds, stop: () => queue.stop(drainMs).catch((error: Error) => notDrained(parts, error)) };
}

function notDrained({ log }: Parts, error: Error): void {
  log.warn({ err: error }, 'the queue did not drain');
}

/** The first of the rounds sends what is planned. */
function startPosting(parts: Parts): Rounds[] {
  const { config, store, clock, log } = parts;
  const posting = postingOf(parts);
  return [
    every(parts, 'posting', 1000, () => post(posting)),
    every(parts, 'retention', prunePause(config.retention), () => prune(store, config.retention, clock.now(), log)),
  ];
}

/** The only process of its store: whatever was in somebody's hands is in nobody's now. */
async function recoverAlone({ store, clock, log }: Parts): Promise<void> {
  const now = clock.now();
  await releaseAllThreads(store);
  await store.query('delete from kabiwatch.lease');
  await store.query('update kabiwatch.pull set holder = null, held_until = null');
  await store.query('update kabiwatch.branch set holder = null, held_until = null');
  const doubted = await doubtStaleSendings(store, new Date('9999-12-31'), now);
  for (const { review, messageId } of doubted)
    log.warn({ review: `r${review}`, messageId }, 'on its way when the service ended: looking for the reply first');
}

function startWatching(parts: Parts, work: () => void, post: () => void): Promise<void>[] {
  const { config, bot, sources, signal } = parts;
  const sourceOfList = ({ name }: ListConfig): MailSource => sources.get(name) as MailSource;
  const watching = {
    ...parts,
    pool: parts.reading,
    botAddress: bot.address,
    authenticationOf: (of: ListConfig) => authenticationOf(config, of),
    leaseMs: config.watching.lease,
    stored: async (mails: readonly ListMail[], due: readonly number[]) => {
      for (const thread of due) parts.running.get(thread)?.abort();
      work();
      for (const { list, facts } of mails) await obeyMail({ ...parts, planned: post }, list, facts);
    },
  };
  return listsByMailbox(config.lists, (list) => sourceOfList(list).name).map((lists) =>
    watchMailbox(watching, lists, sourceOfList(lists[0] as ListConfig), signal),
  );
}

function memoryOf({ lists, github, reviewing }: Config): number {
  // A mirror is a tree as soon as a build is configured or a reference brings its own, which may come while the service runs.
  const onMirrors = github !== undefined && github !== null && github.mirrors !== false;
  const onTrees = lists.some(({ source }) => source !== undefined) || onMirrors;
  return onTrees ? Math.max(reviewing.memory, reviewing.treeMemory) : reviewing.memory;
}

function postingOf(parts: Parts): Posting {
  const { config, clock, store, log, mailSink, bot } = parts;
  const tellOwner = async (subject: string, text: string) => {
    if (config.bot.owner === undefined || mailSink === null) return false;
    const sent = await mailSink.send({
      messageId: `kabi-owner-${randomUUID()}@${bot.address.replace(/^.*@/, '')}`,
      from: `${bot.name} <${bot.address}>`,
      to: [config.bot.owner],
      cc: [],
      bcc: [],
      replyTo: null,
      subject,
      inReplyTo: null,
      references: [],
      headers: { 'Auto-Submitted': 'auto-generated' },
      text: `${text}\n`,
    });
    return sent.kind === 'sent';
  };
  return {
    ...parts,
    sinks: { mail: mailSink, 'dry-run': repliesOf(config, clock) },
    checks: patchworkOf(config),
    tellOwner,
    async alarm(why) {
      if (!(await beginPause(store, 'alarm', 3_600_000))) return;
      log.warn({ told: await tellOwner('kabiwatch holds its replies', why) }, 'the owner was told');
    },
  };
}
