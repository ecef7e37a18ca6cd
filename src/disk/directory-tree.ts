/**
 * A directory as a SourceTree. It never leaves the directory: a path with `..` is not read, and a symbolic link counts only
 * if it ends inside (old trees have include/asm -> asm-i386).
 */
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { KabiwatchError } from '../errors.js';
import type { SourceTree } from '../tree/source-tree.js';

export function directoryTree(dir: string): SourceTree {
  const root = rootOf(dir);
  const stats = new Map<string, string | null>();

  const inside = (path: string): string | null => {
    // No absolute path, no empty name, no `.` and no `..`; the empty path is the root.
    if (path.includes('\0') || (path !== '' && /(^|\/)\.{0,2}(\/|$)/.test(path))) return null;
    return join(root, path);
  };

  /** Asked once a folder: a tree has some thousands, and a unit asks for 850 files. */
  const folders = new Map<string, boolean>();
  const folderStaysInside = (folder: string): boolean => {
    let isInside = folders.get(folder);
    if (isInside === undefined) {
      isInside = staysInside(root, folder);
      folders.set(folder, isInside);
    }
    return isInside;
  };

  /** Size and times name the content well enough within one run, and cost one call. */
  const identify = (path: string): string | null => {
    const full = inside(path);
    if (full === null) return null;
    const own = lstatSync(full, { throwIfNoEntry: false });
    if (own === undefined || !folderStaysInside(dirname(full))) return null;
    if (own.isSymbolicLink() && !staysInside(root, full)) return null;
    const stat = own.isSymbolicLink() ? statSync(full, { throwIfNoEntry: false }) : own;
    if (stat === undefined || !stat.isFile()) return null;
    return `${full}@${stat.mtimeMs}.${stat.ctimeMs}.${stat.size}`;
  };

  const contentId = (path: string): string | null => {
    let id = stats.get(path);
    if (id === undefined) {
      id = safely(() => identify(path));
      stats.set(path, id);
    }
    return id;
  };

  return {
    id: dir,
    contentId,
    read: (path) => (contentId(path) === null ? null : safely(() => readWhole(join(root, path)))),
    list: (path) => {
      const full = inside(path);
      return (full === null ? null : safely(() => namesOf(root, full))) ?? [];
    },
  };
}

function rootOf(dir: string): string {
  try {
    const root = realpathSync(dir);
    if (statSync(root).isDirectory()) return root;
  } catch (cause) {
    throw new KabiwatchError(
      'tree-not-found',
      { path: dir, remedy: 'name a directory that holds kernel source' },
      { cause },
    );
  }
  throw new KabiwatchError('tree-not-found', { path: dir, why: 'it is no directory' });
}

/** Links count as what they point to, and not at all where that is outside. */
function namesOf(root: string, full: string): string[] {
  if (!staysInside(root, full)) return [];
  const names: string[] = [];
  for (const entry of readdirSync(full, { withFileTypes: true })) {
    let isDirectory = entry.isDirectory();
    if (entry.isSymbolicLink()) {
      const target = join(full, entry.name);
      const stat = safely(() => (staysInside(root, target) ? statSync(target) : null));
      if (stat === null) continue;
      isDirectory = stat.isDirectory();
    }
    names.push(isDirectory ? `${entry.name}/` : entry.name);
  }
  return names.sort();
}

function staysInside(root: string, full: string): boolean {
  return `${realpathSync.native(full)}${sep}`.startsWith(`${root}${sep}`);
}

/** What cannot be read is not there: a race with a build, a permission. */
function safely<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** readFileSync without its buffer pool and second stat: a unit reads 850 files. */
function readWhole(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    let at = 0;
    while (at < bytes.length) {
      const got = readSync(file, bytes, at, bytes.length - at, at);
      if (got === 0) break;
      at += got;
    }
    return at === bytes.length ? bytes : bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}
