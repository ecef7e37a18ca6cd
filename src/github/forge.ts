/** The GitHub side of the service: webhooks in, due pull requests worked on one by one, everything open looked at when it starts. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Probot } from 'probot';
import type { Clock, DueBranch, DuePull, ForgeStore, Judge, PartState, PatchIds } from '../service/ports.js';
import { type AppAccount, githubApp, gitOrigin } from './app.js';
import { markAllOpen, markOpen } from './catch-up.js';
import { announceLanded, nameOf } from './landed.js';
import { keptUp, LeaseLost, stillHeld } from './lease.js';
import { missedRounds } from './missed.js';
import { named } from './named.js';
import { type Reconciling, reconcile } from './reconcile.js';
import { type Receiving, receiveWebhook } from './webhook.js';

export interface ForgeParts {
  readonly account: AppAccount;
  readonly store: ForgeStore;
  readonly judge: Judge;
  readonly patchIds: PatchIds;
  /** Branches on which landed changes are told where no repository says. */
  readonly landed?: readonly string[];
  /** After so long without a word a worker is taken for dead, and another takes its pull request. */
  readonly leaseMs?: number;
  /** How often GitHub is asked for webhooks that did not arrive; absent: five minutes. */
  readonly missedMs?: number;
  /** Folder for the clones; null reads small pull requests through the API. */
  readonly mirrors: string | null;
  readonly clock: Clock;
  readonly log: Logger;
  readonly state: (state: PartState) => void;
  readonly pageOf: (review: number) => string | null;
}

export interface Forge {
  /** Answers `POST /github/webhook`. */
  receive(request: Request): Promise<Response>;
  /** Marks every open pull request of every installation: what was missed while nobody listened. */
  catchUp(): Promise<number>;
  /** Takes what GitHub could not deliver, where no process did so within the last minutes. */
  askMissed(): Promise<void>;
  /** Works on what is due until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** One round; false when nothing was due. */
  workOnce(): Promise<boolean>;
}

const hourMs = 3_600_000;

export async function startForge(parts: ForgeParts): Promise<Forge> {
  const { account, store, log, clock, leaseMs = 600_000, missedMs = 300_000 } = parts;
  const app = await githubApp(account, log);
  const holder = randomUUID();
  let nudge = () => {};
  const work: Reconciling = {
    appId: account.appId,
    store,
    judge: parts.judge,
    mirrors: parts.mirrors === null ? null : { folder: parts.mirrors, origin: gitOrigin(account.apiUrl) },
    log,
    now: () => clock.now(),
    pageOf: parts.pageOf,
    leaseMs,
  };
  const onePull = async (): Promise<boolean> => {
    const due = await store.take(holder, leaseMs);
    if (due !== null) await keptUp(store, due, leaseMs, clock, () => workOn(parts, app, work, due));
    return due !== null;
  };
  const oneBranch = async (): Promise<boolean> => {
    const due = await store.branches.take(holder, leaseMs);
    if (due !== null) await keptUp(store.branches, due, leaseMs, clock, () => workOnBranch(parts, app, work, due));
    return due !== null;
  };
  let turn = 0;
  // By turns: a pull request that fails again and again keeps no branch waiting, nor the other way round.
  const workOnce = async (): Promise<boolean> => {
    const [first, second] = turn++ % 2 === 0 ? [onePull, oneBranch] : [oneBranch, onePull];
    return (await first()) || second();
  };
  const receiving: Receiving = {
    app,
    appId: account.appId,
    store,
    log,
    marked: () => nudge(),
    installed: (installation) => {
      markOpen(app, store, installation, log).then(
        () => nudge(),
        (error: Error) => log.warn({ err: error, installation }, 'the new installation could not be read'),
      );
    },
  };
  const forge: Forge = {
    receive: (request) => receiveWebhook(receiving, request),
    askMissed: missedRounds({ ...receiving, now: () => clock.now(), pauseMs: missedMs }),
    async catchUp() {
      await store.branches.markAll();
      return markAllOpen(app, store, log);
    },
    workOnce,
    async run(signal) {
      const asking = askAgainAndAgain(parts, forge, missedMs, signal);
      let caughtUp = false;
      let nextTry = 0;
      while (!signal.aborted) {
        try {
          if (!caughtUp && clock.now().getTime() >= nextTry) {
            nextTry = clock.now().getTime() + 60_000;
            log.info({ pulls: await forge.catchUp() }, 'caught up with GitHub');
            caughtUp = true;
            parts.state({ ok: true, detail: account.apiUrl });
          }
        } catch (error) {
          parts.state({ ok: false, detail: `${account.apiUrl}: ${(error as Error).message}` });
          log.warn({ err: error as Error }, 'GitHub cannot be asked');
        }
        try {
          if (await workOnce()) continue;
        } catch (error) {
          log.error({ err: error as Error }, 'the store cannot be asked');
        }
        const nudged = new AbortController();
        nudge = () => nudged.abort();
        await clock.sleep(1000, AbortSignal.any([signal, nudged.signal]));
      }
      await asking;
    },
  };
  return forge;
}

