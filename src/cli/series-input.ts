/**
 * Files on the command line -> the series in them: mboxes, single mails, `git format-patch` files, bare diffs, standard input
 * for `-`. Mails are put together by their references; each thread may hold several versions of a series.
 */
import { readFileSync } from 'node:fs';
import { KabiwatchError } from '../errors.js';
import type { Series } from '../patch/series.js';
import { readDiff } from '../service/diff-reader.js';
import { type ReadMail, readMail, seriesOf } from '../service/mail-reader.js';

/** More than a mailing list lets through in one message. */
const MAIL_LIMIT = 64 * 1024 * 1024;

export async function seriesIn(paths: readonly string[]): Promise<Series[]> {
  const mails: ReadMail[] = [];
  const found: Series[] = [];
  for (const path of paths) {
    const bytes = readInput(path);
    const messages = messagesIn(bytes);
    if (messages === null) {
      const series = bareDiff(path, bytes);
      if (series.patches.some(({ files, damage }) => files.length + damage.length > 0)) found.push(series);
    } else {
      for (const message of messages) {
        if (message.length > MAIL_LIMIT)
          throw new KabiwatchError('file-unreadable', { path, why: 'a mail of more than 64 MiB' });
        mails.push(await readMail(message, { address: '' }));
      }
    }
  }
  for (const thread of threadsOf(mails)) found.push(...seriesOf(thread).map(({ series }) => series));
  return found;
}

function readInput(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}

/** The mails of an mbox (`>From ` unquoted), the one mail of any other file with a header, or null for a bare diff. */
function messagesIn(bytes: Buffer): Buffer[] | null {
  const text = bytes.toString('latin1');
  if (!/^From /.test(text)) return isMail(text) ? [bytes] : null;
  return text
    .split(/(?:^|\r?\n(?=\r?\n)\r?\n|^\r?\n)(?=From [^\n]*\d{4}[^\n]*\r?\n[\w-]+:)/)
    .filter((part) => part.trim() !== '')
    .map((part) => Buffer.from(part.replace(/^From [^\n]*\r?\n/, '').replace(/^>(>*From )/gm, '$1'), 'latin1'));
}

function isMail(text: string): boolean {
  const head = text.slice(0, text.search(/\r?\n\r?\n/) >>> 0).slice(0, 100_000);
  const lines = head.split(/\r?\n/);
  return (
    lines.length > 1 &&
    lines.every((line) => /^[\w-]+:|^[ \t]/.test(line)) &&
    /^(from|subject|message-id):/im.test(head)
  );
}

function bareDiff(path: string, bytes: Buffer): Series {
  const text = bytes.toString('utf8');
  const subject = /^Subject: *(.*)$/m.exec(text.slice(0, 5000))?.[1] ?? (path === '-' ? 'standard input' : path);
  const patch = { n: 1, total: 1, messageId: null, subject, author: null, ...readDiff(text) };
  return { subject, version: 1, rfc: false, messageId: null, base: null, patches: [patch] };
}

/** Mails that answer one another, by their ids; in the order in which a thread's first mail came. */
function threadsOf(mails: readonly ReadMail[]): ReadMail[][] {
  const root = new Map<string, string>();
  const find = (id: string): string => {
    let at = id;
    for (let up = root.get(at); up !== undefined && up !== at; up = root.get(at)) at = up;
    root.set(id, at);
    return at;
  };
  for (const { facts } of mails) {
    for (const ancestor of facts.ancestors) root.set(find(facts.messageId), find(ancestor));
  }
  const threads = new Map<string, ReadMail[]>();
  for (const mail of mails) {
    const key = find(mail.facts.messageId);
    threads.set(key, [...(threads.get(key) ?? []), mail]);
  }
  return [...threads.values()];
}
