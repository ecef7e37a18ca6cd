/**
 * Mail in the store: a message is stored once, in a thread, in the same transaction that moves the cursor. So a crash at any moment
 * means that a batch is there with its cursor, or not at all and comes again.
 */
import type { Database, Store } from '../database.js';
import type { Cursor } from '../ports.js';
import type { MailFacts } from '../tasks.js';
import { wakeWhoNeeds } from './prerequisites.js';
import { relatedThread } from './relatives.js';
import { reviewToCome } from './reviews.js';
import type { Coming } from './threads.js';

/** One mail of a batch: read, or the reason why it could not be. */
export type Incoming =
  | { readonly kind: 'read'; readonly facts: MailFacts; readonly receivedAt: Date; readonly raw: Uint8Array }
  | {
      readonly kind: 'unreadable';
      readonly uid: number;
      readonly size: number;
      readonly why: string;
      readonly raw: Uint8Array | null;
    };

export interface ListFacts {
  readonly name: string;
  readonly quietMs: number;
}

export interface Stored {
  readonly fresh: number;
  readonly known: number;
  readonly quarantined: number;
  /** Parts of series that came, and the threads that they made due: reviews of these that run are stale. */
  readonly parts: readonly (Coming & { readonly messageId: string; readonly list: string })[];
  /** Due again, since something came that they need. */
  readonly woken: readonly Coming[];
  readonly joined: readonly Joined[];
}

/** A thread that was found to belong to another is no more; where one of the two was due, they become one review. */
export interface Joined {
  readonly thread: number;
  readonly into: number;
  /** What they were to become. */
  readonly was: readonly number[];
  readonly review: number | null;
}

/** Threads are found and joined by one writer at a time: two mailboxes may carry parts of the same thread. */
export const storeLock = 7_205_760;

export async function storeBatch(
  store: Store,
  /** Of one list, or the list of each mail. */
  list: ListFacts | ((facts: MailFacts) => ListFacts),
  batch: { readonly incoming: readonly Incoming[]; readonly cursor: Cursor },
  now: Date,
): Promise<Stored> {
  return store.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [storeLock]);
    let [fresh, known, quarantined] = [0, 0, 0];
    const parts: Stored['parts'][number][] = [];
    const woken: Coming[] = [];
    const place = await placesOf(
      tx,
      batch.incoming.flatMap((mail) => (mail.kind === 'read' ? [mail.facts] : [])),
    );
    for (const mail of batch.incoming) {
      if (mail.kind === 'unreadable') {
        await quarantine(tx, batch.cursor, mail);
        quarantined++;
        continue;
      }
      const stored = await storeMessage(tx, typeof list === 'function' ? list(mail.facts) : list, mail, place, now);
      if (stored.fresh) fresh++;
      else known++;
      parts.push(...stored.parts);
      woken.push(...stored.woken);
    }
    await notePlaces(tx, place);
    await moveCursor(tx, batch.cursor);
    return { fresh, known, quarantined, parts, woken, joined: place.joined };
  });
}

/**
 * What the store says of all ids of a batch, asked at once, and what the batch adds to it, written at once: each question for one mail alone is a
 * round trip that all lists wait for. Nobody else changes it meanwhile (storeLock).
 */
interface Places {
  /** Rows of messages, by their id. */
  readonly messages: Map<string, number>;
  /** Threads of messages that were seen or referred to. */
  readonly threads: Map<string, number>;
  /** Of these, what the store does not have yet. */
  readonly newThreads: Map<string, number>;
  readonly newOnLists: { readonly message: number; readonly list: string }[];
  /** Done by the batch. */
  readonly joined: Joined[];
}