/** Each process tries at a moment of its own, so that not all ask the store at once. */
async function askAgainAndAgain(
  { clock, log }: ForgeParts,
  forge: Forge,
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep((pauseMs / 10) * (0.5 + Math.random()), signal);
    if (signal.aborted) return;
    await forge
      .askMissed()
      .catch((error: Error) => log.warn({ err: error }, 'GitHub cannot be asked for missed webhooks'));
  }
}

async function workOn(parts: ForgeParts, app: Probot, work: Reconciling, due: DuePull): Promise<void> {
  await bounded(parts, parts.store, due, named(due), async () => {
    const outcome = await reconcile(work, await app.auth(due.installation), due);
    if (outcome.kind === 'later') {
      await parts.store.postpone(due, outcome.why, outcome.ms);
      return null;
    }
    const next = await parts.store.settle(due);
    if (next !== null) parts.log.info({ ...named(due), goesOnAs: `r${next}` }, 'marked again while it was worked on');
    return outcome.what;
  });
}

async function workOnBranch(parts: ForgeParts, app: Probot, work: Reconciling, due: DueBranch): Promise<void> {
  const { branches } = parts.store;
  const mine = () => stillHeld(branches, due, work.leaseMs);
  const announcing = { ...work, store: branches, patchIds: parts.patchIds, landed: parts.landed ?? [], mine };
  await bounded(parts, branches, due, { branch: nameOf(due) }, async () =>
    announceLanded(announcing, await app.auth(due.installation), due),
  );
}

/** The job boundary: whatever a pull request or a branch does, the next one is worked on. `job` says what was done; null: it waits. */
async function bounded<Due extends { readonly failures: number }>(
  { account, clock, log, state }: ForgeParts,
  store: { postpone(due: Due, why: string, ms: number): Promise<void> },
  due: Due,
  name: Readonly<Record<string, unknown>>,
  job: () => Promise<string | null>,
): Promise<void> {
  try {
    const what = await job();
    if (what === null) return;
    state({ ok: true, detail: account.apiUrl });
    log.info({ ...name, what }, 'in line');
  } catch (error) {
    if (error instanceof LeaseLost) return;
    const ms = pauseAfter(error, due.failures, clock.now());
    log.warn({ ...name, err: error as Error, againInSeconds: Math.round(ms / 1000) }, 'waits');
    state({ ok: false, detail: `${account.apiUrl}: ${(error as Error).message}` });
    await store.postpone(due, (error as Error).message, ms);
  }
}

/**
 * Milliseconds: GitHub's own word where it gives one; a minute, and longer each time, where it only says that a limit was reached; else
 * from two seconds on. Never more than an hour. (GitHub's "Rate limits for the REST API", "Exceeding the rate limit".)
 */
export function pauseAfter(error: unknown, failures: number, now: Date): number {
  const { status, message, response } = error as Refusal;
  const headers = response?.headers ?? {};
  const after = headers['retry-after'];
  if (after !== undefined && /^\d+$/.test(after)) return Math.min(Number(after) * 1000 + 500, hourMs);
  const growth = 2 ** Math.min(failures, 20);
  if (status !== 403 && status !== 429) return Math.min(2000 * growth, hourMs);
  const reset = Number(headers['x-ratelimit-reset']) * 1000 - now.getTime();
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset))
    return Math.min(Math.max(reset, 0) + 1000, hourMs);
  const limited = status === 429 || /rate limit|abuse detection/i.test(message ?? '');
  return Math.min((limited ? 60_000 : 2000) * growth, hourMs);
}

interface Refusal {
  readonly status?: number;
  readonly message?: string;
  readonly response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}
