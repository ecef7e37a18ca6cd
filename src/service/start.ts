/**
 * The composition root of the daemon: the one place where ports meet adapters. Roles may run in one process or in many on one
 * PostgreSQL: `watch` reads mailboxes, `work` reviews, `post` sends, `web` answers HTTP.
 */
import { randomUUID } from 'node:crypto';
import { archiveSource } from '../disk/archive-source.js';
import { keptReference, listReferences } from '../disk/references.js';
import { type Forge, startForge } from '../github/forge.js';
import { mailboxSource } from '../imap/mailbox-source.js';
import { checkOutlet } from '../patchwork/check-outlet.js';
import { folderSink } from '../smtp/folder-sink.js';
import { smtpSink } from '../smtp/smtp-sink.js';
import type { Shelf } from '../web/explore.js';
import type { GithubLogin } from '../web/github-login.js';
import { pageRoutes } from '../web/pages.js';
import { healthRoutes, startServer, type WebServer } from '../web/server.js';
import { systemClock } from './clock.js';
import { obeyMail } from './commands.js';
import { type AccountConfig, authenticationOf, type Config, type ListConfig } from './config.js';
import { readSecret } from './config-file.js';
import { isDiskFull, type Store } from './database.js';
import { engineVersion } from './engine.js';
import { type Health, startHealth } from './health.js';
import { type Log, startLog } from './log.js';
import { type Metrics, startMetrics } from './metrics.js';
import { openStore } from './open-store.js';
import { type Posting, post } from './outbox.js';
import { type Pool, startPool } from './pool.js';
import type { CheckOutlet, Clock, MailSink, MailSource } from './ports.js';
import { judgeIn, patchIdsIn } from './pull-judge.js';
import { startQueue } from './queue.js';
import type { Bot } from './reply.js';
import { prune, prunePause } from './retention.js';
import { doubtStaleSendings } from './store/deliveries.js';
import { dropLeases, holdLease } from './store/leases.js';
import { pullStore } from './store/pulls.js';
import { countDueThreads, releaseAllThreads, takeDueThreads } from './store/threads.js';
import { storeClock } from './store-clock.js';
import { type ListMail, watchMailbox } from './watch.js';
import { listsByMailbox } from './which-list.js';
import { workThread } from './work.js';

export const roles = ['watch', 'work', 'post', 'web'] as const;
export type Role = (typeof roles)[number];

export interface Service {
  /** Where `/healthz` answers; null without the role `web`. */
  readonly port: number | null;
  readonly health: Health;
  /** Stops taking new work, lets what runs finish, closes everything. */
  stop(): Promise<void>;
}

export interface Options {
  readonly roles: readonly Role[];
  readonly clock?: Clock;
  readonly log?: Log;
  /** The compiled worker. */
  readonly workerScript?: URL;
}

const drainMs = 20_000;
/** Threads in memory because their review takes long; more than these wait in the queue. */
const mostAside = 32;

interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
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
  readonly running: Map<number, AbortController>;
}

