/** A pull request's commits -> a Series -> its review, the worst of the architectures asked for. Runs in worker threads only. */
import { type Review, verdicts } from '../kabi/review.js';
import { reviewSeries } from '../kabi/review-series.js';
import type { Series } from '../patch/series.js';
import { readDiff } from './diff-reader.js';
import type { PullSettings, PullSource } from './ports.js';

export function reviewPull(source: PullSource, settings: PullSettings): Review {
  const series = seriesOfPull(source);
  const reviews = settings.architectures.map((arch) => reviewSeries({ series, arch }));
  const worst = reviews.reduce((one, other) => (rank(other) > rank(one) ? other : one));
  // What could not be read may hide anything: nothing found in the rest is not `none`.
  const blind = source.missing.length > 0 && source.patches.length === 0;
  const verdict = blind && worst.verdict === 'none' ? 'unknown' : worst.verdict;
  return { ...worst, verdict, missing: [...worst.missing, ...source.missing] };
}

function rank(review: Review): number {
  return verdicts.indexOf(review.verdict);
}

export function seriesOfPull(source: PullSource): Series {
  return {
    subject: source.title,
    version: 1,
    rfc: false,
    messageId: null,
    base: source.tree?.before ?? null,
    patches: source.patches.map((patch, index) => ({
      n: index + 1,
      total: source.patches.length,
      messageId: null,
      subject: patch.subject,
      author: patch.author,
      ...readDiff(patch.diff),
    })),
  };
}
