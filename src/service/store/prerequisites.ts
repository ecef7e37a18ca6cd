/**
 * What the mails of a thread say must be applied first -> the mails of other threads that carry it; and the other way round: a thread that got
 * what others wait for makes them due again. Needs are stored as `message ID`, `change ID`, `patch ID`.
 */
import type { Database } from '../database.js';
import { reviewToCome } from './reviews.js';
import type { Coming } from './threads.js';

const [maxThreads, maxMails, maxBytes] = [40, 300, 16_000_000];
/** A series may need one that needs one. */
const maxSteps = 4;

/** Patches and cover letters of what is needed, and of what that needs in turn, nearest first. */
export async function prerequisitesOf(db: Database, thread: number): Promise<readonly Uint8Array[]> {
  const found = new Set<number>();
  for (let step = 0, open = [thread]; step < maxSteps && open.length > 0 && found.size < maxThreads; step++) {
    const rows = await db.query<{ thread: number }>(
      `with needed as (select distinct unnest(needs) as need from kabiwatch.message where thread = any($1::bigint[]) and part)
       select m.thread from needed join kabiwatch.message m on need = 'message ' || m.message_id
       union select m.thread from needed join kabiwatch.message m on m.part and need = 'change ' || m.change_id
       union select s.thread from needed join kabiwatch.series_patch p on need = 'patch ' || p.patch_id
         join kabiwatch.series s on s.id = p.series
       limit ${maxThreads}`,
      [open],
    );
    open = rows.map((row) => row.thread).filter((id) => id !== thread && !found.has(id));
    for (const id of open) found.add(id);
  }
  if (found.size === 0) return [];
  const rows = await db.query<{ raw: Uint8Array }>(
    `select raw from (
       select m.raw, sum(length(m.raw)) over (order by array_position($1::bigint[], m.thread), m.received_at, m.id) as bytes
       from kabiwatch.message m where (m.patch or m.part) and m.raw is not null and m.thread = any($1::bigint[])
     ) mail where bytes <= $2 order by bytes limit $3`,
    [[...found], maxBytes, maxMails],
  );
  return rows.map(({ raw }) => raw);
}

/** A part came to `thread`: who named one of its parts, or their change, is to be judged with them. */
export async function wakeWhoNeeds(tx: Database, thread: number, due: Date): Promise<Coming[]> {
  return wake(
    tx,
    `array(select 'message ' || message_id from kabiwatch.message where thread = $1 and part
       union select 'change ' || change_id from kabiwatch.message where thread = $1 and part and change_id is not null)`,
    [thread, due],
  );
}

/** A series of `thread` was read: who named one of its patches by its id is to be judged with them. */
export async function wakeWhoNeedsPatches(
  tx: Database,
  thread: number,
  patchIds: readonly string[],
  due: Date,
): Promise<Coming[]> {
  return patchIds.length === 0 ? [] : wake(tx, '$3::text[]', [thread, due, patchIds.map((id) => `patch ${id}`)]);
}

/** Anybody can name anything: only so many are made due by one mail. */
async function wake(tx: Database, needs: string, values: readonly unknown[]): Promise<Coming[]> {
  return tx.query<Coming>(
    `update kabiwatch.thread set due_at = coalesce(due_at, $2), marks = marks + 1, review = coalesce(review, ${reviewToCome}) where id in (
       select distinct thread from kabiwatch.message where part and needs <> '{}' and needs && ${needs} and thread <> $1
       limit ${maxThreads}) returning id as thread, review`,
    [...values],
  );
}
