/**
 * A process of its own that makes the name index of a tree; name-index.ts alone calls it and writes the IndexSpec to it. Its threads
 * read the files, a batch at a time; this one puts together what they tell.
 */
import { readFileSync, writeSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SingleBar } from 'cli-progress';
import { type FactRows, NameIndexBuilder } from '../../kernel/names.js';
import { contentsOf, keepLayer } from './index-like.js';
import { type IndexSpec, indexedTree, linksIn } from './index-request.js';
import type { ReaderTask } from './name-index-reader.js';
import { identityOf, keepNameIndex } from './name-index-store.js';

/** Files of one batch: some megabytes of source. */
const together = 150;
/** A reader keeps the headers' declarations, and this process what all of them tell. */
const memoryOfReader = 1.2 * 2 ** 30;
const mostReaders = 2;
/** Fewer take no time worth a word. */
const many = 5000;

/** Who asks may be killed for taking too long: nobody waits for the index then. Milliseconds. */
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 500).unref();

const spec = JSON.parse(readFileSync(0, 'utf8')) as IndexSpec;
const indexed = indexedTree(spec);
const { files } = indexed;
const identity = identityOf(spec, indexed);
const linkOf = (): ((file: string) => string | null) => {
  const links = linksIn(spec, indexed.tree);
  return (file) => links.get(file) ?? null;
};
if (keepLayer(identity, indexed, linkOf)) process.exit(0);
const affordable = Math.max(1, Math.floor(freemem() / memoryOfReader) - 1);
const readers = Array.from({ length: Math.min(mostReaders, availableParallelism(), affordable) }, () => {
  const resourceLimits = { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 2048 };
  return new Worker(new URL('./name-index-reader.js', import.meta.url), { workerData: spec, resourceLimits });
});
const bar = new SingleBar({
  format: '{bar} {value}/{total} files: index of the tree, made once',
  clearOnComplete: true,
});
bar.start(2 * files.length, 0);
if (!process.stderr.isTTY && files.length > many)
  writeSync(3, `making the index of the tree, once: ${files.length} files\n`);

const whole = new NameIndexBuilder();
await readHeaderNames();
await pass(
  'uses',
  files.map((_, i) => i),
  (rows) => whole.add(rows),
);
for (const reader of readers) void reader.terminate();
keepNameIndex(identity, whole.tables(files, files.map(linkOf())), null, contentsOf(indexed));
bar.stop();

/** Tells the readers what headers declare; the index itself keeps of it what a question asks for. */
async function readHeaderNames(): Promise<void> {
  const headers = new NameIndexBuilder();
  await pass(
    'headers',
    files.flatMap((file, i) => (file.endsWith('.h') ? [i] : [])),
    (rows) => {
      headers.add(rows);
      whole.add(rows);
    },
  );
  const tables = headers.tables(files, []);
  for (const reader of readers) reader.postMessage({ kind: 'names', tables } satisfies ReaderTask);
}

/** Hands `numbers` out in batches until all are read. */
async function pass(
  kind: 'headers' | 'uses',
  numbers: readonly number[],
  told: (rows: FactRows) => void,
): Promise<void> {
  let next = 0;
  await Promise.all(
    readers.map(
      (reader) =>
        new Promise<void>((resolve, reject) => {
          const ask = (): void => {
            if (next >= numbers.length) {
              reader.removeAllListeners('message').removeAllListeners('error');
              resolve();
              return;
            }
            reader.postMessage({ kind, numbers: numbers.slice(next, next + together) } satisfies ReaderTask);
            next += together;
            bar.increment(together);
          };
          reader.on('message', (rows: FactRows) => {
            told(rows);
            ask();
          });
          reader.on('error', reject);
          ask();
        }),
    ),
  );
}
