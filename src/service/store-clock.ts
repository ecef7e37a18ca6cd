/**
 * The time of the database, carried on by a clock that never jumps. All processes of one store have the same time, whatever the clocks of
 * their machines do; between two looks at the database it only goes on. An embedded database has this machine's own clock: there a step back is not
 * followed until the next start, because what is due must not wait for it.
 */
import type { Store } from './database.js';
import type { Clock } from './ports.js';

export interface StoreClock extends Clock {
  /** Looks at the database again. */
  follow(): Promise<void>;
}

export async function storeClock(store: Store, sleep: Clock['sleep']): Promise<StoreClock> {
  let base = Number.NEGATIVE_INFINITY;
  let since = performance.now();
  const now = () => base + (performance.now() - since);
  const follow = async () => {
    const asked = performance.now();
    const [row] = await store.query<{ at: Date }>('select clock_timestamp() as at');
    const answered = performance.now();
    const there = (row as { at: Date }).at.getTime() + (answered - asked) / 2;
    const next = store.shared ? there : Math.max(there, now());
    base = next;
    since = answered;
  };
  await follow();
  return { now: () => new Date(now()), sleep, follow };
}
