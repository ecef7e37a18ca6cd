/** A series -> its review on a tree, with what the exports that its changes reach say of them, within a service's worker. */
import { againstReference } from '../kabi/reference/against-reference.js';
import type { Review } from '../kabi/review.js';
import { reviewByUnits } from '../kabi/review-by-units.js';
import { mismatches, type Reference } from '../kernel/reference.js';
import type { Series } from '../patch/series.js';
import { reviewWithReference } from './references/reference-review.js';
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

/** Without a reference of this kernel: the units that the series touches, and a few more that show its types to genksyms. */
function spellingUnits(series: Series, input: TreeInput, reference: Reference | null): Review {
  const { arch, spelling, reaching } = input;
  return reviewByUnits(
    { series, arch, source: { ...input, units: null } },
    { reference, spelling, reaching },
    mostUnits,
  );
}
