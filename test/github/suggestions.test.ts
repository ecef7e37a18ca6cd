/** A verified fix where people look for it: a suggestion on the lines it replaces, or the whole patch on demand. */
import { expect, test } from '@jest/globals';
import { suggestionsOf } from '../../src/github/suggestions.js';
import type { Judge } from '../../src/service/ports.js';
import { judgeLines, type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { comment, header, openPull } from './scene.js';
import { checkPayload } from './webhooks.js';

let app: Running;
stopAppAfterEach();

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

test('`/kabi fix` and "Show fix" lead to the suggestion where it fits', async () => {
  app = await startApp({ judge: fixedBy(replacing(5, '\tint a;', '\tKABI_USE(1, int a)')) });
  const { github } = app;
  const scene = await openPull(github, files);
  await app.settle();
  await comment(github, scene, 'alice', '/kabi fix');
  const id = github.checks(scene.pull.headSha)[0]?.externalId ?? '';
  await github.send('check_run', checkPayload(github, repo, id, 'requested_action', 'fix'));
  await app.settle();
  const told = github.comments(1).filter(({ body }) => /kabiwatch (answer|fix)/.test(body));
  expect(told.map(({ body }) => body.includes('Suggested at `include/linux/s.h:5`. Commit it there.'))).toEqual([
    true,
    true,
  ]);
  expect(github.allComments.filter(({ place }) => place !== undefined)).toHaveLength(1);
});

test('`comment: never`: no suggestion unasked, one when somebody asks', async () => {
  app = await startApp({ judge: fixedBy(replacing(5, '\tint a;', '\tKABI_USE(1, int a)')) });
  const { github } = app;
  const base = { 'include/linux/s.h': header(40), '.github/kabiwatch.yml': 'comment: never\n' };
  const scene = await openPull(github, files, { base });
  await app.settle();
  expect(github.allComments).toEqual([]);
  await comment(github, scene, 'alice', '/kabi fix');
  await app.settle();
  expect(github.allComments.filter(({ place }) => place !== undefined)).toHaveLength(1);
});

const twoHunks = `${replacing(5, '\tint a;', '\tKABI_USE(1, int a)')}@@ -9,1 +9,2 @@\n-\tint b;\n+\tint b;\n+\tint c;\n`;

test('several hunks that fit are one review, whole or not at all, and once', async () => {
  app = await startApp({ judge: fixedBy(twoHunks) });
  const { github } = app;
  const scene = await openPull(github, { 'include/linux/s.h': header(40, { 5: 'a', 9: 'b' }) });
  github.fault = (call) => (call.endsWith('/reviews') ? { kind: 'drop-after' } : null);
  await app.forge.workOnce();
  github.fault = () => null;
  await app.settle();
  await comment(github, scene, 'alice', '/kabi fix');
  await app.settle();
  const suggested = github.allComments.filter(({ place }) => place !== undefined);
  expect(suggested.map(({ place }) => place?.line)).toEqual([5, 9]);
  expect(suggested[0]?.body).toContain('Part 1 of 2: only all of them together were judged.');
  expect(github.comments(1).at(-1)?.body).toContain('Add each to a batch there');
});

test('one hunk of several outside of the diff: no suggestion at all, the patch', async () => {
  app = await startApp({ judge: fixedBy(twoHunks.replace('-9,1 +9,2', '-30,1 +30,2')) });
  const { github } = app;
  const scene = await openPull(github, { 'include/linux/s.h': header(40, { 5: 'a' }) });
  await comment(github, scene, 'alice', '/kabi fix');
  await app.settle();
  expect(github.allComments.filter(({ place }) => place !== undefined)).toEqual([]);
  expect(github.comments(1).find(({ body }) => body.includes('answer'))?.body).toContain('+\tint c;');
});

test('a change of lines names those it replaces; an insertion repeats the line before it', () => {
  const head = '--- a/a.h\n+++ b/a.h\n';
  expect(suggestionsOf(`${head}@@ -10,3 +10,3 @@ struct s {\n one\n-two\n+TWO\n three\n`)).toEqual([
    { path: 'a.h', first: 11, last: 11, lines: ['TWO'] },
  ]);
  expect(suggestionsOf(`${head}@@ -10,2 +10,3 @@\n one\n+new\n two\n`)).toEqual([
    { path: 'a.h', first: 10, last: 10, lines: ['one', 'new'] },
  ]);
});

test('each hunk is one, in its file; a line that looks like a header is a line', () => {
  const one = '--- a/a.h\n+++ b/a.h\n@@ -1,1 +1,1 @@\n-a\n+b\n';
  const places = (diff: string) => suggestionsOf(diff)?.map(({ path, first, lines }) => [path, first, lines]);
  expect(places(`${one}@@ -9,1 +9,1 @@\n-c\n+d\n${one.replaceAll('a.h', 'b.h')}`)).toEqual([
    ['a.h', 1, ['b']],
    ['a.h', 9, ['d']],
    ['b.h', 1, ['b']],
  ]);
  expect(places('--- a/a.h\n+++ b/a.h\n@@ -1,2 +1,2 @@\n one\n-- a/x\n+++ b/y\n')).toEqual([['a.h', 2, ['++ b/y']]]);
});

test('what is no change of lines is none: a new file, a rename, an insertion before the first line, half a hunk', () => {
  const head = '--- a/a.h\n+++ b/a.h\n';
  expect(suggestionsOf('new file mode 100644\n--- /dev/null\n+++ b/a.h\n@@ -0,0 +1,1 @@\n+a\n')).toBeNull();
  expect(suggestionsOf(`rename from x\nrename to y\n${head}@@ -1,1 +1,1 @@\n-a\n+b\n`)).toBeNull();
  expect(suggestionsOf(`${head}@@ -1,1 +1,2 @@\n+a\n b\n`)).toBeNull();
  expect(suggestionsOf(`${head}@@ -1,5 +1,5 @@\n-a\n+b`)).toBeNull();
  expect(suggestionsOf('')).toBeNull();
});
