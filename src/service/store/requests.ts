/** What people on a thread asked for: a review to be made again, or one type of it explained. */
import type { Review } from '../../kabi/review.js';
import type { Database } from '../database.js';
import { reviewToCome } from './reviews.js';

export interface Request {
  /** Message-ID of the mail that asks. */
  readonly id: string;
  /** Message-ID of the series that is meant. */
  readonly series: string;
  readonly list: string;
  /** Bare address. */
  readonly asker: string;
}

export interface Subject {
  readonly thread: number;
  readonly muted: boolean;
  readonly series: number;
  readonly messageId: string;
  readonly subject: string;
  readonly version: number;
  readonly review: number;
  readonly body: Review;
}

/** The latest series of the mail's thread that was reviewed, with its latest review; null where the thread has none. */
export async function subjectOf(db: Database, messageId: string): Promise<Subject | null> {
  const [row] = await db.query<Subject>(
    `select s.thread, t.muted, s.id as series, s.message_id as "messageId", s.subject, s.version, r.id as review, r.body
     from kabiwatch.message m join kabiwatch.thread t on t.id = m.thread
     join kabiwatch.series s on s.thread = m.thread join kabiwatch.review r on r.series = s.id
     where m.message_id = $1 and s.superseded_by is null order by s.id desc, r.id desc limit 1`,
    [messageId],
  );
  return row ?? null;
}

/** Did this person write another mail of the thread? */
export async function isOnThread(db: Database, thread: number, address: string, but: string): Promise<boolean> {
  const rows = await db.query(
    `select 1 from kabiwatch.message where thread = $1 and sender = $2 and message_id <> $3 and automatic is null limit 1`,
    [thread, address, but],
  );
  return rows.length > 0;
}

/** Answers to requests since then: in the thread, and of all threads to this person. */
export async function answeredSince(
  db: Database,
  about: { readonly thread: number; readonly asker: string },
  since: Date,
): Promise<{ readonly thread: number; readonly asker: number }> {
  const [row] = await db.query<{ thread: number; asker: number }>(
    `select (count(*) filter (where s.thread = $1))::int as thread, (count(*) filter (where d.mail->'to'->>0 = $2))::int as asker
     from kabiwatch.delivery d join kabiwatch.series s on s.id = d.series where d.answers <> '' and d.planned_at > $3`,
    [about.thread, about.asker, since],
  );
  return row ?? { thread: 0, asker: 0 };
}

/** Stored with the thread made due. The review to come; null for a repeated mail, which asks for nothing more. */
export async function askAgain(tx: Database, thread: number, request: Request, now: Date): Promise<number | null> {
  const rows = await tx.query(
    `insert into kabiwatch.request (id, thread, series, list, asker, at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id`,
    [request.id, thread, request.series, request.list, request.asker, now],
  );
  if (rows.length === 0) return null;
  const [row] = await tx.query<{ review: number }>(
    `update kabiwatch.thread set due_at = $2, queued_at = null, marks = marks + 1, review = coalesce(review, ${reviewToCome})
     where id = $1 returning review`,
    [thread, now],
  );
  return row?.review ?? null;
}

export function requestsOf(db: Database, thread: number): Promise<Request[]> {
  return db.query<Request>(
    'select id, series, list, asker from kabiwatch.request where thread = $1 order by at, id limit 3',
    [thread],
  );
}

export async function settleRequests(tx: Database, requests: readonly Request[]): Promise<void> {
  await tx.query('delete from kabiwatch.request where id = any($1::text[])', [requests.map(({ id }) => id)]);
}
