/**
 * SourceTree + Series -> the tree after it, and after each patch of it. Only the files that the series touches are kept; every
 * other question goes to the tree below.
 */
import { applyPatch } from '../patch/apply.js';
import type { Patch, Series } from '../patch/series.js';
import { contentIdOf, namesIn } from './memory.js';
import type { SourceTree } from './source-tree.js';

export interface Overlay {
  /** After all patches that applied. */
  readonly after: SourceTree;
  /** After each patch, in order. */
  readonly steps: readonly SourceTree[];
  readonly failed: readonly FailedFile[];
}

export interface FailedFile {
  readonly patch: number;
  readonly file: string;
  readonly why: string;
  /** Its number in the file's diff, from 1; 0 where it is about the whole file. */
  readonly hunk: number;
  /** Line in the file before, as the hunk says. */
  readonly at: number;
}

export function overlaySeries(base: SourceTree, series: Pick<Series, 'patches'>): Overlay {
  const steps: SourceTree[] = [];
  const failed: FailedFile[] = [];
  let tree = base;
  for (const patch of series.patches) {
    tree = overlayPatch(tree, patch, failed);
    steps.push(tree);
  }
  return { after: tree, steps, failed };
}

function overlayPatch(base: SourceTree, patch: Patch, failed: FailedFile[]): SourceTree {
  const files = new Map<string, Buffer | null>();
  const read = (path: string): Buffer | null => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const bytes = base.read(path);
    return bytes === null ? null : Buffer.from(bytes);
  };
  for (const file of patch.files) {
    const source = file.before;
    const applied = applyPatch(file, source === null ? null : (read(source)?.toString('latin1') ?? null));
    const path = file.after ?? source ?? '';
    if (!applied.ok) {
      failed.push({ patch: patch.n, file: path, why: applied.why, hunk: applied.hunk, at: applied.at });
      continue;
    }
    if (source !== null && (file.status === 'renamed' || file.after === null)) files.set(source, null);
    if (file.after !== null) files.set(file.after, Buffer.from(applied.text, 'latin1'));
  }
  return overlayFiles(base, files, `patch ${patch.n} on ${base.id}`);
}

/** What the patches make of the files that they touch; null for one that is gone. */
export function changedFiles(
  patches: readonly Pick<Patch, 'files'>[],
  after: SourceTree,
): Map<string, Uint8Array | null> {
  const paths = new Set(patches.flatMap(({ files }) => files.flatMap(({ before, after: is }) => [before, is])));
  return new Map([...paths].flatMap((path) => (path === null ? [] : [[path, after.read(path)] as const])));
}

/** A tree with some files replaced, added, or (null) taken away. */
export function overlayFiles(base: SourceTree, files: ReadonlyMap<string, Uint8Array | null>, id: string): SourceTree {
  const ids = new Map<string, string>();
  const present = [...files].flatMap(([path, bytes]) => (bytes === null ? [] : [path]));
  const gone = new Set([...files].flatMap(([path, bytes]) => (bytes === null ? [path] : [])));
  /** A folder whose last file went is gone too, as in git. */
  const isEmptied = (folder: string): boolean =>
    folder.endsWith('/') && [...gone].some((path) => path.startsWith(folder)) && list(folder.slice(0, -1)).length === 0;
  const list = (dir: string): readonly string[] => {
    const inside = dir === '' ? '' : `${dir}/`;
    const below = base.list(dir).filter((name) => !gone.has(inside + name) && !isEmptied(inside + name));
    return [...new Set([...below, ...namesIn(present, dir)])].sort();
  };
  return {
    id,
    read: (path) => {
      const own = files.get(path);
      return own === undefined ? base.read(path) : own;
    },
    list,
    contentId: (path) => {
      const own = files.get(path);
      if (own === undefined) return base.contentId(path);
      if (own === null) return null;
      const known = ids.get(path) ?? contentIdOf(own);
      ids.set(path, known);
      return known;
    },
  };
}
