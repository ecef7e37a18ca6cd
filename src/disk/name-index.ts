/**
 * The name index of a tree in a configuration, made once for its content and kept under the user's cache directory.
 *
 * Key of the cache is what the tree says of every source file's content, a git revision's blob ids or a directory's sizes and times, and
 * the configuration. It is made in a process of its own: reading a kernel takes minutes and gigabytes; whoever asks may have far less.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IndexedTree, makeIndex } from '../kabi/tree-index.js';
import { NameIndex, type NameTables } from '../kernel/names.js';
import type { SourceTree } from '../tree/source-tree.js';
import { type IndexSpec, indexedTree, linksIn } from './index-request.js';
import { openNameIndex, writeNameIndex } from './name-index-file.js';

/** Older indexes than these are deleted; each takes some 200 MB. */
const kept = 8;
const builderHeap = '--max-old-space-size=4096';

export function nameIndexOf(spec: IndexSpec, source: SourceTree): NameIndex {
  const indexed = indexedTree(spec, source);
  const identity = identityOf(spec, indexed);
  const known = openNameIndex(indexPath(identity), identity);
  if (known !== null) return new NameIndex(known);
  const builder = fileURLToPath(new URL('./name-index-builder.js', import.meta.url));
  if (existsSync(builder)) {
    const input = JSON.stringify(spec);
    build(builder, input);
    const made = openNameIndex(indexPath(identity), identity);
    if (made !== null) return new NameIndex(made);
  }
  const links = linksIn(spec, source);
  const { tables } = makeIndex(indexed, (file) => links.get(file) ?? null);
  keepNameIndex(identity, tables);
  return new NameIndex(tables);
}

/** Shows how far it is where somebody watches; else keeps what it says last, for the error. */
function build(builder: string, input: string): void {
  const said = process.stderr.isTTY ? 'inherit' : 'pipe';
  try {
    execFileSync(process.execPath, [builderHeap, builder], { input, stdio: ['pipe', 'ignore', said] });
  } catch (cause) {
    const { stderr } = cause as { stderr?: Buffer | null };
    const why = /^.*Error.*$/m.exec(stderr?.toString() ?? '')?.[0] ?? (cause as Error).message;
    throw new Error(`the index of the tree could not be made: ${why}`, { cause });
  }
}

/** The index where it was made before, else null. */
export function knownNameIndex(spec: IndexSpec, source: SourceTree): NameIndex | null {
  const identity = identityOf(spec, indexedTree(spec, source));
  const known = openNameIndex(indexPath(identity), identity);
  return known === null ? null : new NameIndex(known);
}

export function keepNameIndex(identity: string, tables: NameTables): void {
  mkdirSync(indexFolder(), { recursive: true });
  prune(indexFolder());
  writeNameIndex(indexPath(identity), identity, tables);
}

function indexPath(identity: string): string {
  return join(indexFolder(), `${identity}.names`);
}

function indexFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/names');
}

export function identityOf({ config }: IndexSpec, { tree, files, archDirectory }: IndexedTree): string {
  const hash = createHash('sha256').update(`names/10\n${archDirectory}\n`);
  // Comments and order of a .config say nothing.
  const lines = (config ?? '').split('\n').filter((line) => line.startsWith('CONFIG_'));
  hash.update(lines.sort().join('\n'));
  for (const file of files) hash.update(`${file} ${tree.contentId(file)}\n`);
  return hash.digest('hex').slice(0, 32);
}

function prune(folder: string): void {
  const byAge = readdirSync(folder)
    .filter((name) => /\.names(\.new)?$/.test(name))
    .map((name) => ({ path: join(folder, name), used: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.used - a.used);
  for (const { path } of byAge.slice(kept - 1)) rmSync(path, { force: true });
}
