/**
 * A list's settings -> the function that judges its series: on kernel source where that is configured and the series' base is found there,
 * else from the mails alone, with the reason in `missing`. Runs in workers only.
 */
import { errorTable, KabiwatchError } from '../errors.js';
import type { Missing, Review } from '../kabi/review.js';
import { reviewSeries } from '../kabi/review-series.js';
import type { Reference } from '../kernel/reference.js';
import type { Series } from '../patch/series.js';
import type { ReviewSettings } from './tasks.js';

/** What a worker has at hand; every function may throw a KabiwatchError, which becomes a line of `missing`. */
export interface JudgeWorld {
  /** The review of a series on the tree that it applies to, to be asked for; or why there is no such tree. */
  readonly onTree: (
    series: Series,
    reference: Reference | null,
  ) =>
    | { readonly ok: true; readonly review: () => Promise<Review> }
    | { readonly ok: false; readonly missing: readonly Missing[] };
  /** The configured reference; null where none is. */
  readonly reference: () => Reference | null;
}

export function seriesJudge(
  { arch, missing }: Pick<ReviewSettings, 'arch' | 'missing'>,
  world: JudgeWorld | null,
): (series: Series) => Promise<Review> {
  const fromDiff = (series: Series, why: readonly Missing[]): Review => {
    const review = reviewSeries({ series, arch });
    return { ...review, missing: [...review.missing, ...missing, ...why] };
  };
  if (world === null) return async (series) => fromDiff(series, []);
  let opened: OpenedReference | null = null;
  return async (series) => {
    try {
      opened ??= openedReference(world);
      const { reference, wrong } = opened;
      const found = world.onTree(series, reference);
      if (!found.ok) return fromDiff(series, found.missing);
      const review = await found.review();
      return { ...review, missing: [...review.missing, ...missing, ...wrong] };
    } catch (error) {
      // A place that is wrong, or a tree without this architecture: what the diff shows is still said.
      if (!(error instanceof KabiwatchError)) throw error;
      return fromDiff(series, [{ what: 'the tree', why: publicReason(error) }]);
    }
  };
}

interface OpenedReference {
  readonly reference: Reference | null;
  readonly wrong: readonly Missing[];
}

function openedReference({ reference }: JudgeWorld): OpenedReference {
  try {
    return { reference: reference(), wrong: [] };
  } catch (error) {
    if (!(error instanceof KabiwatchError)) throw error;
    const why = 'the service does not have it, or cannot read it';
    return { reference: null, wrong: [{ what: 'the configured reference', why }] };
  }
}

/** Replies are read by strangers: without the facts that name places on this machine. */
function publicReason({ code, facts }: KabiwatchError): string {
  return `${errorTable[code].text}${typeof facts.why === 'string' ? `: ${facts.why}` : ''}`;
}
