/** Where name indexes are kept, under which names, and which are deleted. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { IndexedTree } from '../../kabi/index/indexed-tree.js';
import { NameIndex, type NameTables } from '../../kernel/names.js';
import type { IndexSpec } from './index-request.js';
import { type IndexContents, type KeptLayer, openNameIndex, writeNameIndex } from './name-index-file.js';

/** Those used longest ago are deleted when all together take more; one of a kernel takes some 250 MB, a layer few. */
const mostBytes = 3 * 2 ** 30;

export function keptIndex(identity: IndexKey): NameIndex | null {
  const found = openNameIndex(indexPath(identity.source), identity.source);
  if (found === null) return null;
  const { tables, layer } = found;
  if (layer === null) return new NameIndex(tables);
  const below = openNameIndex(indexPath(layer.below), layer.below);
  return below === null ? null : new NameIndex(tables, { tables: below.tables, hidden: new Set(layer.hidden) });
}

export function keepNameIndex(
  { source, family }: IndexKey,
  tables: NameTables,
  layer: KeptLayer | null,
  contents: IndexContents | null,
): void {
  mkdirSync(indexFolder(), { recursive: true });
  prune(indexFolder());
  writeNameIndex(indexPath(source), { source, family, layer }, tables, contents);
}

function indexPath(source: string): string {
  return join(indexFolder(), `${source}.names`);
}

export function indexFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/names');
}

export interface IndexKey {
  /** Of the tree's content and how it is read. */
  readonly source: string;
  /** Of how it is read alone. */
  readonly family: string;
}

export function identityOf({ config }: IndexSpec, { tree, files, archDirectory }: IndexedTree): IndexKey {
  // Comments and order of a .config say nothing.
  const lines = (config ?? '').split('\n').filter((line) => line.startsWith('CONFIG_'));
  const how = `names/14\n${archDirectory}\n${lines.sort().join('\n')}\n`;
  const hash = createHash('sha256').update(how);
  for (const file of files) hash.update(`${file} ${tree.contentId(file)}\n`);
  return {
    source: hash.digest('hex').slice(0, 32),
    family: createHash('sha256').update(how).digest('hex').slice(0, 32),
  };
}

function prune(folder: string): void {
  const byAge = readdirSync(folder)
    .filter((name) => /\.names(\.new)?$/.test(name))
    .map((name) => ({ path: join(folder, name), facts: statSync(join(folder, name), { throwIfNoEntry: false }) }))
    .sort((a, b) => (b.facts?.mtimeMs ?? 0) - (a.facts?.mtimeMs ?? 0));
  let bytes = 0;
  for (const { path, facts } of byAge) {
    bytes += facts?.size ?? 0;
    if (bytes > mostBytes) rmSync(path, { force: true });
  }
}
