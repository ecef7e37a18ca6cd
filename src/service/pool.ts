/**
 * Workers with a time and a memory limit each. A task that breaks a limit takes its worker with it, never the service: the worker is ended
 * and a new one stands in for it.
 *
 * A worker is a process, not a thread, for one reason: when a thread near its limit asks for a large piece of memory at once, V8 ends the whole
 * process, whatever resourceLimits say (a mail with a 60 MB line did it).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { slowDown, usageOf } from './process-usage.js';
import type { Answer, Task } from './tasks.js';
import { startTurns } from './turns.js';

export interface Limits {
  /** So many at work, and one at hand for who takes long; as many more, at low priority, on tasks that are slow or broke a worker before; and some that rest. */
  readonly workers: number;
  /** For one task; at low priority this counts its own processor time, and several times as much may pass by the clock. */
  readonly timeMs: number;
  /** Of V8's heap; the whole process may take a quarter and 512 MB more. */
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

/** The worker lives, but could not do its task: a bug, or what the world is short of. */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed';
}

/** Nobody wants the answer any more. */
export class TaskDropped extends Error {
  override readonly name = 'TaskDropped';
}

/**
 * A task takes long when it has taken so many times the processor time that most take. While nobody knows what that is, two seconds; never less than a
 * second; and never more than this part of its limit, or five seconds, however long the others take.
 */
const [slowTimes, slowUnknownMs, slowLeastMs, slowPart, slowMostMs] = [10, 2000, 1000, 20, 5000];
/** Finished tasks that say what most take. */
const [fewest, newest] = [5, 50];
/** As `nice`: a thirtieth of the time that a process at normal priority gets beside it. */
const lowPriority = 15;
const slowClockTimes = 4;
const lookMs = 100;
/** Processor time after which another takes a task's place. */
const asideMs = 100;
/** Before it is slow a task rests: when it has taken so many times what most take, but not before so long; and while nobody knows, later. */
const [restTimes, restLeastMs, restUnknownMs] = [4, 150, 250];
/** So many processes may rest for each worker, in no more memory than the workers may take. */
const restsToOne = 4;
/** After so long without work processes are started that the next work may need. */
const quietMs = 300;

interface Job {
  readonly task: Task;
  readonly timeMs: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Nobody waits for it any more. */
  dropped: boolean;
}

export interface Pool {
  /**
   * `timeMs` in place of the pool's limit, for a task that reads a whole tree. A `suspect`, which broke a worker before, stands aside from its
   * beginning. Rejects with TaskDropped when the signal is aborted: a task that waits is forgotten, one that runs is ended where it takes long.
   */
  run<T extends Task>(
    task: T,
    options?: { readonly timeMs?: number; readonly signal?: AbortSignal; readonly suspect?: boolean },
  ): Promise<Answer<T>>;
  /** Tasks that wait or run. */
  readonly load: number;
  /** Of these, how many have taken long and stand aside. */
  readonly aside: number;
  close(): Promise<void>;
}

/** No secret is needed to parse a mail: where programs are, and where the cache of trees is kept. */
function environment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** A worker process and the task it works on; idle where `job` is null. */
interface Hand {
  readonly process: ChildProcess;
  job: Job | null;
  /** Not counted among the workers: another has taken its place. */
  aside: boolean;
  /** Aside, and at work only while nobody else is, or when it is its turn. */
  rests: boolean;
  /** At low priority, too, and for ever. */
  slow: boolean;
  looking: NodeJS.Timeout | null;
  since: number;
  /** Its processor time when the task began; null while it starts, which is not the task's doing. */
  cpuMs: number | null;
}

type Message =
  | { readonly began: true }
  | { readonly answer: unknown }
  | { readonly error: { readonly message: string; readonly stack: string } };

