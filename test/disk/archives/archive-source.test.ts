/** A list's archive in git as what `serve` reads: from the last commit on, epoch after epoch, whatever happens to the history. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type ArchiveOptions, archiveSource } from '../../../src/disk/archives/archive-source.js';
import { archivedNames, mailsInGit } from '../../../src/disk/archives/mail-archive.js';
import { archiveOf } from '../../../src/disk/archives/mail-source.js';
import { systemClock } from '../../../src/service/clock.js';
import type { Cursor, MailBatch, PartState, Start } from '../../../src/service/ports.js';
import { gitArchive } from '../../servers/archive.js';
import { scratchFolder, until } from '../../servers/run.js';

const folder = scratchFolder('archive');
afterAll(() => folder.remove());

const letter = (n: number, size = 0): Buffer =>
  Buffer.from(
    `From: A <a@example.org>\nSubject: mail ${n}\nMessage-ID: <m${n}@example.org>\n\nText ${n}\n\xe4${'x'.repeat(size)}\n`,
    'latin1',
  );
const letters = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from + 1 }, (_, n) => letter(from + n));
const subjects = (from: number, to: number): string[] => letters(from, to).map((_, n) => `mail ${from + n}`);
const subjectOf = (raw: Uint8Array | null): string =>
  raw === null ? 'too large' : (/^Subject: (.*)$/m.exec(Buffer.from(raw).toString('latin1'))?.[1] ?? '');

/** What the store keeps: cursors by mailbox, and the mails in the order of their coming. */
class Watched {
  readonly cursors = new Map<string, Cursor>();
  readonly states: PartState[] = [];
  readonly batches: MailBatch[] = [];
  refuse = false;

  subjects(): string[] {
    return this.batches.flatMap(({ mails }) => mails.map(({ raw }) => subjectOf(raw)));
  }

  /** Reads until `done`, then stops. */
  async until(path: string, done: () => boolean, over: Partial<ArchiveOptions> = {}): Promise<void> {
    const stop = new AbortController();
    const options = { path, fetch: false, start: { kind: 'all' } as Start, pollMs: 20, maxMessage: 10_000, batch: 3 };
    const source = archiveSource({ ...options, clock: systemClock, ...over });
    const watching = source.watch(
      {
        cursors: async () => [...this.cursors.values()],
        deliver: async (batch) => {
          if (this.refuse) throw new Error('the store is away');
          this.batches.push(batch);
          this.cursors.set(batch.cursor.mailbox, batch.cursor);
        },
        state: (state) => void this.states.push(state),
      },
      stop.signal,
    );
    try {
      await until('it was read', done, 30_000);
    } finally {
      stop.abort();
      await watching;
    }
  }
}

describe.each([1, 2] as const)('an archive of version %s', (version) => {
  test('is read from the last commit on, byte by byte, and follows what comes', async () => {
    const archive = gitArchive(join(folder.path, `v${version}.git`), version);
    archive.add(...letters(1, 7));
    const watched = new Watched();
    await watched.until(archive.path, () => watched.subjects().length === 7);
    expect(watched.subjects()).toEqual(subjects(1, 7));
    expect(Buffer.from(watched.batches[0]?.mails[0]?.raw ?? [])).toEqual(letter(1));
    expect(watched.batches.map(({ mails }) => mails.length)).toEqual([3, 3, 1]);
    expect([...watched.cursors.values()]).toMatchObject([{ mailbox: `v${version}.git`, lastUid: 7 }]);
    archive.add(...letters(8, 9));
    // A removal is no mail, and the ones behind it are.
    archive.remove();
    archive.add(letter(10));
    // In v2 a mail that came twice in a row is two commits with one tree.
    if (version === 2) archive.add(letter(10));
    const wanted = [...subjects(1, 9), ...(version === 2 ? ['mail 10', 'mail 10'] : ['mail 10'])];
    await watched.until(archive.path, () => watched.subjects().length === wanted.length);
    expect(watched.subjects()).toEqual(wanted);
    // A look more than needed brings nothing again.
    const looked = watched.states.length;
    await watched.until(archive.path, () => watched.states.length > looked);
    expect(watched.subjects()).toEqual(wanted);
  });

  test('is read by replay from a commit on', async () => {
    const archive = gitArchive(join(folder.path, `replay${version}.git`), version);
    archive.add(...letters(1, 5));
    const all = await archivedNames(archive.path);
    const { count, mails } = await archiveOf(archive.path, all[1]?.at ?? '');
    const read: string[] = [];
    for await (const { raw } of mails()) read.push(subjectOf(raw));
    expect([count, read]).toEqual([3, subjects(3, 5)]);
  });
});

