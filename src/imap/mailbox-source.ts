/**
 * A mailbox (or a public-inbox list in slices) as a MailSource. Reading is by UID from the stored cursor on; IDLE only says when to look,
 * and we look every few minutes without it. Nothing is ever written to the server.
 *
 * Never used, because public-inbox-imapd 1.9 makes the client wait for ever: download() and partial FETCH. A mail over the ceiling is not
 * fetched at all.
 */
import type { FetchMessageObject, FetchQueryObject, ImapFlow, SearchObject } from 'imapflow';
import type { Clock, Cursor, FetchedMail, MailSource, MailWatcher, Start } from '../service/ports.js';
import { answerOf, connect, type ImapAccount, told } from './client.js';
import { slicesOf } from './slices.js';

export interface MailboxOptions {
  readonly account: ImapAccount;
  readonly mailbox: string;
  readonly start: Start;
  readonly pollMs: number;
  readonly maxMessage: number;
  readonly batch: number;
  readonly clock: Clock;
  /** For the answer to one command; absent: five minutes. */
  readonly answerMs?: number;
  /** In [0, 1): jitter of the pause before the next connection. */
  readonly random: () => number;
}

const [firstPauseMs, longestPauseMs] = [1000, 300_000];
const dayMs = 86_400_000;
const [longestAnswerMs, goodbyeMs] = [300_000, 5000];
/** Sources fetched in one command: bounds memory whatever the batch is. */
const maxFetchBytes = 8_000_000;

export function mailboxSource(options: MailboxOptions): MailSource {
  const { account, mailbox, clock } = options;
  const host = `${account.user}@${account.host}:${account.port}`;
  return {
    name: `${account.user}@${account.host}/${mailbox}`,

    async watch(watcher, signal) {
      let pauseMs = firstPauseMs;
      while (!signal.aborted) {
        try {
          await follow(options, host, watcher, signal, () => {
            pauseMs = firstPauseMs;
          });
        } catch (error) {
          if (signal.aborted) return;
          const waitMs = Math.round(pauseMs * (0.5 + options.random() / 2));
          watcher.state({ ok: false, detail: `${told(error)}; next try in ${Math.ceil(waitMs / 1000)} s` });
          await clock.sleep(waitMs, signal);
          pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        }
      }
    },

    async contains(messageId) {
      const client = await connect(account, { maxIdleMs: options.pollMs });
      try {
        // Our own mail is new: of a sliced list the last two slices are enough.
        for (const path of (await mailboxes(client, mailbox, options.answerMs)).slice(-2)) {
          await open(client, options, path);
          const found = await search(client, options, { header: { 'Message-ID': `<${messageId}>` } });
          if (found.length > 0) return true;
        }
        return false;
      } finally {
        await goodbye(client);
      }
    },
  };
}

export async function mailboxes(client: ImapFlow, configured: string, answerMs = longestAnswerMs): Promise<string[]> {
  const listed = await answerOf(client, 'LIST', answerMs, client.list());
  return slicesOf(
    configured,
    listed.map(({ path }) => path),
  );
}

type Asking = Pick<MailboxOptions, 'answerMs'>;

function open(client: ImapFlow, { answerMs = longestAnswerMs }: Asking, path: string) {
  return answerOf(client, 'EXAMINE', answerMs, client.mailboxOpen(path, { readOnly: true }));
}

/** UIDs. */
async function search(
  client: ImapFlow,
  { answerMs = longestAnswerMs }: Asking,
  wanted: SearchObject,
): Promise<number[]> {
  const found = await answerOf(client, 'SEARCH', answerMs, client.search(wanted, { uid: true }));
  if (found === false || found === undefined) throw new Error('SEARCH was refused');
  return found;
}

function fetchAll(
  client: ImapFlow,
  { answerMs = longestAnswerMs }: Asking,
  uids: readonly number[],
  what: FetchQueryObject,
): Promise<FetchMessageObject[]> {
  return answerOf(client, 'FETCH', answerMs, client.fetchAll(uids.join(','), { uid: true, ...what }, { uid: true }));
}

async function goodbye(client: ImapFlow): Promise<void> {
  if (client.usable) await answerOf(client, 'LOGOUT', goodbyeMs, client.logout()).catch(() => {});
  client.close();
}

