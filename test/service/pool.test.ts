/** A task that breaks a limit loses its worker and nothing else. Workers run the compiled program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { startPool, WorkerLost } from '../../src/service/pool.js';
import { slowDown, usageOf } from '../../src/service/process-usage.js';
import { mailOf, series } from '../demo/thread.js';
import { until } from '../servers/run.js';

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

const poison = new URL('../servers/poison-worker.mjs', import.meta.url);
const poisoned = (name: string) => ({
  ...review,
  mails: [Buffer.concat([Buffer.from(`X-Poison: ${name}\r\n`), mails[0] as Buffer])],
});

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

test('a task that takes memory outside the heap is ended', async () => {
  const small = startPool(poison, { workers: 1, timeMs: 60_000, memoryBytes: 128_000_000 });
  await expect(small.run(poisoned('buffer'))).rejects.toThrow('needed more than 128 MB');
  await small.close();
});

test('tasks that loop, and suspects, keep nobody waiting: they stand aside at low priority', async () => {
  const lanes = startPool(poison, { workers: 1, timeMs: 60_000, memoryBytes: 256_000_000 });
  const evil = [lanes.run(poisoned('loop')), lanes.run(poisoned('regex'), { suspect: true })].map((one) =>
    one.catch((error: Error) => error),
  );
  expect(lanes.aside).toBe(1);
  expect(await lanes.run(review)).toHaveLength(1);
  await until('both stand aside', () => lanes.aside === 2);
  expect(lanes.load).toBe(2);
  // One at a time at low priority, so it waits for the other; and it is no suspect for ever.
  await lanes.close();
  for (const error of await Promise.all(evil)) expect(String(error)).toContain('the pool is closed');
});

test('a task that takes longer than others rests while they are at work, ends nevertheless, and does not pay for its rest', async () => {
  const lanes = startPool(poison, { workers: 1, timeMs: 60_000, memoryBytes: 256_000_000 });
  const before = workersOf(process.pid);
  const long = lanes.run(poisoned('long'));
  const fresh = () => workersOf(process.pid).filter((one) => !before.includes(one));
  await until('it has a worker', () => fresh().length > 0);
  const pid = fresh()[0] as number;
  let ended = false;
  const others = (async () => {
    // The pool's end ends this, too.
    for (let count = 1; ; count++) {
      if (ended) return count;
      await lanes.run(review);
    }
  })();
  await until('it rests', () => stateOf(pid) === 'T');
  const spent = usageOf(pid)?.cpuMs ?? 0;
  await until('it has its turn', () => (usageOf(pid)?.cpuMs ?? 0) > spent);
  expect(await long).toEqual([]);
  ended = true;
  expect(await others).toBeGreaterThan(5);
  await lanes.close();
});

test('where nobody works one process more than work stands by, also after one was lost', async () => {
  const before = workersOf(process.pid);
  const fresh = () => workersOf(process.pid).filter((one) => !before.includes(one) && stateOf(one) !== 'Z');
  const lanes = startPool(poison, { workers: 1, timeMs: 60_000, memoryBytes: 256_000_000 });
  expect(await lanes.run(review)).toHaveLength(1);
  await until('one stands by', () => fresh().length === 2);
  const pair = fresh();
  for (let n = 0; n < 3; n++) {
    await lanes.run(review);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(fresh()).toEqual(pair);
  await expect(lanes.run(poisoned('exit'))).rejects.toThrow(WorkerLost);
  expect(fresh()).toHaveLength(1);
  await until('one stands by again', () => fresh().length === 2);
  await lanes.close();
});

test.each(['long', 'loop'])(
  'no worker is left behind, at rest or not, when the service is killed: %s',
  async (name) => {
    const service = spawn(process.execPath, [fileURLToPath(new URL('../servers/busy-pool.mjs', import.meta.url))], {
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
    });
    service.stdin.end(
      JSON.stringify({ long: poisoned(name), review }, (_, value) =>
        value?.type === 'Buffer' ? { base64: Buffer.from(value.data).toString('base64') } : value,
      ),
    );
    const own = () => workersOf(service.pid as number);
    await until('one rests', () => own().some((pid) => stateOf(pid) === 'T'));
    const left = own();
    service.kill('SIGKILL');
    await until('all have ended', () => left.every((pid) => [null, 'Z'].includes(stateOf(pid))));
  },
);

function stateOf(pid: number): string | null {
  return statOf(pid)?.[0] ?? null;
}

function statOf(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return null;
  }
}

function workersOf(parent: number): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => statOf(pid)?.[1] === String(parent));
}

test('what is slowed down is slow in each of its threads', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)']);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const pid = child.pid as number;
  slowDown(pid, 15);
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  expect(threads.length).toBeGreaterThan(1);
  expect(new Set(threads.map((thread) => getPriority(thread)))).toEqual(new Set([15]));
  const usage = usageOf(pid);
  expect(usage?.memoryBytes).toBeGreaterThan(10e6);
  expect(usage?.memoryBytes).toBeLessThan(1e9);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(usageOf(pid)).toBe(null);
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
