/** What the mails of a thread say must be applied first -> the mails of other threads that carry it. */
import type { Database } from '../database.js';

const [maxIds, maxMails, maxBytes] = [200, 300, 16_000_000];

/** Named by `prerequisite-patch-id:` where a reviewed series has such a patch. */
export async function prerequisitesOf(
  db: Database,
  thread: number,
  mails: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const ids = [...new Set(mails.flatMap(idsIn))].slice(0, maxIds);
  if (ids.length === 0) return [];
  const rows = await db.query<{ raw: Uint8Array }>(
    `select raw from (
       select m.raw, sum(length(m.raw)) over (order by m.received_at, m.id) as bytes
       from kabiwatch.message m where m.patch and m.raw is not null and m.thread <> $1 and m.thread in (
         select s.thread from kabiwatch.series s join kabiwatch.series_patch p on p.series = s.id
         where p.patch_id = any($2::text[]))
     ) mail where bytes <= $3 limit $4`,
    [thread, ids, maxBytes, maxMails],
  );
  return rows.map(({ raw }) => raw);
}

/** Only a worker parses mail; this finds 40 hex digits behind a word in bytes. */
function idsIn(raw: Uint8Array): string[] {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  if (!text.includes('prerequisite-patch-id:')) return [];
  return [...text.matchAll(/^prerequisite-patch-id: ([0-9a-f]{40})\r?$/gm)].map(([, id = '']) => id);
}