async function placesOf(tx: Database, mails: readonly MailFacts[]): Promise<Places> {
  const own = mails.map(({ messageId }) => messageId);
  const all = [...new Set(mails.flatMap(({ messageId, ancestors }) => [messageId, ...ancestors]))];
  const messages = await tx.query<{ message_id: string; id: number }>(
    'select message_id, id from kabiwatch.message where message_id = any($1::text[])',
    [own],
  );
  const members = await tx.query<{ message_id: string; thread: number }>(
    'select message_id, thread from kabiwatch.thread_member where message_id = any($1::text[])',
    [all],
  );
  return {
    messages: new Map(messages.map((row) => [row.message_id, row.id])),
    threads: new Map(members.map((row) => [row.message_id, row.thread])),
    newThreads: new Map(),
    newOnLists: [],
    joined: [],
  };
}

async function notePlaces(tx: Database, { newThreads, newOnLists }: Places): Promise<void> {
  if (newThreads.size > 0)
    await tx.query(
      `insert into kabiwatch.thread_member (message_id, thread)
       select * from unnest($1::text[], $2::bigint[]) on conflict do nothing`,
      [[...newThreads.keys()], [...newThreads.values()]],
    );
  if (newOnLists.length > 0)
    await tx.query(
      `insert into kabiwatch.message_list (message, list)
       select * from unnest($1::bigint[], $2::text[]) on conflict do nothing`,
      [newOnLists.map(({ message }) => message), newOnLists.map(({ list }) => list)],
    );
}

async function moveCursor(tx: Database, cursor: Cursor): Promise<void> {
  await tx.query(
    `insert into kabiwatch.cursor (host, mailbox, uid_validity, last_uid, since) values ($1, $2, $3, $4, $5)
     on conflict (host, mailbox) do update
       set uid_validity = excluded.uid_validity, last_uid = excluded.last_uid, since = excluded.since, moved_at = now()`,
    [cursor.host, cursor.mailbox, cursor.uidValidity, cursor.lastUid, cursor.since],
  );
}

export async function cursorsOf(db: Database, host: string): Promise<Cursor[]> {
  return db.query<Cursor>(
    `select host, mailbox, uid_validity as "uidValidity", last_uid as "lastUid", since
     from kabiwatch.cursor where host = $1 order by mailbox`,
    [host],
  );
}

