/**
 * What a command was given -> the mails in it: mbox, mboxrd, maildir, one mail, `git format-patch` files, a public-inbox archive (git),
 * standard input for `-`; and diffs that no mail surrounds. Never happens: more than one archive's batch in memory.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KabiwatchError } from '../../errors.js';
import { isMbox, lastSeparator, splitMbox } from '../../mail/mbox.js';
import { type ArchivedMail, archivedNames, isArchive, mailsInGit } from './mail-archive.js';

export type MailInput =
  | { readonly kind: 'mail'; readonly raw: Buffer }
  | { readonly kind: 'diff'; readonly name: string; readonly text: string };

/** More than a mailing list lets through in one message. */
export const mailLimit = 64 * 1024 * 1024;
/** What one Buffer can hold, and a machine with a gigabyte too. */
const fileLimit = 700 * 1024 * 1024;

/** Throws `file-unreadable`. */
export async function* readMailInput(path: string): AsyncGenerator<MailInput> {
  if (path !== '-' && isDirectory(path)) {
    const mails = isArchive(path) ? mailsInGit(path) : mailsInMaildir(path);
    for await (const { raw } of mails) yield { kind: 'mail', raw: bounded(path, raw) };
    return;
  }
  const bytes = readWhole(path);
  if (isMbox(bytes)) for (const raw of splitMbox(bytes)) yield { kind: 'mail', raw: bounded(path, raw) };
  else if (hasHeader(bytes)) yield { kind: 'mail', raw: bounded(path, bytes) };
  else
    yield { kind: 'diff', name: path === '-' ? 'standard input' : path, text: bounded(path, bytes).toString('latin1') };
}

export interface Archive {
  readonly count: number;
  readonly mails: () => AsyncIterable<ArchivedMail>;
}

/** The mails of an archive after the one at `after`. A mail that is too large is left out. Throws `file-unreadable`. */
export async function archiveOf(path: string, after: string | null): Promise<Archive> {
  if (isDirectory(path) && isArchive(path)) {
    const names = await archivedNames(path, after);
    return { count: names.length, mails: () => mailsInGit(path, names) };
  }
  const skip = after === null ? 0 : Number(after) + 1;
  return { count: Math.max(0, countOf(path) - skip), mails: () => numbered(path, skip) };
}

async function* numbered(path: string, skip: number): AsyncGenerator<ArchivedMail> {
  let at = 0;
  for await (const raw of isDirectory(path) ? rawIn(mailsInMaildir(path)) : mboxInPieces(path)) {
    if (at >= skip && raw.length <= mailLimit) yield { at: String(at), raw };
    at++;
  }
}

async function* rawIn(mails: AsyncIterable<{ raw: Buffer }>): AsyncGenerator<Buffer> {
  for await (const { raw } of mails) yield raw;
}

const pieceBytes = 8 * 1024 * 1024;

/** An mbox of any size: what is held is a piece and the mail that it ends in. Throws `file-unreadable`. */
function* mboxInPieces(path: string): Generator<Buffer> {
  const file = openFile(path);
  try {
    let held = Buffer.alloc(0);
    for (let wanted = pieceBytes; ; ) {
      const piece = Buffer.allocUnsafe(wanted);
      const length = readSync(file, piece, 0, wanted, null);
      held = held.length === 0 ? piece.subarray(0, length) : Buffer.concat([held, piece.subarray(0, length)]);
      if (length === 0) break;
      const end = lastSeparator(held);
      // One mail longer than a piece: read twice as much before looking again.
      wanted = end === 0 ? Math.min(wanted * 2, mailLimit) : pieceBytes;
      if (end === 0) continue;
      yield* splitMbox(held.subarray(0, end - 1));
      held = held.subarray(end);
    }
    yield* isMbox(held) ? splitMbox(held) : held.length === 0 ? [] : [held];
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}

function countOf(path: string): number {
  if (isDirectory(path)) return foldersOf(path).reduce((sum, folder) => sum + readdirSync(folder).length, 0);
  let count = 0;
  for (const _ of mboxInPieces(path)) count++;
  return count;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path, why: 'no such file' }, { cause });
  }
}

function readWhole(path: string): Buffer {
  try {
    if (path === '-') return readFileSync(0);
    const file = openSync(path, 'r');
    try {
      if (fstatSync(file).size > fileLimit)
        throw new KabiwatchError('file-unreadable', { path, why: 'more than 700 MiB: split it, or use a maildir' });
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof KabiwatchError) throw cause;
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}

function bounded(path: string, raw: Buffer): Buffer {
  if (raw.length > mailLimit) throw new KabiwatchError('file-unreadable', { path, why: 'a mail of more than 64 MiB' });
  return raw;
}

async function* mailsInMaildir(path: string): AsyncGenerator<{ raw: Buffer }> {
  for (const folder of foldersOf(path))
    for (const name of readdirSync(folder).sort()) yield { raw: readWhole(join(folder, name)) };
}

function foldersOf(path: string): string[] {
  const folders = ['cur', 'new'].map((name) => join(path, name)).filter((name) => existsSync(name));
  if (folders.length === 0)
    throw new KabiwatchError('file-unreadable', {
      path,
      why: 'a directory, neither a maildir nor a public-inbox archive',
    });
  return folders;
}

/** Header fields down to an empty line, and one of those that make it a mail. */
function hasHeader(bytes: Buffer): boolean {
  const text = bytes.subarray(0, 1_000_000).toString('latin1');
  const end = text.search(/\r?\n\r?\n/);
  const lines = text.slice(0, end === -1 ? undefined : end).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return (
    lines.length > 1 &&
    lines.every((line) => /^[\w-]+[ \t]*:|^[ \t]/.test(line)) &&
    lines.some((line) => /^(?:from|subject|message-id)[ \t]*:/i.test(line))
  );
}
