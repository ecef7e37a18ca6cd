/**
 * A process of its own that makes the name index of a tree; name-index.ts alone calls it and writes the IndexSpec to it. Its threads
 * read the files, a batch at a time; this one puts together what they tell.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SingleBar } from 'cli-progress';
import { type FactRows, NameIndexBuilder } from '../kernel/names.js';
import { type IndexSpec, indexedTree, linksIn } from './index-request.js';
import { identityOf, keepNameIndex } from './name-index.js';
import type { ReaderTask } from './name-index-reader.js';

/** Files of one batch: some megabytes of source. */
const together = 150;
/** More readers would each keep the headers' declarations, some 300 MB. */
const mostReaders = 2;

const spec = JSON.parse(readFileSync(0, 'utf8')) as IndexSpec;
const indexed = indexedTree(spec);
const { files } = indexed;
const readers = Array.from({ length: Math.min(mostReaders, availableParallelism()) }, () => {
  const worker = new Worker(new URL('./name-index-reader.js', import.meta.url), {
    workerData: spec,
    resourceLimits: { maxYoungGenerationSizeMb: 48, maxOldGenerationSizeMb: 2048 },
  });
  return worker;
});
const bar = new SingleBar({
  format: '{bar} {value}/{total} files: index of the tree, made once',
  clearOnComplete: true,
});
bar.start(2 * files.length, 0);

const headers = new NameIndexBuilder();
const whole = new NameIndexBuilder();
await pass(
  'headers',
  files.flatMap((file, i) => (file.endsWith('.h') ? [i] : [])),
  (rows) => {
    headers.add(rows);
    whole.add(rows);
  },
);
const tables = headers.tables(files, []);
for (const reader of readers) reader.postMessage({ kind: 'names', tables: tables } satisfies ReaderTask);
await pass(
  'uses',
  files.map((_, i) => i),
  (rows) => whole.add(rows),
);
for (const reader of readers) void reader.terminate();
const links = linksIn(spec, indexed.tree);
keepNameIndex(
  identityOf(spec, indexed),
  whole.tables(
    files,
    files.map((file) => links.get(file) ?? null),
  ),
);
bar.stop();

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
