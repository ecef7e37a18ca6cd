/** The thread of index-key-ahead.ts. */
import { workerData } from 'node:worker_threads';
import { type KeyQuestion, stateBytes, states } from './index-key-ahead.js';
import { indexedTree } from './index-request.js';
import { identityOf } from './name-index-store.js';

const { spec, memory } = workerData as KeyQuestion;
const state = new Int32Array(memory, 0, 1);
let answered = states.failed;
try {
  const { source, family } = identityOf(spec, indexedTree(spec));
  Buffer.from(memory, stateBytes).write(source + family, 'latin1');
  answered = states.known;
} finally {
  Atomics.store(state, 0, answered);
  Atomics.notify(state, 0);
}
