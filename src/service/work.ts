/**
 * A due thread -> its series judged in a worker -> reviews stored and replies planned, in one transaction with "no longer due". A crash
 * before its commit leaves the thread due; after it, nothing is left to do.
 */
import { advisoryReport } from '../report/advisory.js';
import { checkOf } from './check.js';
import { authenticationOf, type Config, type ListConfig } from './config.js';
import type { Database, Store } from './database.js';
import { waitBeforeReply } from './give-way.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { decide } from './policy.js';
import { type Pool, TaskDropped, WorkerLost } from './pool.js';
import type { Clock } from './ports.js';
import { type Bot, composeAnswer, composeReply } from './reply.js';
import { planCheck, planDelivery, takeBackUnsent } from './store/deliveries.js';
import { meetingsOf, noteMarks, wakeMet } from './store/meetings.js';
import { prerequisitesOf, wakeWhoNeedsPatches } from './store/prerequisites.js';
import { type Request, requestsOf, settleRequests } from './store/requests.js';
import {
  historyOf,
  judgedOf,
  listsOf,
  noteSilence,
  noteSuperseded,
  othersOn,
  reviewsOf,
  storeReview,
  storeSeries,
} from './store/reviews.js';
import { type DueThread, failThread, isStale, readDueThread, releaseThread, settleThread } from './store/threads.js';
import type { SeriesResult } from './tasks.js';

export interface Working {
  readonly store: Store;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly config: Config;
  readonly engine: string;
  readonly bot: Bot;
  /** A delivery was planned. */
  readonly planned: () => void;
  /** Threads that are being reviewed in this process; aborted when a part of a series comes. */
  readonly running: Map<number, AbortController>;
}

/** The job boundary: whatever a review does, the service goes on. */
export async function workThread(working: Working, id: number): Promise<void> {
  const { store, clock, log, running } = working;
  // Handed out again while it runs: the first hand has it.
  if (running.has(id)) return;
  const dropping = new AbortController();
  running.set(id, dropping);
  let about: About = { thread: id };
  try {
    const thread = await readDueThread(store, id, clock.now());
    if (thread === null) return;
    about = { review: `r${thread.review}`, thread: id };
    log.info({ ...about, list: thread.list, mails: thread.mails.length, failures: thread.failures }, 'review begins');
    const requests = await requestsOf(store, id);
    const again = new Set(requests.map(({ series }) => series));
    const results = await judge(working, thread, again, dropping.signal);
    const settled = await store.transaction(async (tx) => {
      if (await isStale(tx, thread)) return false;
      for (const result of results) {
        const asked = requests.filter(({ series }) => series === result.messageId);
        if (asked.length === 0) await settleSeries(working, tx, thread, result);
        for (const request of asked) await answerAgain(working, tx, thread, result, request);
      }
      await settleRequests(tx, requests);
      await settleThread(tx, thread);
      return true;
    });
    if (!settled) return begunAgain(working, about);
    if (results.length === 0) log.info(about, 'nothing new to judge');
    working.planned();
  } catch (error) {
    if (error instanceof TaskDropped) return begunAgain(working, about);
    const lost = error instanceof WorkerLost;
    // On the tree and on the mails alone: that was its second chance.
    const last = error instanceof LostTwice;
    log.error({ ...about, err: error as Error }, lost ? 'the review broke its worker' : 'the review failed');
    const parked = await failThread(
      store,
      id,
      (error as Error).message,
      new Date(clock.now().getTime() + 10_000),
      last ? 1 : 2,
    ).catch((failure: Error) => {
      log.error({ ...about, err: failure }, 'the failure could not be stored; the thread stays due');
      return false;
    });
    if (parked) {
      working.metrics.parked.inc();
      log.error(about, 'parked for a person');
    }
  } finally {
    running.delete(id);
  }
}

/** In every line of a review from its beginning on; `review` is the number that it was given when its thread became due. */
interface About {
  readonly review?: string;
  readonly thread: number;
}

/** What was judged is not what is there any more: nothing is stored, and the thread is handed out anew. */
async function begunAgain({ store, log }: Working, about: About): Promise<void> {
  log.info(about, 'a part came while it was reviewed: dropped, and begun again');
  await releaseThread(store, about.thread).catch((error: Error) =>
    log.warn({ ...about, err: error }, 'it waits for its lease'),
  );
}

