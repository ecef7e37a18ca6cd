/** What goes wrong on the way: everything is done later, nothing twice. `KABI_ROUNDS=200` for the long run; the seed is printed. */
import { expect, test } from '@jest/globals';
import { judgeLines, type Running, startApp, stopAppAfterEach } from './app.js';
import type { Fault } from './emulator.js';
import { repo } from './identity.js';
import { comment, header, openPull, push } from './scene.js';
import { starPayload } from './webhooks.js';

let app: Running;
stopAppAfterEach();

const path = 'include/linux/s.h';
const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [n + 2, `m${n}`]));

/** mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function expectOnce(number: number, head: string, annotations: number): void {
  const { github } = app;
  expect(github.comments(number).filter(({ bot }) => bot)).toHaveLength(1);
  expect(github.checks(head)).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
  const places = github.checks(head)[0]?.annotations.map((one) => `${one.path}:${one.start_line}`) ?? [];
  expect(places).toHaveLength(annotations);
  expect(new Set(places).size).toBe(annotations);
}

test('the answer of any one call lost, or the call itself, leaves one comment, one check, each annotation once', async () => {
  app = await startApp();
  const { github } = app;
  // In short, calls that write: of one that reads, a lost answer is found by asking again.
  const long = process.env.KABI_ROUNDS !== undefined;
  const kinds = long ? (['drop', 'drop-after'] as const) : (['drop-after'] as const);
  const cuttable = (call: string) => long || /^(post|patch|put|delete) /.test(call);
  for (const kind of kinds) {
    let cut = 0;
    let reached = true;
    // At each call of a round in turn, until a round is shorter than that.
    while (reached) {
      let count = 0;
      reached = false;
      github.fault = (call) => {
        if (!cuttable(call) || count++ !== cut) return null;
        reached = true;
        return { kind };
      };
      const { pull } = await openPull(github, { [path]: header(80, many) });
      await app.settle();
      expectOnce(pull.number, pull.headSha, 60);
      cut++;
    }
    expect(cut).toBeGreaterThan(long ? 8 : 3);
  }
}, 300_000);

const rounds = Number(process.env.KABI_ROUNDS ?? 6);

test(
  'rate limits, server errors and lost answers at random: done later, nothing twice',
  async () => {
    app = await startApp();
    const { github } = app;
    const seed = Number(process.env.KABI_SEED ?? 20250101);
    console.log(`faults: ${rounds} rounds, seed ${seed}`);
    const random = randomOf(seed);
    const faults: readonly Fault[] = [
      {
        kind: 'status',
        status: 403,
        headers: { 'retry-after': '60' },
        message: 'You have exceeded a secondary rate limit',
      },
      { kind: 'status', status: 429, headers: { 'retry-after': '30' } },
      { kind: 'status', status: 500 },
      { kind: 'status', status: 502 },
      { kind: 'status-after', status: 502 },
      { kind: 'drop' },
      { kind: 'drop-after' },
    ];
    for (let round = 0; round < rounds; round++) {
      github.fault = (call) =>
        call !== 'git' && random() < 0.15 ? (faults[Math.floor(random() * faults.length)] ?? null) : null;
      const scene = await openPull(github, { [path]: header(80, many) });
      if (random() < 0.5) await app.forge.workOnce();
      await push(github, scene, { [path]: header(80, { ...many, 70: 'late' }) });
      await app.settle();
      github.fault = () => null;
      expectOnce(scene.pull.number, scene.pull.headSha, 61);
    }
  },
  300_000 + rounds * 30_000,
);

test('a secondary rate limit is waited for as long as GitHub says', async () => {
  app = await startApp();
  const { github, store } = app;
  await openPull(github, { [path]: header(40, { 5: 'a' }) });
  github.fault = (call) =>
    call.startsWith('post') && call.endsWith('/check-runs')
      ? { kind: 'status', status: 403, headers: { 'retry-after': '120' }, message: 'secondary rate limit' }
      : null;
  const before = Date.now();
  await app.forge.workOnce();
  const [row] = await store.query<{ due_at: Date }>('select due_at from kabiwatch.pull');
  expect((row?.due_at.getTime() ?? 0) - before).toBeGreaterThanOrEqual(120_000);
  expect(await app.forge.workOnce()).toBe(false);
  github.fault = () => null;
  await app.settle();
  expect(github.comments(1)).toHaveLength(1);
});

test('a force-push while the review runs: the comment speaks of the new head only', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'old' }) });
  const first = scene.pull.headSha;
  const main = await github.git(repo, 'rev-parse', 'refs/heads/main');
  let pushed = false;
  github.fault = (call) => {
    // Between the look at the pull request and the fetch.
    if (call.includes('check-runs') && !pushed) {
      pushed = true;
      void push(github, scene, { [path]: header(40, { 9: 'new' }) }, main);
    }
    return null;
  };
  await app.forge.workOnce();
  while (scene.pull.headSha === first) await new Promise((resolve) => setTimeout(resolve, 20));
  await app.settle();
  expect(github.comments(1)).toHaveLength(1);
  expect(github.comments(1)[0]?.body).toContain(scene.pull.headSha.slice(0, 12));
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ status: 'completed', annotations: [{ start_line: 9 }] }]);
  expect(github.checks(first)).toMatchObject([{ status: 'completed', conclusion: 'neutral' }]);
});

test('a force-push while it is judged: the old head keeps its own check, the comment speaks of the new one', async () => {
  const pushing: { go: (() => Promise<unknown>) | null } = { go: null };
  app = await startApp({
    async judge(source, settings) {
      const { go } = pushing;
      pushing.go = null;
      await go?.();
      return judgeLines(source, settings);
    },
  });
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'old' }) });
  const first = scene.pull.headSha;
  const main = await github.git(repo, 'rev-parse', 'refs/heads/main');
  pushing.go = () => push(github, scene, { [path]: header(40, { 9: 'new' }) }, main);
  await app.settle();
  expect(scene.pull.headSha).not.toBe(first);
  expect(github.checks(first)).toMatchObject([{ status: 'completed', annotations: [{ start_line: 5 }] }]);
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ status: 'completed', annotations: [{ start_line: 9 }] }]);
  expect(github.comments(1)).toHaveLength(1);
  expect(github.comments(1)[0]?.body).toContain(scene.pull.headSha.slice(0, 12));
});

test('closed while the worker was lost: the check that was begun is ended, nothing is said', async () => {
  const closing: { pull: { state: 'open' | 'closed' } | null } = { pull: null };
  app = await startApp({
    judge: async () => {
      if (closing.pull !== null) closing.pull.state = 'closed';
      throw new Error('the worker was lost');
    },
  });
  const { github } = app;
  const { pull } = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  closing.pull = pull;
  await app.settle();
  expect(github.comments(1)).toEqual([]);
  expect(github.checks(pull.headSha)).toMatchObject([{ status: 'completed', conclusion: 'neutral' }]);
});

test('a bad signature is refused with 401 and logged; an unknown event is answered and forgotten', async () => {
  app = await startApp();
  const { github, store } = app;
  expect(await github.send('star', starPayload(github, repo), { secret: 'another' })).toBe(401);
  expect(app.logged.join('')).toContain('bad signature');
  expect(await github.send('star', starPayload(github, repo))).toBe(200);
  expect(await github.send('unheard_of', { action: 'x', installation: { id: 1 } })).toBe(200);
  expect(await store.query('select * from kabiwatch.forge_delivery')).toEqual([]);
});

test('a delivery is stored once, and answered within a second', async () => {
  app = await startApp();
  const { github, store } = app;
  const scene = await openPull(github, { README: 'b\n' });
  const guid = crypto.randomUUID();
  const started = performance.now();
  const { pullPayload } = await import('./webhooks.js');
  const payload = await pullPayload(github, scene.pull, 'reopened');
  const built = performance.now();
  expect(await github.send('pull_request', payload, { guid })).toBe(202);
  expect(performance.now() - built).toBeLessThan(1000);
  expect(built).toBeGreaterThan(started);
  expect(await github.send('pull_request', payload, { guid })).toBe(200);
  expect(await store.query('select id from kabiwatch.forge_delivery where id = $1', [guid])).toHaveLength(1);
});

test('3,000 files and a 20 MB diff are judged whole', async () => {
  app = await startApp();
  const { github } = app;
  const files: Record<string, string> = { [path]: header(40, { 5: 'a' }) };
  for (let n = 0; n < 3000; n++) files[`drivers/d${n % 50}/f${n}.c`] = `long x${n};\n`.repeat(n === 0 ? 1 : 560);
  const scene = await openPull(github, files);
  const { stdout } = { stdout: await github.git(repo, 'diff', `main...${scene.pull.headSha}`) };
  expect(stdout.length).toBeGreaterThan(20_000_000);
  await app.settle();
  expectOnce(1, scene.pull.headSha, 1);
}, 120_000);

test('a pull request from a fork is data: its configuration is not read', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(
    github,
    { [path]: header(40, { 5: 'a' }), '.github/kabiwatch.yml': 'policy: advisory\ncomment: never\n' },
    { headRepo: 'mallory/linux' },
  );
  await app.settle();
  expectOnce(1, scene.pull.headSha, 1);
});

test('a wrong configuration is told with its line, and nothing is reviewed', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(
    github,
    { [path]: header(40, { 5: 'a' }) },
    { base: { [path]: header(40), '.github/kabiwatch.yml': 'policy: enforced\nlabel: x\narchitectures:\n  - vax\n' } },
  );
  await app.settle();
  expect(github.comments(1)).toEqual([]);
  const [check] = github.checks(scene.pull.headSha);
  expect(check?.conclusion).toBe('failure');
  expect(check?.annotations.map((one) => one.start_line).sort()).toEqual([2, 4]);
});

test('a comment of 65,536 characters with a command in it is read', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  const long = await comment(github, scene, 'alice', `/kabi help\n${'x'.repeat(65_536 - 11)}`);
  await app.settle();
  expect(long.reactions).toEqual(['eyes']);
});

test('the token is in no file of the clone and in no line of the log', async () => {
  app = await startApp();
  const { github } = app;
  await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  const tokens = [...github.tokens.keys()];
  expect(tokens.length).toBeGreaterThan(0);
  const log = app.logged.join('');
  const config = await app.mirrorFiles();
  for (const token of tokens) {
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
    for (const secret of [token, basic]) {
      expect(log).not.toContain(secret);
      expect(config).not.toContain(secret);
    }
  }
  expect(log).not.toContain('PRIVATE KEY');
});
