/**
 * Enumerators that count the others: `NR_X` after the last, `X_MAX = __X_AFTER_LAST - 1`. Appending before one gives it another value and
 * no other. Both is asked for, a name that says so and the value: a marker that ends tables (`X_END`) stands at the end too, and modules
 * hand it over.
 */
import type { ChangedEnum } from '../changes.js';

/** Names that say how many there are. */
export const saysHowMany = /(^|_)(NR|NUM|NUMBER|MAX|COUNT|CNT|TOTAL|ITEMS|SIZE|LAST)(_|$)|^N_/i;

export function countersIn(
  changed: ChangedEnum['changed'],
  before: ReadonlyMap<string, bigint>,
  after: ReadonlyMap<string, bigint>,
): string[] {
  const names = new Set(changed.map(({ name }) => name).filter((name) => saysHowMany.test(name)));
  const [was, is] = [before, after].map((values) => largest(values, names));
  if (was === null || is === null || was === undefined || is === undefined) return [];
  return changed.flatMap((one) => {
    const distance = one.before - was;
    const counts = names.has(one.name) && (distance === 0n || distance === 1n) && one.after - is === distance;
    return counts ? [one.name] : [];
  });
}

/** The largest value of those that are counted. */
function largest(values: ReadonlyMap<string, bigint>, counters: ReadonlySet<string>): bigint | null {
  let most: bigint | null = null;
  for (const [name, value] of values) if (!counters.has(name) && (most === null || value > most)) most = value;
  return most;
}