async function quarantine(tx: Database, cursor: Cursor, mail: Incoming & { kind: 'unreadable' }): Promise<void> {
  await tx.query(
    `insert into kabiwatch.quarantine (host, mailbox, uid_validity, uid, size, why, raw)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [cursor.host, cursor.mailbox, cursor.uidValidity, mail.uid, mail.size, mail.why, mail.raw],
  );
}

/** The message as it is stored: whether it is new, and what it made due. */
async function storeMessage(
  tx: Database,
  list: ListFacts,
  mail: Incoming & { kind: 'read' },
  places: Places,
  now: Date,
): Promise<{ readonly fresh: boolean } & Pick<Stored, 'parts' | 'woken'>> {
  const { facts } = mail;
  const there = places.messages.get(facts.messageId);
  if (there !== undefined) {
    places.newOnLists.push({ message: there, list: list.name });
    return { fresh: false, parts: [], woken: [] };
  }
  const thread = await placeInThread(tx, facts, places);
  const [row] = await tx.query<{ id: number }>(
    `insert into kabiwatch.message
       (message_id, thread, list, received_at, sender, subject, version, n, total, patch, automatic, raw,
        title, change_id, sent_at, part, needs)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::text[]) returning id`,
    [
      facts.messageId,
      thread,
      list.name,
      mail.receivedAt,
      facts.sender,
      facts.subject,
      facts.version,
      facts.n,
      facts.total,
      facts.patch,
      facts.automatic,
      mail.raw,
      facts.title,
      facts.changeId,
      facts.sentAt === null ? null : new Date(facts.sentAt),
      facts.series && !facts.reply,
      facts.needs,
    ],
  );
  const { id } = row as { id: number };
  places.messages.set(facts.messageId, id);
  places.newOnLists.push({ message: id, list: list.name });
  // A machine's mail with a diff in it (a commit notice, our own quoting reply) makes no thread due.
  if (!facts.series || facts.automatic !== null) return { fresh: true, parts: [], woken: [] };
  const about = { thread, messageId: facts.messageId, list: list.name };
  const due = await makeDue(tx, thread, facts, new Date(now.getTime() + list.quietMs), now);
  return { fresh: true, parts: [{ ...about, review: due.review }], woken: due.woken };
}

/**
 * The thread is that of the nearest ancestor which was seen or referred to, or the one that waits for this very message. When these are
 * two, they are joined, and with them the thread of the same posting or of an older version; one mail joins at most three threads, so that
 * a forged References line cannot pull a list into one thread.
 */
async function placeInThread(tx: Database, facts: MailFacts, places: Places): Promise<number> {
  const { threads, newThreads } = places;
  const waiting = threads.get(facts.messageId);
  const nearest = facts.ancestors.map((id) => threads.get(id)).find((thread) => thread !== undefined);
  let thread = nearest ?? waiting;
  const related = await relatedThread(tx, facts, { answers: thread !== undefined });
  if (thread === undefined) {
    const [row] = await tx.query<{ id: number }>('insert into kabiwatch.thread default values returning id');
    thread = (row as { id: number }).id;
  } else if (waiting !== undefined && waiting !== thread) {
    await joinThreads(tx, waiting, thread, places);
  }
  if (related !== null && related !== thread) await joinThreads(tx, related, thread, places);
  for (const id of [facts.messageId, ...facts.ancestors]) {
    if (threads.has(id)) continue;
    threads.set(id, thread);
    newThreads.set(id, thread);
  }
  return thread;
}

async function joinThreads(
  tx: Database,
  from: number,
  into: number,
  { threads, newThreads, joined }: Places,
): Promise<void> {
  for (const places of [threads, newThreads])
    for (const [id, thread] of places) if (thread === from) places.set(id, into);
  for (const table of ['thread_member', 'message', 'series', 'parked', 'request']) {
    await tx.query(`update kabiwatch.${table} set thread = $2 where thread = $1`, [from, into]);
  }
  // A number of its own: of each series, the reviews of both threads are older.
  const [row] = await tx.query<{ review: number | null; one: number | null; other: number | null }>(
    `update kabiwatch.thread t
     set due_at = least(t.due_at, f.due_at), queued_at = null, muted = t.muted or f.muted, marks = t.marks + f.marks + 1,
       review = case when coalesce(t.review, f.review) is null then null else ${reviewToCome} end
     from kabiwatch.thread f where t.id = $2 and f.id = $1
     returning t.review, f.review as one, (select review from kabiwatch.thread where id = $2) as other`,
    [from, into],
  );
  joined.push({
    ...{ thread: from, into, review: row?.review ?? null },
    was: [row?.one, row?.other].flatMap((review) => review ?? []),
  });
  await tx.query('delete from kabiwatch.thread where id = $1', [from]);
}

/** At once when all parts of the series are there, else when nothing came for a while. */
async function makeDue(
  tx: Database,
  thread: number,
  facts: MailFacts,
  quiet: Date,
  now: Date,
): Promise<{ readonly review: number; readonly woken: readonly Coming[] }> {
  const [counted] = await tx.query<{ parts: number }>(
    `select count(distinct n)::int as parts from kabiwatch.message
     where thread = $1 and version = $2 and total = $3 and patch and n between 1 and total`,
    [thread, facts.version, facts.total],
  );
  const due = (counted?.parts ?? 0) >= facts.total ? now : quiet;
  const [row] = await tx.query<{ review: number }>(
    `update kabiwatch.thread set due_at = case when due_at <= $3 then due_at else $2 end, queued_at = null, marks = marks + 1,
       review = coalesce(review, ${reviewToCome})
     where id = $1 returning review`,
    [thread, due, now],
  );
  return { review: row?.review ?? 0, woken: await wakeWhoNeeds(tx, thread, due) };
}
