/** A pull request's commits -> a Series -> its review, the worst of the architectures asked for. Runs in worker threads only. */
import { KabiwatchError } from '../errors.js';
import { type Architecture, type Missing, type Review, verdicts } from '../kabi/review.js';
import { reviewSeries, type Source } from '../kabi/review-series.js';
import type { Series } from '../patch/series.js';
import { readDiff } from './diff-reader.js';
import type { PullSettings, PullSource } from './ports.js';

/** The tree at a revision of a bare repository with its build; null where no build is configured, without which numbers would be guessed. */
export type TreeAt = (gitDir: string, revision: string, arch: Architecture) => Source | null;

export function reviewPull(source: PullSource, settings: PullSettings, treeAt: TreeAt = () => null): Review {
  const series = seriesOfPull(source);
  const reviews = settings.architectures.map((arch) => {
    const { tree, missing } = treeOf(source, arch, treeAt);
    const review = reviewSeries({ series, arch, source: tree });
    return { ...review, missing: [...review.missing, ...missing] };
  });
  const worst = reviews.reduce((one, other) => (rank(other) > rank(one) ? other : one));
  // What could not be read may hide anything: nothing found in the rest is not `none`.
  const blind = source.missing.length > 0 && source.patches.length === 0;
  const verdict = blind && worst.verdict === 'none' ? 'unknown' : worst.verdict;
  return { ...worst, verdict, missing: [...worst.missing, ...source.missing] };
}

function treeOf(source: PullSource, arch: Architecture, treeAt: TreeAt): { tree: Source | null; missing: Missing[] } {
  if (source.tree === null) return { tree: null, missing: [] };
  try {
    return { tree: treeAt(source.tree.gitDir, source.tree.before, arch), missing: [] };
  } catch (error) {
    // A mirror without a kernel in it, or without this architecture: what the diff shows is still said.
    if (!(error instanceof KabiwatchError)) throw error;
    return { tree: null, missing: [{ what: 'the tree', why: error.message }] };
  }
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
