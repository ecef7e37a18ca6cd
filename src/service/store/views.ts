/** What the pages show: reads only. */
import type { Review } from '../../kabi/review.js';
import type { Database } from '../database.js';
import type { ShownPatch } from '../shown-patches.js';

export interface ReviewLine {
  readonly id: number;
  readonly subject: string;
  readonly list: string;
  readonly messageId: string;
  readonly version: number;
  readonly verdict: string;
  readonly evidence: Review['evidence'];
  readonly at: Date;
  readonly silent: string | null;
}

export interface ReviewFilter {
  readonly verdict: string | null;
  readonly list: string | null;
  /** Words of the subject. */
  readonly search: string | null;
  /** Only older ones than this review: its number is given before it is made, so that age is not their order. */
  readonly before: number | null;
}

const line = `r.id, s.subject, s.list, s.message_id as "messageId", s.version, r.verdict, r.evidence, r.at, r.silent
  from kabiwatch.review r join kabiwatch.series s on s.id = r.series`;

export function listReviews(db: Database, filter: ReviewFilter, limit: number): Promise<ReviewLine[]> {
  return db.query<ReviewLine>(
    `select ${line}
     where ($1::text is null or r.verdict = $1) and ($2::text is null or s.list = $2)
       and ($3::text is null or strpos(lower(s.subject), lower($3)) > 0) and ($4::bigint is null or (r.at, r.id) < (select at, id from kabiwatch.review where id = $4))
     order by r.at desc, r.id desc limit $5`,
    [filter.verdict, filter.list, filter.search, filter.before, limit],
  );
}

export async function reviewedLists(db: Database): Promise<string[]> {
  const rows = await db.query<{ list: string }>('select distinct list from kabiwatch.series order by list limit 200');
  return rows.map((row) => row.list);
}

export interface ReviewFull extends ReviewLine {
  readonly review: Review;
  /** null where its patches are not kept, or not any more. */
  readonly shown: readonly ShownPatch[] | null;
  readonly reply: string;
  readonly engine: string;
  readonly ms: number;
}

export async function readReview(db: Database, id: number): Promise<ReviewFull | null> {
  const [row] = await db.query<ReviewFull>(
    `select r.body as review, r.shown, r.reply, r.engine, r.ms, ${line} where r.id = $1`,
    [id],
  );
  return row ?? null;
}

export interface DeliveryLine {
  readonly id: number;
  readonly review: number;
  readonly outlet: string;
  readonly list: string;
  readonly state: string;
  readonly subject: string;
  readonly detail: string | null;
  readonly attempts: number;
  readonly plannedAt: Date;
  readonly sentAt: Date | null;
}

/** `state` null shows all; `review` null those of every review. Newest first. */
export function listDeliveries(db: Database, state: string | null, review: number | null): Promise<DeliveryLine[]> {
  return db.query<DeliveryLine>(
    `select d.id, d.review, d.outlet, d.list, d.state, s.subject, d.detail, d.attempts,
       d.planned_at as "plannedAt", d.sent_at as "sentAt"
     from kabiwatch.delivery d join kabiwatch.series s on s.id = d.series
     where ($1::text is null or d.state = $1) and ($2::bigint is null or d.review = $2) order by d.id desc limit 200`,
    [state, review],
  );
}

export interface QueueState {
  readonly due: number;
  readonly parked: number;
  readonly quarantined: number;
  readonly pullsDue: number;
  readonly mailboxes: readonly {
    readonly host: string;
    readonly mailbox: string;
    readonly lastUid: number;
    readonly movedAt: Date;
  }[];
}

/** What was put aside for a person, newest first. */
export interface PutAside {
  readonly parked: readonly {
    readonly thread: number;
    /** Of the thread's first mail. */
    readonly subject: string;
    readonly list: string;
    readonly why: string;
    readonly at: Date;
  }[];
  readonly quarantined: readonly {
    readonly host: string;
    readonly mailbox: string;
    readonly uid: number;
    /** Bytes. */
    readonly size: number;
    readonly why: string;
    readonly at: Date;
  }[];
}

export async function readPutAside(db: Database): Promise<PutAside> {
  const parked = await db.query<PutAside['parked'][number]>(
    `select p.thread, coalesce(m.subject, '') as subject, coalesce(m.list, '') as list, p.why, p.at from kabiwatch.parked p
     left join lateral (select subject, list from kabiwatch.message where thread = p.thread order by id limit 1) m on true
     order by p.id desc limit 50`,
  );
  const quarantined = await db.query<PutAside['quarantined'][number]>(
    'select host, mailbox, uid, size, why, at from kabiwatch.quarantine order by id desc limit 50',
  );
  return { parked, quarantined };
}

export async function readQueue(db: Database): Promise<QueueState> {
  const [counts] = await db.query<Omit<QueueState, 'mailboxes'>>(
    `select (select count(*)::int from kabiwatch.thread where due_at is not null) as due,
       (select count(*)::int from kabiwatch.parked) as parked,
       (select count(*)::int from kabiwatch.quarantine) as quarantined,
       (select count(*)::int from kabiwatch.pull where due_at is not null) as "pullsDue"`,
  );
  const mailboxes = await db.query<QueueState['mailboxes'][number]>(
    `select host, mailbox, last_uid as "lastUid", moved_at as "movedAt" from kabiwatch.cursor order by host, mailbox`,
  );
  return { ...(counts ?? { due: 0, parked: 0, quarantined: 0, pullsDue: 0 }), mailboxes };
}
