/** What people ask for by buttons, and a fresh installation. */
import { expect, test } from '@jest/globals';
import { until } from '../servers/run.js';
import { judgeLines, type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { header, openPull } from './scene.js';
import { checkPayload, installedPayload } from './webhooks.js';

let app: Running;
stopAppAfterEach();

const files = { 'include/linux/s.h': header(40, { 5: 'a' }) };

test('"Re-run" judges again, "Show fix" answers once; a check of another App is not ours', async () => {
  let judged = 0;
  app = await startApp({
    judge: (source, settings) => {
      judged++;
      return judgeLines(source, settings);
    },
  });
  const { github } = app;
  const { pull } = await openPull(github, files);
  await app.settle();
  const id = github.checks(pull.headSha)[0]?.externalId ?? '';
  expect(await github.send('check_run', checkPayload(github, repo, id, 'rerequested'))).toBe(202);
  await app.settle();
  expect(judged).toBe(2);
  for (const _ of [1, 2]) {
    await github.send('check_run', checkPayload(github, repo, id, 'requested_action', 'fix'));
    await app.settle();
  }
  expect(judged).toBe(2);
  expect(github.comments(1).filter(({ body }) => body.includes('kabiwatch fix'))).toHaveLength(1);
  expect(github.checks(pull.headSha)).toHaveLength(1);
  expect(await github.send('check_run', checkPayload(github, repo, 'somebody else', 'rerequested'))).toBe(200);
});

test('an installation looks at every open pull request', async () => {
  app = await startApp();
  const { github, store } = app;
  const url = github.webhookUrl;
  github.webhookUrl = null;
  await openPull(github, files);
  await openPull(github, files);
  github.webhookUrl = url;
  expect(await github.send('installation', installedPayload())).toBe(202);
  await until('both are marked', async () => (await store.query('select id from kabiwatch.pull')).length === 2);
  await app.settle();
  expect([1, 2].map((number) => github.comments(number).length)).toEqual([1, 1]);
});

test('catching up: a repository that refuses keeps no other from it; what fails otherwise is tried again', async () => {
  app = await startApp();
  const { github, store } = app;
  await github.addRepository('acme/blocked');
  github.webhookUrl = null;
  await openPull(github, files);
  const refusing = (status: number) => (call: string, _count: number, at: string) =>
    call === 'get /repos/{owner}/{repo}/pulls' && at.includes('/blocked/')
      ? ({ kind: 'status', status, message: 'Repository access blocked' } as const)
      : null;
  const marked = () => store.query('select repo from kabiwatch.pull');
  github.fault = refusing(403);
  expect(await app.forge.catchUp()).toBe(1);
  expect(await marked()).toEqual([{ repo }]);
  github.fault = refusing(502);
  await expect(app.forge.catchUp()).rejects.toThrow();
  expect(app.logged.join('')).toContain('this repository cannot be read');
  github.fault = () => null;
});
