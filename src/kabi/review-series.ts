/**
 * THE function: a series in, a Review out. Stages in the order of the design; each is a file of this folder.
 *
 * Without a tree a review rests on the mail alone, with one on the units that the series touches. What it cannot know is in `missing`, never left out.
 */
import type { Series } from '../patch/series.js';
import { overlaySeries } from '../tree/overlay.js';
import { advise } from './advice/advise.js';
import { joinConfigurations } from './configurations.js';
import { reviewDiff } from './diff/review-diff.js';
import type { Architecture, Review } from './review.js';
import { type Judgement, reviewSource, type SourceRequest } from './review-source.js';
import { newReading, type Reading } from './series/series-changes.js';

export interface ReviewRequest {
  readonly series: Series;
  readonly arch: Architecture;
  /** The tree that the series applies to; null or absent: the mail alone. */
  readonly source?: Source | null;
  /** Further architectures and configurations of that tree: the verdict is the worst of all. */
  readonly also?: readonly Configuration[];
  /** Look for a rewrite that is harmless, where the series is not. */
  readonly advice?: boolean;
}

export type Source = Omit<SourceRequest, 'series' | 'arch'>;

export type Configuration = Source & { readonly arch: Architecture };

export function reviewSeries(request: ReviewRequest): Review {
  const { series, arch, source, also = [] } = request;
  if (source == null) return withDamage(reviewDiff(series, arch), series);
  const configurations = [{ ...source, arch }, ...also].map((one) => ({ reading: newReading(), ...one }));
  const judged = configurations.map((one) => reviewSource({ series, ...one }));
  if (judged.some((one) => isUnconfigured(one.review))) return withDamage(withoutTree(series, arch), series);
  const review = joinConfigurations(judged.map((one) => one.review));
  if (request.advice !== true) return withDamage(review, series);
  const { after } = overlaySeries(source.tree, series);
  const judge = (given: Series): Judgement[] => configurations.map((one) => reviewSource(again(one, given)));
  const { fixes, missing } = advise({ series, before: source.tree, after, judged, judge });
  return withDamage({ ...review, fixes, missing: [...review.missing, ...missing] }, series);
}

/** Every unit begins with the configuration: without it each `#ifdef CONFIG_X` is false, and layouts are those of a kernel that nobody runs. */
function isUnconfigured({ missing }: Review): boolean {
  return missing.some(({ what }) => /^header (generated|linux)\/autoconf\.h$/.test(what));
}

function withoutTree(series: Series, arch: Architecture): Review {
  const review = reviewDiff(series, arch);
  const what = 'layouts and versions on the tree';
  const why = 'neither the tree nor a build directory has a configuration: name one with --build';
  return { ...review, missing: [...review.missing, { what, why }] };
}

/** The same configuration for another series: nothing that is known of the first one's trees holds. */
function again(
  { known, ...configuration }: Configuration & { readonly reading: Reading },
  series: Series,
): SourceRequest {
  const units = known?.units ?? configuration.units;
  return { ...configuration, series, units };
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
