/**
 * The outbox's table. planned -> sending -> sent | unsure | failed; held and withdrawn are for people. Each step is one conditional
 * update, so that two posters never hold the same mail, and a crash leaves the last step that is certain.
 */
import type { Database } from '../database.js';
import type { Check, OutgoingMail } from '../ports.js';
import { answeredByOther } from './reviews.js';

export type DeliveryState = 'planned' | 'held' | 'sending' | 'sent' | 'unsure' | 'failed' | 'withdrawn';

export interface Delivery {
  readonly id: number;
  readonly review: number;
  readonly thread: number;
  readonly outlet: string;
  readonly list: string;
  readonly messageId: string;
  readonly state: DeliveryState;
  readonly mail: OutgoingMail;
  readonly attempts: number;
  readonly sendingAt: Date | null;
  readonly detail: string | null;
}

/** A delivery to the outlet `patchwork`: what is posted instead of a mail. */
export interface CheckDelivery extends Omit<Delivery, 'mail'> {
  readonly check: Check;
}

/** Whose a delivery is. */
export interface Said {
  readonly review: number;
  readonly messageId: string;
}

export const checks = 'patchwork';

export interface PlannedDelivery {
  readonly series: number;
  readonly review: number;
  readonly outlet: string;
  readonly list: string;
  readonly mail: OutgoingMail;
  readonly held: string | null;
  /** Milliseconds before it may go out; absent: none. */
  readonly waitMs?: number;
  /** What it answers: a request's key; absent: the series itself. */
  readonly answers?: string;
}

/** False when this series was answered at this outlet before, in whatever state that answer is. */
export async function planDelivery(tx: Database, planned: PlannedDelivery, now: Date): Promise<boolean> {
  const rows = await tx.query(
    `insert into kabiwatch.delivery (series, review, outlet, list, message_id, state, mail, detail, next_at, planned_at, answers)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $11, $10) on conflict do nothing returning id`,
    [
      planned.series,
      planned.review,
      planned.outlet,
      planned.list,
      planned.mail.messageId,
      planned.held === null ? 'planned' : 'held',
      JSON.stringify(planned.mail),
      planned.held,
      new Date(now.getTime() + (planned.waitMs ?? 0)),
      planned.answers ?? '',
      now,
    ],
  );
  return rows.length > 0;
}

const columns = `d.id, d.review, s.thread, d.outlet, d.list, d.message_id as "messageId", d.state, d.mail, d.attempts,
  d.sending_at as "sendingAt", d.detail`;
const from = 'kabiwatch.delivery d join kabiwatch.series s on s.id = d.series';

