/**
 * Where a series is judged: the kernel source that was configured or given, at the series' own base where that is a mirror. What comes out
 * is what reviewSeries takes, or why there is none, which becomes a line of `missing` and evidence from the diff alone.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { KabiwatchError } from '../errors.js';
import type { Architecture, Missing } from '../kabi/review.js';
import type { Patch, Series } from '../patch/series.js';
import { findBase, whyNoBase } from '../tree/base.js';
import { memoryTree } from '../tree/memory.js';
import { buildFor } from './builds.js';
import { gitMirror, isBareRepository } from './git-base.js';
import { type TreeInput, treeInput } from './tree-input.js';

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
}

export type SeriesSource =
  | {
      readonly ok: true;
      readonly input: TreeInput;
      /** The series, its base named where it was found. */
      readonly series: Series;
    }
  | { readonly ok: false; readonly missing: readonly Missing[] };

/** `known`: patches sent elsewhere, for prerequisites. Throws `tree-not-found` where the place itself is wrong. */
export function sourceForSeries(place: SourcePlace, series: Series, known: Iterable<Patch> = []): SeriesSource {
  if (!isBareRepository(place.tree)) return { ok: true, input: inputOf(place, place.tree), series };
  const mirror = gitMirror(place.tree, place.branches);
  const base = findBase(series, mirror, known);
  if (!base.ok) return { ok: false, missing: [{ what: 'the base', why: whyNoBase(base, basename(place.tree)) }] };
  const input = inputOf(place, `${place.tree}@${base.commit}`, base.tree);
  return { ok: true, input, series: { ...series, base: base.commit } };
}

/** Series of one thread share their base mostly: the last tree that was opened is kept. */
let last: { readonly key: string; readonly input: TreeInput } | null = null;

function inputOf({ build, config, arch }: SourcePlace, tree: string, source?: TreeInput['tree']): TreeInput {
  const key = JSON.stringify([tree, source?.id ?? null, build, config, arch]);
  if (last?.key === key) return last.input;
  const folders = arch === null ? build : (buildFor(build, arch) ?? build);
  const over = config === null ? [] : [memoryTree(config, { '.config': configText(config) })];
  const input = treeInput({ tree, build: folders, arch, over, ...(source === undefined ? {} : { source }) });
  // Prerequisites differ though their ids may not.
  last = source?.id.startsWith('patch ') === true ? null : { key, input };
  return input;
}

function configText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}
