/**
 * The name index of a tree in a configuration, made once for its content and kept under the user's cache directory.
 *
 * Key of the cache is what the tree says of every source file's content, a git revision's blob ids or a directory's sizes and times, and
 * the configuration. It is made in a process of its own: reading a kernel takes minutes and gigabytes; whoever asks may have far less. Where
 * an index of a like tree is kept, only what differs is read (index-like.ts), in seconds.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeIndex } from '../../kabi/index/tree-index.js';
import { NameIndex } from '../../kernel/names.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { contentsOf, keepLayer } from './index-like.js';
import { type IndexSpec, indexedTree, linksIn } from './index-request.js';
import { type IndexKey, identityOf, keepNameIndex, keptIndex } from './name-index-store.js';

const builderHeap = '--max-old-space-size=4096';

/** `key`: where it was worked out before. */
export function nameIndexOf(spec: IndexSpec, source: SourceTree, key: IndexKey | null = null): NameIndex {
  const identity = key ?? identityOf(spec, indexedTree(spec, source));
  const known = keptIndex(identity);
  if (known !== null) return known;
  const builder = fileURLToPath(new URL('./name-index-builder.js', import.meta.url));
  if (existsSync(builder)) {
    const input = JSON.stringify(spec);
    build(builder, input);
    const made = keptIndex(identity);
    if (made !== null) return made;
  }
  const linkOf = (): ((file: string) => string | null) => {
    const links = linksIn(spec, source);
    return (file) => links.get(file) ?? null;
  };
  const indexed = indexedTree(spec, source);
  if (keepLayer(identity, indexed, linkOf)) {
    const made = keptIndex(identity);
    if (made !== null) return made;
  }
  const { tables } = makeIndex(indexed, linkOf());
  keepNameIndex(identity, tables, null, contentsOf(indexed));
  return new NameIndex(tables);
}

/** Shows how far it is where somebody watches; else keeps what it says last, for the error. */
function build(builder: string, input: string): void {
  const said = process.stderr.isTTY ? 'inherit' : 'pipe';
  try {
    // Its fourth file is our standard error: whoever waits without a terminal is told that it takes long.
    execFileSync(process.execPath, [builderHeap, builder], { input, stdio: ['pipe', 'ignore', said, 2] });
  } catch (cause) {
    const { stderr } = cause as { stderr?: Buffer | null };
    const why = /^.*Error.*$/m.exec(stderr?.toString() ?? '')?.[0] ?? (cause as Error).message;
    throw new Error(`the index of the tree could not be made: ${why}`, { cause });
  }
}

/** The index where it was made before, else null. */
export function knownNameIndex(spec: IndexSpec, source: SourceTree, key: IndexKey | null = null): NameIndex | null {
  return keptIndex(key ?? identityOf(spec, indexedTree(spec, source)));
}
