/**
 * Many jobs on all processors: each thread takes the next when it has done one. A job on which a thread fails, or takes too long, is reported
 * as failed, a new thread goes on with the next, and the rest is not lost.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Threads that run `file` with `data` and answer each message with one. */
export interface ThreadKind<Answer, Result> {
  readonly file: URL;
  readonly data: unknown;
  /** For one thread's answers, in their order: what it has sent before may be left out. */
  readonly reader: () => (answer: Answer) => Result;
}

export type JobResult<Result> =
  | { readonly ok: true; readonly reading: Result }
  | { readonly ok: false; readonly why: string };

/** No unit of a kernel takes a minute; one that does hangs or swaps. */
const jobMs = 120_000;
const threadHeapMb = 3_000;

export async function onAllProcessors<Job, Answer, Result>(
  kind: ThreadKind<Answer, Result>,
  jobs: readonly Job[],
  onDone: (job: Job, result: JobResult<Result>) => void,
): Promise<void> {
  let next = 0;
  const runThread = async (): Promise<void> => {
    while (next < jobs.length) await untilFailure(kind, () => jobs[next++], onDone);
  };
  const threads = Math.min(availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: threads }, runThread));
}

/** One thread until there is nothing left for it, or until it fails. */
function untilFailure<Job, Answer, Result>(
  { file, data, reader }: ThreadKind<Answer, Result>,
  take: () => Job | undefined,
  onDone: (job: Job, result: JobResult<Result>) => void,
): Promise<void> {
  const worker = new Worker(file, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: threadHeapMb } });
  const read = reader();
  let current: Job | undefined;
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve, reject) => {
    let isDone = false;
    const end = (why: string | null): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (current !== undefined && why !== null) onDone(current, { ok: false, why });
      worker.terminate().then(() => resolve(), reject);
    };
    const give = (): void => {
      clearTimeout(timer);
      current = take();
      if (current === undefined) {
        end(null);
        return;
      }
      timer = setTimeout(() => end(`it took more than ${jobMs / 1000} s`), jobMs);
      worker.postMessage(current);
    };
    worker.on('message', (answer: Answer) => {
      if (isDone || current === undefined) return;
      const job = current;
      current = undefined;
      onDone(job, { ok: true, reading: read(answer) });
      give();
    });
    worker.on('error', (error: Error) => end(error.message.split('\n')[0] ?? ''));
    worker.on('exit', () => end('its thread ended'));
    give();
  });
}
