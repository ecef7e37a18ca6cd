/**
 * Workers with a time and a memory limit each. A task that breaks a limit takes its worker with it, never the service: the worker is ended
 * and a new one stands in for it.
 *
 * A worker is a process, not a thread, for one reason: when a thread near its limit asks for a large piece of memory at once, V8 ends the whole
 * process, whatever resourceLimits say (a mail with a 60 MB line did it).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Answer, Task } from './tasks.js';

export interface Limits {
  /** So many at work; as many more while those are on tasks that take long. */
  readonly workers: number;
  readonly timeMs: number;
  readonly memoryBytes: number;
}

/** The task was too dear or crashed its worker; `why` is for the log and the quarantine. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';

  /** `killed`: by somebody else, for instance a system short of memory; the task may not be to blame. */
  constructor(
    why: string,
    readonly killed = false,
  ) {
    super(why);
  }
}

/** Nobody wants the answer any more. */
export class TaskDropped extends Error {
  override readonly name = 'TaskDropped';
}

/** After this part of its time, but not before this, a task counts as one that takes long. */
const [slowPart, slowMs] = [20, 5000];

interface Job {
  readonly task: Task;
  readonly timeMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface Pool {
  /**
   * `timeMs` in place of the pool's limit, for a task that reads a whole tree. Rejects with TaskDropped when the signal is aborted: a task
   * that waits is forgotten, one that runs ends with its worker.
   */
  run<T extends Task>(
    task: T,
    options?: { readonly timeMs?: number; readonly signal?: AbortSignal },
  ): Promise<Answer<T>>;
  /** Tasks that wait or run. */
  readonly load: number;
  /** Of these, how many have taken long and stand aside. */
  readonly aside: number;
  close(): Promise<void>;
}

/** A worker process and the task it works on; idle where `job` is null. */
interface Hand {
  readonly process: ChildProcess;
  job: Job | null;
  /** Its task has taken so long already that it counts no more among the workers. */
  slow: boolean;
  timers: NodeJS.Timeout[];
}

type Message = { readonly answer: unknown } | { readonly error: { readonly message: string; readonly stack: string } };

/** `script` is the compiled worker.js: a process cannot be started from TypeScript. */
export function startPool(script: URL, limits: Limits): Pool {
  const waiting: Job[] = [];
  /** Tasks that took long while too many others did. */
  const putAside: Job[] = [];
  const hands = new Set<Hand>();
  let closed = false;

  function spawn(): Hand {
    const process = fork(script, {
      execArgv: [`--max-old-space-size=${Math.floor(limits.memoryBytes / 1_000_000)}`],
      serialization: 'advanced',
      // No secret is needed to parse a mail.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const hand: Hand = { process, job: null, slow: false, timers: [] };
    hands.add(hand);
    process.on('message', (message: Message) => {
      const job = release(hand);
      if (job === null) return;
      // A process cannot be made quicker again: the next task gets a new one.
      if (hand.slow) lose(hand, 'was slow');
      if ('error' in message)
        job.reject(Object.assign(new Error(message.error.message), { stack: message.error.stack }));
      else job.resolve(message.answer);
      next();
    });
    process.on('error', (error) => lose(hand, error.message));
    process.on('exit', (code, signal) =>
      lose(
        hand,
        signal === 'SIGABRT'
          ? `needed more than ${limits.memoryBytes / 1e6} MB`
          : `worker ended with ${signal ?? code}`,
        signal === 'SIGKILL' || signal === 'SIGTERM',
      ),
    );
    return hand;
  }

  /**
   * A task that takes long leaves its place to another: it goes on at low priority while there are not as many such as there are workers, else it
   * begins anew when one of those ends. So no task keeps the others waiting for longer than this, however many there are of its kind.
   */
  function stepAside(hand: Hand): void {
    if ([...hands].filter(({ slow }) => slow).length < limits.workers) {
      slowDown(hand);
      next();
      return;
    }
    const job = release(hand);
    if (job !== null) putAside.push(job);
    lose(hand, 'made room');
  }

  function slowDown(hand: Hand): void {
    hand.slow = true;
    try {
      if (hand.process.pid !== undefined) setPriority(hand.process.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // It has ended, or the system does not let us: it stays as quick as it is.
    }
  }

  function release(hand: Hand): Job | null {
    const { job } = hand;
    for (const timer of hand.timers) clearTimeout(timer);
    hand.timers = [];
    hand.job = null;
    return job;
  }

  function lose(hand: Hand, why: string, killed = false): void {
    if (!hands.delete(hand)) return;
    const job = release(hand);
    hand.process.kill('SIGKILL');
    job?.reject(new WorkerLost(why, killed));
    next();
  }

  function drop(job: Job): void {
    for (const queue of [waiting, putAside]) {
      const place = queue.indexOf(job);
      if (place >= 0) queue.splice(place, 1);
    }
    const hand = [...hands].find((one) => one.job === job);
    job.reject(new TaskDropped('dropped'));
    if (hand !== undefined) lose(hand, 'dropped');
  }

  function next(): void {
    if (closed) return;
    while (putAside.length > 0 && [...hands].filter(({ slow }) => slow).length < limits.workers) {
      const hand = spawn();
      slowDown(hand);
      give(hand, putAside.shift() as Job);
    }
    while (waiting.length > 0) {
      const counted = [...hands].filter(({ slow }) => !slow);
      const idle = counted.find(({ job }) => job === null);
      if (idle === undefined && counted.length >= limits.workers) return;
      give(idle ?? spawn(), waiting.shift() as Job);
    }
  }

  function give(hand: Hand, job: Job): void {
    hand.job = job;
    hand.timers = [setTimeout(() => lose(hand, `took longer than ${job.timeMs / 1000} s`), job.timeMs)];
    if (!hand.slow) hand.timers.push(setTimeout(() => stepAside(hand), Math.max(slowMs, job.timeMs / slowPart)));
    hand.process.send(job.task, (error) => {
      if (error !== null) lose(hand, error.message);
    });
  }

  return {
    get load() {
      return waiting.length + putAside.length + [...hands].filter(({ job }) => job !== null).length;
    },
    get aside() {
      return putAside.length + [...hands].filter(({ slow }) => slow).length;
    },
    run: (task, { timeMs = limits.timeMs, signal } = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the pool is closed'));
        if (signal?.aborted === true) return reject(new TaskDropped());
        const job: Job = { task, timeMs, resolve: resolve as (answer: unknown) => void, reject };
        signal?.addEventListener('abort', () => drop(job), { once: true });
        waiting.push(job);
        next();
      }),
    async close() {
      closed = true;
      for (const job of [...waiting.splice(0), ...putAside.splice(0)]) job.reject(new Error('the pool is closed'));
      for (const hand of [...hands]) {
        // No fault of the task: whoever judges less after a lost worker must not do so now.
        release(hand)?.reject(new Error('the pool is closed'));
        lose(hand, 'the pool is closed');
      }
    },
  };
}
