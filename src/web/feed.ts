/** The reviews as an Atom feed (RFC 4287). */
import { xml } from '../report/escape.js';
import type { ReviewLine } from '../service/store/views.js';

/** `origin` is where people reach the pages, without a slash at its end. */
export function atomFeed(reviews: readonly ReviewLine[], origin: string): string {
  const entries = reviews.map(
    (review) =>
      `<entry><title>${xml(`${review.verdict}: ${review.subject}`)}</title><id>${xml(`${origin}/reviews/r${review.id}`)}</id>` +
      `<link href="${xml(`${origin}/reviews/r${review.id}`)}"/><updated>${review.at.toISOString()}</updated>` +
      `<author><name>kabiwatch</name></author><category term="${xml(review.verdict)}"/><summary>${xml(`${review.list}, evidence: ${review.evidence}`)}</summary></entry>`,
  );
  const updated = (reviews[0]?.at ?? new Date(0)).toISOString();
  return `<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>kabiwatch reviews</title><id>${xml(`${origin}/reviews`)}</id><link rel="self" href="${xml(`${origin}/reviews.atom`)}"/><updated>${updated}</updated>${entries.join('')}</feed>\n`;
}
