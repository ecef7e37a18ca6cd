/**
 * THE function: a series in, a Review out. Stages in the order of the design; each is a file of this folder.
 *
 * Without a tree a review rests on the mail alone, with one on the units that the series touches. What it cannot know is in `missing`, never left out.
 */
import type { Series } from '../patch/series.js';
import { reviewDiff } from './diff/review-diff.js';
import type { Architecture, Review } from './review.js';
import { reviewSource, type SourceRequest } from './review-source.js';

export interface ReviewRequest {
  readonly series: Series;
  readonly arch: Architecture;
  /** The tree that the series applies to; null or absent: the mail alone. */
  readonly source?: Source | null;
}

export type Source = Omit<SourceRequest, 'series' | 'arch'>;

export function reviewSeries(request: ReviewRequest): Review {
  const { series, arch, source } = request;
  const review = source == null ? reviewDiff(series, arch) : reviewSource({ series, arch, ...source });
  return withDamage(review, series);
}

/** Damage by mail software is said, whatever could be read in spite of it. */
function withDamage(review: Review, series: Series): Review {
  const damage = series.patches.flatMap((patch) => patch.damage.map((one) => ({ ...one, n: patch.n })));
  if (damage.length === 0) return review;
  const said = damage.map((one) => ({
    what: `patch ${one.n} as it was sent`,
    why: `${one.kind} at line ${one.line}: ${one.text}`,
  }));
  const verdict = review.verdict === 'none' ? 'unknown' : review.verdict;
  return { ...review, verdict, missing: [...review.missing, ...said] };
}
