/** One real worker, as the service has them, for the tests of a file. */
import { existsSync } from 'node:fs';
import { afterAll } from '@jest/globals';
import { type Pool, startPool } from '../../src/service/pool.js';

export const worker = new URL('../../dist/service/worker.js', import.meta.url);

/** Call once in a file, at its top. */
export function startWorker(): Pool {
  if (!existsSync(worker)) throw new Error('dist/ is not built: npm run build');
  const pool = startPool(worker, { workers: 1, timeMs: 60_000, memoryBytes: 768_000_000 });
  afterAll(() => pool.close());
  return pool;
}