export async function startService(config: Config, options: Options): Promise<Service> {
  const log = options.log ?? startLog(config.log);
  const metrics = startMetrics();
  const { store, migrated } = await openStore(config.store);
  const followed = options.clock === undefined ? await storeClock(store, systemClock.sleep) : null;
  const clock = options.clock ?? followed ?? systemClock;
  const health = startHealth(log, () => clock.now());
  if (migrated.length > 0) log.info({ migrated }, 'store migrated');
  const stopping = new AbortController();
  const parts: Parts = {
    config,
    store,
    clock,
    log,
    health,
    metrics,
    pool: startPool(options.workerScript ?? new URL('./worker.js', import.meta.url), {
      workers: config.reviewing.workers,
      timeMs: config.reviewing.timeLimit,
      memoryBytes: memoryOf(config),
    }),
    reading: startPool(options.workerScript ?? new URL('./worker.js', import.meta.url), {
      workers: 1,
      timeMs: config.reviewing.timeLimit,
      memoryBytes: config.reviewing.memory,
    }),
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
  const has = new Set(options.roles);
  const nudge = { post: () => {}, work: () => {} };
  const forge = await forgeOf(parts);
  const routes = healthRoutes(health, metrics);
  if (forge !== null) routes.post('/github/webhook', (context) => forge.receive(context.req.raw));
  routes.route(
    '/',
    pageRoutes({
      store,
      health,
      clock,
      log,
      url: config.web.url ?? null,
      public: config.web.public,
      token: config.web.token === undefined ? null : readSecret(config.web.token),
      github: githubLoginOf(config),
      references: shelfOf(log),
    }),
  );
  const web: WebServer | null = has.has('web') ? await startServer(routes, config.web.listen) : null;
  const running: Promise<void>[] = [];
  if (followed !== null)
    running.push(every(parts, 'clock', 30_000, nudge, null, () => followed.follow().then(() => 0)));
  if (forge !== null && has.has('work')) running.push(forge.run(stopping.signal));
  let stopQueue = async () => {};
  if (has.has('watch'))
    running.push(
      ...startWatching(
        parts,
        () => nudge.work(),
        () => nudge.post(),
      ),
    );
  if (has.has('work') || has.has('watch')) {
    const leaseMs = leaseOf(config);
    const queue = await startQueue(store, leaseMs, (error) => storeFailed(parts, error));
    stopQueue = () => queue.stop(drainMs);
    running.push(
      every(parts, 'planning', 1000, nudge, 'work', async () => {
        await queue.offer(await takeDueThreads(store, clock.now(), leaseMs));
        metrics.due.set(await countDueThreads(store));
        return 0;
      }),
    );
    if (has.has('work')) {
      // More than there are workers, since the pool has them wait; and what stands aside there blocks no other.
      const lanes = () => config.reviewing.workers * 3 + Math.min(parts.pool.aside, mostAside);
      queue.take(lanes, (thread) => workThread({ ...parts, planned: () => nudge.post() }, thread));
    }
  }
  if (has.has('post')) {
    const posting = postingOf(parts);
    running.push(every(parts, 'posting', 1000, nudge, 'post', () => post(posting)));
    running.push(
      every(parts, 'retention', prunePause(config.retention), nudge, null, () =>
        prune(store, config.retention, clock.now(), log),
      ),
    );
  }
  log.info(
    { roles: options.roles, engine: parts.engine, store: store.name, port: web?.port ?? null },
    'kabiwatch is running',
  );
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    log.info('draining');
    stopping.abort();
    nudge.post();
    nudge.work();
    await stopQueue().catch((error: Error) => log.warn({ err: error }, 'the queue did not drain'));
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

function memoryOf({ lists, github, reviewing }: Config): number {
  // A mirror is a tree as soon as a build is configured or a reference brings its own, which may come while the service runs.
  const onMirrors = github !== undefined && github !== null && github.mirrors !== false;
  const onTrees = lists.some(({ source }) => source !== undefined) || onMirrors;
  return onTrees ? Math.max(reviewing.memory, reviewing.treeMemory) : reviewing.memory;
}

/** A thread is handed out again when nobody can be at work on it any more: on its list's tree, and after that on the mails alone. */
function leaseOf({ lists, reviewing }: Config): number {
  const onTrees = lists.map(({ source }) =>
    source === undefined ? 0 : source.timeLimit + reviewing.timeLimit + 60_000,
  );
  return Math.max(reviewing.lease, ...onTrees);
}

/** One that cannot be opened is logged and left out. */
function shelfOf(log: Log): Shelf {
  return {
    names: () => listReferences().map(({ name }) => name),
    open(name) {
      const listed = listReferences().find((one) => one.name === name);
      if (listed === undefined) return null;
      try {
        return keptReference(listed.path);
      } catch (error) {
        log.warn({ err: error as Error, reference: name }, 'a reference cannot be opened');
        return null;
      }
    },
  };
}

function githubLoginOf({ web }: Config): GithubLogin | null {
  if (web.github === undefined || web.url === undefined) return null;
  const { clientId, clientSecret, users, url, apiUrl } = web.github;
  return {
    clientId,
    clientSecret: readSecret(clientSecret),
    users: new Set(users.map((name) => name.toLowerCase())),
    url: url.replace(/\/$/, ''),
    apiUrl: apiUrl.replace(/\/$/, ''),
    callback: `${web.url.replace(/\/$/, '')}/login/github/callback`,
  };
}

async function forgeOf({ config, store, clock, log, health, engine, pool }: Parts): Promise<Forge | null> {
  const { github, web } = config;
  if (github === undefined) return null;
  return startForge({
    account: {
      appId: github.appId,
      privateKey: readSecret(github.privateKey),
      webhookSecret: readSecret(github.webhookSecret),
      apiUrl: github.apiUrl,
      spaced: true,
    },
    store: pullStore(store, clock, engine),
    judge: judgeIn(pool, {
      build: github.build,
      timeMs: github.timeLimit,
      references: () => Object.fromEntries(listReferences().map(({ name, path }) => [name, path])),
    }),
    patchIds: patchIdsIn(pool),
    landed: github.landed,
    mirrors: github.mirrors === false ? null : github.mirrors,
    clock,
    log,
    state: (state) => health.set('github', state),
    pageOf: (review) => (web.url === undefined ? null : `${web.url.replace(/\/$/, '')}/reviews/r${review}`),
  });
}

/** The only process of its store: whatever was in somebody's hands is in nobody's now. */
async function recoverAlone({ store, clock, log }: Parts): Promise<void> {
  const now = clock.now();
  await releaseAllThreads(store);
  await store.query('delete from kabiwatch.lease');
  await store.query('update kabiwatch.pull set holder = null, held_until = null');
  await store.query('update kabiwatch.branch set holder = null, held_until = null');
  const doubted = await doubtStaleSendings(store, new Date('9999-12-31'), now);
  if (doubted > 0)
    log.warn({ count: doubted }, 'replies were on their way when the service ended: looking for them first');
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

/** Runs `round` again and again until the signal: at once while it settles something, else after a pause or a nudge. */
async function every<K extends string>(
  parts: Parts,
  what: string,
  pauseMs: number,
  nudges: Record<K, () => void>,
  nudgedBy: K | null,
  round: () => Promise<number>,
): Promise<void> {
  const { clock, signal } = parts;
  while (!signal.aborted) {
    let settled = 0;
    let pause = pauseMs;
    const nudged = new AbortController();
    if (nudgedBy !== null) nudges[nudgedBy] = () => nudged.abort();
    try {
      settled = await round();
    } catch (error) {
      storeFailed(parts, error as Error, what);
      pause = Math.max(pauseMs, 2000);
    }
    if (settled === 0) await clock.sleep(pause, AbortSignal.any([signal, nudged.signal]));
  }
}

function storeFailed({ store, health, log }: Parts, error: Error, what = 'queue'): void {
  const why = isDiskFull(error) ? 'the disk is full; nothing is lost, work waits' : error.message;
  health.set('store', { ok: false, detail: `${store.name}: ${why}` });
  log.debug({ err: error, what }, 'a round failed');
}

function postingOf(parts: Parts): Posting {
  const { config, clock, store, holder, log, mailSink, bot } = parts;
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
    sinks: { mail: mailSink, 'dry-run': folderSink(config.replies, clock) },
    checks: patchworkOf(config),
    tellOwner,
    async alarm(why) {
      // The lease is the limit: whoever gets it tells the owner, and nobody else for an hour.
      if (!(await holdLease(store, 'alarm', `${holder} ${clock.now().toISOString()}`, 3_600_000))) return;
      log.warn({ told: await tellOwner('kabiwatch holds its replies', why) }, 'the owner was told');
    },
  };
}

export function botOf(config: Config): Bot {
  const { name, address, replyTo, archive } = config.bot;
  return { name, address, replyTo: replyTo ?? null, archive: archive ?? null };
}

export function sourceOf(config: Config, account: AccountConfig, list: ListConfig, clock: Clock): MailSource {
  return mailboxSource({
    account: {
      host: account.host,
      port: account.port,
      tls: account.tls,
      user: account.user,
      password: () => readSecret(account.password),
    },
    mailbox: list.mailbox,
    start: list.start,
    pollMs: config.watching.poll,
    maxMessage: config.watching.maxMessage,
    batch: config.watching.batch,
    clock,
    random: Math.random,
  });
}

function sourcesOf(config: Config, clock: Clock): Map<string, MailSource> {
  const accounts = new Map(config.accounts.map((account) => [account.name, account]));
  return new Map(
    config.lists.map((list) => {
      const { publicInbox, start } = list;
      if (publicInbox === undefined)
        return [list.name, sourceOf(config, accounts.get(list.account ?? '') as AccountConfig, list, clock)];
      const { poll, maxMessage, batch } = config.watching;
      return [list.name, archiveSource({ ...publicInbox, start, pollMs: poll, maxMessage, batch, clock })];
    }),
  );
}

function smtpOf(config: Config, clock: Clock): MailSink | null {
  return config.smtp === undefined ? null : smtpSink(smtpAccount(config.smtp), clock);
}

function patchworkOf({ patchwork }: Config): CheckOutlet | null {
  return patchwork === undefined ? null : checkOutlet(patchworkAccount(patchwork));
}

export function patchworkAccount({ url, project, token, context, timeout }: NonNullable<Config['patchwork']>) {
  return { url, project, token: () => readSecret(token), context, timeoutMs: timeout };
}

export function smtpAccount(smtp: NonNullable<Config['smtp']>) {
  const { host, port, tls, user, password, timeout } = smtp;
  return {
    host,
    port,
    tls,
    user: user ?? null,
    password: password === undefined ? null : () => readSecret(password),
    timeoutMs: timeout,
  };
}
