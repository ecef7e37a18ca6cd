/**
 * Worker threads with a time and a memory limit each. A task that breaks a limit takes its thread with it, never the service: the thread is
 * ended and a new one stands in for it.
 */
import { Worker } from 'node:worker_threads';
import type { Answer, Task } from './tasks.js';

export interface Limits {
  readonly threads: number;
  readonly timeMs: number;
  readonly memoryBytes: number;
}

/** The task was too dear or crashed its thread; `why` is for the log and the quarantine. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}

interface Job {
  readonly task: Task;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface Pool {
  run<T extends Task>(task: T): Promise<Answer<T>>;
  /** Tasks that wait or run. */
  readonly load: number;
  close(): Promise<void>;
}

/** A thread and the task it works on; idle where `job` is null. */
interface Thread {
  readonly worker: Worker;
  job: Job | null;
  timer: NodeJS.Timeout | undefined;
}

type Message = { readonly answer: unknown } | { readonly error: { readonly message: string; readonly stack: string } };

/** `script` is the compiled worker.js: a thread cannot be started from TypeScript. */
export function startPool(script: URL, limits: Limits): Pool {
  const waiting: Job[] = [];
  const threads = new Set<Thread>();
  let closed = false;

  function spawn(): Thread {
    const worker = new Worker(script, {
      resourceLimits: { maxOldGenerationSizeMb: Math.floor(limits.memoryBytes / 1_000_000), stackSizeMb: 8 },
    });
    const thread: Thread = { worker, job: null, timer: undefined };
    threads.add(thread);
    worker.on('message', (message: Message) => {
      const job = release(thread);
      if (job === null) return;
      if ('error' in message)
        job.reject(Object.assign(new Error(message.error.message), { stack: message.error.stack }));
      else job.resolve(message.answer);
      next();
    });
    worker.on('error', (error: NodeJS.ErrnoException) =>
      lose(
        thread,
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `needed more than ${limits.memoryBytes / 1e6} MB` : error.message,
      ),
    );
    worker.on('exit', (code) => lose(thread, `thread ended with ${code}`));
    return thread;
  }

  function release(thread: Thread): Job | null {
    const { job } = thread;
    clearTimeout(thread.timer);
    thread.job = null;
    return job;
  }

  function lose(thread: Thread, why: string): void {
    if (!threads.delete(thread)) return;
    const job = release(thread);
    void thread.worker.terminate();
    job?.reject(new WorkerLost(why));
    next();
  }

  function next(): void {
    while (waiting.length > 0 && !closed) {
      const idle = [...threads].find(({ job }) => job === null);
      if (idle === undefined && threads.size >= limits.threads) return;
      const thread = idle ?? spawn();
      const job = waiting.shift() as Job;
      thread.job = job;
      thread.timer = setTimeout(() => lose(thread, `took longer than ${limits.timeMs / 1000} s`), limits.timeMs);
      thread.worker.postMessage(job.task);
    }
  }

  return {
    get load() {
      return waiting.length + [...threads].filter(({ job }) => job !== null).length;
    },
    run: (task) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the pool is closed'));
        waiting.push({ task, resolve: resolve as (answer: unknown) => void, reject });
        next();
      }),
    async close() {
      closed = true;
      for (const job of waiting.splice(0)) job.reject(new Error('the pool is closed'));
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}
