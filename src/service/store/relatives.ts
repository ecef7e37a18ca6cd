/**
 * Threads that belong together though no References say so: the parts of one posting sent apart, and the versions of one series. The rules
 * are those of src/mail (group.ts, supersede.ts), by which the thread is put together afterwards; here they only have to find it.
 */
import { windowMs } from '../../mail/group.js';
import type { Database } from '../database.js';
import type { MailFacts } from '../tasks.js';

const versionsMs = 180 * 86_400_000;

/** The thread that this part belongs to besides the one that References give it, or null. */
export async function relatedThread(
  tx: Database,
  facts: MailFacts,
  { answers }: { readonly answers: boolean },
): Promise<number | null> {
  if (!facts.series || facts.reply || facts.automatic !== null || facts.sentAt === null) return null;
  // Where References say which posting it is, a guess by time could only be wrong.
  return (answers ? null : await samePosting(tx, facts)) ?? (await olderVersion(tx, facts));
}

/** Same sender, version and total within a short time, and this number is not there yet: the nearest. */
async function samePosting(tx: Database, facts: MailFacts): Promise<number | null> {
  if (!facts.numbered || facts.total < 2 || facts.sentAt === null) return null;
  const [row] = await tx.query<{ thread: number }>(
    `select m.thread from kabiwatch.message m
     where m.part and m.sender = $1 and m.version = $2 and m.total = $3 and m.n <> $4 and m.sent_at between $5 and $6
       and not exists (select 1 from kabiwatch.message other where other.thread = m.thread and other.part
         and other.sender = $1 and other.version = $2 and other.total = $3 and other.n = $4
         and other.sent_at between $5 and $6)
     order by abs(extract(epoch from m.sent_at - $7::timestamptz)), m.id limit 1`,
    [
      facts.sender,
      facts.version,
      facts.total,
      facts.n,
      new Date(facts.sentAt - windowMs),
      new Date(facts.sentAt + windowMs),
      new Date(facts.sentAt),
    ],
  );
  return row?.thread ?? null;
}

/** b4's change-id, or the same title by the same sender. */
async function olderVersion(tx: Database, facts: MailFacts): Promise<number | null> {
  const from = new Date((facts.sentAt ?? 0) - versionsMs);
  const until = new Date((facts.sentAt ?? 0) + versionsMs);
  const [row] = await tx.query<{ thread: number }>(
    `select m.thread from kabiwatch.message m
     where m.part and m.sent_at between $1 and $2 and m.message_id <> $3
       and ((m.change_id is not null and m.change_id = $4) or (m.sender = $5 and m.title = $6 and m.title <> ''))
     order by (m.change_id is not null and m.change_id = $4) desc, m.version desc, m.sent_at desc limit 1`,
    [from, until, facts.messageId, facts.changeId, facts.sender, facts.title],
  );
  return row?.thread ?? null;
}
