/** A task that breaks a limit loses its worker and nothing else. Workers run the compiled program. */
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { startPool, WorkerLost } from '../../src/service/pool.js';
import { mailOf, series } from '../demo/thread.js';

const script = pathToFileURL('dist/service/worker.js');
const pool = startPool(script, { workers: 2, timeMs: 20_000, memoryBytes: 256_000_000 });
afterAll(() => pool.close());
const mails = series('pool').map((part) => mailOf(part));
const [single] = series('one');
if (single === undefined) throw new Error('no mail');
const review = {
  kind: 'review',
  mails,
  settings: { arch: 'x86_64', engine: 'e', source: null, authentication: null, missing: [] },
  known: [],
  prerequisites: [],
  earlier: [],
} as const;

test('many tasks share few workers, and each gets its own answer', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      pool.run({
        kind: 'read',
        mails: [mailOf({ ...single, id: `m${n}@x` })],
        identity: { address: 'k@x', authentication: null },
      }),
    ),
  );
  expect(answers.map(([one]) => (one?.ok ? one.facts.messageId : ''))).toEqual(
    Array.from({ length: 12 }, (_, n) => `m${n}@x`),
  );
});

test('a thread makes one series of its mails, and a series that is known is not judged again', async () => {
  const [first, ...more] = await pool.run(review);
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    messageId: 'pool.0@author.example.org',
    complete: true,
    author: { address: 'ada@example.org' },
  });
  expect(first?.review.verdict).toBe('crc-break');
  expect(await pool.run({ ...review, known: [`${first?.messageId} ${first?.patches}`] })).toEqual([]);
});

test('a task that takes too long is ended, and the next one is served', async () => {
  const slow = startPool(script, { workers: 1, timeMs: 1, memoryBytes: 256_000_000 });
  await expect(slow.run(review)).rejects.toThrow(WorkerLost);
  await slow.close();
});

test('a task that needs too much memory is ended, and the next one is served', async () => {
  const small = startPool(script, { workers: 1, timeMs: 60_000, memoryBytes: 48_000_000 });
  const huge = Buffer.concat([Buffer.from('Subject: [PATCH] x\r\n\r\n'), Buffer.alloc(60_000_000, 'a b\n')]);
  await expect(small.run({ ...review, mails: [huge] })).rejects.toThrow(WorkerLost);
  expect(await small.run(review)).toHaveLength(1);
  await small.close();
});

test('a mail of one endless header is read as far as it says something', async () => {
  const head = Buffer.from(`X: ${'a'.repeat(3_000_000)}\r\n\r\n`);
  const answer = await pool.run({
    kind: 'read',
    mails: [head, mails[0] as Buffer],
    identity: { address: 'k@x', authentication: null },
  });
  expect(answer.map(({ ok }) => ok)).toEqual([true, true]);
});
