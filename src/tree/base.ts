/**
 * A Series + a mirror -> the commit that it was made on, and the tree before it. Comes in: what the series says of itself (`base-commit:`,
 * the blob ids of its `index` lines, what must be applied first) and the branches to try. Goes out: the first base on which every patch
 * applies, or what was tried and which hunk of which file did not fit. Never happens: a base on which a patch does not apply.
 */
import {
  type KnownSeries,
  knownSeries,
  type MissingNeed,
  type Prerequisites,
  prerequisitesOf,
} from '../patch/prerequisites.js';
import type { Series } from '../patch/series.js';
import { placeOf, withNeeded } from './needed.js';
import { overlaySeries } from './overlay.js';
import type { SourceTree } from './source-tree.js';

/** A repository that is asked for commits; nothing is checked out, nothing fetched. */
export interface Mirror {
  /** What it is, for people. */
  readonly name: string;
  /** Tried in this order where the series does not name its base. */
  readonly branches: readonly string[];
  /** Full id of the commit that a name or an abbreviated id stands for, or null. */
  commit(name: string): string | null;
  tree(commit: string): SourceTree;
  /** The newest commit of the branches that has these blobs (ids may be abbreviated) under these paths, or why none. */
  holding(blobs: ReadonlyMap<string, string>): { readonly commit: string } | { readonly why: string };
}

export type Base =
  | {
      readonly ok: true;
      readonly commit: string;
      readonly how: 'base-commit' | 'index lines' | 'branch';
      /** The commit's tree, prerequisites applied. */
      readonly tree: SourceTree;
      /** Prerequisites that are not in it. */
      readonly missing: readonly MissingNeed[];
    }
  | { readonly ok: false; readonly tried: readonly Tried[] };

/** One base that was no base, as said to people. */
export interface Tried {
  /** `base-commit 1234567890ab`, `branch master (1234567890ab)`. */
  readonly base: string;
  readonly why: string;
}

/** `known`: series at hand, for prerequisites. */
export function findBase(series: Series, mirror: Mirror, known: KnownSeries = knownSeries([])): Base {
  const needed = prerequisitesOf(series, known);
  const tried: Tried[] = needed.missing.map(({ what, why }) => ({ base: what, why }));
  const seen = new Set<string>();
  for (const candidate of candidatesFor(series, mirror, tried)) {
    if (seen.has(candidate.commit)) continue;
    seen.add(candidate.commit);
    const made = treeFor(mirror.tree(candidate.commit), series, needed);
    if (made.ok)
      return { ok: true, commit: candidate.commit, how: candidate.how, tree: made.tree, missing: made.missing };
    tried.push({ base: candidate.name, why: made.why });
  }
  return { ok: false, tried };
}

type Made =
  | { readonly ok: true; readonly tree: SourceTree; readonly missing: readonly MissingNeed[] }
  | { readonly ok: false; readonly why: string };

/** The tree on which every patch of the series applies: `base` with what is needed, else as it is. */
export function treeFor(base: SourceTree, series: Series, needed: Prerequisites): Made {
  const over = withNeeded(base, needed.patches);
  const missing = [...needed.missing, ...over.missing];
  const [failed] = overlaySeries(over.tree, series).failed;
  if (failed === undefined) return { ok: true, tree: over.tree, missing };
  if (over.tree !== base && overlaySeries(base, series).failed.length === 0) {
    const lost = 'with it the series does not apply, without it it does';
    return { ok: true, tree: base, missing: [...missing, { what: 'what the series depends on', why: lost }] };
  }
  return { ok: false, why: `patch ${failed.patch} does not apply: ${placeOf(failed)}` };
}

interface Candidate {
  readonly commit: string;
  readonly how: (Base & { ok: true })['how'];
  readonly name: string;
}

/** Asked one after the other: looking through history is dear, and mostly the first answers. */
function* candidatesFor(series: Series, mirror: Mirror, tried: Tried[]): Generator<Candidate> {
  if (series.base !== null) {
    const commit = mirror.commit(series.base);
    const name = `base-commit ${series.base.slice(0, 12)}`;
    if (commit === null) tried.push({ base: name, why: `it is not in ${mirror.name}` });
    else yield { commit, how: 'base-commit', name };
  }
  const blobs = blobsBefore(series);
  if (blobs.size > 0) {
    const found = mirror.holding(blobs);
    if ('why' in found) tried.push({ base: 'the index lines', why: found.why });
    else
      yield {
        commit: found.commit,
        how: 'index lines',
        name: `the index lines' commit ${found.commit.slice(0, 12)}`,
      };
  }
  for (const branch of mirror.branches) {
    const commit = mirror.commit(branch);
    if (commit === null) tried.push({ base: `branch ${branch}`, why: `it is not in ${mirror.name}` });
    else yield { commit, how: 'branch', name: `branch ${branch} (${commit.slice(0, 12)})` };
  }
}

/** The blob of each file before the first patch that changes it; what an earlier patch made is in no mirror. */
export function blobsBefore({ patches }: Series): Map<string, string> {
  const blobs = new Map<string, string>();
  const touched = new Set<string>();
  for (const { files } of patches) {
    for (const { before, beforeBlob } of files)
      if (before !== null && beforeBlob !== null && !touched.has(before)) blobs.set(before, beforeBlob);
    for (const { before, after } of files) for (const path of [before, after]) if (path !== null) touched.add(path);
  }
  return blobs;
}

/** For `missing`: why the series was judged without a tree. */
export function whyNoBase({ tried }: Base & { ok: false }, mirror: string): string {
  if (tried.length === 0) return `no base was found in ${mirror}, and no branch is configured`;
  return tried.map(({ base, why }) => `${base}: ${why}`).join('; ');
}
