/**
 * What is kept for how long, in steps that follow each other: a reply that is done goes with its review, a review leaves its series, a thread
 * in which nothing is left goes with its messages and their ids. Each statement takes so many rows at most, so that the first run on an old store
 * locks nothing for long. Kept for ever, because it is small and somebody's word: opt-outs; and where reading stands.
 */
import type { Config } from './config.js';
import type { Store } from './database.js';
import type { Log } from './log.js';
import { storeLock } from './store/messages.js';

const most = 2000;

interface Rule {
  readonly what: string;
  readonly sql: string;
  readonly olderThan: keyof Config['retention'] | 'month';
}

const rules: readonly Rule[] = [
  {
    what: 'texts',
    olderThan: 'mail',
    sql: `update kabiwatch.message set raw = null where id in (
      select m.id from kabiwatch.message m join kabiwatch.thread t on t.id = m.thread
      where m.raw is not null and m.stored_at < $1 and t.due_at is null limit ${most})`,
  },
  {
    what: 'shown patches',
    olderThan: 'mail',
    sql: `update kabiwatch.review set shown = null where id in (
      select id from kabiwatch.review where shown is not null and at < $1 limit ${most})`,
  },
  {
    what: 'quarantined',
    olderThan: 'quarantine',
    sql: `delete from kabiwatch.quarantine where id in (select id from kabiwatch.quarantine where at < $1 limit ${most})`,
  },
  {
    what: 'parked',
    olderThan: 'quarantine',
    sql: `delete from kabiwatch.parked where id in (select id from kabiwatch.parked where at < $1 limit ${most})`,
  },
  {
    what: 'deliveries',
    olderThan: 'reviews',
    sql: `delete from kabiwatch.delivery where id in (
      select id from kabiwatch.delivery where planned_at < $1 and state not in ('planned', 'sending') limit ${most})`,
  },
  {
    what: 'reviews',
    olderThan: 'reviews',
    sql: `delete from kabiwatch.review where id in (
      select r.id from kabiwatch.review r where r.at < $1
        and not exists (select 1 from kabiwatch.delivery d where d.review = r.id) limit ${most})`,
  },
  {
    what: 'series',
    olderThan: 'reviews',
    sql: `delete from kabiwatch.series where id in (
      select s.id from kabiwatch.series s where s.first_seen < $1
        and not exists (select 1 from kabiwatch.review r where r.series = s.id)
        and not exists (select 1 from kabiwatch.delivery d where d.series = s.id) limit ${most})`,
  },
  // GitHub offers a delivery again for three days at most.
  {
    what: 'webhooks',
    olderThan: 'month',
    sql: `delete from kabiwatch.forge_delivery where id in (select id from kabiwatch.forge_delivery where at < $1 limit ${most})`,
  },
  // A pull request of which nothing is known any more; a person's word about it is as old.
  {
    what: 'commands',
    olderThan: 'reviews',
    sql: `delete from kabiwatch.pull_command where comment in (
      select comment from kabiwatch.pull_command where at < $1 limit ${most})`,
  },
  {
    what: 'pulls',
    olderThan: 'reviews',
    sql: `delete from kabiwatch.pull where id in (
      select p.id from kabiwatch.pull p join kabiwatch.thread t on t.id = p.thread where p.due_at is null and t.begun_at < $1
        and not exists (select 1 from kabiwatch.pull_head h where h.pull = p.id)
        and not exists (select 1 from kabiwatch.pull_command c where c.pull = p.id) limit ${most})`,
  },
  // A branch that nobody pushed to for so long; what landed on it goes with it.
  {
    what: 'branches',
    olderThan: 'reviews',
    sql: `delete from kabiwatch.branch where id in (
      select id from kabiwatch.branch where due_at is null and touched_at < $1 limit ${most})`,
  },
];

/** A thread is let go when nothing was stored in it for as long as mail is kept, and nothing rests on it. */
const emptyThreads = `select t.id from kabiwatch.thread t where t.due_at is null and t.begun_at < $1
  and not exists (select 1 from kabiwatch.message m where m.thread = t.id and m.stored_at >= $1)
  and not exists (select 1 from kabiwatch.series s where s.thread = t.id)
  and not exists (select 1 from kabiwatch.parked p where p.thread = t.id)
  and not exists (select 1 from kabiwatch.pull p where p.thread = t.id) limit ${most}`;

/** How often to look: the shortest age decides, between ten seconds and an hour. */
export function prunePause(retention: Config['retention']): number {
  return Math.min(3_600_000, Math.max(10_000, Math.min(...Object.values(retention)) / 20));
}

/** One pass. Returns how many rows went; the caller goes on at once while there are some. */
export async function prune(store: Store, retention: Config['retention'], now: Date, log: Log): Promise<number> {
  const before = (age: Rule['olderThan']) =>
    new Date(now.getTime() - (age === 'month' ? 30 * 86_400_000 : retention[age]));
  const counts: Record<string, number> = {};
  for (const { what, sql, olderThan } of rules) {
    const rows = await store.query(`${sql} returning 1`, [before(olderThan)]);
    if (rows.length > 0) counts[what] = rows.length;
  }
  Object.assign(counts, await pruneThreads(store, before('mail')));
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total > 0) log.info(counts, 'old data removed');
  return total;
}

async function pruneThreads(store: Store, before: Date): Promise<Record<string, number>> {
  return store.transaction(async (tx) => {
    // The lock of who stores mail: no message may come into a thread while it goes.
    await tx.query('select pg_advisory_xact_lock($1)', [storeLock]);
    const ids = (await tx.query<{ id: number }>(emptyThreads, [before])).map(({ id }) => id);
    if (ids.length === 0) return {};
    const messages = await tx.query('delete from kabiwatch.message where thread = any($1::bigint[]) returning 1', [
      ids,
    ]);
    await tx.query('delete from kabiwatch.thread_member where thread = any($1::bigint[])', [ids]);
    await tx.query('delete from kabiwatch.thread where id = any($1::bigint[])', [ids]);
    return { threads: ids.length, messages: messages.length };
  });
}