/** One connection's life; ends by the signal, or rejects when the connection or a command fails. */
async function follow(
  options: MailboxOptions,
  host: string,
  watcher: MailWatcher,
  signal: AbortSignal,
  proven: () => void,
): Promise<void> {
  const client = await connect(options.account, { maxIdleMs: options.pollMs });
  const stop = () => client.close();
  signal.addEventListener('abort', stop, { once: true });
  const news = listenForNews(client);
  try {
    let said = '';
    for (;;) {
      news.clear();
      const paths = await mailboxes(client, options.mailbox, options.answerMs);
      const stored = new Map((await watcher.cursors(host)).map((cursor) => [cursor.mailbox, cursor]));
      const first = firstToRead(paths, stored, options.start);
      let last: { path: string; exists: number } | null = null;
      for (const path of paths.slice(first)) {
        const box = await open(client, options, path);
        const cursor = await startingPoint(client, options, host, path, stored.get(path), watcher);
        await readNew(client, options, cursor, watcher, signal);
        last = { path, exists: box.exists };
      }
      if (signal.aborted) return;
      proven();
      const detail = `watching ${last?.path ?? options.mailbox}`;
      if (detail !== said) watcher.state({ ok: true, detail });
      said = detail;
      await waitForNews(client, options, news, signal);
      if (signal.aborted) return;
      if (!client.usable) throw new Error('the server closed the connection');
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await goodbye(client);
  }
}

/** Slices before the newest one that was begun are full and read; on a first start at `now` only the newest counts. */
function firstToRead(paths: readonly string[], stored: ReadonlyMap<string, Cursor>, start: Start): number {
  const begun = paths.reduce((newest, path, index) => (stored.has(path) ? index : newest), -1);
  // The slice before may have got its last mails after we left it for the newer one.
  if (begun >= 0) return Math.max(0, begun - 1);
  return start.kind === 'now' ? paths.length - 1 : 0;
}

/** The stored cursor, or a new one where the mailbox was never read or was made anew (UIDVALIDITY changed). */
async function startingPoint(
  client: ImapFlow,
  options: MailboxOptions,
  host: string,
  mailbox: string,
  stored: Cursor | undefined,
  watcher: MailWatcher,
): Promise<Cursor> {
  const box = client.mailbox;
  if (box === false) throw new Error(`${mailbox} is not open`);
  const uidValidity = Number(box.uidValidity);
  if (stored?.uidValidity === uidValidity) return stored;
  if (stored !== undefined) {
    watcher.state({
      ok: true,
      detail: `UIDVALIDITY of ${mailbox} changed: reading it anew, known mail is not repeated`,
    });
    const lastUid =
      stored.since === null
        ? 0
        : await uidBefore(client, options, new Date(stored.since.getTime() - dayMs), box.uidNext);
    return { ...stored, uidValidity, lastUid };
  }
  const { start, clock } = options;
  switch (start.kind) {
    case 'all':
      return { host, mailbox, uidValidity, lastUid: 0, since: null };
    case 'uid':
      return { host, mailbox, uidValidity, lastUid: start.uid - 1, since: null };
    case 'date':
      return {
        host,
        mailbox,
        uidValidity,
        lastUid: await uidBefore(client, options, start.date, box.uidNext),
        since: start.date,
      };
    case 'now': {
      const cursor = { host, mailbox, uidValidity, lastUid: box.uidNext - 1, since: clock.now() };
      // Stored at once: mail that comes while we are away must be found after.
      await watcher.deliver({ mails: [], cursor });
      return cursor;
    }
  }
}

/** The UID after which the mail of `date` and later lies. SINCE counts in days, in the server's time. */
async function uidBefore(client: ImapFlow, options: Asking, date: Date, uidNext: number): Promise<number> {
  const found = await search(client, options, { since: date });
  return found.reduce((low, uid) => Math.min(low, uid), uidNext) - 1;
}

async function readNew(
  client: ImapFlow,
  options: MailboxOptions,
  from: Cursor,
  watcher: MailWatcher,
  signal: AbortSignal,
): Promise<void> {
  const found = await search(client, options, { uid: `${from.lastUid + 1}:*` });
  // `900:*` beyond the end names the last message: what is not after the cursor is old.
  const uids = found.filter((uid) => uid > from.lastUid).sort((a, b) => a - b);
  for (let at = 0; at < uids.length && !signal.aborted; at += options.batch) {
    const wanted = uids.slice(at, at + options.batch);
    const mails = await fetchMails(client, wanted, options);
    const lastUid = wanted.at(-1) ?? from.lastUid;
    await watcher.deliver({ mails, cursor: { ...from, lastUid } });
  }
}

async function fetchMails(
  client: ImapFlow,
  uids: readonly number[],
  options: Asking & Pick<MailboxOptions, 'maxMessage'>,
): Promise<FetchedMail[]> {
  const { maxMessage } = options;
  const heads = await fetchAll(client, options, uids, { size: true, internalDate: true });
  const sources = new Map<number, Uint8Array>();
  let group: number[] = [];
  let bytes = 0;
  const fetchGroup = async () => {
    if (group.length === 0) return;
    for (const mail of await fetchAll(client, options, group, { source: true })) {
      if (mail.source !== undefined) sources.set(mail.uid, mail.source);
    }
    [group, bytes] = [[], 0];
  };
  for (const { uid, size = 0 } of heads) {
    if (size > maxMessage) continue;
    if (bytes + size > maxFetchBytes) await fetchGroup();
    group.push(uid);
    bytes += size;
  }
  await fetchGroup();
  return (
    heads
      .map((head: FetchMessageObject) => ({
        uid: head.uid,
        size: head.size ?? 0,
        receivedAt: new Date(head.internalDate ?? 0),
        raw: sources.get(head.uid) ?? null,
      }))
      // Expunged between the two commands: there is nothing to read any more.
      .filter((mail) => mail.raw !== null || mail.size > maxMessage)
      .sort((a, b) => a.uid - b.uid)
  );
}

interface News {
  clear(): void;
  /** Aborted as soon as something was told since the last clear(). */
  signal(): AbortSignal;
}

/** Heard from the connection's first moment: mail that is announced while we read is looked for again, not slept over. */
function listenForNews(client: ImapFlow): News {
  let told = new AbortController();
  client.on('exists', () => told.abort());
  client.on('close', () => told.abort());
  return {
    clear() {
      told = new AbortController();
    },
    signal: () => told.signal,
  };
}

/** Returns when the server says that something is new, when it is time to look, or when the connection is gone. */
async function waitForNews(client: ImapFlow, options: MailboxOptions, news: News, signal: AbortSignal): Promise<void> {
  const wake = AbortSignal.any([news.signal(), signal]);
  if (wake.aborted || !client.usable) return;
  const idle = client.idle().catch(() => {});
  await options.clock.sleep(options.pollMs, wake);
  // Any command ends an IDLE.
  if (client.usable) await answerOf(client, 'NOOP', options.answerMs ?? longestAnswerMs, client.noop());
  await idle;
}
