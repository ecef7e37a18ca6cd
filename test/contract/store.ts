/** What every store must do: run for PGlite in a folder and for PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import type { Store } from '../../src/service/database.js';
import { migrate } from '../../src/service/migrate.js';
import type { OutgoingMail } from '../../src/service/ports.js';
import { startQueue } from '../../src/service/queue.js';
import { prune } from '../../src/service/retention.js';
import {
  beginSending,
  decideOnPage,
  doubtStaleSendings,
  dueDeliveries,
  holdPlanned,
  markSent,
  planDelivery,
  untoldHeld,
} from '../../src/service/store/deliveries.js';
import { holdLease } from '../../src/service/store/leases.js';
import { cursorsOf, type Incoming, storeBatch } from '../../src/service/store/messages.js';
import { prerequisitesOf } from '../../src/service/store/prerequisites.js';
import { historyOf, optOut, storeReview, storeSeries } from '../../src/service/store/reviews.js';
import { failThread, readDueThread, settleThread, takeDueThreads } from '../../src/service/store/threads.js';
import type { MailFacts } from '../../src/service/tasks.js';
import { until } from '../servers/run.js';
import { emptyReview } from '../service/review.js';

const list = { name: 'a-list', quietMs: 600_000 };
const noon = new Date('2025-01-02T12:00:00.123Z');
const later = (ms: number) => new Date(noon.getTime() + ms);

function mail(facts: Partial<MailFacts> & { messageId: string }): Incoming {
  return {
    kind: 'read',
    receivedAt: noon,
    raw: new Uint8Array([70, 0, 255]),
    facts: {
      ancestors: [],
      sender: 'a@example.org',
      subject: '[PATCH] x',
      version: 1,
      n: 1,
      total: 1,
      numbered: false,
      reply: false,
      title: '',
      changeId: null,
      needs: [],
      sentAt: null,
      patch: true,
      series: true,
      automatic: null,
      vouched: null,
      lists: [],
      recipients: [],
      toBot: false,
      said: [],
      ...facts,
    },
  };
}

const reply: OutgoingMail = {
  messageId: 'kabi-1@bot',
  from: 'k <k@bot>',
  to: ['a@example.org'],
  cc: [],
  bcc: [],
  replyTo: null,
  subject: 'Re: s',
  inReplyTo: 'once@x',
  references: ['once@x'],
  headers: {},
  text: 'é\n',
};

let uid = 0;
async function deliver(store: Store, mails: readonly Incoming[], now = noon) {
  uid += mails.length;
  const cursor = { host: 'h', mailbox: 'm', uidValidity: 7, lastUid: uid, since: null };
  return storeBatch(store, list, { incoming: mails, cursor }, now);
}

async function threadOf(store: Store, messageId: string): Promise<number> {
  const [row] = await store.query<{ thread: number }>('select thread from kabiwatch.message where message_id = $1', [
    messageId,
  ]);
  return row?.thread ?? -1;
}

/** `open` gives a fresh store, or null (said visibly) where it cannot be had. */
export function storeContract(name: string, open: () => Promise<{ store: Store; done(): Promise<void> } | null>): void {
  describe(name, () => {
    let opened: Awaited<ReturnType<typeof open>> = null;
    beforeAll(async () => {
      opened = await open();
      if (opened) await migrate(opened.store);
    });
    afterAll(async () => opened?.done());
    const holds = (title: string, body: (store: Store) => Promise<void>) =>
      test(title, async () => {
        if (opened) await body(opened.store);
      });

    holds('migrations run once', async (store) => {
      expect(await migrate(store)).toEqual([]);
    });

    holds('numbers, times, bytes and JSON come back as they went in', async (store) => {
      const [row] = await store.query(
        `select $1::bigint as n, $2::timestamptz as at, $3::bytea as bytes, $4::jsonb as json`,
        [2 ** 48 - 1, noon, new Uint8Array([0, 255]), JSON.stringify({ a: ['b'] })],
      );
      expect({ ...row, bytes: [...new Uint8Array(row?.bytes as Uint8Array)] }).toEqual({
        n: 2 ** 48 - 1,
        at: noon,
        bytes: [0, 255],
        json: { a: ['b'] },
      });
    });

    holds('a transaction that throws leaves nothing, and the store usable', async (store) => {
      const failing = store.transaction(async (tx) => {
        await tx.query(`insert into kabiwatch.opt_out (kind, value) values ('author', 'x@y')`);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await expect(store.query('select nonsense')).rejects.toThrow();
      await expect(store.script('begin; select nonsense; commit')).rejects.toThrow();
      expect(await store.query('select * from kabiwatch.opt_out')).toEqual([]);
    });

    holds(
      'mails of what a thread needs are found, nearest first; who waits for a part is due again when it comes',
      async (store) => {
        const raw = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
        const part = (messageId: string, over: Partial<MailFacts>, text: string): Incoming & { kind: 'read' } => ({
          ...(mail({ messageId, ...over }) as Incoming & { kind: 'read' }),
          raw: raw(text),
        });
        const came = async (one: Incoming & { kind: 'read' }): Promise<number> => {
          await deliver(store, [one]);
          return threadOf(store, one.facts.messageId);
        };
        const waiting = await came(part('needs1@x', { needs: ['message lib2@x', 'change 20240101-c'] }, 'asking'));
        await store.query('update kabiwatch.thread set due_at = null where id = $1', [waiting]);
        expect(await prerequisitesOf(store, waiting)).toEqual([]);
        await came(part('far@x', { changeId: '20240101-far' }, 'far'));
        await came(
          part('lib0@x', { n: 0, total: 2, numbered: true, patch: false, needs: ['change 20240101-far'] }, 'cover'),
        );
        const isDue = async (): Promise<boolean> => {
          const [row] = await store.query<{ due: boolean }>(
            'select due_at is not null as due from kabiwatch.thread where id = $1',
            [waiting],
          );
          return row?.due === true;
        };
        expect(await isDue()).toBe(false);
        await came(part('lib2@x', { n: 2, total: 2, numbered: true, ancestors: ['lib0@x'] }, 'two'));
        expect(await isDue()).toBe(true);
        const found = await prerequisitesOf(store, waiting);
        expect(found.map((bytes) => Buffer.from(bytes).toString())).toEqual(['cover', 'two', 'far']);
      },
    );

    holds('a message is stored once, with the cursor', async (store) => {
      expect(await deliver(store, [mail({ messageId: 'once@x' })])).toMatchObject({
        fresh: 1,
        known: 0,
        quarantined: 0,
      });
      expect(await deliver(store, [mail({ messageId: 'once@x' })])).toMatchObject({
        fresh: 0,
        known: 1,
        quarantined: 0,
        parts: [],
      });
      expect(await cursorsOf(store, 'h')).toEqual([
        { host: 'h', mailbox: 'm', uidValidity: 7, lastUid: uid, since: null },
      ]);
    });

    holds('an unreadable mail is put aside and the cursor moves on', async (store) => {
      const bad: Incoming = { kind: 'unreadable', uid: 999, size: 5, why: 'too deep', raw: null };
      expect((await deliver(store, [bad])).quarantined).toBe(1);
      const [row] = await store.query('select why, uid from kabiwatch.quarantine');
      expect(row).toEqual({ why: 'too deep', uid: 999 });
    });

    holds('a cover letter that comes last finds its patches', async (store) => {
      await deliver(store, [mail({ messageId: 'p1@x', ancestors: ['c@x'], n: 1, total: 2 })]);
      await deliver(store, [mail({ messageId: 'p2@x', ancestors: ['c@x'], n: 2, total: 2 })]);
      await deliver(store, [mail({ messageId: 'c@x', n: 0, total: 2, patch: false })]);
      expect(await threadOf(store, 'p2@x')).toBe(await threadOf(store, 'p1@x'));
      expect(await threadOf(store, 'c@x')).toBe(await threadOf(store, 'p1@x'));
    });

    holds('a mail in the middle joins the two threads at its ends', async (store) => {
      const { parts } = await deliver(store, [
        mail({ messageId: 'm3@x', ancestors: ['m2@x'] }),
        mail({ messageId: 'm1@x' }),
      ]);
      expect(await threadOf(store, 'm3@x')).not.toBe(await threadOf(store, 'm1@x'));
      const { joined } = await deliver(store, [mail({ messageId: 'm2@x', ancestors: ['m1@x'] })]);
      expect(await threadOf(store, 'm3@x')).toBe(await threadOf(store, 'm1@x'));
      // One review, and younger than any of the two threads has.
      const were = parts.map(({ review }) => review);
      expect(joined.map(({ was }) => [...was].sort())).toEqual([were.sort()]);
      expect(joined[0]?.review).toBeGreaterThan(Math.max(...were));
    });

    holds('a complete series is due at once, an incomplete one after the quiet time', async (store) => {
      await store.query('update kabiwatch.thread set due_at = null');
      await deliver(store, [mail({ messageId: 'q1@x', n: 1, total: 2 })]);
      expect(await takeDueThreads(store, later(599_000), 60_000)).toEqual([]);
      const thread = await threadOf(store, 'q1@x');
      const [coming] = await takeDueThreads(store, later(600_000), 60_000);
      expect(coming?.thread).toBe(thread);
      expect(await takeDueThreads(store, later(601_000), 60_000)).toEqual([]);
      expect(await takeDueThreads(store, later(700_000), 60_000)).toEqual([coming]);
      await deliver(store, [mail({ messageId: 'q2@x', ancestors: ['q1@x'], n: 2, total: 2 })], later(700_000));
      const due = await readDueThread(store, thread, later(700_000));
      expect(due?.mails.map(({ messageId }) => messageId)).toEqual(['q1@x', 'q2@x']);
      expect(due?.review).toBe(coming?.review);
      if (due) await store.transaction((tx) => settleThread(tx, due));
      expect(await readDueThread(store, thread, later(800_000))).toBeNull();
    });

    holds('a patch that arrives while its thread is reviewed keeps the thread due', async (store) => {
      await deliver(store, [mail({ messageId: 'w1@x' })]);
      const thread = await threadOf(store, 'w1@x');
      const due = await readDueThread(store, thread, noon);
      await deliver(store, [mail({ messageId: 'w2@x', ancestors: ['w1@x'], version: 2 })], later(5));
      await store.query('update kabiwatch.thread set due_at = $2 where id = $1', [thread, later(5)]);
      if (due) await store.transaction((tx) => settleThread(tx, due));
      expect(await readDueThread(store, thread, later(5))).not.toBeNull();
      await store.query('update kabiwatch.thread set due_at = null where id = $1', [thread]);
    });

    holds('a thread that fails twice is parked', async (store) => {
      await deliver(store, [mail({ messageId: 'f1@x' })]);
      const thread = await threadOf(store, 'f1@x');
      expect(await failThread(store, thread, 'boom', noon)).toBe(false);
      expect(await failThread(store, thread, 'boom', noon)).toBe(true);
      expect(await takeDueThreads(store, later(1e9), 1)).toEqual([]);
    });

    holds('a burst of failures holds what is planned, but nothing that the owner released', async (store) => {
      const thread = await threadOf(store, 'f1@x');
      const about = { thread, list: 'a-list', subject: 's', version: 1 };
      const series = await storeSeries(store, { messageId: 'f1@x', ...about });
      const row = { series, engine: 'e', patches: 'd', review: emptyReview(), reply: 'r', ms: 1 };
      const { id: review } = await storeReview(store, row);
      const mailed = { ...reply, messageId: 'kabi-held@bot' };
      await planDelivery(store, { series, review, outlet: 'mail', list: 'a-list', mail: mailed, held: null }, noon);
      expect((await holdPlanned(store, 'a burst')).map((one) => one.review)).toEqual([review]);
      const [held] = await untoldHeld(store);
      const id = held?.id ?? 0;
      expect(await decideOnPage(store, { delivery: id, to: 'planned' }, noon)).toBe(review);
      expect(await holdPlanned(store, 'a burst')).toEqual([]);
      expect((await dueDeliveries(store, noon)).map((one) => one.id)).toEqual([id]);
      await store.query('delete from kabiwatch.delivery where id = $1', [id]);
    });

    holds('an answer is planned once a series, taken once, and doubted when its sender dies', async (store) => {
      const thread = await threadOf(store, 'once@x');
      const series = await storeSeries(store, {
        messageId: 'once@x',
        thread,
        list: 'a-list',
        subject: 's',
        version: 1,
      });
      const row = { series, engine: 'e', patches: 'd', review: emptyReview(), reply: 'r', ms: 1.5 };
      const first = await storeReview(store, row);
      expect(await storeReview(store, row)).toEqual({ id: first.id, fresh: false });
      const planned = { series, review: first.id, outlet: 'mail', list: 'a-list', mail: reply, held: null };
      expect(await planDelivery(store, planned, noon)).toBe(true);
      expect(await planDelivery(store, { ...planned, mail: { ...reply, messageId: 'kabi-2@bot' } }, noon)).toBe(false);
      const [delivery] = await dueDeliveries(store, noon);
      expect(delivery?.mail).toEqual(reply);
      expect(await beginSending(store, delivery?.id ?? 0, noon)).toBe(true);
      expect(await beginSending(store, delivery?.id ?? 0, noon)).toBe(false);
      expect(await doubtStaleSendings(store, later(-1), noon)).toEqual([]);
      expect(await doubtStaleSendings(store, later(1), noon)).toMatchObject([{ review: first.id }]);
      expect((await dueDeliveries(store, noon)).map(({ state }) => state)).toEqual(['unsure']);
      await markSent(store, delivery?.id ?? 0, 'found', noon);
      expect(await dueDeliveries(store, later(1e9))).toEqual([]);
      await optOut(store, 'author', 'a@example.org');
      expect(await historyOf(store, { thread, author: 'a@example.org', list: 'a-list' }, noon)).toEqual({
        thread: 1,
        burst: 1,
        optedOut: true,
        answeredByOther: false,
      });
      // Our own answer comes back over the list; a stranger's is another's. A week later a new version may be answered.
      await deliver(store, [
        mail({ messageId: 'kabi-1@bot', ancestors: ['once@x'], patch: false, series: false, automatic: 'kabiwatch' }),
      ]);
      const about = { thread, author: 'b@example.org', list: 'a-list' };
      expect(await historyOf(store, about, noon)).toMatchObject({ answeredByOther: false });
      await deliver(store, [
        mail({ messageId: 'kabi-9@other', ancestors: ['once@x'], patch: false, series: false, automatic: 'kabiwatch' }),
      ]);
      expect(await historyOf(store, about, later(8 * 86_400_000))).toMatchObject({ thread: 0, answeredByOther: true });
    });

    holds(
      'what is old goes: texts, then replies, reviews and series, then threads with their messages',
      async (store) => {
        const ages = { mail: 1000, reviews: 100_000, quarantine: 1000 };
        const log = pino({ level: 'silent' });
        const count = async (table: string) =>
          (await store.query<{ count: number }>(`select count(*)::int as count from kabiwatch.${table}`))[0]?.count ??
          -1;
        const settle = async (at: Date) => {
          for (let n = 0; n < 20; n++) if ((await prune(store, ages, at, log)) === 0) return;
          throw new Error('it never ends');
        };
        await store.query('update kabiwatch.thread set due_at = null');
        const now = Date.now();
        const before = await count('thread');
        await settle(new Date(now - 50_000));
        expect(await count('thread')).toBe(before);
        await settle(new Date(now + 50_000));
        // Mail is old, reviews are not: a thread stays while a series of it does.
        expect(await count('message where raw is not null')).toBe(0);
        expect(await count('thread')).toBe(2);
        expect(await count('quarantine')).toBe(0);
        expect(await count('parked')).toBe(0);
        await settle(new Date(now + 500_000));
        for (const table of ['thread', 'thread_member', 'message', 'message_list', 'series', 'review', 'delivery'])
          expect([table, await count(table)]).toEqual([table, 0]);
        expect(await count('opt_out')).toBe(1);
        // What is due is never let go, however old.
        await deliver(store, [mail({ messageId: 'kept@x' })]);
        await settle(new Date(now + 1e9));
        expect(await count('message where raw is not null')).toBe(1);
      },
    );

    holds('a lease has one holder, and a dead one is replaced', async (store) => {
      expect(await holdLease(store, 'l', 'a', 200)).toBe(true);
      expect(await holdLease(store, 'l', 'b', 200)).toBe(false);
      expect(await holdLease(store, 'l', 'a', 200)).toBe(true);
      await until('the lease ends', () => holdLease(store, 'l', 'b', 200), 5000);
    });

    holds('the queue hands each thread to a worker', async (store) => {
      const errors: Error[] = [];
      const queue = await startQueue(store, 60_000, {
        failed: (error) => void errors.push(error),
        worked: () => {},
      });
      const seen: number[] = [];
      queue.take(
        () => 2,
        async (thread) => void seen.push(thread),
      );
      await queue.offer([3, 1, 2]);
      await until('all are taken', () => seen.length === 3);
      await queue.stop(1000);
      expect(seen.sort()).toEqual([1, 2, 3]);
      // What is done is no row any more: nobody has to prune it.
      expect(await store.query('select 1 from pgboss.job')).toEqual([]);
      expect(errors).toEqual([]);
    });
  });
}
