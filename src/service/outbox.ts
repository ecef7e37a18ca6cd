/**
 * Planned replies -> sent, each at most once as far as the world lets itself be asked.
 *
 *   planned -> sending (committed before the first byte) -> sent | failed | planned again (refused for now) | unsure (the answer was lost)
 *   unsure  -> sent, when our Message-ID is found on the list; -> planned again only after a grace time without it, with the same id
 *
 * A reply that went to nobody's list (mode author, no archive address) cannot be looked for: it stays unsure and is never repeated,
 * because one mail too few is a smaller fault than two.
 */
import { randomBytes } from 'node:crypto';
import type { Config } from './config.js';
import type { Store } from './database.js';
import type { Health } from './health.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { CheckOutlet, Clock, MailSink, MailSource, SendResult } from './ports.js';
import { inQuietHours } from './quiet-hours.js';
import {
  beginSending,
  type CheckDelivery,
  countStates,
  type Delivery,
  doubtStaleSendings,
  dueChecks,
  dueDeliveries,
  failuresSince,
  holdPlanned,
  markSent,
  markTold,
  moveDelivery,
  otherWasQuicker,
  postpone,
  sawMessage,
  sentSince,
  setCode,
  untoldHeld,
} from './store/deliveries.js';

export interface Posting {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly config: Config;
  readonly sinks: { readonly mail: MailSink | null; readonly 'dry-run': MailSink };
  readonly checks: CheckOutlet | null;
  /** Where replies to a list can be seen again. */
  readonly sources: ReadonlyMap<string, MailSource>;
  /** Tells the owner that posting stopped; at most once an hour. */
  readonly alarm: (why: string) => Promise<void>;
  /** Mails the owner; false when there is no owner, no SMTP, or the mail was not taken. */
  readonly tellOwner: (subject: string, text: string) => Promise<boolean>;
}

const hourMs = 3_600_000;

/** One round over what is due. Returns how many were settled, so that the caller can go on at once while there is work. */
export async function post(posting: Posting): Promise<number> {
  const { store, clock, config, log, metrics } = posting;
  const now = clock.now();
  const stale = new Date(now.getTime() - config.posting.sendingLease);
  const doubted = await doubtStaleSendings(store, stale, now);
  for (const { review, messageId } of doubted)
    log.warn({ review: `r${review}`, messageId }, 'its sender ended: looking for the reply before any re-send');
  await breakCircuit(posting, now);
  await tellOfHeld(posting, now);
  let settled = 0;
  for (const delivery of await dueDeliveries(store, now)) {
    if (delivery.state === 'unsure' ? await settleUnsure(posting, delivery) : await trySending(posting, delivery))
      settled++;
  }
  for (const delivery of await dueChecks(store, now)) if (await postCheck(posting, delivery)) settled++;
  for (const { state, count } of await countStates(store)) metrics.deliveries.set({ state }, count);
  return settled;
}

function aboutDelivery(delivery: Omit<Delivery, 'mail'>): Record<string, unknown> {
  return {
    review: `r${delivery.review}`,
    thread: delivery.thread,
    list: delivery.list,
    messageId: delivery.messageId,
    attempt: delivery.attempts + 1,
  };
}

async function trySending(posting: Posting, delivery: Delivery): Promise<boolean> {
  const { store, clock, config, log } = posting;
  const wait = await mustWait(posting, delivery);
  if (wait !== null) {
    if (wait.why !== delivery.detail) log.info({ ...aboutDelivery(delivery), why: wait.why }, 'reply waits');
    await postpone(store, delivery.id, wait.why, new Date(clock.now().getTime() + wait.ms));
    return false;
  }
  const sink = delivery.outlet === 'dry-run' ? posting.sinks['dry-run'] : posting.sinks.mail;
  if (sink === null) {
    const detail = 'smtp is not configured';
    await moveDelivery(store, delivery.id, { state: 'held', detail, nextAt: clock.now() });
    log.warn({ ...aboutDelivery(delivery), why: detail }, 'reply held');
    return true;
  }
  if (await otherWasQuicker(store, delivery.id)) {
    const detail = 'another kabiwatch has answered in this thread';
    await moveDelivery(store, delivery.id, { state: 'withdrawn', detail, nextAt: clock.now() });
    log.info({ ...aboutDelivery(delivery), why: detail }, 'reply withdrawn');
    return true;
  }
  if (!(await beginSending(store, delivery.id, clock.now()))) return false;
  // A store that was lost, or a second one of the same bot: what the list has already is not sent to it again.
  if (delivery.outlet === 'mail' && delivery.attempts === 0 && (await sawMessage(store, delivery.messageId))) {
    await markSent(store, delivery.id, 'found on the list', clock.now());
    log.info(aboutDelivery(delivery), 'the reply is on the list');
    return true;
  }
  // Half a lease: nobody may take us for dead while we still talk to the server.
  const result = await within(sink.send(delivery.mail), config.posting.sendingLease / 2);
  const part = delivery.outlet === 'dry-run' ? 'replies folder' : 'smtp';
  await record(posting, delivery, { part, name: sink.name }, result);
  return true;
}

