/**
 * Mail came -> read in a worker -> stored once with its cursor -> its thread due when the series is complete or quiet. A mail that cannot
 * be read is put aside with its input, and the cursor moves on: one bad mail must not stop a list.
 */
import type { ListConfig } from './config.js';
import { isDiskFull, type Store } from './database.js';
import type { Health } from './health.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { type Pool, WorkerLost } from './pool.js';
import type { Clock, FetchedMail, MailBatch, MailSource, MailWatcher } from './ports.js';
import { holdLease } from './store/leases.js';
import { cursorsOf, type Incoming, type Stored, storeBatch } from './store/messages.js';
import type { MailFacts, ReadAnswer } from './tasks.js';
import { listOf } from './which-list.js';

export interface Watching {
  readonly store: Store;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly botAddress: string;
  /** The server whose Authentication-Results count in this list's mailbox, or null. */
  readonly authenticationOf: (list: ListConfig) => string | null;
  readonly leaseMs: number;
  /** Who we are among several watchers of one mailbox. */
  readonly holder: string;
  /** Called after each stored batch, with its mails and their lists, and the threads into which parts of series came. */
  readonly stored: (mails: readonly ListMail[], due: readonly number[]) => Promise<void>;
}

export interface ListMail {
  readonly list: ListConfig;
  readonly facts: MailFacts;
}

/** Follows a mailbox, of one list or several, for as long as the signal is not aborted and the lease on it is ours. */
export async function watchMailbox(
  watching: Watching,
  lists: readonly ListConfig[],
  source: MailSource,
  signal: AbortSignal,
): Promise<void> {
  const { clock, store, health, leaseMs } = watching;
  const part = `mailbox ${namesOf(lists)}`;
  const lease = `watch ${source.name}`;
  while (!signal.aborted) {
    const held = await holdLease(store, lease, watching.holder, leaseMs).catch((error: Error) => {
      health.set(part, { ok: false, detail: `store: ${error.message}` });
      return null;
    });
    if (held !== true) {
      if (held === false) health.set(part, { ok: true, detail: 'another watcher reads it' });
      await clock.sleep(Math.min(5000, leaseMs / 3), signal);
      continue;
    }
    const lost = new AbortController();
    const renewing = renew(watching, lease, lost, signal);
    await source.watch(watcherFor(watching, lists, source, part), AbortSignal.any([signal, lost.signal]));
    lost.abort();
    await renewing;
  }
}

/** A watcher that cannot renew stops before another may begin. */
async function renew(watching: Watching, lease: string, lost: AbortController, signal: AbortSignal): Promise<void> {
  const { leaseMs } = watching;
  const stop = AbortSignal.any([signal, lost.signal]);
  let heldUntil = performance.now() + leaseMs;
  while (!stop.aborted) {
    await watching.clock.sleep(leaseMs / 3, stop);
    if (stop.aborted) return;
    const held = await holdLease(watching.store, lease, watching.holder, leaseMs).catch(() => null);
    if (held === true) heldUntil = performance.now() + leaseMs;
    else if (held === false || performance.now() > heldUntil - leaseMs / 3) lost.abort();
  }
}

function namesOf(lists: readonly ListConfig[]): string {
  return lists.map(({ name }) => name).join(', ');
}

function watcherFor(watching: Watching, lists: readonly ListConfig[], source: MailSource, part: string): MailWatcher {
  const { store, health, log, metrics, clock } = watching;
  return {
    cursors: (host) => cursorsOf(store, host),
    state: (state) => health.set(part, state),
    async deliver(batch: MailBatch) {
      const started = performance.now();
      const incoming = await readMails(watching, batch.mails, watching.authenticationOf(lists[0] as ListConfig));
      const read = performance.now();
      let result: Stored;
      try {
        result = await storeBatch(
          store,
          (facts) => {
            const { name, quiet } = listOf(lists, facts);
            return { name, quietMs: quiet };
          },
          { incoming, cursor: batch.cursor },
          clock.now(),
        );
        health.set('store', { ok: true, detail: store.name });
      } catch (error) {
        const why = isDiskFull(error) ? 'the disk is full; mail waits on the server' : (error as Error).message;
        health.set('store', { ok: false, detail: `${store.name}: ${why}` });
        throw error;
      }
      if (batch.mails.length > 0) {
        const { fresh, known, quarantined } = result;
        const [readMs, storeMs] = [Math.round(read - started), Math.round(performance.now() - read)];
        const about = { list: namesOf(lists), source: source.name, uid: batch.cursor.lastUid };
        log.info({ ...about, fresh, known, quarantined, readMs, storeMs }, 'mail stored');
      }
      logComing(log, result);
      for (const kind of ['fresh', 'known', 'quarantined'] as const)
        metrics.mails.inc({ list: namesOf(lists), result: kind }, result[kind]);
      await watching.stored(
        incoming.flatMap((mail) =>
          mail.kind === 'read' ? [{ list: listOf(lists, mail.facts), facts: mail.facts }] : [],
        ),
        [...new Set(result.parts.map(({ thread }) => thread))],
      );
    },
  };
}

/** What came of a batch, by the number of the review that it leads to. */
function logComing(log: Log, { parts, woken, joined }: Stored): void {
  for (const { review, ...part } of parts) log.info({ review: `r${review}`, ...part }, 'part of a series stored');
  for (const { thread, review } of woken) log.info({ review: `r${review}`, thread }, 'due again: what it needs came');
  for (const { thread, into, was, review } of joined) {
    if (review === null) log.info({ thread, into }, 'threads joined');
    for (const one of was) log.info({ review: `r${one}`, thread, into, goesOnAs: `r${review}` }, 'threads joined');
  }
}

/** Together while all is well; one by one when the batch broke its worker, so that only the mail that did it is put aside. */
async function readMails(
  watching: Watching,
  mails: readonly FetchedMail[],
  authentication: string | null,
): Promise<Incoming[]> {
  const whole = mails.filter((mail): mail is FetchedMail & { raw: Uint8Array } => mail.raw !== null);
  const answers = new Map<FetchedMail, ReadAnswer[number]>();
  const ask = async (some: typeof whole): Promise<void> => {
    if (some.length === 0) return;
    try {
      const answer = await watching.pool.run({
        kind: 'read',
        mails: some.map((mail) => mail.raw),
        identity: { address: watching.botAddress, authentication },
      });
      some.forEach((mail, index) => {
        const one = answer[index];
        if (one !== undefined) answers.set(mail, one);
      });
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      if (some.length > 1) for (const mail of some) await ask([mail]);
      else for (const mail of some) answers.set(mail, { ok: false, why: error.message });
    }
  };
  await ask(whole);
  return mails.map((mail): Incoming => {
    const answer = answers.get(mail);
    if (mail.raw !== null && answer?.ok)
      return { kind: 'read', facts: answer.facts, receivedAt: mail.receivedAt, raw: mail.raw };
    const why =
      mail.raw === null
        ? `larger than the ceiling: ${mail.size} bytes`
        : answer?.ok === false
          ? answer.why
          : 'no answer';
    watching.log.warn({ uid: mail.uid, size: mail.size, why }, 'mail put aside');
    return { kind: 'unreadable', uid: mail.uid, size: mail.size, why, raw: mail.raw };
  });
}
