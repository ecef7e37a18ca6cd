/** A pull request's commits -> a Series -> its review for each architecture and reference asked for. Runs in workers only. */
import { KabiwatchError } from '../errors.js';
import { againstReference } from '../kabi/reference/against-reference.js';
import { type Architecture, architectures, type Finding, type Missing, type Review, verdicts } from '../kabi/review.js';
import { reviewSeries } from '../kabi/review-series.js';
import type { Reference } from '../kernel/reference.js';
import { parseDiffs } from '../patch/parse.js';
import { patchId } from '../patch/patch-id.js';
import type { Series } from '../patch/series.js';
import type { PullJudgement, PullSettings, PullSource } from './ports.js';

type TreeReview = (series: Series) => Promise<Review>;

/** What a worker has at hand; every function may throw a KabiwatchError, which becomes a line of `missing`. */
export interface PullWorld {
  /**
   * How a series is judged on the tree at a revision of a bare repository, with a build of this architecture: the reference's own, or a
   * configured one. null where there is none, without which numbers would be guessed.
   */
  readonly treeAt: (
    gitDir: string,
    revision: string,
    arch: Architecture,
    reference: Reference | null,
  ) => TreeReview | null;
  readonly referenceNamed: (name: string) => Reference;
}

export const diffAlone: PullWorld = {
  treeAt: () => null,
  referenceNamed: (name) => {
    throw new KabiwatchError('reference-not-found', { name });
  },
};

interface Target {
  readonly arch: Architecture;
  readonly reference: Reference | null;
}

export async function reviewPull(
  source: PullSource,
  settings: PullSettings,
  world: PullWorld = diffAlone,
): Promise<PullJudgement> {
  const series = seriesOfPull(source);
  const { targets, missing } = targetsOf(settings, world);
  const reviews: Review[] = [];
  for (const target of targets) reviews.push(await reviewFor(source, series, target, world));
  const worst = reviews.reduce((one, other) => (rank(other) > rank(one) ? other : one));
  // What could not be read may hide anything: nothing found in the rest is not `none`.
  const blind = source.missing.length > 0 && source.patches.length === 0;
  const verdict = blind && worst.verdict === 'none' ? 'unknown' : worst.verdict;
  return {
    review: {
      ...worst,
      verdict,
      findings: [...worst.findings, ...foundElsewhere(worst, reviews)],
      missing: [...worst.missing, ...missing, ...source.missing],
    },
    patchIds: series.patches.flatMap(({ files }) => patchId(files) ?? []),
    targets: reviews.map((review) => ({
      arch: review.target.arch,
      reference: review.target.reference,
      verdict: blind && review.verdict === 'none' ? 'unknown' : review.verdict,
      evidence: review.evidence,
      types: review.types.length,
      symbols: review.symbols.changed.length,
    })),
  };
}

/** Each reference for its architecture, then the architectures that no reference is for; x86_64 where nothing is asked for. */
function targetsOf(
  settings: PullSettings,
  { referenceNamed }: PullWorld,
): { readonly targets: readonly Target[]; readonly missing: readonly Missing[] } {
  const missing: Missing[] = [];
  const targets: Target[] = [];
  for (const name of new Set(settings.references)) {
    try {
      const reference = referenceNamed(name);
      const arch = architectures.find((one) => one === reference.meta.arch);
      if (arch === undefined)
        missing.push({ what: `reference ${name}`, why: `its architecture, ${reference.meta.arch}, is not known` });
      else targets.push({ arch, reference });
    } catch (error) {
      if (!(error instanceof KabiwatchError)) throw error;
      missing.push({ what: `reference ${name}`, why: 'the service does not have it, or cannot read it' });
    }
  }
  for (const arch of new Set(settings.architectures))
    if (!targets.some((target) => target.arch === arch)) targets.push({ arch, reference: null });
  if (targets.length === 0) targets.push({ arch: 'x86_64', reference: null });
  return { targets, missing };
}

async function reviewFor(
  source: PullSource,
  series: Series,
  { arch, reference }: Target,
  world: PullWorld,
): Promise<Review> {
  const { tree, missing } = treeOf(source, arch, reference, world);
  const review = tree === null ? fromDiff(series, arch, reference) : await tree(series);
  return { ...review, missing: [...review.missing, ...missing] };
}

function fromDiff(series: Series, arch: Architecture, reference: Reference | null): Review {
  const review = reviewSeries({ series, arch, source: null });
  return reference === null ? review : againstReference(review, reference);
}

function treeOf(
  source: PullSource,
  arch: Architecture,
  reference: Reference | null,
  { treeAt }: PullWorld,
): { tree: TreeReview | null; missing: Missing[] } {
  if (source.tree === null) return { tree: null, missing: [] };
  try {
    return { tree: treeAt(source.tree.gitDir, source.tree.before, arch, reference), missing: [] };
  } catch (error) {
    // A mirror without a kernel in it, or without this architecture: what the diff shows is still said.
    if (!(error instanceof KabiwatchError)) throw error;
    return { tree: null, missing: [{ what: 'the tree', why: error.message }] };
  }
}

/** What only another architecture or reference shows, named with it; the same finding with other numbers is told once, of the worst. */
function foundElsewhere(worst: Review, reviews: readonly Review[]): Finding[] {
  const keyOf = ({ rule, type, symbol, file, line }: Finding) => JSON.stringify([rule, type, symbol, file, line]);
  const told = new Set(worst.findings.map(keyOf));
  return reviews.flatMap((review) =>
    review.findings.flatMap((finding) => {
      const key = keyOf(finding);
      if (told.has(key)) return [];
      told.add(key);
      const { arch, reference } = review.target;
      return [{ ...finding, text: `${arch}${reference === null ? '' : ` (${reference})`}: ${finding.text}` }];
    }),
  );
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
      ...parsed(patch.diff),
    })),
  };
}

/** By which a commit is known again in a mail; null where it changes nothing. */
export function patchIdOf(diff: string): string | null {
  return patchId(parsed(diff).files);
}

/** A forge hands over text; a tree holds bytes. */
function parsed(diff: string): ReturnType<typeof parseDiffs> {
  return parseDiffs(Buffer.from(diff, 'utf8').toString('latin1'));
}
