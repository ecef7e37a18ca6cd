/**
 * A git revision as a SourceTree, read from the object store: nothing is checked out and nothing is fetched.
 *
 * One `git ls-tree` lists the tree. A file is read together with the other headers of its folder, in one question to git; contents are
 * kept by blob id, so two revisions share them.
 */
import { statSync } from 'node:fs';
import type { SourceTree } from '../../tree/source-tree.js';
import { GitObjects } from './git-objects.js';

interface Entry {
  readonly id: string;
  readonly isLink: boolean;
}

const mostLinks = 40;

/** The directory and revision of `GITDIR@REV`: cut at the first `@` after which the part before is a directory; or null. */
export function gitPlace(text: string): { readonly dir: string; readonly revision: string } | null {
  for (let at = text.indexOf('@'); at > 0; at = text.indexOf('@', at + 1)) {
    const dir = text.slice(0, at);
    const stat = statSync(dir, { throwIfNoEntry: false });
    if (stat?.isDirectory() && at + 1 < text.length) return { dir, revision: text.slice(at + 1) };
  }
  return null;
}

export function gitTree(dir: string, revision: string): SourceTree {
  return treeIn(new GitObjects(dir), revision);
}

/** Trees of one repository share its one reader of objects. */
export function treeIn(git: GitObjects, revision: string): SourceTree {
  const tree = git
    .run(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{tree}`], { dir: git.dir, revision })
    .toString('latin1')
    .trim();
  return new GitTree(`${git.dir}@${revision}`, git, listed(git, tree));
}

/** `MODE TYPE ID<tab>PATH`, each ended by NUL. Submodules are no files. */
function listed(git: GitObjects, tree: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const text = git.run(['ls-tree', '-r', '-z', '--full-tree', tree], { tree }).toString('latin1');
  for (const line of text.split('\0')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const [mode, type, id] = line.slice(0, tab).split(' ');
    if (type === 'blob') entries.set(line.slice(tab + 1), { id: id as string, isLink: mode === '120000' });
  }
  return entries;
}

class GitTree implements SourceTree {
  readonly id: string;
  readonly #git: GitObjects;
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Ids of the headers of each folder, made when a file of it is first read. */
  readonly #headers = new Map<string, string[]>();
  readonly #links: readonly string[];
  #names: ReadonlyMap<string, ReadonlySet<string>> | null = null;

  constructor(id: string, git: GitObjects, entries: ReadonlyMap<string, Entry>) {
    this.id = id;
    this.#git = git;
    this.#entries = entries;
    this.#links = [...entries].filter(([, { isLink }]) => isLink).map(([path]) => path);
  }

  read(path: string): Uint8Array | null {
    const real = this.#followed(path);
    const entry = real === null ? undefined : this.#entries.get(real);
    if (real === null || entry === undefined) return null;
    return this.#git.blob(entry.id, this.#headersBeside(real));
  }

  prefetch(paths: readonly string[]): void {
    const ids = paths.flatMap((path) => this.#entries.get(path)?.id ?? []);
    if (ids[0] !== undefined) this.#git.blob(ids[0], ids);
  }

  list(dir: string): readonly string[] {
    const real = dir === '' ? '' : this.#followed(dir);
    if (real === null) return [];
    this.#names ??= namesByFolder(this.#entries.keys());
    return [...(this.#names.get(real) ?? [])].sort();
  }

  contentId(path: string): string | null {
    const real = this.#followed(path);
    return real === null ? null : (this.#entries.get(real)?.id ?? null);
  }

  #headersBeside(path: string): readonly string[] {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    if (!path.endsWith('.h')) return [];
    if (this.#headers.size === 0) {
      for (const [name, { id, isLink }] of this.#entries) {
        if (!name.endsWith('.h') || isLink) continue;
        const own = name.slice(0, name.lastIndexOf('/') + 1);
        const ids = this.#headers.get(own);
        if (ids === undefined) this.#headers.set(own, [id]);
        else ids.push(id);
      }
    }
    return this.#headers.get(folder) ?? [];
  }

  /** The path with its symbolic links followed; null where one leaves the tree or turns in a circle. */
  #followed(path: string): string | null {
    let real = path;
    for (let count = 0; count < mostLinks; count++) {
      const link = this.#links.find((one) => real === one || real.startsWith(`${one}/`));
      if (link === undefined) return real;
      const target = this.#git.blob((this.#entries.get(link) as Entry).id, []);
      if (target === null) return null;
      const folder = link.slice(0, link.lastIndexOf('/') + 1);
      const next = joined(folder, Buffer.from(target).toString('latin1'));
      if (next === null) return null;
      real = next + real.slice(link.length);
    }
    return null;
  }
}

/** The names in every folder; kbuild asks for thousands of folders. */
function namesByFolder(paths: Iterable<string>): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    for (let name = path; ; ) {
      const slash = name.lastIndexOf('/', name.length - 2);
      const folder = name.slice(0, Math.max(0, slash));
      const names = folders.get(folder) ?? new Set();
      folders.set(folder, names);
      const own = name.slice(slash + 1);
      if (names.has(own)) break;
      names.add(own);
      if (slash < 0) break;
      name = `${folder}/`;
    }
  }
  return folders;
}

/** A link's target from its folder, or null where it is absolute or leaves the root. */
function joined(folder: string, target: string): string | null {
  if (target.startsWith('/')) return null;
  const names: string[] = [];
  for (const name of (folder + target).split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names.join('/');
}
