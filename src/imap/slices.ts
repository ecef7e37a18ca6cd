/**
 * public-inbox serves a list as slices of 50,000 UIDs, `NAME.0`, `NAME.1`, …, and a full slice is never told of new mail. Mailbox names
 * in, the order of reading out.
 */

/**
 * The slices of the configured mailbox, oldest first, or the mailbox itself where it has none. `NAME` and `NAME.0` both name a sliced
 * list; from `NAME.3` reading begins with slice 3.
 */
export function slicesOf(configured: string, listed: readonly string[]): string[] {
  const [, base = configured, first] = /^(.*)\.(\d+)$/.exec(configured) ?? [];
  const exact = first !== undefined && listed.includes(configured) ? Number(first) : null;
  const stem = exact === null ? configured : base;
  const found = listed
    .filter((name) => name.startsWith(`${stem}.`) && /^\d+$/.test(name.slice(stem.length + 1)))
    .map((name) => Number(name.slice(stem.length + 1)))
    .filter((n) => n >= (exact ?? 0))
    .sort((a, b) => a - b);
  // A mailbox that happens to have a child named `7` is no sliced list: slices begin with 0.
  const sliced = exact !== null || found[0] === 0;
  return sliced && found.length > 0 ? found.map((n) => `${stem}.${n}`) : [configured];
}