/** A series has one check an outlet; a review of more of its patches replaces it, posted or not. */
export async function planCheck(
  tx: Database,
  planned: { readonly series: number; readonly review: number; readonly list: string; readonly check: Check },
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into kabiwatch.delivery (series, review, outlet, list, message_id, state, mail, next_at, planned_at)
     values ($1, $2, $3, $4, $5, 'planned', $6::jsonb, $7, $7)
     on conflict (series, outlet, answers) do update set review = excluded.review, mail = excluded.mail, state = 'planned',
       attempts = 0, detail = null, next_at = excluded.next_at`,
    [
      planned.series,
      planned.review,
      checks,
      planned.list,
      `series ${planned.series}`,
      JSON.stringify(planned.check),
      now,
    ],
  );
}

/** Lost answers are among them: posting again looks first. */
export async function dueChecks(db: Database, now: Date): Promise<CheckDelivery[]> {
  return db.query<CheckDelivery>(
    `select ${columns.replace('d.mail', 'd.mail as check')} from ${from}
     where d.outlet = $2 and d.state = 'planned' and d.next_at <= $1 order by d.next_at, d.id limit 50`,
    [now, checks],
  );
}

/** Of a series that a newer version replaces: the reviews whose replies were taken back. What is on its way, or may be, cannot be. */
export async function takeBackUnsent(
  tx: Database,
  messageId: string,
  { to, detail }: { readonly to: 'held' | 'withdrawn'; readonly detail: string },
): Promise<number[]> {
  const rows = await tx.query<{ review: number }>(
    `update kabiwatch.delivery set state = $3, detail = $2
     where (state in ('planned', 'held') and (outlet = 'mail' or $3 = 'withdrawn')) and not (state = 'held' and $3 = 'held')
     and series in (select id from kabiwatch.series where message_id = $1) returning review`,
    [messageId, detail, to],
  );
  return rows.map(({ review }) => review);
}

export async function dueDeliveries(db: Database, now: Date): Promise<Delivery[]> {
  return db.query<Delivery>(
    `select ${columns} from ${from} where d.outlet <> $2 and d.state in ('planned', 'unsure') and d.next_at <= $1
     order by d.next_at, d.id limit 50`,
    [now, checks],
  );
}

/**
 * Has another kabiwatch answered in the thread since this reply was planned? Answers to people's own questions, and what the owner has approved, go
 * out all the same.
 */
export async function otherWasQuicker(db: Database, id: number): Promise<boolean> {
  const rows = await db.query(
    `select 1 from ${from} where d.id = $1 and d.answers = '' and d.told_at is null and d.outlet = 'mail'
       and ${answeredByOther('s.thread')}`,
    [id],
  );
  return rows.length > 0;
}

/** Committed before the first byte goes out. False when another poster has it. */
export async function beginSending(db: Database, id: number, now: Date): Promise<boolean> {
  const rows = await db.query(
    `update kabiwatch.delivery set state = 'sending', sending_at = $2, attempts = attempts + 1
     where id = $1 and state = 'planned' returning id`,
    [id, now],
  );
  return rows.length > 0;
}

export async function markSent(db: Database, id: number, detail: string, now: Date): Promise<void> {
  await db.query(
    `update kabiwatch.delivery set state = 'sent', sent_at = $3, detail = $2 where id = $1 and state in ('sending', 'unsure')`,
    [id, detail, now],
  );
}

export async function moveDelivery(
  db: Database,
  id: number,
  to: { readonly state: DeliveryState; readonly detail: string; readonly nextAt: Date },
): Promise<void> {
  await db.query(
    `update kabiwatch.delivery set state = $2, detail = $3, next_at = $4 where id = $1 and state <> 'sent'`,
    [id, to.state, to.detail, to.nextAt],
  );
}

export async function postpone(db: Database, id: number, detail: string, nextAt: Date): Promise<void> {
  await db.query('update kabiwatch.delivery set detail = $2, next_at = $3 where id = $1', [id, detail, nextAt]);
}

/** A poster that has said nothing since `before` is dead; whether its mails went out is not known. Whose they are. */
export async function doubtStaleSendings(db: Database, before: Date, now: Date): Promise<Said[]> {
  return db.query<Said>(
    `update kabiwatch.delivery set state = case when outlet = $3 then 'planned' else 'unsure' end, next_at = $2,
       detail = 'the sender ended before the server answered'
     where state = 'sending' and sending_at <= $1 returning review, message_id as "messageId"`,
    [before, now, checks],
  );
}

export interface Counts {
  readonly all: number;
  readonly list: number;
}

/** What went out, or may have gone out, since then. */
export async function sentSince(db: Database, list: string, since: Date): Promise<Counts> {
  const [row] = await db.query<Counts>(
    `select count(*)::int as all, (count(*) filter (where list = $2))::int as list from kabiwatch.delivery
     where outlet = 'mail' and (sent_at > $1 or (state in ('sending', 'unsure') and sending_at > $1))`,
    [since, list],
  );
  return row ?? { all: 0, list: 0 };
}

/** Our own mail, come back over a list that we read. */
export async function sawMessage(db: Database, messageId: string): Promise<boolean> {
  const rows = await db.query('select 1 from kabiwatch.message where message_id = $1', [messageId]);
  return rows.length > 0;
}

export async function countStates(db: Database): Promise<{ state: DeliveryState; count: number }[]> {
  return db.query('select state, count(*)::int as count from kabiwatch.delivery group by state');
}

export async function failuresSince(db: Database, since: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from kabiwatch.delivery where state = 'failed' and outlet = 'mail' and sending_at > $1`,
    [since],
  );
  return row?.count ?? 0;
}

/** But what the owner has decided about: that is `told`. */
export async function holdPlanned(db: Database, why: string): Promise<Said[]> {
  return db.query<Said>(
    `update kabiwatch.delivery set state = 'held', detail = $1
     where state = 'planned' and outlet = 'mail' and told_at is null
     returning review, message_id as "messageId"`,
    [why],
  );
}

/** Held replies of which the owner was not told yet. */
export async function untoldHeld(db: Database): Promise<Delivery[]> {
  return db.query<Delivery>(
    `select ${columns} from ${from} where d.state = 'held' and d.told_at is null and d.outlet = 'mail' order by d.id limit 20`,
  );
}

/** Before the owner is told, so that the code in the mail is the one that counts. */
export async function setCode(db: Database, id: number, code: string): Promise<void> {
  await db.query('update kabiwatch.delivery set code = $2 where id = $1', [id, code]);
}

export async function markTold(db: Database, id: number, now: Date): Promise<void> {
  await db.query('update kabiwatch.delivery set told_at = $2 where id = $1', [id, now]);
}

export interface Ruling {
  readonly review: number;
  readonly code: string;
  readonly to: 'planned' | 'withdrawn';
}

/** The owner's decision about a held reply; false where none is held under this code. */
export async function decideHeld(db: Database, ruling: Ruling, now: Date): Promise<boolean> {
  const rows = await db.query(
    `update kabiwatch.delivery set state = $3, detail = $4, next_at = $5, told_at = coalesce(told_at, $5)
     where review = $1 and code = $2 and state = 'held' returning id`,
    [
      ruling.review,
      ruling.code,
      ruling.to,
      ruling.to === 'planned' ? 'approved by the owner' : 'withdrawn by the owner',
      now,
    ],
  );
  return rows.length > 0;
}

/** The decision of somebody who is logged in on the page, and needs no code: the review that it is about; null where nothing is held. */
export async function decideOnPage(
  db: Database,
  ruling: { readonly delivery: number; readonly to: 'planned' | 'withdrawn' },
  now: Date,
): Promise<number | null> {
  const [row] = await db.query<{ review: number }>(
    `update kabiwatch.delivery set state = $2, detail = $3, next_at = $4, told_at = coalesce(told_at, $4)
     where id = $1 and state = 'held' returning review`,
    [ruling.delivery, ruling.to, ruling.to === 'planned' ? 'approved on the page' : 'withdrawn on the page', now],
  );
  return row?.review ?? null;
}
