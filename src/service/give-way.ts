/**
 * Several kabiwatches on one list, each with a store of its own, know of each other only by their mails. The first answer in a thread counts and the others stay silent, so
 * what must not happen is that two speak before they have heard each other. Each waits a part of a short window that follows from its address; and
 * once it has met another on the list, the one whose address comes first in the alphabet goes first, and the others wait until its answer must have come.
 */
import { createHash } from 'node:crypto';

const [leastWindowMs, leastTurnMs] = [5000, 30_000];

/** Milliseconds to wait before a reply goes to a list. `others`: addresses of the kabiwatches that were met there; `quietMs`: the list's own quiet time. */
export function waitBeforeReply(own: string, others: readonly string[], quietMs: number): number {
  const address = own.toLowerCase();
  const window = Math.max(leastWindowMs, quietMs / 4);
  const share = createHash('sha256').update(address).digest().readUInt32BE(0) / 2 ** 32;
  const ahead = others.filter((other) => other.toLowerCase() < address).length;
  return Math.round(share * window) + ahead * Math.max(leastTurnMs, quietMs);
}
