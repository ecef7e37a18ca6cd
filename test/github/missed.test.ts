/** Webhooks that are lost while the App runs: taken from GitHub, once, and at one request a round where nothing is missing. */
import { expect, test } from '@jest/globals';
import { until } from '../servers/run.js';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { comment, header, openPull, push } from './scene.js';
import { installedPayload, pullPayload } from './webhooks.js';

stopAppAfterEach();

let app: Running;

const files = { 'include/linux/s.h': header(40, { 5: 'a' }) };

/** Nothing reaches the App meanwhile. */
async function unreached<Result>(what: () => Promise<Result>): Promise<Result> {
  const { github } = app;
  const url = github.webhookUrl;
  github.webhookUrl = null;
  try {
    return await what();
  } finally {
    github.webhookUrl = url;
  }
}

/** What a round asks of GitHub. */
async function askedIn(round: () => Promise<unknown>): Promise<string[]> {
  const before = app.github.calls.length;
  await round();
  return app.github.calls.slice(before).map(({ name }) => name);
}

const list = 'get /app/hook/deliveries';
const one = 'get /app/hook/deliveries/{delivery_id}';

test('a running App reviews what it was not told of within its pause, once', async () => {
  app = await startApp({ missedMs: 1000 });
  const { github } = app;
  const stopping = new AbortController();
  const running = app.forge.run(stopping.signal);
  await until('it caught up', () => app.logged.some((line) => line.includes('caught up with GitHub')));
  const lost = await unreached(() => openPull(github, files));
  const began = performance.now();
  const done = () => github.checks(lost.pull.headSha).some(({ conclusion }) => conclusion === 'failure');
  await until('the lost pull request is judged', () => done() && github.comments(1).length === 1);
  expect(performance.now() - began).toBeLessThan(15_000);
  const rounds = () => github.calls.filter(({ name }) => name === list).length;
  const before = rounds();
  await until('more rounds', () => rounds() > before + 2);
  stopping.abort();
  await running;
  expect(github.calls.filter(({ name }) => name === one)).toHaveLength(1);
  expect(github.comments(1)).toHaveLength(1);
  expect(github.checks(lost.pull.headSha)).toHaveLength(1);
});

test('one request a round while nothing is missing, whatever was delivered or is of no interest', async () => {
  app = await startApp({ missedMs: 0 });
  const { github } = app;
  const scene = await openPull(github, files);
  await app.settle();
  expect(await askedIn(() => app.forge.askMissed())).toEqual([list]);
  await unreached(() => scene.event('closed'));
  await unreached(() => comment(github, scene, 'alice', 'looks good'));
  expect(await askedIn(() => app.forge.askMissed())).toEqual([list, one]);
  expect(await askedIn(() => app.forge.askMissed())).toEqual([list]);
  expect(await app.forge.workOnce()).toBe(false);
});

test('a push and a command that were lost, and one that GitHub delivers a second time', async () => {
  app = await startApp({ missedMs: 0 });
  const { github } = app;
  const scene = await openPull(github, files);
  await app.settle();
  await unreached(() => push(github, scene, { 'include/linux/s.h': header(40, { 9: 'b' }) }));
  await unreached(() => comment(github, scene, 'alice', '/kabi help'));
  await app.forge.askMissed();
  await github.redeliver(github.deliveries.at(-1)?.id ?? 0);
  await app.settle();
  expect(github.checks(scene.pull.headSha)).toMatchObject([
    { conclusion: 'failure', annotations: [{ start_line: 9 }] },
  ]);
  expect(github.comments(1).filter(({ bot }) => bot)).toHaveLength(2);
});

test('of several processes one asks; the next when the pause is over', async () => {
  app = await startApp({ missedMs: 600_000 });
  expect(await askedIn(() => app.forge.askMissed())).toEqual([list]);
  await app.restart();
  expect(await askedIn(() => app.forge.askMissed())).toEqual([]);
  await app.store.query(`update kabiwatch.lease set until = now() - interval '1 second'`);
  expect(await askedIn(() => app.forge.askMissed())).toEqual([list]);
});

test('more than a page of them; later rounds look back a few minutes only', async () => {
  app = await startApp({ missedMs: 0 });
  const { github } = app;
  const scene = await openPull(github, files);
  await app.settle();
  const closed = await pullPayload(github, scene.pull, 'closed');
  await unreached(async () => {
    for (let n = 0; n < 150; n++) await github.send('pull_request', closed);
    for (let n = 0; n < 5; n++) await comment(github, scene, 'alice', '/kabi help');
    for (let n = 0; n < 100; n++) await github.send('pull_request', closed);
  });
  const asked = await askedIn(() => app.forge.askMissed());
  expect(asked.filter((name) => name === list)).toHaveLength(3);
  expect(asked.filter((name) => name === one)).toHaveLength(5);
  for (const pages of [3, 1]) {
    app.clock.move(3_600_000);
    expect(await askedIn(() => app.forge.askMissed())).toEqual(Array.from({ length: pages }, () => list));
  }
});

test('a delivery that cannot be had: its installation is looked at', async () => {
  app = await startApp({ missedMs: 0 });
  const { github, store } = app;
  await unreached(() => openPull(github, files));
  const [delivery] = github.deliveries;
  if (delivery !== undefined) delivery.id = 2 ** 60;
  await app.forge.askMissed();
  await until('it is marked', async () => (await store.query('select id from kabiwatch.pull')).length === 1);
  await unreached(() => github.send('installation', installedPayload()));
  await app.settle();
  expect(github.comments(1)).toHaveLength(1);
  expect(github.pull(repo, 1)?.state).toBe('open');
});

test('GitHub refuses: nothing is lost, the next round takes it', async () => {
  app = await startApp({ missedMs: 0 });
  const { github } = app;
  await unreached(() => openPull(github, files));
  github.fault = (call) => (call === one ? { kind: 'status', status: 502 } : null);
  await expect(app.forge.askMissed()).rejects.toThrow();
  github.fault = () => null;
  await app.forge.askMissed();
  await app.settle();
  expect(github.comments(1)).toHaveLength(1);
});
