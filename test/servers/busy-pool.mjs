// A pool in a process of its own, with a long task that rests because others come without end: what the test kills. Both tasks come as JSON.
import { text } from 'node:stream/consumers';
import { startPool } from '../../dist/service/pool.js';

const { long, review } = JSON.parse(await text(process.stdin), (_, value) =>
  value?.base64 === undefined ? value : Buffer.from(value.base64, 'base64'),
);
const pool = startPool(new URL('./poison-worker.mjs', import.meta.url), {
  workers: 1,
  timeMs: 60_000,
  memoryBytes: 256_000_000,
});
void pool.run(long);
for (;;) await pool.run(review);
