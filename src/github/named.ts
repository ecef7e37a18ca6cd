/** How the log names a pull request and its review, by the number that it was given when it became due. */
import type { MarkedPull } from '../service/ports.js';

export function named({ repo, number, review }: MarkedPull, judged = review): Readonly<Record<string, string>> {
  const begunAs = judged === review ? null : { begunAs: `r${review}` };
  return { review: `r${judged}`, ...begunAs, pull: `${repo}#${number}` };
}
