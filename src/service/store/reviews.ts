/** Series and their reviews. A series is known by its first Message-ID; a review is unique by series, engine and the patches that were there. */
import type { Review } from '../../kabi/review.js';
import type { Database } from '../database.js';
import type { ShownPatch } from '../shown-patches.js';

export interface SeriesRow {
  readonly messageId: string;
  readonly thread: number;
  readonly list: string;
  readonly subject: string;
  readonly version: number;
}

/**
 * SQL: the number that the review to come will have, kept from when its thread or pull request becomes due until it is settled. A round that judges
 * nothing new leaves it unused.
 */
export const reviewToCome = "nextval('kabiwatch.review_id_seq')";

export async function storeSeries(tx: Database, series: SeriesRow): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    `insert into kabiwatch.series (message_id, thread, list, subject, version) values ($1, $2, $3, $4, $5)
     on conflict (message_id) do update set thread = excluded.thread returning id`,
    [series.messageId, series.thread, series.list, series.subject, series.version],
  );
  return (row as { id: number }).id;
}

export interface ReviewRow {
  readonly series: number;
  /** The number that was given before; where another review of its round has it by now, or absent: the next one. */
  readonly id?: number;
  readonly engine: string;
  readonly patches: string;
  readonly review: Review;
  /** Absent: its page shows no patches. */
  readonly shown?: readonly ShownPatch[];
  readonly reply: string;
  readonly ms: number;
  /** Message-ID of the mail that asked for it again; absent: nobody did. */
  readonly asked?: string;
}

/** The id, and whether it is new; a review that is stored already stays as it is. */
export async function storeReview(tx: Database, row: ReviewRow): Promise<{ id: number; fresh: boolean }> {
  const [stored] = await tx.query<{ id: number }>(
    `insert into kabiwatch.review (id, series, engine, patches, verdict, evidence, body, reply, ms, asked, shown)
     values (coalesce((select $11::bigint where not exists (select 1 from kabiwatch.review where id = $11)), ${reviewToCome}),
       $1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10::jsonb) on conflict do nothing returning id`,
    [
      row.series,
      row.engine,
      row.patches,
      row.review.verdict,
      row.review.evidence,
      JSON.stringify(row.review),
      row.reply,
      Math.round(row.ms),
      row.asked ?? '',
      row.shown === undefined ? null : JSON.stringify(row.shown),
      row.id ?? null,
    ],
  );
  if (stored !== undefined) return { id: stored.id, fresh: true };
  const [known] = await tx.query<{ id: number }>(
    'select id from kabiwatch.review where series = $1 and engine = $2 and patches = $3 and asked = $4',
    [row.series, row.engine, row.patches, row.asked ?? ''],
  );
  return { id: (known as { id: number }).id, fresh: false };
}

export async function noteSuperseded(tx: Database, older: string, newer: string): Promise<void> {
  await tx.query('update kabiwatch.series set superseded_by = $2 where message_id = $1', [older, newer]);
}

const mostReviews = 8;

/** The latest review of each series of a thread, the newest series first. */
export async function reviewsOf(
  db: Database,
  thread: number,
): Promise<{ readonly messageId: string; readonly review: Review }[]> {
  return db.query<{ messageId: string; review: Review }>(
    `select "messageId", review from (
       select distinct on (s.id) s.message_id as "messageId", r.body as review, s.id
       from kabiwatch.review r join kabiwatch.series s on s.id = r.series where s.thread = $1 order by s.id, r.id desc
     ) latest order by id desc limit $2`,
    [thread, mostReviews],
  );
}

export async function noteSilence(tx: Database, review: number, why: string): Promise<void> {
  await tx.query('update kabiwatch.review set silent = $2 where id = $1', [review, why]);
}

export interface History {
  /** Mails planned for this thread within a week, whatever their state but withdrawn: a thread holds all versions, however late. */
  readonly thread: number;
  /** Bad verdicts that were planned to be said within the last hour. */
  readonly burst: number;
  readonly optedOut: boolean;
  /** A mail of another kabiwatch is in the thread. */
  readonly answeredByOther: boolean;
}

/** SQL: a mail of a kabiwatch is in the thread that this store did not plan. */
export function answeredByOther(thread: string): string {
  return `exists (select 1 from kabiwatch.message m where m.thread = ${thread} and m.automatic = 'kabiwatch'
    and not exists (select 1 from kabiwatch.delivery own where own.message_id = m.message_id))`;
}

export async function historyOf(
  db: Database,
  about: { readonly thread: number; readonly author: string; readonly list: string },
  now: Date,
): Promise<History> {
  const [row] = await db.query<History>(
    `select
       (select count(*)::int from kabiwatch.delivery d join kabiwatch.series s on s.id = d.series
        where s.thread = $1 and d.outlet = 'mail' and d.answers = '' and d.state <> 'withdrawn' and d.planned_at > $5) as thread,
       (select count(*)::int from kabiwatch.delivery d where d.outlet = 'mail' and d.planned_at > $4) as burst,
       exists (select 1 from kabiwatch.opt_out
        where (kind = 'author' and value = $2) or (kind = 'list' and value = $3)) as "optedOut",
       ${answeredByOther('$1')} as "answeredByOther"`,
    [
      about.thread,
      about.author,
      about.list,
      new Date(now.getTime() - 3_600_000),
      new Date(now.getTime() - 7 * 86_400_000),
    ],
  );
  return row ?? { thread: 0, burst: 0, optedOut: false, answeredByOther: false };
}

/** Addresses of the kabiwatches that spoke on a list since then, but ours. */
export async function othersOn(db: Database, list: string, own: string, since: Date): Promise<string[]> {
  const rows = await db.query<{ sender: string }>(
    `select distinct sender from kabiwatch.message
     where automatic = 'kabiwatch' and list = $1 and sender <> lower($2) and received_at > $3 limit 20`,
    [list, own, since],
  );
  return rows.map(({ sender }) => sender);
}

/** The lists that carried a message, first the one it came from first. */
export async function listsOf(db: Database, messageId: string): Promise<string[]> {
  const rows = await db.query<{ list: string }>(
    `select l.list from kabiwatch.message_list l join kabiwatch.message m on m.id = l.message
     where m.message_id = $1 order by l.list <> m.list, l.list`,
    [messageId],
  );
  return rows.map((row) => row.list);
}

export async function optOut(db: Database, kind: 'author' | 'list', value: string): Promise<void> {
  await db.query('insert into kabiwatch.opt_out (kind, value) values ($1, $2) on conflict do nothing', [kind, value]);
}

export async function optIn(db: Database, kind: 'author' | 'list', value: string): Promise<void> {
  await db.query('delete from kabiwatch.opt_out where kind = $1 and value = $2', [kind, value]);
}

/** `messageId patches` of the series in a thread that this engine has judged already. */
export async function judgedOf(db: Database, thread: number, engine: string): Promise<string[]> {
  const rows = await db.query<{ key: string }>(
    `select s.message_id || ' ' || r.patches as key from kabiwatch.review r join kabiwatch.series s on s.id = r.series
     where s.thread = $1 and r.engine = $2`,
    [thread, engine],
  );
  return rows.map((row) => row.key);
}
