/**
 * pg-boss over either database: hands due threads to workers on any machine. It only spreads the work; that a thread is due, and that a
 * series is answered once, stands in our own tables.
 */
import PgBoss from 'pg-boss';
import { systemClock } from './clock.js';
import type { Store } from './database.js';

export interface Queue {
  /** Handed out, and not taken yet. */
  waiting(): Promise<number>;
  /** Hands out threads; a thread that is handed out twice is harmless. */
  offer(threads: readonly number[]): Promise<void>;
  /** Calls `work` for each thread, at most `parallel()` at a time, until it is stopped. `work` never rejects. */
  take(parallel: () => number, work: (thread: number) => Promise<void>): void;
  /** Waits for what runs, up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface QueueState {
  failed(error: Error): void;
  worked(): void;
}

const name = 'review';
/** An arbitrary number that means "kabiwatch starts its queue". */
const startLock = 7_205_761;
const pauseMs = 500;

export async function startQueue(store: Store, leaseMs: number, state: QueueState): Promise<Queue> {
  const boss = await startBoss(store, state);
  const stopping = new AbortController();
  const takers: Promise<void>[] = [];
  return {
    waiting: () => boss.getQueueSize(name),
    async offer(threads) {
      if (threads.length === 0) return;
      const expireInSeconds = Math.max(1, Math.ceil(leaseMs / 1000));
      // Not retried by the queue: a thread stays due until its review is stored, and is offered again.
      await boss.insert(threads.map((thread) => ({ name, data: { thread }, retryLimit: 0, expireInSeconds })));
    },
    take(parallel, work) {
      takers.push(new Taker(boss, parallel, work).run(state, stopping.signal));
    },
    async stop(graceMs) {
      stopping.abort();
      const late = new AbortController();
      await Promise.race([Promise.all(takers), systemClock.sleep(graceMs, late.signal)]);
      late.abort();
      await boss.stop({ graceful: false, wait: true, close: false });
    },
  };
}

async function startBoss(store: Store, { failed }: QueueState): Promise<PgBoss> {
  const boss = new PgBoss({
    schema: 'pgboss',
    db: {
      async executeSql(text: string, values?: unknown[]) {
        return { rows: values?.length ? await store.query(text, values) : await store.script(text) };
      },
    },
    schedule: false,
    // Of what a worker left behind that ended; what is done goes at once.
    archiveCompletedAfterSeconds: 600,
    deleteAfterHours: 1,
  });
  boss.on('error', failed);
  const start = async () => {
    await boss.start();
    await boss.createQueue(name);
  };
  // One process at a time makes the queue's tables: of several that start together, all but one would fail.
  if (store.shared)
    await store.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1)', [startLock]);
      await start();
    });
  else await start();
  return boss;
}

/**
 * Takes threads and works on so many at once. Not boss.work(): a batch of it waits for its slowest job; and it measures its pauses with the
 * wall clock, so that when that goes back two hours it sleeps for two hours.
 */
class Taker {
  readonly #boss: PgBoss;
  readonly #parallel: () => number;
  readonly #work: (thread: number) => Promise<void>;
  readonly #active = new Set<Promise<void>>();
  #done: string[] = [];

  constructor(boss: PgBoss, parallel: () => number, work: (thread: number) => Promise<void>) {
    this.#boss = boss;
    this.#parallel = parallel;
    this.#work = work;
  }

  async run({ failed, worked }: QueueState, stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const found = await this.#round().then(
        (count) => {
          worked();
          return count;
        },
        (error: Error) => {
          failed(error);
          return 0;
        },
      );
      const woken = new AbortController();
      const pause = systemClock.sleep(pauseMs, AbortSignal.any([stopping, woken.signal]));
      if (found === 0 || this.#active.size >= this.#parallel()) await Promise.race([pause, ...this.#active]);
      woken.abort();
    }
    await Promise.all(this.#active);
    if (this.#done.length > 0) await this.#boss.deleteJob(name, this.#done).catch(failed);
  }

  /** How many were taken. */
  async #round(): Promise<number> {
    if (this.#done.length > 0) {
      const settled = this.#done;
      this.#done = [];
      // Not completed: a thread's state is in our own table, and rows that say it twice would only grow.
      await this.#boss.deleteJob(name, settled);
    }
    const room = this.#parallel() - this.#active.size;
    if (room <= 0) return 0;
    const jobs = (await this.#boss.fetch<{ thread: number }>(name, { batchSize: room })) ?? [];
    for (const { id, data } of jobs) {
      const job = this.#work(data.thread).finally(() => {
        this.#active.delete(job);
        this.#done.push(id);
      });
      this.#active.add(job);
    }
    return jobs.length;
  }
}
