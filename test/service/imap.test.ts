/** The mailbox source against the real servers: nothing lost, nothing repeated, whatever happens to the connection. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MailboxOptions, mailboxSource } from '../../src/imap/mailbox-source.js';
import { slicesOf } from '../../src/imap/slices.js';
import { systemClock } from '../../src/service/clock.js';
import type { Cursor, MailBatch, PartState } from '../../src/service/ports.js';
import { type Dovecot, type ImapServer, startDovecot } from '../servers/dovecot.js';
import { startPublicInbox } from '../servers/public-inbox.js';
import { until } from '../servers/run.js';
import { startSmallImap } from '../servers/small-imap.js';

function letter(n: number | string, size = 0): Uint8Array {
  const text = `From: A <a@example.org>\r\nTo: list@example.org\r\nSubject: mail ${n}\r\nDate: Thu, 02 Jan 2025 12:00:00 +0000\r\nMessage-ID: <m${n}@example.org>\r\n\r\nText ${n}\r\n${'x'.repeat(size)}\r\n`;
  return Buffer.from(text);
}

function options(
  server: Pick<ImapServer, 'port' | 'user' | 'password' | 'mailbox'>,
  over: Partial<MailboxOptions> = {},
): MailboxOptions {
  return {
    account: { host: '127.0.0.1', port: server.port, tls: 'none', user: server.user, password: () => server.password },
    mailbox: server.mailbox,
    start: { kind: 'all' },
    pollMs: 60_000,
    maxMessage: 100_000,
    batch: 7,
    clock: systemClock,
    random: () => 0,
    ...over,
  };
}

/** A watcher that keeps what it was given, as the store does. */
function recorder(refuse: () => boolean = () => false) {
  const cursors = new Map<string, Cursor>();
  const states: PartState[] = [];
  const batches: MailBatch[] = [];
  return {
    cursors,
    states,
    subjects: () =>
      batches.flatMap(({ mails }) =>
        mails.map(({ raw }) =>
          raw === null ? 'too large' : (/^Subject: (.*)$/m.exec(Buffer.from(raw).toString())?.[1] ?? '').trim(),
        ),
      ),
    watcher: {
      cursors: async () => [...cursors.values()],
      async deliver(batch: MailBatch) {
        if (refuse()) throw new Error('the store is away');
        batches.push(batch);
        cursors.set(batch.cursor.mailbox, batch.cursor);
      },
      state: (state: PartState) => void states.push(state),
    },
  };
}

