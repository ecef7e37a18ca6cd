/** Who does what now, by the database's own clock: one holder a name, and a dead one is replaced when its time is over. */
import { randomUUID } from 'node:crypto';
import type { Database } from '../database.js';

/** Takes or renews; false while another holds it. */
export async function holdLease(db: Database, name: string, holder: string, ms: number): Promise<boolean> {
  const rows = await db.query(
    `insert into kabiwatch.lease (name, holder, until) values ($1, $2, now() + make_interval(secs => $3::float8 / 1000))
     on conflict (name) do update set holder = excluded.holder, until = excluded.until
       where kabiwatch.lease.holder = excluded.holder or kabiwatch.lease.until < now()
     returning name`,
    [name, holder, ms],
  );
  return rows.length > 0;
}

/** True for one of all processes, then for none until `ms` are over: a lease that nobody prolongs or gives back. */
export function beginPause(db: Database, what: string, ms: number): Promise<boolean> {
  return holdLease(db, `pause ${what}`, randomUUID(), ms);
}

export async function dropLeases(db: Database, holder: string): Promise<void> {
  await db.query('delete from kabiwatch.lease where holder = $1', [holder]);
}
