/**
 * A public-inbox archive in git as a MailSource: what `serve` reads where a list has no mailbox. Each epoch is a mailbox of its own, whose
 * cursor names the last commit that was stored; what a commit added is read from the object store. Nothing is written but by `git fetch`,
 * where that is asked for.
 *
 * A cursor holds numbers: `lastUid` counts the mails, `uidValidity` is the first 48 bits of the last commit's name. A history in which that
 * commit is no ancestor of the tip was written anew, as public-inbox does to take a mail away for good: it is read again, and mails that
 * are known by their Message-ID are not stored twice.
 */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { KabiwatchError } from '../../errors.js';
import { idsIn } from '../../mail/message.js';
import { readHead } from '../../mail/mime.js';
import type { Clock, Cursor, FetchedMail, MailSource, MailWatcher, Start } from '../../service/ports.js';
import { type ArchivedName, askArchive, epochsOf, mailsInGit, namesIn, tipOf } from './mail-archive.js';

export interface ArchiveOptions {
  /** A repository, or a folder of epochs. */
  readonly path: string;
  /** Ask its remote for new mail, `git fetch`, before a look; else somebody else does. */
  readonly fetch: boolean;
  readonly start: Start;
  readonly pollMs: number;
  readonly maxMessage: number;
  readonly batch: number;
  readonly clock: Clock;
}

const [firstPauseMs, longestPauseMs] = [1000, 300_000];
/** To look for a new commit costs a few milliseconds; to ask the remote costs it something too. */
const longestLookMs = 15_000;
const fetchLimitMs = 600_000;
/** Of a mail that we sent ourselves, a short while ago. */
const newestMails = 5000;

export function archiveSource(options: ArchiveOptions): MailSource {
  const { path, clock, pollMs } = options;
  return {
    name: path,

    async watch(watcher, signal) {
      let pauseMs = firstPauseMs;
      let fetched = Number.NEGATIVE_INFINITY;
      let said = '';
      while (!signal.aborted) {
        let waitMs = Math.min(pollMs, longestLookMs);
        let detail = `watching ${path}`;
        let ok = true;
        try {
          const isDue = options.fetch && clock.now().getTime() - fetched >= pollMs;
          const refused = isDue ? await fetchNew(path, signal) : null;
          if (isDue) fetched = clock.now().getTime();
          await look(options, watcher, signal);
          pauseMs = firstPauseMs;
          if (refused !== null) [ok, detail] = [false, `git fetch: ${refused}`];
        } catch (error) {
          if (signal.aborted) return;
          [ok, waitMs] = [false, pauseMs];
          detail = `${(error as Error).message}; next try in ${Math.ceil(waitMs / 1000)} s`;
          pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        }
        if (detail !== said) watcher.state({ ok, detail });
        said = detail;
        await clock.sleep(waitMs, signal);
      }
    },

    async contains(messageId) {
      // An archive that is away, or behind, cannot say that a mail never came.
      const refused = options.fetch ? await fetchNew(path, AbortSignal.timeout(fetchLimitMs)) : null;
      if (refused !== null) throw new KabiwatchError('file-unreadable', { path, why: `git fetch: ${refused}` });
      // The epoch before may have got it just before the newest began.
      for (const repository of epochsIn(path).slice(-2)) {
        if ((await tipOf(repository)) === null) continue;
        const since = await oldestOf(repository, newestMails);
        for await (const { raw } of mailsInGit(path, await namesIn(repository, since)))
          if (isMail(raw, messageId)) return true;
      }
      return false;
    },
  };
}

function isMail(raw: Buffer, messageId: string): boolean {
  const { fields } = readHead(raw.subarray(0, 100_000).toString('latin1'));
  return idsIn(fields.get('message-id')?.join(' ') ?? '').includes(messageId);
}

/** The commit below the newest so many; null where there are no more. */
async function oldestOf(repository: string, count: number): Promise<string | null> {
  const [commit] = await commits(repository, `--skip=${count}`, '-n1', 'HEAD');
  return commit ?? null;
}

async function commits(repository: string, ...args: readonly string[]): Promise<string[]> {
  return (await askArchive(repository, 'rev-list', ...args)).split('\n').filter((line) => line !== '');
}

const run = promisify(execFile);

/** null, or what git said. A new epoch is another repository, which is for whoever made the mirror to add. */
async function fetchNew(path: string, signal: AbortSignal): Promise<string | null> {
  const newest = epochsOf(path).at(-1);
  if (newest === undefined) return null;
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
  try {
    await run('git', ['-C', newest, 'fetch', '--quiet', '--no-tags'], { env, signal, timeout: fetchLimitMs });
    return null;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    return stderr.trim().slice(0, 300) || 'it took too long';
  }
}

/** Everything new, epoch after epoch. */
async function look(options: ArchiveOptions, watcher: MailWatcher, signal: AbortSignal): Promise<void> {
  const { path, start } = options;
  const epochs = epochsIn(path);
  const stored = new Map((await watcher.cursors(hostOf(path))).map((cursor) => [cursor.mailbox, cursor]));
  const begun = epochs.findLastIndex((repository) => stored.has(basename(repository)));
  // An epoch before the newest that was begun is full; the last of them may have got its last mails since.
  const first = begun >= 0 ? Math.max(0, begun - 1) : start.kind === 'now' ? epochs.length - 1 : 0;
  for (const repository of epochs.slice(first)) {
    if (signal.aborted) return;
    const isNext = begun >= 0 && !stored.has(basename(repository));
    const known = stored.get(basename(repository));
    // Mails of an epoch that began while we watched are all new.
    const from = isNext ? { ...options, start: { kind: 'all' } as const } : options;
    await readNew(from, repository, known, watcher, signal);
  }
}

