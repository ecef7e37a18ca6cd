/** The counters behind `/metrics`. One registry a service, so that two of them in one process (tests) do not share counts. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof startMetrics>;

export function startMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    mails: new Counter({
      name: 'kabiwatch_mails_total',
      help: 'Mails taken from mailboxes, by list and what became of them',
      labelNames: ['list', 'result'] as const,
      registers,
    }),
    reviews: new Counter({
      name: 'kabiwatch_reviews_total',
      help: 'Reviews stored, by list and verdict',
      labelNames: ['list', 'verdict'] as const,
      registers,
    }),
    reviewSeconds: new Histogram({
      name: 'kabiwatch_review_seconds',
      help: 'Time of one review in its worker',
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60],
      registers,
    }),
    parked: new Counter({ name: 'kabiwatch_parked_total', help: 'Threads parked for a person', registers }),
    sends: new Counter({
      name: 'kabiwatch_sends_total',
      help: 'Attempts to send, by list and result',
      labelNames: ['list', 'result'] as const,
      registers,
    }),
    deliveries: new Gauge({
      name: 'kabiwatch_deliveries',
      help: 'Replies in the outbox, by state',
      labelNames: ['state'] as const,
      registers,
    }),
    due: new Gauge({ name: 'kabiwatch_threads_due', help: 'Threads that wait for a review', registers }),
    parts: new Gauge({
      name: 'kabiwatch_part_ok',
      help: '1 where a part of the service works, 0 where not',
      labelNames: ['part'] as const,
      registers,
    }),
  };
}
