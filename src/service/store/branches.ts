/** The tables of branches: which were pushed to, who looks at them, and which reviewed series came onto them. */
import type { Database, Store } from '../database.js';
import type { BranchStore, Clock, CommitMarks, DueBranch, Landed, PushNotice } from '../ports.js';

export function branchStore(store: Store, clock: Clock): BranchStore {
  const until = (ms: number) => new Date(clock.now().getTime() + ms);
  return {
    async take(holder, leaseMs) {
      const [row] = await store.query<DueBranch>(
        `update kabiwatch.branch set holder = $1, held_until = $3 where id = (
           select id from kabiwatch.branch where due_at <= $2 and (held_until is null or held_until <= $2)
           order by due_at, id limit 1 for update skip locked)
         returning id, repo, clone_url as "cloneUrl", name as branch, installation, marks, holder, failures,
           case when seen is null then pushed_from else pushed_from || seen end as "from"`,
        [holder, clock.now(), until(leaseMs)],
      );
      return row ?? null;
    },
    async hold(branch, leaseMs) {
      const rows = await store.query(
        'update kabiwatch.branch set held_until = $3 where id = $1 and holder = $2 returning id',
        [branch.id, branch.holder, until(leaseMs)],
      );
      return rows.length > 0;
    },
    async settle(branch, tip) {
      // A push that came meanwhile began at what is seen now, or is looked at from its own beginning.
      await store.query(
        `update kabiwatch.branch set holder = null, held_until = null, failures = 0, why = null, seen = $4, touched_at = $5,
           due_at = case when marks = $3 then null else due_at end,
           pushed_from = case when marks = $3 then '{}' else pushed_from end
         where id = $1 and holder = $2`,
        [branch.id, branch.holder, branch.marks, tip === '' ? null : tip, clock.now()],
      );
    },
    async postpone(branch, why, ms) {
      await store.query(
        `update kabiwatch.branch set holder = null, held_until = null, failures = failures + 1, why = $3, due_at = $4
         where id = $1 and holder = $2`,
        [branch.id, branch.holder, why, until(ms)],
      );
    },
    async forget(branch) {
      await store.query('delete from kabiwatch.branch where id = $1 and holder = $2', [branch.id, branch.holder]);
    },
    async markAll() {
      await store.query('update kabiwatch.branch set due_at = $1, marks = marks + 1, failures = 0', [clock.now()]);
    },
    note: (branch, commits) =>
      store.transaction(async (tx) => {
        for (const { series, same, commits: found } of await seriesAmong(tx, branch.repo, commits))
          await tx.query(
            `insert into kabiwatch.landed (branch, series, commit, commits, same)
             select $1::bigint, $2::bigint, $3::text, $4::text[], $6::int where not exists (
               select 1 from kabiwatch.landed l join kabiwatch.branch b on b.id = l.branch
               where b.repo = $5 and l.series = $2 and l.commit = $3)
             on conflict do nothing`,
            [branch.id, series, found.at(-1), found, branch.repo, same],
          );
      }),
    unsaid: (branch) =>
      store.query<Landed>(
        `select distinct on (l.series) l.series, l.commit, l.commits, l.same, s.subject, s.list, p.number as pull,
           r.id as "reviewId", r.body as review
         from kabiwatch.landed l join kabiwatch.series s on s.id = l.series join kabiwatch.review r on r.series = s.id
         left join kabiwatch.pull p on p.thread = s.thread
         where l.branch = $1 and not l.said order by l.series, r.id desc`,
        [branch.id],
      ),
    async said(branch, series) {
      await store.query('update kabiwatch.landed set said = true where branch = $1 and series = any($2::bigint[])', [
        branch.id,
        series,
      ]);
    },
  };
}

/** At most so many beginnings are kept: what lies between them is looked at from the first one anyway. */
const mostPushes = 20;

export async function markPushed(tx: Database, notice: PushNotice, now: Date): Promise<void> {
  await tx.query(
    `insert into kabiwatch.branch (repo, name, clone_url, installation, pushed_from, due_at, marks, touched_at)
     values ($1, $2, $3, $4, array[$5::text], $6, 1, $6)
     on conflict (repo, name) do update set due_at = excluded.due_at, marks = kabiwatch.branch.marks + 1, failures = 0,
       clone_url = excluded.clone_url, installation = excluded.installation, touched_at = excluded.touched_at,
       pushed_from = (kabiwatch.branch.pushed_from || excluded.pushed_from)[1:${mostPushes}]`,
    [notice.repo, notice.branch, notice.cloneUrl, notice.installation, notice.from, now],
  );
}

interface Candidate {
  readonly key: string;
  readonly series: number;
  readonly thread: number;
  readonly list: string;
  /** The key names a patch of this very version. */
  readonly exact: boolean;
}

interface Found {
  readonly candidate: Candidate;
  /** Commits that are patches of this very version. */
  exact: number;
  readonly same: Set<string>;
  readonly commits: Set<string>;
}

/**
 * Pull requests of other repositories are left out: who reads this one may not know of them.
 *
 * Of each thread the one version that these commits are: the one with most of its patches here, of those the newest.
 */
async function seriesAmong(
  tx: Database,
  repo: string,
  commits: readonly CommitMarks[],
): Promise<{ readonly series: number; readonly same: number; readonly commits: readonly string[] }[]> {
  const patchIds = commits.flatMap(({ patchId }) => patchId ?? []);
  const links = [...new Set(commits.flatMap((one) => one.links))];
  const candidates = await tx.query<Candidate>(
    `with candidate as (select s.* from kabiwatch.series s
       where exists (select 1 from kabiwatch.review r where r.series = s.id)
         and not exists (select 1 from kabiwatch.pull p where p.thread = s.thread and p.repo <> $3))
     select 'patch ' || p.patch_id as key, s.id as series, s.thread, s.list, true as exact
     from kabiwatch.series_patch p join candidate s on s.id = p.series
     where p.patch_id = any($1::text[])
     union
     select 'mail ' || m.message_id, s.id, s.thread, s.list, s.message_id = m.message_id or exists (
         select 1 from kabiwatch.review r where r.series = s.id
           and r.body #> '{series,patches}' @> jsonb_build_array(jsonb_build_object('messageId', m.message_id)))
     from kabiwatch.thread_member m join candidate s on s.thread = m.thread
     where m.message_id = any($2::text[])`,
    [patchIds, links, repo],
  );
  const byKey = grouped(candidates, ({ key }) => key);
  const found = new Map<number, Found>();
  for (const { commit, patchId, links: named } of commits) {
    for (const key of [`patch ${patchId}`, ...named.map((id) => `mail ${id}`)]) {
      for (const candidate of byKey.get(key) ?? []) {
        const entry = found.get(candidate.series) ?? { candidate, exact: 0, same: new Set(), commits: new Set() };
        if (candidate.exact && !entry.commits.has(commit)) entry.exact++;
        entry.commits.add(commit);
        if (key.startsWith('patch ')) entry.same.add(commit);
        found.set(candidate.series, entry);
      }
    }
  }
  const threads = grouped([...found.values()], ({ candidate }) => candidate.thread);
  return [...threads.values()].flatMap((versions) => {
    const [best] = versions.sort(
      (one, other) => other.exact - one.exact || other.candidate.series - one.candidate.series,
    );
    return best === undefined
      ? []
      : [{ series: best.candidate.series, same: best.same.size, commits: [...best.commits] }];
  });
}

function grouped<Key, Entry>(entries: readonly Entry[], keyOf: (entry: Entry) => Key): Map<Key, Entry[]> {
  const groups = new Map<Key, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group === undefined) groups.set(keyOf(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}