/** Throws `file-unreadable` where there is none. */
function epochsIn(path: string): readonly string[] {
  const epochs = epochsOf(path);
  if (epochs.length === 0)
    throw new KabiwatchError('file-unreadable', { path, why: 'no public-inbox archive is there' });
  return epochs;
}

function hostOf(path: string): string {
  return `git ${path}`;
}

/** Where reading goes on: after a commit, null for the beginning. */
interface Place {
  readonly cursor: Cursor;
  readonly after: string | null;
}

async function readNew(
  options: ArchiveOptions,
  repository: string,
  known: Cursor | undefined,
  watcher: MailWatcher,
  signal: AbortSignal,
): Promise<void> {
  const tip = await tipOf(repository);
  if (known !== undefined && (tip === null || known.uidValidity === bitsOf(tip))) return;
  const { cursor, after } = await placeIn(options, repository, known, tip, watcher);
  const names = tip === null ? [] : await namesIn(repository, after);
  for (let at = 0; at < names.length && !signal.aborted; at += options.batch) {
    const some = names.slice(at, at + options.batch);
    const { lastUid } = cursor;
    const mails = await mailsOf(options, repository, some, lastUid + at);
    const last = some.at(-1) as ArchivedName;
    await watcher.deliver({
      mails,
      cursor: { ...cursor, lastUid: lastUid + at + some.length, uidValidity: bitsOf(last.at) },
    });
  }
}

async function placeIn(
  { path, start, clock }: ArchiveOptions,
  repository: string,
  known: Cursor | undefined,
  tip: string | null,
  watcher: MailWatcher,
): Promise<Place> {
  const mailbox = basename(repository);
  if (known !== undefined) {
    // Begun when it was empty.
    if (known.lastUid === 0) return { cursor: known, after: null };
    const last = await commitOf(repository, known.uidValidity);
    if (last !== null) return { cursor: known, after: last };
    watcher.state({ ok: true, detail: `history of ${mailbox} was written anew: known mail is not repeated` });
    return { cursor: known, after: known.since === null ? null : await lastBefore(repository, known.since) };
  }
  const made = async (after: string | null, since: Date | null): Promise<Place> => {
    const lastUid = after === null ? 0 : ((await commits(repository, '--count', after)).map(Number)[0] ?? 0);
    const uidValidity = after === null ? 0 : bitsOf(after);
    return { cursor: { host: hostOf(path), mailbox, uidValidity, lastUid, since }, after };
  };
  switch (start.kind) {
    case 'all':
      return made(null, null);
    case 'uid':
      return made(
        tip === null ? null : ((await commits(repository, '--reverse', 'HEAD'))[start.uid - 2] ?? null),
        null,
      );
    case 'date':
      return made(tip === null ? null : await lastBefore(repository, start.date), start.date);
    case 'now': {
      const place = await made(tip, clock.now());
      // Stored at once: mail that comes while we are away must be found after.
      await watcher.deliver({ mails: [], cursor: place.cursor });
      return place;
    }
  }
}

/** The newest commit before a time. */
async function lastBefore(repository: string, time: Date): Promise<string | null> {
  const second = Math.ceil(time.getTime() / 1000) - 1;
  const [commit] = await commits(repository, '-n1', `--min-age=${second}`, 'HEAD');
  return commit ?? null;
}

/** Not more than a double holds. */
function bitsOf(commit: string): number {
  return Number.parseInt(commit.slice(0, 12), 16);
}

/** The commit of these bits, where it is in the history of the tip. */
async function commitOf(repository: string, bits: number): Promise<string | null> {
  const short = bits.toString(16).padStart(12, '0');
  const found = await askArchive(repository, 'rev-parse', '--verify', '--quiet', `${short}^{commit}`).catch(() => '');
  const commit = found.trim();
  if (commit === '') return null;
  const isBelow = await askArchive(repository, 'merge-base', '--is-ancestor', commit, 'HEAD').then(
    () => true,
    () => false,
  );
  return isBelow ? commit : null;
}

/** One that is over the ceiling is not read, only told; a commit that took a mail away is none. */
async function mailsOf(
  { path, maxMessage }: ArchiveOptions,
  repository: string,
  names: readonly ArchivedName[],
  before: number,
): Promise<FetchedMail[]> {
  const sizes = await sizesOf(repository, names);
  const sized = names.map((name, index) => ({ name, uid: before + index + 1, size: sizes[index] ?? null }));
  const small = sized.flatMap(({ name, size }) => (size !== null && size <= maxMessage ? [name] : []));
  const raws = new Map<string, Buffer>();
  for await (const { at, raw } of mailsInGit(path, small)) raws.set(at, raw);
  return sized.flatMap(({ name, uid, size }) =>
    size === null ? [] : [{ uid, receivedAt: name.addedAt, size, raw: raws.get(name.at) ?? null }],
  );
}

/** In bytes; null where there is no such object. */
async function sizesOf(repository: string, names: readonly ArchivedName[]): Promise<(number | null)[]> {
  const asked = run('git', ['-C', repository, 'cat-file', '--batch-check=%(objecttype) %(objectsize)'], {
    maxBuffer: 1 << 24,
  });
  asked.child.stdin?.end(`${names.map(({ object }) => object).join('\n')}\n`);
  const told = (await asked).stdout.split('\n');
  return names.map((_, index) => {
    const [, size] = /^blob (\d+)$/.exec(told[index] ?? '') ?? [];
    return size === undefined ? null : Number(size);
  });
}
