/** A series -> its review on a tree, with the units whose exports reach what it changes. Runs in workers only. */
import { exportingUnits } from '../kabi/exporting-units.js';
import type { Architecture, Review } from '../kabi/review.js';
import { reviewSeries, type Source } from '../kabi/review-series.js';
import type { Reference } from '../kernel/reference.js';
import type { Series } from '../patch/series.js';

export function reviewOnTree(series: Series, arch: Architecture, source: Source, reference: Reference | null): Review {
  return withExports(reviewSeries({ series, arch, source }), series, source, reference);
}

/** A series that changes a header must know whose exports reach it: the units are asked for, and the series is judged with them. */
function withExports(first: Review, series: Series, source: Source, reference: Reference | null): Review {
  const { whoUses, tree } = source;
  if (first.types.length === 0 || whoUses === undefined) return first;
  const { units, left } = exportingUnits(first.types, tree, { reference, index: () => whoUses().index }, mostUnits);
  if (units.length === 0) return first;
  const touched = first.series.patches.flatMap(({ files }) => files.filter((file) => file.endsWith('.c')));
  const second = reviewSeries({
    series,
    arch: first.target.arch,
    source: { ...source, units: [...new Set([...touched, ...units])] },
  });
  if (left === 0) return second;
  const what = `exports of ${left} more units that may reach these types`;
  return { ...second, missing: [...second.missing, { what, why: `${mostUnits} units were read` }] };
}

/** Before and after in both views: 32 units of a kernel took more than the 768 MB that a worker has. */
const mostUnits = 4;