/** Limits and quiet hours are for people's mailboxes; a check disturbs nobody. */
async function postCheck(posting: Posting, delivery: CheckDelivery): Promise<boolean> {
  const { store, clock, config, checks } = posting;
  if (checks === null) {
    const detail = 'patchwork is not configured';
    await moveDelivery(store, delivery.id, { state: 'held', detail, nextAt: clock.now() });
    posting.log.warn({ ...aboutDelivery(delivery), why: detail }, 'check held');
    return true;
  }
  if (!(await beginSending(store, delivery.id, clock.now()))) return false;
  const result = await within(checks.post(delivery.check), config.posting.sendingLease / 2);
  // What was perhaps posted is looked for by the next attempt itself.
  const sure = result.kind === 'unsure' ? ({ kind: 'retry', why: result.why } as const) : result;
  await record(posting, delivery, { part: 'patchwork', name: checks.name }, sure);
  return true;
}

async function within(sending: Promise<SendResult>, ms: number): Promise<SendResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<SendResult>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'unsure', why: `no answer within ${ms / 1000} s` }), ms);
  });
  const result = await Promise.race([sending, late]);
  clearTimeout(timer);
  return result;
}

async function record(
  posting: Posting,
  delivery: Omit<Delivery, 'mail'>,
  sink: { readonly part: string; readonly name: string },
  result: SendResult,
): Promise<void> {
  const { store, clock, log, health, metrics, config } = posting;
  const now = clock.now();
  const attempts = delivery.attempts + 1;
  const about = aboutDelivery(delivery);
  const { part } = sink;
  metrics.sends.inc({ list: delivery.list, result: result.kind });
  switch (result.kind) {
    case 'sent':
      await markSent(
        store,
        delivery.id,
        [result.response, ...result.rejected.map((who) => `rejected: ${who}`)].join('; '),
        now,
      );
      health.set(part, { ok: true, detail: sink.name });
      log.info({ ...about, response: result.response, rejected: result.rejected }, 'reply sent');
      return;
    case 'retry': {
      health.set(part, { ok: false, detail: `${sink.name}: ${result.why}` });
      const last = attempts >= config.posting.attempts;
      const ms = Math.min(config.posting.retry * 2 ** (attempts - 1), hourMs);
      await moveDelivery(store, delivery.id, {
        state: last ? 'failed' : 'planned',
        detail: result.why,
        nextAt: new Date(now.getTime() + ms),
      });
      log.warn(
        { ...about, why: result.why, ...(last ? {} : { nextInSeconds: Math.ceil(ms / 1000) }) },
        last ? 'reply given up' : 'reply refused for now',
      );
      return;
    }
    case 'failed':
      await moveDelivery(store, delivery.id, { state: 'failed', detail: result.why, nextAt: now });
      log.error({ ...about, why: result.why }, 'reply refused');
      return;
    case 'unsure':
      await moveDelivery(store, delivery.id, { state: 'unsure', detail: result.why, nextAt: now });
      log.warn({ ...about, why: result.why }, 'the answer was lost: looking for the reply before any re-send');
      return;
    default:
      result satisfies never;
  }
}

/** The owner gets each held reply as it would go out, with the code that decides about it. */
async function tellOfHeld(posting: Posting, now: Date): Promise<void> {
  for (const delivery of await untoldHeld(posting.store)) {
    const code = randomBytes(9).toString('base64url');
    await setCode(posting.store, delivery.id, code);
    const recipients = [...delivery.mail.to, ...delivery.mail.cc].join(', ');
    const told = await posting.tellOwner(
      `held: ${delivery.mail.subject}`,
      [
        `Held: ${delivery.detail}. It would go to ${recipients}.`,
        'Answer with one of these lines:',
        '',
        `approve r${delivery.review} ${code}`,
        `withdraw r${delivery.review} ${code}`,
        '',
        delivery.mail.text,
      ].join('\n'),
    );
    if (!told) return;
    await markTold(posting.store, delivery.id, now);
    posting.log.info(aboutDelivery(delivery), 'the owner was asked about a held reply');
  }
}

