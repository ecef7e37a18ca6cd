/** A bare repository as a Mirror: where a series' base is looked for. History is read by `git log` over the paths of the series alone. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Mirror } from '../../tree/base.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { GitObjects } from './git-objects.js';
import { treeIn } from './git-tree.js';

/** Commits that change one of the paths; a series on an older base is named by `base-commit:`, or not at all. */
const mostCommits = 5000;

/** Is this a repository without a work tree, so that a revision must be chosen? */
export function isBareRepository(dir: string): boolean {
  return (
    statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true &&
    ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(dir, name)))
  );
}

/** A process keeps one reader of objects a repository, and the trees that it has read. */
const opened = new Map<string, { readonly git: GitObjects; readonly trees: Map<string, SourceTree> }>();
const mostTrees = 4;

/** Throws `tree-not-found` when git cannot be asked. */
export function gitMirror(dir: string, branches: readonly string[]): Mirror {
  const known = opened.get(dir) ?? { git: new GitObjects(dir), trees: new Map<string, SourceTree>() };
  opened.set(dir, known);
  const { git, trees } = known;
  return {
    name: dir,
    branches,
    commit: (name) =>
      git.ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])?.trim() || null,
    tree(commit) {
      const tree = trees.get(commit) ?? treeIn(git, commit);
      trees.delete(commit);
      trees.set(commit, tree);
      const [oldest] = trees.keys();
      if (trees.size > mostTrees && oldest !== undefined) trees.delete(oldest);
      return tree;
    },
    holding: (blobs) => holding(git, branches, blobs),
  };
}

function holding(
  git: GitObjects,
  branches: readonly string[],
  short: ReadonlyMap<string, string>,
): { commit: string } | { why: string } {
  const blobs = new Map<string, string>();
  const told = git.ask(['cat-file', '--batch-check'], [...short.values()].map((id) => `${id}\n`).join(''))?.split('\n');
  for (const [index, [path, id]] of [...short].entries()) {
    const [full = '', kind] = told?.[index]?.split(' ') ?? [];
    if (kind !== 'blob') return { why: `${path} at ${id} is not in ${git.dir}` };
    blobs.set(path, full);
  }
  for (const branch of branches) {
    const commit = inHistory(git, branch, blobs);
    if (commit !== null) return { commit };
  }
  return { why: `no commit of ${branches.join(', ') || 'any branch'} has all its files so` };
}

function inHistory(git: GitObjects, branch: string, wanted: ReadonlyMap<string, string>): string | null {
  const paths = [...wanted.keys()];
  const has = (commit: string): boolean => {
    const blobs = blobsAt(git, commit, paths);
    return paths.every((path) => blobs.get(path) === wanted.get(path));
  };
  if (has(branch)) return git.ask(['rev-parse', '--verify', '--end-of-options', `${branch}^{commit}`])?.trim() ?? null;
  return alongMerges(git, branch, wanted, has) ?? insideMerges(git, branch, wanted, has);
}

interface Changes {
  readonly commit: string;
  readonly parent: string | null;
  readonly files: readonly { readonly path: string; readonly before: string; readonly after: string }[];
}

/** The branch's own commits, back from its tip: the paths' blobs at each follow from what the commits above changed. */
function alongMerges(
  git: GitObjects,
  branch: string,
  wanted: ReadonlyMap<string, string>,
  has: (commit: string) => boolean,
): string | null {
  const now = blobsAt(git, branch, [...wanted.keys()]);
  for (const { parent, files } of changesOf(git, branch, wanted, ['-m', '--first-parent'])) {
    for (const { path, before } of files) now.set(path, before);
    const matches = [...wanted].every(([path, id]) => now.get(path) === id);
    if (parent !== null && matches && has(parent)) return parent;
  }
  return null;
}

const mostCandidates = 200;

/** Commits that were merged: one of them made a file what the series saw. */
function insideMerges(
  git: GitObjects,
  branch: string,
  wanted: ReadonlyMap<string, string>,
  has: (commit: string) => boolean,
): string | null {
  let left = mostCandidates;
  for (const { commit, files } of changesOf(git, branch, wanted, [])) {
    if (!files.some(({ path, after }) => wanted.get(path) === after)) continue;
    if (left-- === 0) return null;
    if (has(commit)) return commit;
  }
  return null;
}

/** Newest first, read to `mostCommits`. */
function* changesOf(
  git: GitObjects,
  branch: string,
  wanted: ReadonlyMap<string, string>,
  options: readonly string[],
): Generator<Changes> {
  const paths = [...wanted.keys()].map((path) => `:(literal)${path}`);
  const log = git.ask([
    ...['-c', 'core.quotepath=false', 'log', '--format=commit %H %P', '--raw', '--no-abbrev', '--no-renames'],
    ...[...options, `-n${mostCommits}`, '--end-of-options', branch, '--', ...paths],
  ]);
  let open: { commit: string; parent: string | null; files: Changes['files'][number][] } | null = null;
  for (const line of log?.split('\n') ?? []) {
    if (line.startsWith('commit ')) {
      if (open !== null) yield open;
      const [, commit = '', parent = null] = line.split(' ');
      open = { commit, parent: parent === '' ? null : parent, files: [] };
    } else if (line.startsWith(':')) {
      const [facts = '', path = ''] = line.split('\t');
      const [, , before = '', after = ''] = facts.split(' ');
      open?.files.push({ path, before, after });
    }
  }
  if (open !== null) yield open;
}

function blobsAt(git: GitObjects, commit: string, paths: readonly string[]): Map<string, string> {
  const listed = git.ask(['ls-tree', '-z', '--full-tree', commit, '--', ...paths]) ?? '';
  return new Map(
    listed.split('\0').flatMap((row): [string, string][] => {
      const [facts = '', path] = row.split('\t');
      return path === undefined ? [] : [[path, facts.split(' ')[2] ?? '']];
    }),
  );
}