/** `script` is the compiled worker.js: a process cannot be started from TypeScript. */
export function startPool(script: URL, limits: Limits): Pool {
  const waiting: Job[] = [];
  /** Suspects, and tasks that took long while too many others did. */
  const putAside: Job[] = [];
  const hands = new Set<Hand>();
  const tookMs: number[] = [];
  /** More than stand by: those that came back from their rest. */
  const mostIdle = Math.max(limits.workers * 2, limits.workers + 2);
  const mostMemory = limits.memoryBytes * 1.25 + 512e6;
  const isBusy = () => waiting.length > 0 || [...hands].some(({ job, aside }) => job !== null && !aside);
  const turns = startTurns(isBusy);
  const tooBig = `needed more than ${limits.memoryBytes / 1e6} MB`;
  let closed = false;
  let quiet: NodeJS.Timeout | null = null;

  function spawn(): Hand {
    const process = fork(script, {
      execArgv: [`--max-old-space-size=${Math.floor(limits.memoryBytes / 1_000_000)}`],
      serialization: 'advanced',
      env: environment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const hand: Hand = {
      process,
      job: null,
      aside: false,
      rests: false,
      slow: false,
      looking: null,
      since: 0,
      cpuMs: null,
    };
    hands.add(hand);
    process.on('message', (message: Message) => {
      if ('began' in message) {
        hand.since = performance.now();
        hand.cpuMs = usageOf(process.pid ?? -1)?.cpuMs ?? 0;
        return;
      }
      const { ms } = spentBy(hand);
      const job = release(hand);
      if (job === null) return;
      tookMs.push(ms);
      if (tookMs.length > newest) tookMs.shift();
      // A process cannot be made quicker again: it is for others that take long, or for nobody.
      if (hand.slow && putAside.length === 0) lose(hand, 'was slow');
      else if (!hand.slow && idle().length >= mostIdle) lose(hand, 'one too many');
      else if (!hand.slow) hand.aside = false;
      if ('error' in message)
        job.reject(Object.assign(new TaskFailed(message.error.message), { stack: message.error.stack }));
      else job.resolve(message.answer);
      next();
    });
    process.on('error', (error) => lose(hand, error.message));
    process.on('exit', (code, signal) =>
      lose(
        hand,
        signal === 'SIGABRT' ? tooBig : `worker ended with ${signal ?? code}`,
        signal === 'SIGKILL' || signal === 'SIGTERM',
      ),
    );
    return hand;
  }

  /** On its task: `ms` of processor time, which says more than the clock where others keep the machine busy. */
  function spentBy({ process, since, cpuMs }: Hand) {
    const usage = usageOf(process.pid ?? -1);
    const clockMs = performance.now() - since - turns.stoppedMs(process);
    const ms = usage === null ? clockMs : usage.cpuMs - (cpuMs ?? usage.cpuMs);
    return { ms, clockMs, memoryBytes: usage?.memoryBytes ?? 0 };
  }

  /** One that waits, for git or a disk, has taken long by the clock alone. */
  function slowMost(timeMs: number): number {
    return Math.max(slowMostMs, timeMs / slowPart);
  }

  function slowAfter(timeMs: number): number {
    const most = slowMost(timeMs);
    const usual = usualMs();
    return Math.min(usual === null ? slowUnknownMs : Math.max(slowTimes * usual, slowLeastMs), most);
  }

  function restAfter(timeMs: number): number {
    const usual = usualMs();
    return Math.min(usual === null ? restUnknownMs : Math.max(restTimes * usual, restLeastMs), slowMost(timeMs));
  }

  /** What most take; null while too few have ended. */
  function usualMs(): number | null {
    if (tookMs.length < fewest) return null;
    return tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1] ?? null;
  }

  /** Has its task had its time, or its process its memory? Does it keep others waiting? */
  function look(hand: Hand): void {
    const { job } = hand;
    if (job === null) return;
    const { ms, clockMs, memoryBytes } = spentBy(hand);
    const spentMs = hand.slow ? ms : clockMs;
    if (memoryBytes > mostMemory) lose(hand, tooBig);
    else if (spentMs >= job.timeMs || clockMs >= job.timeMs * slowClockTimes)
      lose(hand, `took longer than ${job.timeMs / 1000} s`);
    else if ((hand.slow || hand.rests) && job.dropped) lose(hand, 'dropped');
    else if (!hand.slow && (ms >= slowAfter(job.timeMs) || clockMs >= slowMost(job.timeMs))) stepAside(hand);
    else {
      if (!hand.slow && !hand.rests && ms >= restAfter(job.timeMs) && roomToRest()) rest(hand);
      // Sooner than it is slowed down another takes its place, while there is room: who is behind it does not wait to see how long it takes.
      if (!hand.aside && hand.cpuMs !== null && (ms >= asideMs || clockMs >= slowLeastMs) && places() > 0) {
        hand.aside = true;
        next();
      }
      lookLater(hand);
    }
  }

  function rest(hand: Hand): void {
    hand.aside = true;
    hand.rests = true;
    turns.add(hand.process);
    next();
  }

  function roomToRest(): boolean {
    const resting = [...hands].filter(({ rests }) => rests);
    const memory = resting.reduce((sum, hand) => sum + spentBy(hand).memoryBytes, 0);
    return resting.length < limits.workers * restsToOne && memory < limits.workers * limits.memoryBytes;
  }

  function idle(): readonly Hand[] {
    return [...hands].filter(({ job, aside }) => job === null && !aside);
  }

  function lookLater(hand: Hand): void {
    hand.looking = setTimeout(() => look(hand), Math.min(lookMs, hand.job?.timeMs ?? lookMs));
  }

  /**
   * A task that takes long leaves its place to another: it goes on at low priority while there are not as many such as there are workers, else it
   * rests on, or begins anew when one of those ends. So no task keeps the others waiting for longer than this, however many there are of its kind.
   */
  function stepAside(hand: Hand): void {
    if (hand.job?.dropped === true) {
      lose(hand, 'dropped');
      return;
    }
    if ((hand.aside && !hand.rests) || places() > 0) {
      putDown(hand);
      lookLater(hand);
      next();
      return;
    }
    if (hand.rests) {
      lookLater(hand);
      return;
    }
    const job = release(hand);
    if (job !== null) putAside.push(job);
    lose(hand, 'made room');
  }

  /** Free ones for tasks that stand aside and do not rest. */
  function places(): number {
    return limits.workers - [...hands].filter(({ aside, rests }) => aside && !rests).length;
  }

  function putDown(hand: Hand): void {
    wake(hand);
    hand.aside = true;
    hand.slow = true;
    if (hand.process.pid === undefined) return;
    if (hand.cpuMs !== null) hand.cpuMs = usageOf(hand.process.pid)?.cpuMs ?? 0;
    slowDown(hand.process.pid, lowPriority);
  }

  function wake(hand: Hand): void {
    hand.rests = false;
    // No task pays for the time that it was stopped.
    hand.since += turns.remove(hand.process);
  }

  function release(hand: Hand): Job | null {
    const { job } = hand;
    wake(hand);
    if (hand.looking !== null) clearTimeout(hand.looking);
    hand.looking = null;
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
    // One that runs may end: most are done sooner than a new worker has started. It is ended where it would step aside.
    job.dropped = true;
    job.reject(new TaskDropped('dropped'));
  }

  /** A process takes a third of a second of a processor to start: not while others wait, if it can be before. */
  function startSpares(): void {
    if (quiet !== null) clearTimeout(quiet);
    quiet = setTimeout(() => {
      if (closed || isBusy() || idle().length > limits.workers) return;
      spawn();
      startSpares();
    }, quietMs).unref();
  }

  function next(): void {
    if (closed) return;
    startSpares();
    while (putAside.length > 0) {
      let hand = [...hands].find(({ slow, job }) => slow && job === null);
      if (hand === undefined) {
        if (places() === 0) break;
        hand = spawn();
        putDown(hand);
      }
      give(hand, putAside.shift() as Job);
    }
    while (waiting.length > 0) {
      const counted = [...hands].filter(({ aside }) => !aside);
      if (counted.filter(({ job }) => job !== null).length >= limits.workers) return;
      const idle = counted.find(({ job }) => job === null);
      give(idle ?? spawn(), waiting.shift() as Job);
    }
  }

  function give(hand: Hand, job: Job): void {
    hand.job = job;
    hand.since = performance.now();
    hand.cpuMs = null;
    lookLater(hand);
    hand.process.send(job.task, (error) => {
      if (error !== null) lose(hand, error.message);
    });
  }

  return {
    get load() {
      return waiting.length + putAside.length + [...hands].filter(({ job }) => job !== null).length;
    },
    get aside() {
      return putAside.length + [...hands].filter(({ aside }) => aside).length;
    },
    run: (task, { timeMs = limits.timeMs, signal, suspect = false } = {}) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the pool is closed'));
        if (signal?.aborted === true) return reject(new TaskDropped());
        const job: Job = { task, timeMs, resolve: resolve as (answer: unknown) => void, reject, dropped: false };
        signal?.addEventListener('abort', () => drop(job), { once: true });
        (suspect ? putAside : waiting).push(job);
        next();
      }),
    async close() {
      closed = true;
      if (quiet !== null) clearTimeout(quiet);
      for (const job of [...waiting.splice(0), ...putAside.splice(0)]) job.reject(new Error('the pool is closed'));
      for (const hand of [...hands]) {
        // No fault of the task: whoever judges less after a lost worker must not do so now.
        release(hand)?.reject(new Error('the pool is closed'));
        lose(hand, 'the pool is closed');
      }
    },
  };
}
