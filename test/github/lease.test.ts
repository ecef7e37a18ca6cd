/** A pull request that takes longer than its lease stays in one pair of hands as long as these live, and comes into others when they do not. */
import { expect, test } from '@jest/globals';
import { until } from '../servers/run.js';
import { judgeLines, type Running, startApp, stopAppAfterEach } from './app.js';
import { header, openPull } from './scene.js';

let app: Running;
stopAppAfterEach();

const files = { 'include/linux/s.h': header(40, { 5: 'a' }) };

test('judging for many leases keeps the pull request from others; one that lives no more loses it', async () => {
  let judging = 0;
  let go = () => {};
  const released = new Promise<void>((resolve) => {
    go = resolve;
  });
  app = await startApp({
    leaseMs: 600,
    async judge(source, settings) {
      judging++;
      if (judging === 1) await released;
      return judgeLines(source, settings);
    },
  });
  const { github, store } = app;
  await openPull(github, files);
  const first = app.forge.workOnce();
  await until('it is judged', async () => judging === 1);
  const heldUntil = async () =>
    (
      await store.query<{ held_until: Date | null }>('select held_until from kabiwatch.pull')
    )[0]?.held_until?.getTime() ?? 0;
  const taken = await heldUntil();
  // Some leases later it is held still, and a second worker finds nothing to do.
  await until('it is held on', async () => (await heldUntil()) > taken + 1500);
  await app.restart();
  expect(await app.forge.workOnce()).toBe(false);
  // The first is taken for dead: its store does not hear from it any more.
  await store.query("update kabiwatch.pull set holder = 'somebody else', held_until = now() - interval '1 hour'");
  await app.settle();
  expect(github.comments(1)).toHaveLength(1);
  const calls = github.calls.length;
  go();
  await first;
  // What it would have written is written; it says nothing.
  expect(github.calls.slice(calls).filter(({ name }) => /^(post|patch)/.test(name))).toEqual([]);
  expect(github.comments(1)).toHaveLength(1);
  expect(github.allChecks).toHaveLength(1);
});
