/** A verified fix where people look for it: a suggestion on the lines it replaces, or the whole patch on demand. */
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { suggestionOf } from '../../src/github/suggestions.js';
import type { Judge } from '../../src/service/ports.js';
import { closeStore, judgeLines, type Running, repo, startApp } from './mirror-setup.js';
import { header, openPull } from './scene.js';
import { checkPayload } from './webhooks.js';

let app: Running | null = null;
afterEach(async () => {
  if (app === null) return;
  expect(app.github.wrongs).toEqual([]);
  await app.stop();
  app = null;
});
afterAll(closeStore);

const files = { 'include/linux/s.h': header(40, { 5: 'a' }) };

/** Judges as ever, and knows this rewrite. */
const fixedBy =
  (diff: string): Judge =>
  async (source, settings) => {
    const judgement = await judgeLines(source, settings);
    const fixes = [{ title: 'Put it at the end', verdict: 'none' as const, diff }];
    return { ...judgement, review: { ...judgement.review, fixes } };
  };

/** Of `include/linux/s.h`: the line given is replaced by another. */
function replacing(line: number, old: string, by: string): string {
  const path = 'include/linux/s.h';
  return `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -${line},1 +${line},1 @@\n-${old}\n+${by}\n`;
}

test('a fix on a changed line is suggested there, once, however often it is asked for', async () => {
  app = await startApp({ judge: fixedBy(replacing(5, '\tint a;', '\tKABI_USE(1, int a)')) });
  const { github } = app;
  const { pull, event } = await openPull(github, files);
  await app.settle();
  await event('synchronize');
  await app.settle();
  const suggested = github.allComments.filter(({ place }) => place !== undefined);
  expect(suggested.map(({ place }) => place)).toEqual([{ path: 'include/linux/s.h', line: 5, commit: pull.headSha }]);
  expect(suggested[0]?.body).toContain('```suggestion\n\tKABI_USE(1, int a)\n```');
});

test('a fix outside of the diff is no suggestion; "Show fix" gives it as a patch', async () => {
  app = await startApp({ judge: fixedBy(replacing(30, '\tlong member_30;', '\tlong other;')) });
  const { github } = app;
  const { pull } = await openPull(github, files);
  await app.settle();
  expect(github.allComments.filter(({ place }) => place !== undefined)).toEqual([]);
  const id = github.checks(pull.headSha)[0]?.externalId ?? '';
  await github.send('check_run', checkPayload(github, repo, id, 'requested_action', 'fix'));
  await app.settle();
  const [shown] = github.comments(1).filter(({ body }) => body.includes('kabiwatch fix'));
  expect(shown?.body).toContain('+\tlong other;');
});

test('a change of lines names those it replaces; an insertion repeats the line before it', () => {
  const head = '--- a/a.h\n+++ b/a.h\n';
  expect(suggestionOf(`${head}@@ -10,3 +10,3 @@ struct s {\n one\n-two\n+TWO\n three\n`)).toEqual({
    ...{ path: 'a.h', first: 11, last: 11, lines: ['TWO'] },
  });
  expect(suggestionOf(`${head}@@ -10,2 +10,3 @@\n one\n+new\n two\n`)).toEqual({
    ...{ path: 'a.h', first: 10, last: 10, lines: ['one', 'new'] },
  });
});

test('half a fix is none: two hunks or two files are not suggested', () => {
  const one = '--- a/a.h\n+++ b/a.h\n@@ -1,1 +1,1 @@\n-a\n+b\n';
  expect(suggestionOf(`${one}@@ -9,1 +9,1 @@\n-c\n+d\n`)).toBeNull();
  expect(suggestionOf(`${one}${one.replaceAll('a.h', 'b.h')}`)).toBeNull();
});