/** Looks for our mail: in what the watchers stored, then on the server. */
async function settleUnsure(posting: Posting, delivery: Delivery): Promise<boolean> {
  const { store, clock, config, log } = posting;
  const now = clock.now();
  const about = aboutDelivery(delivery);
  const again = (ms: number) => new Date(now.getTime() + ms);
  if (delivery.outlet === 'dry-run') {
    // A file of the same name is written over: repeating it is harmless.
    await moveDelivery(store, delivery.id, { state: 'planned', detail: 'written again', nextAt: now });
    return true;
  }
  const found = await isThere(posting, delivery).catch((error: Error) => error);
  if (found instanceof Error) {
    await postpone(store, delivery.id, `cannot look for it: ${found.message}`, again(config.posting.retry));
    log.warn({ ...about, why: found.message }, 'cannot look for the reply; it is not repeated');
    return false;
  }
  if (found) {
    await markSent(store, delivery.id, 'found on the list', now);
    log.info(about, 'the reply is on the list');
    return true;
  }
  if (!visible(config, delivery)) {
    await postpone(
      store,
      delivery.id,
      'it cannot be looked for (mode author without bot.archive); never repeated',
      again(24 * hourMs),
    );
    return false;
  }
  const graceEnds = (delivery.sendingAt?.getTime() ?? 0) + config.posting.unsureGrace;
  if (now.getTime() < graceEnds) {
    const ms = Math.min(config.posting.retry, graceEnds - now.getTime());
    await postpone(store, delivery.id, 'not on the list yet', again(ms));
    return false;
  }
  await moveDelivery(store, delivery.id, {
    state: 'planned',
    detail: 'not on the list after the grace time',
    nextAt: now,
  });
  log.warn(about, 'the reply did not arrive: sending it again with the same Message-ID');
  return true;
}

/** Would the reply, if it was taken, come back to a mailbox that we read? */
function visible(config: Config, delivery: Delivery): boolean {
  const addresses = new Set([...delivery.mail.to, ...delivery.mail.cc]);
  return config.bot.archive !== undefined || config.lists.some((list) => addresses.has(list.address));
}

async function isThere(posting: Posting, delivery: Delivery): Promise<boolean> {
  if (await sawMessage(posting.store, delivery.messageId)) return true;
  const source = posting.sources.get(delivery.list);
  if (source === undefined) throw new Error(`the mailbox of ${delivery.list} is not configured`);
  return source.contains(delivery.messageId);
}

/** Limits and quiet hours postpone; nothing is dropped by them. */
async function mustWait(posting: Posting, delivery: Delivery): Promise<{ why: string; ms: number } | null> {
  if (delivery.outlet === 'dry-run') return null;
  const { store, clock, config } = posting;
  const now = clock.now();
  const { quietHours, perHour, perListHour } = config.posting;
  if (quietHours !== undefined && inQuietHours(quietHours, now)) return { why: 'quiet hours', ms: 300_000 };
  const sent = await sentSince(store, delivery.list, new Date(now.getTime() - hourMs));
  if (sent.all >= perHour) return { why: `${sent.all} replies within an hour`, ms: 60_000 };
  if (sent.list >= perListHour) return { why: `${sent.list} replies to this list within an hour`, ms: 60_000 };
  return null;
}

/** Many refusals for good within an hour mean that something is wrong with us: hold everything, tell the owner. */
async function breakCircuit(posting: Posting, now: Date): Promise<void> {
  const { store, config, log } = posting;
  const failures = await failuresSince(store, new Date(now.getTime() - hourMs));
  if (failures < config.posting.breakerFailures) return;
  const held = await holdPlanned(store, `${failures} replies failed within an hour`);
  if (held.length === 0) return;
  log.error({ failures, held: held.length }, 'circuit breaker: replies are held for the owner');
  for (const { review, messageId } of held) log.warn({ review: `r${review}`, messageId }, 'reply held');
  await posting.alarm(
    `${failures} replies failed within an hour; ${held.length} more are held. Look at the log, then release them.`,
  );
}
