/** One number leads through the log, from the webhook to the comment. */
import { expect, test } from '@jest/globals';
import { judgeLines, type Running, startApp, stopAppAfterEach } from './app.js';
import { comment, header, openPull, push } from './scene.js';

stopAppAfterEach();

let app: Running;

const path = 'include/linux/s.h';

const lines = () => app.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
const pageIn = (text = '') => /\/reviews\/(r\d+)/.exec(text)?.[1] ?? '';
const stepsOf = (id: string) =>
  lines()
    .filter(({ review }) => review === id)
    .map(({ msg }) => msg);

test('the number of the page that the comment links to is that of every line since the webhook', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  const first = pageIn(github.comments(1)[0]?.body);
  const steps = ['webhook stored', 'review begins', 'reviewed', 'check written', 'comment written', 'in line'];
  expect(stepsOf(first)).toEqual(steps);
  await push(github, scene, { [path]: header(40, { 5: 'a', 9: 'b' }) });
  await app.settle();
  const second = pageIn(github.comments(1)[0]?.body);
  expect(second).not.toBe(first);
  expect(stepsOf(second)).toEqual(steps);
  expect(stepsOf(first)).toEqual(steps);
});

test('a round that judges nothing new says which review it speaks of; a failed one goes on under its number', async () => {
  let failures = 1;
  app = await startApp({
    async judge(source, settings) {
      if (failures-- > 0) throw new Error('not now');
      return judgeLines(source, settings);
    },
  });
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  const first = pageIn(github.comments(1)[0]?.body);
  expect(stepsOf(first).slice(0, 5)).toEqual(['webhook stored', 'review begins', 'waits', 'review begins', 'reviewed']);
  await comment(github, scene, 'alice', '/kabi help');
  await app.settle();
  const about = lines().find(({ msg }) => msg === 'nothing new to judge');
  expect(about).toMatchObject({ judgedAs: first, pull: expect.stringMatching(/#1$/) });
  expect(stepsOf(String(about?.review))).toEqual(['webhook stored', 'nothing new to judge', 'in line']);
});

test('marked again while it is judged: the log names the number under which it goes on', async () => {
  const marking: { go: (() => Promise<unknown>) | null } = { go: null };
  app = await startApp({
    async judge(source, settings) {
      const { go } = marking;
      marking.go = null;
      await go?.();
      return judgeLines(source, settings);
    },
  });
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  marking.go = () => push(github, scene, { [path]: header(40, { 9: 'b' }) });
  await app.settle();
  const goesOn = lines().find(({ goesOnAs }) => goesOnAs !== undefined);
  expect(pageIn(github.comments(1)[0]?.body)).toBe(goesOn?.goesOnAs);
});
