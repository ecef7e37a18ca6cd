/** A thread of name-index-builder.ts: reads the files of a batch and answers with their rows. */
import { parentPort, workerData } from 'node:worker_threads';
import { readHeaders, UseFileReader } from '../../kabi/index/tree-index.js';
import { FactSink, HeaderNames, type NameTables } from '../../kernel/names.js';
import { type IndexSpec, indexedTree } from './index-request.js';

export type ReaderTask =
  | { readonly kind: 'headers' | 'uses'; readonly numbers: readonly number[] }
  | { readonly kind: 'names'; readonly tables: NameTables };

const request = indexedTree(workerData as IndexSpec);
let uses: UseFileReader | null = null;
const sink = new FactSink();

parentPort?.on('message', (task: ReaderTask) => {
  if (task.kind === 'names') {
    uses = new UseFileReader(request, new HeaderNames(task.tables));
    return;
  }
  request.tree.prefetch?.(task.numbers.map((number) => request.files[number] as string));
  if (task.kind === 'headers') readHeaders(request, task.numbers, sink);
  else uses?.read(task.numbers, sink);
  parentPort?.postMessage(sink.take());
});