test('epochs are read one after the other, and one that begins while we watch from its first mail', async () => {
  const inbox = join(folder.path, 'inbox');
  mkdirSync(join(inbox, 'git'), { recursive: true });
  const first = gitArchive(join(inbox, 'git', '0.git'));
  first.add(...letters(1, 4));
  const watched = new Watched();
  await watched.until(inbox, () => watched.cursors.size === 1, { start: { kind: 'now' } });
  first.add(letter(5));
  const second = gitArchive(join(inbox, 'git', '1.git'));
  second.add(...letters(6, 9));
  await watched.until(inbox, () => watched.subjects().length === 5, { start: { kind: 'now' } });
  expect(watched.subjects()).toEqual(subjects(5, 9));
  expect([...watched.cursors.keys()]).toEqual(['0.git', '1.git']);
  const read: string[] = [];
  for await (const { raw } of mailsInGit(inbox)) read.push(subjectOf(raw));
  expect(read).toEqual(subjects(1, 9));
  const from = (await archivedNames(inbox))[6]?.at ?? '';
  expect((await archiveOf(inbox, from)).count).toBe(2);
});

test('where reading begins: a date, a number, now, and an archive that is empty', async () => {
  const archive = gitArchive(join(folder.path, 'start.git'));
  const empty = new Watched();
  await empty.until(archive.path, () => empty.cursors.size === 1, { start: { kind: 'now' } });
  archive.add(...letters(1, 6));
  await empty.until(archive.path, () => empty.subjects().length === 6, { start: { kind: 'now' } });
  const times = (await archivedNames(archive.path)).map(({ addedAt }) => addedAt);
  for (const [start, expected] of [
    [{ kind: 'date', date: times[3] as Date }, subjects(4, 6)],
    [{ kind: 'uid', uid: 5 }, subjects(5, 6)],
  ] as const) {
    const watched = new Watched();
    await watched.until(archive.path, () => watched.subjects().length === expected.length, { start });
    expect([watched.subjects(), watched.batches.at(-1)?.cursor.lastUid]).toEqual([expected, 6]);
  }
});

test('a history that was written anew is read again; a mail that is too large is told, not read', async () => {
  const archive = gitArchive(join(folder.path, 'purged.git'));
  archive.add(letter(1), letter(2, 20_000), letter(3));
  const watched = new Watched();
  await watched.until(archive.path, () => watched.subjects().length === 3);
  expect(watched.subjects()).toEqual(['mail 1', 'too large', 'mail 3']);
  archive.purgeFirst();
  archive.add(letter(4));
  await watched.until(archive.path, () => watched.subjects().includes('mail 4'));
  expect(watched.subjects().slice(3)).toEqual(['too large', 'mail 3', 'mail 4']);
  expect(watched.states.some(({ detail }) => detail.includes('written anew'))).toBe(true);
});

test('a store that is away, and an archive that is, are told; then the same mails come', async () => {
  const archive = gitArchive(join(folder.path, 'away.git'));
  archive.add(...letters(1, 2));
  const watched = new Watched();
  watched.refuse = true;
  await watched.until(archive.path, () => watched.states.some(({ ok }) => !ok));
  watched.refuse = false;
  await watched.until(archive.path, () => watched.subjects().length === 2);
  rmSync(archive.path, { recursive: true });
  const before = watched.states.length;
  await watched.until(archive.path, () => watched.states.length > before);
  expect(watched.states.at(-1)).toMatchObject({ ok: false });
  expect(watched.states.at(-1)?.detail).toContain('no public-inbox archive is there');
});

test('git fetch brings new mail where it is asked for, and its refusal is told', async () => {
  const origin = gitArchive(join(folder.path, 'origin.git'));
  origin.add(letter(1));
  const mirror = join(folder.path, 'mirror.git');
  execFileSync('git', ['clone', '-q', '--mirror', origin.path, mirror]);
  const watched = new Watched();
  await watched.until(mirror, () => watched.subjects().length === 1, { fetch: true });
  origin.add(letter(2));
  await watched.until(mirror, () => watched.subjects().length === 2, { fetch: true });
  rmSync(origin.path, { recursive: true });
  await watched.until(mirror, () => watched.states.at(-1)?.ok === false, { fetch: true });
  expect(watched.states.at(-1)?.detail).toContain('git fetch: ');
});

test('our own mail is found by its Message-ID', async () => {
  const archive = gitArchive(join(folder.path, 'contains.git'));
  archive.add(...letters(1, 3));
  const sourceAt = (path: string, fetch: boolean) =>
    archiveSource({
      ...{ path, fetch, start: { kind: 'all' }, pollMs: 20, maxMessage: 1000, batch: 3 },
      clock: systemClock,
    });
  const source = sourceAt(archive.path, false);
  expect(await source.contains('m2@example.org')).toBe(true);
  expect(await source.contains('2@example.org')).toBe(false);
  const mirror = join(folder.path, 'contains-mirror.git');
  execFileSync('git', ['clone', '-q', '--mirror', archive.path, mirror]);
  archive.add(letter(4));
  expect(await sourceAt(mirror, true).contains('m4@example.org')).toBe(true);
  // Who cannot be asked has not said no.
  rmSync(archive.path, { recursive: true });
  await expect(source.contains('m2@example.org')).rejects.toThrow('no public-inbox archive is there');
  await expect(sourceAt(mirror, true).contains('m9@example.org')).rejects.toThrow('git fetch');
});
