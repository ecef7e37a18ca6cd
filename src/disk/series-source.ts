/**
 * Where a series is judged: the kernel source that was configured or given, at the series' own base where that is a mirror. What comes out
 * is what reviewSeries takes, or why there is none, which becomes a line of `missing` and evidence from the diff alone.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { KabiwatchError } from '../errors.js';
import type { Architecture, Missing } from '../kabi/review.js';
import { newReading } from '../kabi/series/series-changes.js';
import type { Reference } from '../kernel/reference.js';
import { type KnownSeries, knownSeries, prerequisitesOf } from '../patch/prerequisites.js';
import type { Series } from '../patch/series.js';
import { findBase, treeFor, whyNoBase } from '../tree/base.js';
import { memoryTree } from '../tree/memory.js';
import { changedFiles } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import { type TreeInput, treeInput } from './tree-input.js';
import { buildFor } from './trees/builds.js';
import { gitMirror, isBareRepository } from './trees/git-base.js';
import { openTree } from './trees/open-tree.js';

export interface SourcePlace {
  /** A directory, DIR@REVISION of a repository, or a bare repository in which each series' base is looked for. */
  readonly tree: string;
  /** Tried in this order where a series does not name its base. */
  readonly branches: readonly string[];
  /** Folders with .config and generated headers; those of another architecture are passed over. */
  readonly build: readonly string[];
  /** A .config beside or instead of the build's, or null. */
  readonly config: string | null;
  /** null: the build's. */
  readonly arch: Architecture | null;
  /** As for a tree: where it is of the same kernel, it says how units are compiled. */
  readonly reference?: Reference | null;
  /** What a review calls the tree; absent: `tree`. */
  readonly name?: string;
  /** As for a tree. */
  readonly ahead?: boolean;
}

export type SeriesSource =
  | {
      readonly ok: true;
      readonly input: TreeInput;
      /** The series, its base named where it was found. */
      readonly series: Series;
      /** What the series needs and the tree lacks. */
      readonly missing: readonly Missing[];
    }
  | { readonly ok: false; readonly missing: readonly Missing[] };

/** `known`: series at hand, for prerequisites. Throws `tree-not-found` where the place itself is wrong. */
export function sourceForSeries(
  place: SourcePlace,
  series: Series,
  known: KnownSeries = knownSeries([]),
): SeriesSource {
  if (!isBareRepository(place.tree)) return onGiven(place, series, known);
  const mirror = gitMirror(place.tree, place.branches);
  const base = findBase(series, mirror, known);
  if (!base.ok) return { ok: false, missing: [{ what: 'the base', why: whyNoBase(base, basename(place.tree)) }] };
  const input = inputOf(place, `${place.tree}@${base.commit}`, base.tree);
  return { ok: true, input, series: { ...series, base: base.commit }, missing: base.missing };
}

/** A tree that was chosen by whoever asks: the series is judged there even where it does not apply, which its review says. */
function onGiven(place: SourcePlace, series: Series, known: KnownSeries): SeriesSource {
  const { over, missing } = neededOn(place.tree, series, known);
  return { ok: true, input: inputOf(place, place.tree, over?.tree), series, missing };
}

export interface Needed {
  /** The tree with what the series needs, and the files that differ by it; null where that is the tree itself. */
  readonly over: { readonly tree: SourceTree; readonly changed: ReadonlyMap<string, Uint8Array | null> } | null;
  readonly missing: readonly Missing[];
}

/** Throws `tree-not-found`. */
export function neededOn(tree: string, series: Series, known: KnownSeries): Needed {
  const needed = prerequisitesOf(series, known);
  if (needed.patches.length === 0) return { over: null, missing: needed.missing };
  const base = openTree(tree);
  const made = treeFor(base, series, needed);
  if (!made.ok) return { over: null, missing: needed.missing };
  const { tree: over, missing } = made;
  return { over: over === base ? null : { tree: over, changed: changedFiles(needed.patches, over) }, missing };
}

interface Kept {
  readonly key: string;
  readonly input: TreeInput;
  uses: number;
  readonly opened: number;
}

/** Series share their base mostly: the tree that was opened last is kept, with what was read of it. */
let last: Kept | null = null;
/** After so many series what was read begins anew: it grows with what each of them made of the tree. */
const mostUses = 20;
/** Milliseconds. A directory's files may be others after a while; a revision stays what it is. */
const directoryStays = 30_000;

function inputOf(
  { build, config, arch, reference = null, name, ahead = false }: SourcePlace,
  tree: string,
  source?: TreeInput['tree'],
): TreeInput {
  const key = JSON.stringify([tree, source?.id ?? null, build, config, arch, reference?.meta ?? null, name ?? null]);
  if (last?.key === key && isFresh(last, tree)) {
    last.uses++;
    return last.input;
  }
  const folders = arch === null ? build : (buildFor(build, arch) ?? build);
  const over = config === null ? [] : [memoryTree(config, { '.config': configText(config) })];
  const opened = treeInput({
    ...{ tree, build: folders, arch, over, ahead },
    ...(source === undefined ? {} : { source }),
    ...(reference === null ? {} : { reference }),
  });
  const input = { ...opened, tree: { ...opened.tree, id: name ?? opened.tree.id }, reading: newReading() };
  // Prerequisites differ though their ids may not.
  last = source?.id.startsWith('patch ') === true ? null : { key, input, uses: 1, opened: Date.now() };
  return input;
}

function isFresh({ uses, opened }: Kept, tree: string): boolean {
  return uses < mostUses && (tree.includes('@') || Date.now() - opened < directoryStays);
}

function configText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}
