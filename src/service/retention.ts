/** What is kept for how long. A message's row stays (it is small, and dedupe rests on it); its text goes. */
import type { Config } from './config.js';
import type { Store } from './database.js';
import type { Log } from './log.js';

export async function prune(store: Store, retention: Config['retention'], now: Date, log: Log): Promise<number> {
  const before = (ms: number) => new Date(now.getTime() - ms);
  const texts = await store.query(
    `update kabiwatch.message set raw = null where raw is not null and stored_at < $1
       and thread in (select id from kabiwatch.thread where due_at is null) returning id`,
    [before(retention.mail)],
  );
  const quarantined = await store.query('delete from kabiwatch.quarantine where at < $1 returning id', [
    before(retention.quarantine),
  ]);
  const reviews = await store.query(
    `delete from kabiwatch.review r where at < $1
       and not exists (select 1 from kabiwatch.delivery d where d.review = r.id) returning id`,
    [before(retention.reviews)],
  );
  // GitHub offers a delivery again for three days at most.
  await store.query('delete from kabiwatch.forge_delivery where at < $1', [before(30 * 86_400_000)]);
  await store.query('delete from kabiwatch.parked where at < $1', [before(retention.quarantine)]);
  if (texts.length + quarantined.length + reviews.length > 0) {
    log.info({ texts: texts.length, quarantined: quarantined.length, reviews: reviews.length }, 'old data removed');
  }
  return 0;
}
