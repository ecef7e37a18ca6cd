/**
 * The name index of a tree, made once for its content and kept under the user's cache directory.
 *
 * Key of the cache is what the tree says of every source file's content: a git revision's blob ids, a directory's sizes and times.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mentionsOf } from '../kernel/mentions.js';
import { NameIndex, NameIndexBuilder, type NameTables } from '../kernel/names.js';
import type { SourceTree } from '../tree/source-tree.js';
import { readNameIndex, writeNameIndex } from './name-index-file.js';

/** Told now and then while an index is made: how many files of how many are read. */
export type IndexProgress = (done: number, total: number) => void;

/** Folders that hold nothing of the kernel itself. */
const besides = /^(Documentation|tools|scripts|samples|usr|\.git)\//;
/** Files asked for at once; some 20 MB of source. */
const together = 1000;
/** Older indexes than these are deleted; each takes some 100 MB. */
const kept = 4;
/** Making an index of a kernel takes some 1.5 GB; whoever asks may have far less. */
const builderHeap = '--max-old-space-size=6144';

/** The index of a tree that `id` names again (a directory, or DIR@REVISION). Made in a process of its own where it is new. */
export function nameIndexOf(tree: SourceTree): NameIndex {
  const files = sourceFiles(tree);
  const identity = identityOf(tree, files);
  const path = join(indexFolder(), `${identity}.names`);
  const known = readNameIndex(path, identity);
  if (known !== null) return new NameIndex(known);
  const builder = fileURLToPath(new URL('./name-index-builder.js', import.meta.url));
  if (existsSync(builder)) {
    execFileSync(process.execPath, [builderHeap, builder, tree.id], { stdio: ['ignore', 'ignore', 'inherit'] });
    const made = readNameIndex(path, identity);
    if (made !== null) return new NameIndex(made);
  }
  return new NameIndex(makeNameIndex(tree));
}

/** Reads every file of the tree and keeps the index under the cache directory. */
export function makeNameIndex(tree: SourceTree, progress: IndexProgress = () => undefined): NameTables {
  const files = sourceFiles(tree);
  const identity = identityOf(tree, files);
  const builder = new NameIndexBuilder();
  files.forEach((file, i) => {
    if (i % together === 0) tree.prefetch?.(files.slice(i, i + together));
    const bytes = tree.read(file);
    if (bytes !== null && saysSomething(bytes)) builder.add(file, mentionsOf(bytes));
    if (i % 500 === 0) progress(i, files.length);
  });
  progress(files.length, files.length);
  const tables = builder.tables();
  const folder = indexFolder();
  mkdirSync(folder, { recursive: true });
  prune(folder);
  writeNameIndex(join(folder, `${identity}.names`), identity, tables);
  return tables;
}

function indexFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/names');
}

/** Every .c and .h of the kernel proper. */
function sourceFiles(tree: SourceTree): string[] {
  const found: string[] = [];
  const walk = (dir: string): void => {
    for (const name of tree.list(dir)) {
      const path = dir === '' ? name : `${dir}/${name}`;
      if (!name.endsWith('/')) {
        if (/\.[ch]$/.test(name)) found.push(path);
      } else if (!besides.test(path)) walk(path.slice(0, -1));
    }
  };
  walk('');
  return found;
}

function identityOf(tree: SourceTree, files: readonly string[]): string {
  const hash = createHash('sha256').update('names/8\n');
  for (const file of files) hash.update(`${file} ${tree.contentId(file)}\n`);
  return hash.digest('hex').slice(0, 32);
}

/** Lists of register numbers, hundreds of megabytes of them, have neither a body nor an access. */
function saysSomething(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.includes('{') || text.includes('->') || text.includes(';');
}

function prune(folder: string): void {
  const byAge = readdirSync(folder)
    .filter((name) => /\.names(\.new)?$/.test(name))
    .map((name) => ({ path: join(folder, name), used: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.used - a.used);
  for (const { path } of byAge.slice(kept - 1)) rmSync(path, { force: true });
}
