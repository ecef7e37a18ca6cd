/** A series -> its review on a tree, with what the exports that its changes reach say of them, within a service's worker. */
import { againstReference } from '../kabi/against-reference.js';
import { exportingUnits } from '../kabi/exporting-units.js';
import type { Review } from '../kabi/review.js';
import { reviewSeries } from '../kabi/review-series.js';
import { mismatches, type Reference } from '../kernel/reference.js';
import type { Series } from '../patch/series.js';
import { reviewWithReference } from './reference-review.js';
import type { TreeInput } from './tree-input.js';

/** Before and after in both views: 32 units of a kernel took more than the 768 MB that a worker has. */
const mostUnits = 4;
/** Their exports alone, in one view: some twenty a second. */
const mostReadAgain = 200;

export async function reviewOnTree(series: Series, input: TreeInput, reference: Reference | null): Promise<Review> {
  if (reference === null) return spellingUnits(series, input, null);
  if (reference.count('exporting') === 0 || !fits(reference, input))
    return againstReference(spellingUnits(series, input, reference), reference);
  return reviewWithReference({ series, input, reference, readers: 'here', most: mostReadAgain });
}

function fits({ meta }: Reference, { arch, release, crcMode }: TreeInput): boolean {
  return mismatches(meta, { arch, version: release, crcMode }).length === 0;
}

/**
 * A series that changes a header must know whose exports reach it: without a reference of this kernel, a few of the units that spell its types
 * are asked, or that another kernel's reference names.
 */
function spellingUnits(series: Series, input: TreeInput, reference: Reference | null): Review {
  const { whoUses, tree, arch } = input;
  const source = { ...input, units: null };
  const first = reviewSeries({ series, arch, source });
  if (first.types.length === 0) return first;
  const { units, left } = exportingUnits(first.types, tree, { reference, index: () => whoUses().index }, mostUnits);
  if (units.length === 0) return first;
  const touched = first.series.patches.flatMap(({ files }) => files.filter((file) => file.endsWith('.c')));
  const second = reviewSeries({
    series,
    arch,
    source: { ...source, units: [...new Set([...touched, ...units])] },
  });
  if (left === 0) return second;
  const what = `exports of ${left} more units that may reach these types`;
  return { ...second, missing: [...second.missing, { what, why: `${mostUnits} units were read` }] };
}
