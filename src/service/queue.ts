/**
 * pg-boss over either database: hands due threads to workers on any machine. It only spreads the work; that a thread is due, and that a
 * series is answered once, stands in our own tables.
 */
import PgBoss from 'pg-boss';
import type { Store } from './database.js';

export interface Queue {
  /** Hands out threads; a thread that is handed out twice is harmless. */
  offer(threads: readonly number[]): Promise<void>;
  /** Calls `work` for each thread, at most `parallel` at a time. */
  take(parallel: number, work: (thread: number) => Promise<void>): Promise<void>;
  /** Waits for what runs, up to `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const name = 'review';

export async function startQueue(store: Store, leaseMs: number, failed: (error: Error) => void): Promise<Queue> {
  const boss = new PgBoss({
    schema: 'pgboss',
    db: {
      async executeSql(text: string, values?: unknown[]) {
        return { rows: values?.length ? await store.query(text, values) : await store.script(text) };
      },
    },
    schedule: false,
    archiveCompletedAfterSeconds: 3600,
    deleteAfterHours: 24,
  });
  boss.on('error', failed);
  await boss.start();
  await boss.createQueue(name);
  return {
    async offer(threads) {
      if (threads.length === 0) return;
      const expireInSeconds = Math.max(1, Math.ceil(leaseMs / 1000));
      // Not retried by the queue: a thread stays due until its review is stored, and is offered again.
      await boss.insert(threads.map((thread) => ({ name, data: { thread }, retryLimit: 0, expireInSeconds })));
    },
    async take(parallel, work) {
      await boss.work<{ thread: number }>(
        name,
        { batchSize: Math.max(8, parallel * 4), pollingIntervalSeconds: 0.5 },
        async (jobs) => {
          const waiting = jobs.map((job) => job.data.thread);
          const lane = async () => {
            for (let thread = waiting.shift(); thread !== undefined; thread = waiting.shift()) await work(thread);
          };
          await Promise.all(Array.from({ length: parallel }, lane));
        },
      );
    },
    stop: (graceMs) => boss.stop({ graceful: true, wait: true, timeout: graceMs, close: false }),
  };
}
