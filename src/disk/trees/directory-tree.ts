/**
 * A directory as a SourceTree. It never leaves the directory: a path with `..` is not read, and a symbolic link counts only
 * if it ends inside (old trees have include/asm -> asm-i386).
 */
import { closeSync, type Dirent, lstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { KabiwatchError } from '../../errors.js';
import type { SourceTree } from '../../tree/source-tree.js';

interface FileFacts {
  readonly id: string;
  readonly size: number;
}

export function directoryTree(dir: string): SourceTree {
  const root = rootOf(dir);
  const files = new Map<string, FileFacts | null>();

  const inside = (path: string): string | null => {
    // No absolute path, no empty name, no `.` and no `..`; the empty path is the root.
    if (path.includes('\0') || (path !== '' && /(^|\/)\.{0,2}(\/|$)/.test(path))) return null;
    return path === '' ? root : `${root}${sep}${path}`;
  };

  /** The names in a folder that is inside, else null; asked once a folder: most headers are looked for where they are not. */
  const folders = new Map<string, ReadonlySet<string> | null>();
  const namesIn = (folder: string): ReadonlySet<string> | null => {
    let names = folders.get(folder);
    if (names === undefined) {
      names = safely(() => (staysInside(root, folder) ? new Set(readdirSync(folder)) : null));
      folders.set(folder, names);
    }
    return names;
  };

  /** Size and times name the content well enough within one run, and cost one call. */
  const identify = (path: string): FileFacts | null => {
    const full = inside(path);
    if (full === null) return null;
    const end = full.lastIndexOf(sep);
    if (namesIn(full.slice(0, end))?.has(full.slice(end + 1)) !== true) return null;
    const own = lstatSync(full, { throwIfNoEntry: false });
    if (own === undefined || (own.isSymbolicLink() && !staysInside(root, full))) return null;
    const stat = own.isSymbolicLink() ? statSync(full, { throwIfNoEntry: false }) : own;
    if (stat === undefined || !stat.isFile()) return null;
    return { id: `${full}@${stat.mtimeMs}.${stat.ctimeMs}.${stat.size}`, size: stat.size };
  };

  const factsOf = (path: string): FileFacts | null => {
    let facts = files.get(path);
    if (facts === undefined) {
      facts = safely(() => identify(path));
      files.set(path, facts);
    }
    return facts;
  };

  return {
    id: dir,
    contentId: (path) => factsOf(path)?.id ?? null,
    read: (path) => {
      const facts = factsOf(path);
      return facts === null ? null : safely(() => readWhole(join(root, path), facts.size));
    },
    list: (path) => {
      const full = inside(path);
      const entries = full === null ? null : safely(() => entriesIn(root, full));
      if (full === null || entries === null) return [];
      // Whoever lists a folder asks for its files next.
      if (!folders.has(full)) folders.set(full, new Set(entries.map(({ name }) => name)));
      return namesOf(root, full, entries);
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

function entriesIn(root: string, full: string): readonly Dirent[] | null {
  return staysInside(root, full) ? readdirSync(full, { withFileTypes: true }) : null;
}

/** Links count as what they point to, and not at all where that is outside. */
function namesOf(root: string, full: string, entries: readonly Dirent[]): string[] {
  const names: string[] = [];
  for (const entry of entries) {
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

/** readFileSync without its buffer pool and second stat: a unit reads 850 files. One byte more is asked for, to see the end. */
function readWhole(path: string, size: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    let bytes = new Uint8Array(size + 1);
    let at = 0;
    for (;;) {
      const got = readSync(file, bytes, at, bytes.length - at, at);
      at += got;
      if (got === 0 || at === size) return bytes.subarray(0, at);
      if (at === bytes.length) bytes = Buffer.concat([bytes, new Uint8Array(bytes.length)]);
    }
  } finally {
    closeSync(file);
  }
}