async function judge(
  working: Working,
  thread: DueThread,
  again: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly SeriesResult[]> {
  const { config, engine, log, pool, store } = working;
  const list = config.lists.find(({ name }) => name === thread.list);
  const source = list?.source ?? null;
  const mails = thread.mails.filter(({ automatic }) => automatic === null).map(({ raw }) => raw);
  const task = {
    kind: 'review',
    mails,
    known: (await judgedOf(store, thread.id, engine)).filter((key) => !again.has(key.split(' ')[0] ?? '')),
    earlier: await reviewsOf(store, thread.id),
    prerequisites: source === null ? [] : await prerequisitesOf(store, thread.id),
  } as const;
  const settings = {
    arch: list?.arch ?? 'x86_64',
    engine,
    source: null,
    authentication: list === undefined ? null : authenticationOf(config, list),
    missing: [],
  } as const;
  // What broke a worker before keeps nobody waiting when it is tried again.
  const suspect = thread.failures > 0;
  if (source === null) return pool.run({ ...task, settings }, { signal, suspect });
  const { tree, branches, build, config: file = null, reference = null } = source;
  try {
    const places = { tree, branches, build, config: file, reference };
    return await pool.run(
      { ...task, settings: { ...settings, source: places } },
      { timeMs: source.timeLimit, signal, suspect },
    );
  } catch (error) {
    if (!(error instanceof WorkerLost)) throw error;
    const about = { review: `r${thread.review}`, thread: thread.id, list: thread.list };
    log.warn({ ...about, why: error.message }, 'judging on the tree broke its worker');
    const missing = [{ what: 'the tree', why: `judging on it was given up: ${error.message}` }];
    try {
      return await pool.run({ ...task, settings: { ...settings, missing } }, { signal, suspect: true });
    } catch (again) {
      if (again instanceof WorkerLost) throw new LostTwice(again.message);
      throw again;
    }
  }
}

class LostTwice extends WorkerLost {}

/** Somebody on the thread asked for the review to be made again: who asked is answered, with the list in copy where it reads the replies. */
async function answerAgain(
  { config, engine, clock, log, bot }: Working,
  tx: Database,
  thread: DueThread,
  result: SeriesResult,
  request: Request,
): Promise<void> {
  const list = listFor(config, [request.list], thread.list);
  if (list === null || list.mode === 'off') return;
  const series = await storeSeries(tx, {
    ...{ messageId: result.messageId, thread: thread.id, list: list.name },
    ...{ subject: result.subject, version: result.version },
  });
  const { review, shown, patches, reply, ms } = result;
  const { id } = await storeReview(tx, {
    ...{ series, id: thread.review, engine, patches, review, shown, reply, ms, asked: request.id },
  });
  const check = checkOf(result, id, list, config);
  if (check !== null) await planCheck(tx, { series, review: id, list: list.name, check }, clock.now());
  const asked = {
    id: request.id,
    about: 'recheck',
    ancestors: [...result.references].reverse(),
    subject: result.subject,
  };
  const cc = list.mode === 'author' ? [] : [list.address].filter((address) => address !== request.asker);
  const text = `Checked again, as asked.\n\n${saidTo(list, result).reply}`;
  const mail = composeAnswer(asked, { id, verdict: review.verdict }, engine, bot, { to: request.asker, cc, text });
  const outlet = list.mode === 'dry-run' ? 'dry-run' : 'mail';
  const held = list.moderation ? 'waits for approval' : null;
  await planDelivery(
    tx,
    { series, review: id, outlet, list: list.name, mail, held, answers: `${request.id} recheck` },
    clock.now(),
  );
  log.info(
    {
      ...aboutReview(id, thread),
      ...{
        series: result.messageId,
        list: list.name,
        verdict: review.verdict,
        outlet,
        held,
        messageId: mail.messageId,
      },
    },
    'reviewed again, as asked: reply planned',
  );
}

/** One round may judge several series: all but one have other numbers than it began with. */
function aboutReview(id: number, thread: DueThread): About & { readonly begunAs?: string } {
  const begunAs = id === thread.review ? {} : { begunAs: `r${thread.review}` };
  return { review: `r${id}`, thread: thread.id, ...begunAs };
}

async function settleSeries(working: Working, tx: Database, thread: DueThread, result: SeriesResult): Promise<void> {
  const { config, engine, clock, log, metrics } = working;
  const now = clock.now();
  const lists = await listsOf(tx, result.messageId);
  const series = await storeSeries(tx, {
    messageId: result.messageId,
    thread: thread.id,
    list: lists[0] ?? thread.list,
    subject: result.subject,
    version: result.version,
  });
  const { id, fresh } = await storeReview(tx, {
    series,
    id: thread.review,
    engine,
    patches: result.patches,
    review: result.review,
    shown: result.shown,
    reply: result.reply,
    ms: result.ms,
  });
  const reviewed = aboutReview(id, thread);
  if (result.supersedes !== null) await supersede(working, tx, result.supersedes, result, reviewed);
  if (result.supersededBy !== null) await noteSuperseded(tx, result.messageId, result.supersededBy);
  if (!fresh) return log.info(reviewed, 'judged before');
  await noteMarks(tx, series, { patchIds: result.patchIds, links: [] });
  for (const met of await wakeMet(tx, series, now))
    log.info({ review: `r${met.review}`, pull: met.pull, because: reviewed.review }, 'due again: the same change');
  for (const woken of await wakeWhoNeedsPatches(tx, thread.id, result.patchIds, now))
    log.info({ ...woken, review: `r${woken.review}` }, 'due again: what it needs came');
  const list = listFor(config, lists, thread.list);
  if (list === null) return noteSilence(tx, id, 'its list is no longer configured');
  const about = {
    ...reviewed,
    series: result.messageId,
    list: list.name,
    verdict: result.review.verdict,
    evidence: result.review.evidence,
  };
  metrics.reviews.inc({ list: list.name, verdict: result.review.verdict });
  metrics.reviewSeconds.observe(result.ms / 1000);

  const silent = (why: string) => {
    log.info({ ...about, ms: Math.round(result.ms), silent: why }, 'reviewed');
    return noteSilence(tx, id, why);
  };
  const check = result.supersededBy === null ? checkOf(result, id, list, config) : null;
  if (check !== null) await planCheck(tx, { series, review: id, list: list.name, check }, now);
  const first = thread.mails.find(({ messageId }) => messageId === result.messageId);
  const decision = decide({
    series: result,
    list,
    automatic: first?.automatic ?? null,
    receivedAt: first?.receivedAt ?? now,
    muted: thread.muted,
    history: await historyOf(
      tx,
      { thread: thread.id, author: result.author.address.toLowerCase(), list: list.name },
      now,
    ),
    posting: config.posting,
    now,
  });
  if (decision.kind === 'silent') return silent(decision.why);
  const replaced =
    result.supersededBy === null ? null : replacedBy(config, result.supersededBy, result.replacementVouched);
  if (replaced !== null && (!replaced.held || decision.outlet === 'dry-run')) return silent(replaced.why);
  const mail = composeReply(saidTo(list, result), id, engine, working.bot, {
    ...decision,
    elsewhere: await elsewhere(working, tx, series),
  });
  const held = replaced?.why ?? decision.held;
  const waitMs = decision.outlet === 'mail' ? await waitFor(working, tx, list, now) : 0;
  const planned = await planDelivery(
    tx,
    { series, review: id, outlet: decision.outlet, list: list.name, mail, held, waitMs },
    now,
  );
  if (!planned) return silent('this version was answered before');
  log.info({ ...about, ms: Math.round(result.ms) }, 'reviewed');
  const { outlet } = decision;
  log.info({ ...reviewed, list: list.name, messageId: mail.messageId, outlet, held, waitMs }, 'reply planned');
}

const metMs = 90 * 86_400_000;

/** Only who speaks to the list is heard by others there. */
async function waitFor({ bot }: Working, tx: Database, list: ListConfig, now: Date): Promise<number> {
  if (list.mode !== 'list') return 0;
  const others = await othersOn(tx, list.name, bot.address, new Date(now.getTime() - metMs));
  return waitBeforeReply(bot.address, others, list.quiet);
}

/** Where nothing is promised a break is information: one paragraph says it. */
function saidTo({ promise }: ListConfig, result: SeriesResult): SeriesResult {
  return promise === 'advisory' ? { ...result, reply: advisoryReport(result.review) } : result;
}

/** The version before is answered no more: what was not sent yet is taken back. */
async function supersede(
  { log, config }: Working,
  tx: Database,
  older: string,
  by: SeriesResult,
  reviewed: About,
): Promise<void> {
  await noteSuperseded(tx, older, by.messageId);
  const { held, why } = replacedBy(config, by.messageId, by.vouched);
  const taken = await takeBackUnsent(tx, older, { to: held ? 'held' : 'withdrawn', detail: why });
  for (const review of taken) {
    const about = { review: `r${review}`, thread: reviewed.thread, series: older };
    const newer = { by: by.messageId, byReview: reviewed.review };
    if (held)
      log.warn({ ...about, ...newer }, 'an unsent reply is held: nobody vouches for the sender of the newer version');
    else log.info({ ...about, ...newer }, 'an unsent reply was withdrawn');
  }
}

/**
 * From lines are easily forged, and a forged newer version must not silence what is true of the older one: it is withdrawn where the mailbox's
 * server vouches for the sender, else held for a person; withdrawn, too, where there is no person who could release it.
 */
function replacedBy(
  { bot, smtp, web }: Config,
  newer: string,
  vouched: boolean,
): { readonly held: boolean; readonly why: string } {
  const decided =
    (bot.owner !== undefined && smtp !== undefined) || web.token !== undefined || web.github !== undefined;
  if (vouched || !decided) return { held: false, why: `a newer version is here: ${newer}` };
  return { held: true, why: `a newer version is here, but nobody vouches for its sender: ${newer}` };
}

/** The same change in pull requests of mirrors, one line each. */
async function elsewhere({ config }: Working, tx: Database, series: number): Promise<string[]> {
  const met = await meetingsOf(tx, series);
  return met.slice(0, 3).map(({ list, pull, verdict, review }) => {
    const url = config.web.url === undefined ? '' : `\n  ${config.web.url.replace(/\/$/, '')}/reviews/r${review}`;
    return `Also reviewed: ${list}, pull request ${pull ?? '?'}: ${verdict}${url}`;
  });
}

/** The first list that carried the series and is not off; one answer, however many lists carried it. */
function listFor(config: Config, lists: readonly string[], fallback: string): ListConfig | null {
  const found = [...lists, fallback].flatMap((name) => config.lists.filter((list) => list.name === name));
  return found.find((list) => list.mode !== 'off') ?? found[0] ?? null;
}
