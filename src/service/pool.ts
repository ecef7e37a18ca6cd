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

/** `script` is the compiled worker.js: a thread cannot be started from TypeScript. */
export function startPool(script: URL, limits: Limits): Pool {
  const waiting: Job[] = [];
  const idle = new Set<Worker>();
  const busy = new Map<Worker, Job>();
  let closed = false;

  function spawn(): Worker {
    const worker = new Worker(script, {
      resourceLimits: { maxOldGenerationSizeMb: Math.floor(limits.memoryBytes / 1_000_000), stackSizeMb: 8 },
    });
    worker.setMaxListeners(20);
    return worker;
  }

  function next(): void {
    while (waiting.length > 0 && busy.size < limits.threads) {
      const job = waiting.shift() as Job;
      const worker = idle.values().next().value ?? spawn();
      idle.delete(worker);
      start(worker, job);
    }
  }

  function start(worker: Worker, job: Job): void {
    busy.set(worker, job);
    const timer = setTimeout(() => lose(`took longer than ${limits.timeMs / 1000} s`), limits.timeMs);
    const settle = () => {
      clearTimeout(timer);
      worker.removeAllListeners();
      busy.delete(worker);
    };
    const lose = (why: string) => {
      settle();
      worker.on('error', () => {});
      void worker.terminate();
      job.reject(new WorkerLost(why));
      next();
    };
    worker.on('message', (message: { answer?: unknown; error?: { message: string; stack?: string } }) => {
      settle();
      worker.on('error', () => idle.delete(worker));
      worker.on('exit', () => idle.delete(worker));
      if (!closed) idle.add(worker);
      if (message.error === undefined) job.resolve(message.answer);
      else job.reject(Object.assign(new Error(message.error.message), { stack: message.error.stack }));
      next();
    });
    worker.on('error', (error: NodeJS.ErrnoException) =>
      lose(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `needed more than ${limits.memoryBytes / 1e6} MB` : error.message,
      ),
    );
    worker.on('exit', (code) => lose(`thread ended with ${code}`));
    worker.postMessage(job.task);
  }

  return {
    get load() {
      return waiting.length + busy.size;
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
      await Promise.all([...idle, ...busy.keys()].map((worker) => worker.terminate()));
    },
  };
}
