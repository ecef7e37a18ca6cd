/** Due threads: what is to be reviewed, by whom, and what became of it. `due_at` is the truth; the queue only spreads the work. */
import type { Database, Store } from '../database.js';
import { reviewToCome } from './reviews.js';

/** A thread and the review that it becomes. */
export interface Coming {
  readonly thread: number;
  readonly review: number;
}

/** Marks due threads as handed to the queue and returns them. One that was handed out longer than `leaseMs` ago is handed out again. */
export async function takeDueThreads(store: Database, now: Date, leaseMs: number): Promise<Coming[]> {
  return store.query<Coming>(
    `update kabiwatch.thread set queued_at = $1 where id in (
       select id from kabiwatch.thread where due_at <= $1 and (queued_at is null or queued_at < $2 or queued_at > $1)
       order by due_at limit 200 for update skip locked
     ) returning id as thread, review`,
    [now, new Date(now.getTime() - leaseMs)],
  );
}

export interface DueThread {
  readonly id: number;
  /** The number of the review that it becomes. */
  readonly review: number;
  readonly dueAt: Date;
  /** Raised by each part that comes. */
  readonly marks: number;
  readonly list: string;
  readonly muted: boolean;
  readonly failures: number;
  readonly mails: readonly {
    readonly messageId: string;
    readonly raw: Uint8Array;
    readonly receivedAt: Date;
    readonly automatic: string | null;
  }[];
}

/** A thread grows as long as people write; only so much of it can hold patches of one discussion. Patches come first. */
const [maxMails, maxBytes] = [1000, 32_000_000];

/** null when the thread is not due any more: another worker was quicker, or a new patch postponed it. */
export async function readDueThread(db: Database, id: number, now: Date): Promise<DueThread | null> {
  const [thread] = await db.query<{
    id: number;
    review: number;
    dueAt: Date;
    marks: number;
    muted: boolean;
    failures: number;
  }>(
    `select id, review, due_at as "dueAt", marks, muted, failures from kabiwatch.thread where id = $1 and due_at <= $2`,
    [id, now],
  );
  if (thread === undefined) return null;
  const mails = await db.query<{
    messageId: string;
    list: string;
    raw: Uint8Array;
    receivedAt: Date;
    automatic: string | null;
  }>(
    `select message_id as "messageId", list, raw, received_at as "receivedAt", automatic
     from (
       select m.*, sum(length(raw)) over (order by patch desc, received_at, id) as bytes, row_number() over (order by patch desc, received_at, id) as place
       from kabiwatch.message m where thread = $1 and raw is not null
     ) mail
     where place <= $2 and bytes <= $3 order by place`,
    [id, maxMails, maxBytes],
  );
  return { ...thread, list: mails[0]?.list ?? '', mails };
}

/** Did a part of a series come since it was read? Locks the thread until the transaction ends. */
export async function isStale(tx: Database, thread: { id: number; marks: number }): Promise<boolean> {
  const [row] = await tx.query<{ marks: number }>('select marks from kabiwatch.thread where id = $1 for update', [
    thread.id,
  ]);
  return row?.marks !== thread.marks;
}

/** Not due any more, unless a part came while the review ran. */
export async function settleThread(tx: Database, thread: { id: number; marks: number }): Promise<void> {
  await tx.query(
    `update kabiwatch.thread set due_at = case when marks = $2 then null else due_at end, queued_at = null, failures = 0,
       review = case when marks = $2 then null else ${reviewToCome} end
     where id = $1`,
    [thread.id, thread.marks],
  );
}

/** Tried once more; then, at the last of its chances, parked with its input for a person. Returns whether it was parked. */
export async function failThread(
  store: Store,
  thread: number,
  why: string,
  retryAt: Date,
  chances = 2,
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const [row] = await tx.query<{ failures: number }>(
      `update kabiwatch.thread set failures = failures + 1, queued_at = null, due_at = $2 where id = $1 returning failures`,
      [thread, retryAt],
    );
    if ((row?.failures ?? 0) < chances) return false;
    await tx.query('update kabiwatch.thread set due_at = null, failures = 0, review = null where id = $1', [thread]);
    await tx.query('insert into kabiwatch.parked (thread, why) values ($1, $2)', [thread, why]);
    return true;
  });
}

/** A person wants a parked thread to be tried again: the review that it becomes; null where it is not parked. */
export async function retryParked(store: Store, thread: number, now: Date): Promise<number | null> {
  return store.transaction(async (tx) => {
    const parked = await tx.query('delete from kabiwatch.parked where thread = $1 returning id', [thread]);
    if (parked.length === 0) return null;
    const [row] = await tx.query<{ review: number }>(
      `update kabiwatch.thread set due_at = $2, queued_at = null, failures = 0, marks = marks + 1, review = coalesce(review, ${reviewToCome})
       where id = $1 returning review`,
      [thread, now],
    );
    return row?.review ?? null;
  });
}

/** They are at work: their lease begins anew. What was released meanwhile stays so. */
export async function keepThreads(db: Database, threads: readonly number[], now: Date): Promise<void> {
  if (threads.length === 0) return;
  await db.query('update kabiwatch.thread set queued_at = $2 where id = any($1::bigint[]) and queued_at is not null', [
    threads,
    now,
  ]);
}

/** Handed out again at once, not when its lease ends. */
export async function releaseThread(db: Database, thread: number): Promise<void> {
  await db.query('update kabiwatch.thread set queued_at = null where id = $1', [thread]);
}

/** After a crash of the only process nobody holds anything: what was handed out is handed out again at once. */
export async function releaseAllThreads(db: Database): Promise<void> {
  await db.query('update kabiwatch.thread set queued_at = null where queued_at is not null');
}

export async function muteThread(db: Database, messageId: string): Promise<boolean> {
  const rows = await db.query(
    `update kabiwatch.thread set muted = true
     where id in (select thread from kabiwatch.thread_member where message_id = $1) returning id`,
    [messageId],
  );
  return rows.length > 0;
}

export async function countDueThreads(db: Database): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'select count(*)::int as count from kabiwatch.thread where due_at is not null',
  );
  return row?.count ?? 0;
}
