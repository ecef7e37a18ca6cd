/** Lists and mirrors meet: the reviews of the same change on the other side, by patch-id and by the mails that a pull request names. */
import type { Database } from '../database.js';
import { reviewToCome } from './reviews.js';

export interface Marks {
  readonly patchIds: readonly string[];
  /** Message-IDs, no angle brackets, that commits or the pull request's text link to. */
  readonly links: readonly string[];
}

export interface Meeting {
  readonly subject: string;
  /** The list, or the repository. */
  readonly list: string;
  /** The pull request's number; null for a series on a list. */
  readonly pull: number | null;
  readonly review: number;
  readonly verdict: string;
}

/** What a series consists of now: a push or a late patch replaces what was noted before. */
export async function noteMarks(tx: Database, series: number, { patchIds, links }: Marks): Promise<void> {
  await tx.query('delete from kabiwatch.series_patch where series = $1', [series]);
  await tx.query('delete from kabiwatch.series_link where series = $1', [series]);
  await tx.query(
    'insert into kabiwatch.series_patch (series, patch_id) select distinct $1::bigint, unnest($2::text[])',
    [series, patchIds],
  );
  await tx.query(
    'insert into kabiwatch.series_link (series, message_id) select distinct $1::bigint, unnest($2::text[])',
    [series, links],
  );
}

/** A thread's Message-IDs lead to all of its series, so a link to any of its mails counts. */
const others = `
  select p.series from kabiwatch.series_patch p join kabiwatch.series_patch mine using (patch_id) where mine.series = $1
  union select s.id from kabiwatch.series_link l join kabiwatch.thread_member m using (message_id)
    join kabiwatch.series s on s.thread = m.thread where l.series = $1
  union select l.series from kabiwatch.series_link l join kabiwatch.thread_member m using (message_id)
    join kabiwatch.series s on s.thread = m.thread where s.id = $1`;

/** On the other side only: an older version on the same list, or another pull request of this repository, is no news. Newest first. */
export function meetingsOf(db: Database, series: number): Promise<Meeting[]> {
  return db.query<Meeting>(
    `select distinct on (s.list) s.subject, s.list, pull.number as pull, r.id as review, r.verdict
     from (${others}) other join kabiwatch.series s on s.id = other.series
     join kabiwatch.series mine on mine.id = $1 and mine.thread <> s.thread
     join kabiwatch.review r on r.series = s.id
     left join kabiwatch.pull pull on pull.thread = s.thread
     left join kabiwatch.pull here on here.thread = mine.thread
     where (pull.id is null) <> (here.id is null) or (pull.id is not null and pull.repo <> here.repo)
     order by s.list, r.id desc limit 5`,
    [series],
  );
}

/** The pull requests that are the same change are looked at again, so that their comment names the new review. */
export async function wakeMet(
  tx: Database,
  series: number,
  now: Date,
): Promise<{ readonly pull: string; readonly review: number }[]> {
  return tx.query<{ pull: string; review: number }>(
    `update kabiwatch.pull set due_at = $2, marks = marks + 1, review = coalesce(review, ${reviewToCome})
     where thread in (select s.thread from (${others}) other join kabiwatch.series s on s.id = other.series)
       and thread <> (select thread from kabiwatch.series where id = $1)
     returning repo || '#' || number as pull, review`,
    [series, now],
  );
}
