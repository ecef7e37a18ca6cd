/** GitHub's limits as they are, not a fault here and there: everything is done in the end, nothing twice, and GitHub is left alone meanwhile. */
import { beforeEach, expect, test } from '@jest/globals';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { header, openPull } from './scene.js';

let app: Running;
beforeEach(async () => {
  app = await startApp();
});
stopAppAfterEach();

const names = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [n + 2, `m${n}`]));

/** Three pull requests with three batches of annotations each. */
async function allDone(): Promise<number> {
  const { github } = app;
  for (const _ of [1, 2, 3]) await openPull(github, { 'include/linux/s.h': header(130, names) });
  const begun = github.now();
  await app.settle();
  for (const pull of github.pulls) {
    expect(github.comments(pull.number)).toHaveLength(1);
    const checks = github.checks(pull.headSha);
    expect(checks).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
    const places = checks[0]?.annotations.map((one) => one.start_line) ?? [];
    expect(places).toHaveLength(120);
    expect(new Set(places).size).toBe(120);
  }
  return (github.now() - begun) / 60_000;
}

const refused = () => app.github.calls.filter(({ status }) => status === 403).length;

test('so many calls an hour: the rest waits for the next, without asking again and again', async () => {
  app.github.limits.hourly = 25;
  const minutes = await allDone();
  expect(minutes).toBeGreaterThan(60);
  expect(minutes).toBeLessThan(360);
  expect(refused()).toBeLessThan(12);
});

test('so many writes a minute: as long as GitHub says, no longer', async () => {
  app.github.limits.writes = 3;
  const minutes = await allDone();
  expect(minutes).toBeGreaterThan(3);
  expect(minutes).toBeLessThan(30);
  expect(refused()).toBeLessThan(20);
});
