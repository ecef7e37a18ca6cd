/** The tables of pull requests: which are due, who works on them, what was judged and what people decided. */
import type { Database, Store } from '../database.js';
import type { Clock, DuePull, ForgeStore, MarkedPull, PullNotice, PullReview } from '../ports.js';
import { branchStore, markPushed } from './branches.js';
import { beginPause } from './leases.js';
import { meetingsOf, noteMarks } from './meetings.js';
import { reviewToCome, storeReview, storeSeries } from './reviews.js';

export function pullStore(store: Store, clock: Clock, engine: string): ForgeStore {
  return {
    branches: branchStore(store, clock),
    receive: (delivery, notices, push) =>
      store.transaction(async (tx) => {
        const fresh = await tx.query(
          'insert into kabiwatch.forge_delivery (id, event, at) values ($1, $2, $3) on conflict do nothing returning id',
          [delivery.id, delivery.event, clock.now()],
        );
        if (fresh.length === 0) return null;
        if (push !== undefined) await markPushed(tx, push, clock.now());
        return markAll(tx, notices, clock.now());
      }),
    async received(deliveries) {
      if (deliveries.length === 0) return [];
      const rows = await store.query<{ id: string }>(
        'select id from kabiwatch.forge_delivery where id = any($1::text[])',
        [deliveries],
      );
      return rows.map(({ id }) => id);
    },
    alone: (what, ms) => beginPause(store, what, ms),
    mark: (notices) => store.transaction((tx) => markAll(tx, notices, clock.now())),
    async take(holder, leaseMs) {
      const [row] = await store.query<DuePull>(
        `update kabiwatch.pull set holder = $1, held_until = $3 where id = (
           select id from kabiwatch.pull where due_at <= $2 and (held_until is null or held_until <= $2)
           order by due_at, id limit 1 for update skip locked)
         returning id, repo, number, installation, again, fix, marks, holder, failures, review`,
        [holder, clock.now(), until(clock, leaseMs)],
      );
      return row ?? null;
    },
    async hold(pull, leaseMs) {
      const rows = await store.query(
        'update kabiwatch.pull set held_until = $3 where id = $1 and holder = $2 returning id',
        [pull.id, pull.holder, until(clock, leaseMs)],
      );
      return rows.length > 0;
    },
    async settle(pull) {
      const [row] = await store.query<{ review: number | null }>(
        `update kabiwatch.pull set holder = null, held_until = null, failures = 0, why = null,
           due_at = case when marks = $3 then null else due_at end, again = again and marks <> $3, fix = fix and marks <> $3,
           review = case when marks = $3 then null else ${reviewToCome} end
         where id = $1 and holder = $2 returning review`,
        [pull.id, pull.holder, pull.marks],
      );
      return row?.review ?? null;
    },
    async postpone(pull, why, ms) {
      await store.query(
        `update kabiwatch.pull set holder = null, held_until = null, failures = failures + 1, why = $3, due_at = $4
         where id = $1 and holder = $2`,
        [pull.id, pull.holder, why, until(clock, ms)],
      );
    },
    async judged(pull, key) {
      const [row] = await store.query<PullReview>(
        `${reviews} where h.pull = $1 and starts_with(r.patches, $2) and r.engine = $3 order by r.id desc limit 1`,
        [pull.id, key, engine],
      );
      return row ?? null;
    },
    keep: (pull, { key, head, title, judgement, links, ms }) =>
      store.transaction(async (tx) => {
        const [row] = await tx.query<{ thread: number }>('select thread from kabiwatch.pull where id = $1', [pull.id]);
        const series = await storeSeries(tx, {
          messageId: `${pull.repo}/pull/${pull.number}`,
          thread: row?.thread ?? 0,
          list: pull.repo,
          subject: title,
          version: 1,
        });
        const { id } = await storeReview(tx, {
          ...{ series, id: pull.review, engine, patches: key, review: judgement.review, reply: '', ms },
        });
        await tx.query(
          `insert into kabiwatch.pull_head (review, pull, head, targets) values ($1, $2, $3, $4::jsonb)
           on conflict (review) do nothing`,
          [id, pull.id, head, JSON.stringify(judgement.targets)],
        );
        await noteMarks(tx, series, { patchIds: judgement.patchIds, links });
        return { id, head, review: judgement.review, targets: judgement.targets };
      }),
    async previous(pull, head) {
      const [row] = await store.query<PullReview>(
        `${reviews} where h.pull = $1 and h.head <> $2 order by r.id desc limit 1`,
        [pull.id, head],
      );
      return row ?? null;
    },
    async obeyed(comment) {
      const rows = await store.query('select 1 from kabiwatch.pull_command where comment = $1', [comment]);
      return rows.length > 0;
    },
    async obey(pull, command) {
      await store.query(
        `insert into kabiwatch.pull_command (comment, pull, who, text, accepts, at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing`,
        [command.comment, pull.id, command.who, command.text, command.accepts, clock.now()],
      );
    },
    async accepted(pull, digest) {
      const [row] = await store.query<{ who: string; text: string }>(
        'select who, text from kabiwatch.pull_command where pull = $1 and accepts = $2 order by comment desc limit 1',
        [pull.id, digest],
      );
      return row === undefined ? null : { who: row.who, reason: row.text };
    },
    async elsewhere(pull) {
      const [row] = await store.query<{ id: number }>(
        'select s.id from kabiwatch.series s join kabiwatch.pull p on p.thread = s.thread where p.id = $1',
        [pull.id],
      );
      return row === undefined ? [] : meetingsOf(store, row.id);
    },
  };
}

const reviews =
  'select r.id, h.head, h.targets, r.body as review from kabiwatch.review r join kabiwatch.pull_head h on h.review = r.id';

function until(clock: Clock, ms: number): Date {
  return new Date(clock.now().getTime() + ms);
}

async function markAll(tx: Database, notices: readonly PullNotice[], now: Date): Promise<MarkedPull[]> {
  const marked: MarkedPull[] = [];
  for (const notice of notices)
    marked.push({ repo: notice.repo, number: notice.number, review: await markDue(tx, notice, now) });
  return marked;
}

async function markDue(tx: Database, notice: PullNotice, now: Date): Promise<number> {
  const [marked] = await tx.query<{ review: number }>(
    `update kabiwatch.pull set due_at = $3, marks = marks + 1, again = again or $4, fix = fix or $6, installation = $5, failures = 0,
       review = coalesce(review, ${reviewToCome})
     where repo = $1 and number = $2 returning review`,
    [notice.repo, notice.number, now, notice.again, notice.installation, notice.fix],
  );
  if (marked !== undefined) return marked.review;
  const [thread] = await tx.query<{ id: number }>('insert into kabiwatch.thread default values returning id');
  const [made] = await tx.query<{ review: number }>(
    `insert into kabiwatch.pull (repo, number, installation, thread, due_at, marks, again, fix, review)
       values ($1, $2, $3, $4, $5, 1, $6, $7, ${reviewToCome})
     on conflict (repo, number) do update set due_at = excluded.due_at, marks = kabiwatch.pull.marks + 1,
       again = kabiwatch.pull.again or excluded.again, fix = kabiwatch.pull.fix or excluded.fix,
       review = coalesce(kabiwatch.pull.review, excluded.review)
     returning review`,
    [notice.repo, notice.number, notice.installation, thread?.id ?? 0, now, notice.again, notice.fix],
  );
  return made?.review ?? 0;
}
