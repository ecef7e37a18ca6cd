/** Mails of an archive through worker threads, in order, with a few batches under way: memory does not grow with the archive. */
import { Worker } from 'node:worker_threads';
import type { ReplayedMail } from './replay-worker.js';

const batchSize = 64;
const batchBytes = 8_000_000;

export interface Replayed extends ReplayedMail {
  /** Where a later run can go on. */
  readonly at: string;
}

interface Batch {
  readonly places: readonly string[];
  readonly answer: Promise<readonly ReplayedMail[]>;
}

export async function* replayMails(
  mails: AsyncIterable<{ readonly at: string; readonly raw: Buffer }>,
  threads: number,
): AsyncGenerator<Replayed> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./replay-worker.js', import.meta.url)));
  // A worker that broke while nobody asks it is heard when it is asked.
  for (const worker of workers) worker.on('error', () => undefined);
  const open: Batch[] = [];
  let turn = 0;
  try {
    for await (const batch of batches(mails)) {
      const worker = workers[turn++ % threads] as Worker;
      open.push({ places: batch.map(({ at }) => at), answer: ask(worker, batch) });
      if (open.length >= threads * 3) yield* settled(open.shift() as Batch);
    }
    while (open.length > 0) yield* settled(open.shift() as Batch);
  } finally {
    for (const { answer } of open) answer.catch(() => undefined);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function* settled({ places, answer }: Batch): AsyncGenerator<Replayed> {
  const read = await answer;
  for (const [index, at] of places.entries()) yield { at, ...(read[index] as ReplayedMail) };
}

/** Answers come in the order of the questions, so each waits for its own. */
const waiting = new WeakMap<Worker, Promise<unknown>>();

function ask(worker: Worker, batch: readonly { readonly raw: Buffer }[]): Promise<readonly ReplayedMail[]> {
  const before = waiting.get(worker) ?? Promise.resolve();
  const answer = before.then(
    () =>
      new Promise<readonly ReplayedMail[]>((resolve, reject) => {
        const done = (): void => {
          worker.off('message', onMessage);
          worker.off('error', onError);
        };
        const onMessage = (read: readonly ReplayedMail[]): void => {
          done();
          resolve(read);
        };
        const onError = (error: Error): void => {
          done();
          reject(error);
        };
        worker.on('message', onMessage);
        worker.on('error', onError);
        // A Buffer may be a view of a whole archive: only its own bytes travel.
        const mails = batch.map(({ raw }) => new Uint8Array(raw));
        worker.postMessage(
          mails,
          mails.map(({ buffer }) => buffer),
        );
      }),
  );
  waiting.set(
    worker,
    answer.catch(() => undefined),
  );
  return answer;
}

async function* batches<T extends { readonly raw: Buffer }>(mails: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for await (const mail of mails) {
    batch.push(mail);
    bytes += mail.raw.length;
    if (batch.length < batchSize && bytes < batchBytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}