async function during<T>(
  source: ReturnType<typeof mailboxSource>,
  record: ReturnType<typeof recorder>,
  body: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const watching = source.watch(record.watcher, stop.signal);
  try {
    return await body();
  } finally {
    stop.abort();
    await watching;
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const subjects = (from: number, to: number) => numbers(from, to).map((n) => `mail ${n}`);

test('slices are read in order of their number, and only where they begin with 0', () => {
  const listed = ['INBOX', 'INBOX.a', 'INBOX.a.10', 'INBOX.a.9', 'INBOX.a.0', 'INBOX.b', 'INBOX.b.7', 'INBOX.ab.0'];
  expect(slicesOf('INBOX.a', listed)).toEqual(['INBOX.a.0', 'INBOX.a.9', 'INBOX.a.10']);
  expect(slicesOf('INBOX.a.9', listed)).toEqual(['INBOX.a.9', 'INBOX.a.10']);
  expect(slicesOf('INBOX.b', listed)).toEqual(['INBOX.b']);
  expect(slicesOf('INBOX', ['INBOX'])).toEqual(['INBOX']);
});

describe('Dovecot', () => {
  let server: Dovecot | null = null;
  beforeAll(async () => {
    server = await startDovecot();
    await server?.add(numbers(1, 20).map((n) => letter(n)));
  });
  afterAll(async () => server?.stop());

  test('reads what is there, hears what comes, and does not repeat it', async () => {
    if (server === null) return;
    const there = server;
    const record = recorder();
    await during(mailboxSource(options(there)), record, async () => {
      await until('the first twenty', () => record.subjects().length === 20);
      await until('it is watching', () => record.states.some(({ ok }) => ok));
      await there.add([letter(21), letter(22)]);
      await until('IDLE tells of two more', () => record.subjects().length === 22, 10_000);
    });
    expect(record.subjects()).toEqual(subjects(1, 22));
    await during(mailboxSource(options(there)), record, async () => {
      await there.add([letter(23)]);
      await until('one more', () => record.subjects().length === 23);
    });
    expect(record.subjects()).toEqual(subjects(1, 23));
  });

  test('starts at a UID, at a date, or now', async () => {
    if (server === null) return;
    const there = server;
    const fromUid = recorder();
    await during(mailboxSource(options(there, { start: { kind: 'uid', uid: 20 } })), fromUid, () =>
      until('the last ones', () => fromUid.subjects().length >= 4),
    );
    expect(fromUid.subjects()).toEqual(subjects(20, 23));
    const tomorrow = recorder();
    const date = new Date(Date.now() + 2 * 86_400_000);
    await during(mailboxSource(options(there, { start: { kind: 'date', date } })), tomorrow, () =>
      until('it is watching', () => tomorrow.states.some(({ ok }) => ok)),
    );
    expect(tomorrow.subjects()).toEqual([]);
    const now = recorder();
    await during(mailboxSource(options(there, { start: { kind: 'now' } })), now, () =>
      until('a cursor', () => now.cursors.size === 1),
    );
    await there.add([letter(24)]);
    await during(mailboxSource(options(there, { start: { kind: 'now' } })), now, () =>
      until('one', () => now.subjects().length > 0),
    );
    expect(now.subjects()).toEqual(['mail 24']);
  });

  test('a mail over the ceiling is named, not fetched', async () => {
    if (server === null) return;
    const there = server;
    const record = recorder();
    await there.add([letter('large', 200_000), letter(25)]);
    await during(mailboxSource(options(there, { start: { kind: 'uid', uid: 25 } })), record, () =>
      until('both', () => record.subjects().length === 2),
    );
    expect(record.subjects()).toEqual(['too large', 'mail 25']);
  });

  test('the same mails come again while they cannot be stored', async () => {
    if (server === null) return;
    let refusals = 2;
    const record = recorder(() => refusals-- > 0);
    await during(mailboxSource(options(server, { start: { kind: 'uid', uid: 20 } })), record, () =>
      until('stored in the end', () => record.subjects().length >= 7),
    );
    expect(record.subjects().slice(0, 5)).toEqual(subjects(20, 24));
    expect(record.states.filter(({ ok }) => !ok)).toHaveLength(2);
  });

  test('a server that stops is found again', async () => {
    if (server === null) return;
    const there = server;
    const record = recorder();
    await during(mailboxSource(options(there, { start: { kind: 'now' } })), record, async () => {
      await until('it is watching', () => record.states.some(({ ok }) => ok));
      await there.pause();
      await until('it is told', () => record.states.some(({ ok }) => !ok));
      await there.resume();
      await there.add([letter(26)]);
      await until('the mail of the meantime', () => record.subjects().length === 1);
    });
    expect(record.subjects()).toEqual(['mail 26']);
    expect(record.states.at(-1)?.ok).toBe(true);
  });

  test('a mailbox that is made anew is read anew', async () => {
    if (server === null) return;
    const there = server;
    const record = recorder();
    await during(mailboxSource(options(there)), record, () => until('all', () => record.subjects().length >= 27));
    await there.remake([letter('again')]);
    await during(mailboxSource(options(there)), record, () =>
      until('the new one', () => record.subjects().includes('mail again')),
    );
    expect(record.cursors.get(there.mailbox)?.lastUid).toBe(1);
  });

  test('finds a mail by its Message-ID', async () => {
    if (server === null) return;
    const source = mailboxSource(options(server));
    expect(await source.contains('magain@example.org')).toBe(true);
    expect(await source.contains('nobody@example.org')).toBe(false);
  });
});

test('a server that never answers a SEARCH, and says that it is still there, is left and tried again', async () => {
  const imap = await startSmallImap('bot', 'secret');
  const server = { port: imap.port, user: 'bot', password: 'secret', mailbox: 'INBOX' };
  const record = recorder();
  imap.deliver(letter(1));
  imap.hold('UID SEARCH');
  const source = mailboxSource(options(server, { answerMs: 200 }));
  await during(source, record, async () => {
    await until('it is told', () =>
      record.states.some(({ detail }) => /SEARCH had no answer within 0.2 s/.test(detail)),
    );
    await expect(source.contains('m1@example.org')).rejects.toThrow('SEARCH had no answer');
    imap.hold(null);
    await until('the mail', () => record.subjects().length === 1);
  });
  await imap.stop();
});

describe('public-inbox', () => {
  let server: ImapServer | null = null;
  beforeAll(async () => {
    server = await startPublicInbox(numbers(1, 20).map((n) => letter(n)));
  });
  afterAll(async () => server?.stop());

  test('the list is found by its name without slice, read, and followed', async () => {
    if (server === null) return;
    const there = server;
    const record = recorder();
    await during(mailboxSource(options(there)), record, async () => {
      await until('the first twenty', () => record.subjects().length === 20);
      await until('it is watching', () => record.states.some(({ ok }) => ok));
      await there.add([letter(21)]);
      await until('IDLE tells of one more', () => record.subjects().length === 21, 20_000);
    });
    expect(record.subjects()).toEqual(subjects(1, 21));
    expect([...record.cursors.keys()]).toEqual(['INBOX.test.list.0']);
    expect(await mailboxSource(options(there)).contains('m21@example.org')).toBe(true);
    expect(await mailboxSource(options(there)).contains('m22@example.org')).toBe(false);
  });
});
