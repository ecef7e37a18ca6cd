/** The smallest Review, for tests of what is done with one. */
import type { Review } from '../../src/kabi/review.js';

export function emptyReview(over: Partial<Review> = {}): Review {
  return {
    schema: 'kabiwatch.review/1',
    series: { subject: 's', version: 1, rfc: false, messageId: 'once@x', patches: [] },
    target: { tree: null, base: null, arch: 'x86_64', reference: null, crcMode: null },
    evidence: 'diff',
    verdict: 'none',
    types: [],
    symbols: { exported: 0, changed: [], causes: [], added: [], removed: [] },
    guards: [],
    consumers: [],
    findings: [],
    fixes: [],
    missing: [],
    ...over,
  };
}
