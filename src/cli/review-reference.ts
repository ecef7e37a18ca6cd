/** `kabiwatch review --reference`: the reference opened and held against the tree, build and options that are named beside it. */
import { SingleBar } from 'cli-progress';
import type { BuildPlace } from '../disk/references/build-world.js';
import { reviewWithReference } from '../disk/references/reference-review.js';
import { openNamedReference } from '../disk/references/references.js';
import { neededOn } from '../disk/series-source.js';
import { type TreeInput, treeInput } from '../disk/tree-input.js';
import { KabiwatchError } from '../errors.js';
import { againstReference } from '../kabi/reference/against-reference.js';
import { type Architecture, architectures, type Review } from '../kabi/review.js';
import { reviewSeries } from '../kabi/review-series.js';
import { configDifferences, configFacts, versionOfMakefile } from '../kernel/config-facts.js';
import { mismatches, type Reference } from '../kernel/reference.js';
import type { KnownSeries } from '../patch/prerequisites.js';
import type { Series } from '../patch/series.js';
import type { SourceTree } from '../tree/source-tree.js';
import type { ReviewOptions } from './review.js';

/** A review by a reference, and what it was judged on; `source` is null where shipped facts are all there is. */
export interface ReferenceReview {
  readonly review: Review;
  readonly source: TreeInput | null;
}

/** `known`: for what a series needs. Throws `reference-mismatch`, which names both sides, where the reference is of another kernel than what is named. */
export function withReference(
  name: string,
  options: ReviewOptions,
  known: KnownSeries,
): (series: Series) => Promise<ReferenceReview> {
  const reference = openNamedReference(name);
  const arch = architectureOf(reference, options.arch);
  const tree = options.tree ?? reference.meta.source;
  const recorded = reference.meta.build === null ? [] : [reference.meta.build];
  const builds = options.build === undefined || options.build.length === 0 ? recorded : options.build;
  // Shipped facts alone: numbers cannot be compared with a mail's, and the review says so.
  if (tree === null)
    return async (series) => ({ review: againstReference(reviewSeries({ series, arch }), reference), source: null });
  const place = { tree, build: builds, arch, reference };
  const input = treeInput({ ...place, ahead: true });
  const config = reference.row('files', 'config');
  const version = refuseForeign(reference, input, config);
  const readers = { tree, builds, config: config ?? '', arch, version };
  return async (series) => {
    const { over, missing } = neededOn(tree, series, known);
    const source = over === null ? input : treeInput({ ...place, source: over.tree });
    const placed = over === null ? readers : { ...readers, changed: over.changed };
    const review = await judged({ series, source, reference, readers: placed, options });
    return { review: { ...review, missing: [...review.missing, ...missing] }, source };
  };
}

interface Judging {
  readonly series: Series;
  readonly source: TreeInput;
  readonly reference: Reference;
  readonly readers: BuildPlace;
  readonly options: ReviewOptions;
}

/** By the exports of the units that were named, or by all of the reference. */
async function judged({ series, source, reference, readers, options }: Judging): Promise<Review> {
  const { advice, unit = [] } = options;
  if (unit.length > 0 || reference.count('exporting') === 0) {
    const units = unit.length > 0 ? unit : null;
    return againstReference(
      reviewSeries({ series, arch: source.arch, source: { ...source, units }, advice }),
      reference,
    );
  }
  const bar = new SingleBar({ format: '{bar} {value}/{total} units', clearOnComplete: true, noTTYOutput: false });
  const onUnit = (done: number, all: number): void => {
    if (done === 1) bar.start(all, 0);
    bar.update(done);
    if (done === all) bar.stop();
  };
  try {
    return await reviewWithReference({ series, input: source, readers, reference, onUnit, advice });
  } finally {
    bar.stop();
  }
}

function architectureOf({ meta }: Reference, asked: readonly Architecture[]): Architecture {
  const arch = architectures.find((one) => one === meta.arch);
  if (arch === undefined)
    throw new KabiwatchError('reference-mismatch', {
      architecture: `${meta.name} is for ${meta.arch}, which is not known`,
    });
  const other = asked.find((one) => one !== arch);
  if (other !== undefined)
    throw new KabiwatchError('reference-mismatch', {
      architecture: `the reference ${meta.name} is for ${arch}, --arch says ${other}`,
    });
  return arch;
}

/** The tree's release. */
function refuseForeign(reference: Reference, { tree, crcMode }: TreeInput, config: string | null): string {
  const makefile = textOf(tree, 'Makefile');
  const version = makefile === null ? null : versionOfMakefile(makefile);
  const own = textOf(tree, '.config');
  const facts = own === null ? null : configFacts(own);
  const [foreign] = mismatches(reference.meta, { arch: facts?.arch ?? null, version, crcMode });
  if (foreign !== undefined) throw new KabiwatchError('reference-mismatch', { why: foreign });
  const differ = facts === null || config === null ? [] : configDifferences(configFacts(config).values, facts.values);
  if (differ.length > 0) {
    const more = differ.length > 5 ? ` and ${differ.length - 5} more` : '';
    const why = `the config is not that of the reference ${reference.meta.name} (its value, this one): ${differ.slice(0, 5).join('; ')}${more}`;
    throw new KabiwatchError('reference-mismatch', { config: why });
  }
  return version ?? reference.meta.version ?? '0';
}

function textOf(tree: SourceTree, path: string): string | null {
  const bytes = tree.read(path);
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
