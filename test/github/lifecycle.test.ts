/** A pull request's life, through real HTTP: one comment, one check a head, annotations right to the line, nothing twice. */
import { describe, expect, test } from '@jest/globals';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { comment, type Delivering, header, once, openPull, push } from './scene.js';

let app: Running;
stopAppAfterEach();

const path = 'include/linux/s.h';

function annotated(head: string): unknown[] {
  return app.github.checks(head).flatMap(({ annotations }) => annotations.map((one) => [one.path, one.start_line]));
}

/** Each delivery three times; late ones come after everything else. */
function tripled(late: (() => Promise<unknown>)[]): Delivering {
  return async (send) => {
    const guid = crypto.randomUUID();
    await Promise.all([send(guid), send(guid)]);
    late.unshift(
      () => send(guid),
      () => send(crypto.randomUUID()),
    );
  };
}

async function live(delivering: Delivering, between: () => Promise<unknown>): Promise<string[]> {
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) }, { delivering });
  const heads = [scene.pull.headSha];
  await between();
  for (const names of [{ 5: 'a', 9: 'b' }, { 9: 'b' }, { 9: 'b', 30: 'c' }]) {
    heads.push(await push(github, scene, { [path]: header(40, names) }));
    await between();
  }
  await github.commit(repo, 'stable', {}, 'stable', await github.git(repo, 'rev-parse', 'refs/heads/main'));
  scene.pull.baseRef = 'stable';
  await scene.event('edited', { changes: { base: { ref: { from: 'main' }, sha: { from: 'x' } } } });
  await between();
  scene.pull.state = 'closed';
  await scene.event('closed');
  await between();
  scene.pull.state = 'open';
  await scene.event('reopened');
  await between();
  return heads;
}

function expectInLine(heads: readonly string[], lines: readonly (readonly number[])[]): void {
  const { github } = app;
  expect(github.comments(1)).toHaveLength(1);
  expect(github.comments(1)[0]?.body).toContain(heads.at(-1)?.slice(0, 12) as string);
  heads.forEach((head, index) => {
    const checks = github.checks(head);
    expect(checks.length).toBeLessThanOrEqual(1);
    if (checks.length === 0) return;
    expect(checks[0]).toMatchObject({ name: 'kabi', status: 'completed', conclusion: 'failure' });
    expect(annotated(head)).toEqual(lines[index]?.map((line) => [path, line]));
  });
  expect(github.checks(heads.at(-1) as string)).toHaveLength(1);
}

const lines = [[5], [5, 9], [9], [9, 30]];

describe('opened, pushed three times, base changed, closed, reopened', () => {
  test('leaves one comment, and a check for each head with annotations at its lines', async () => {
    app = await startApp();
    const heads = await live(once, () => app.settle());
    expectInLine(heads, lines);
    for (const head of heads) expect(app.github.checks(head)).toHaveLength(1);
    expect(app.github.comments(1)[0]?.body).toContain('nothing changed');
  });

  test('is the same with each webhook three times, late and out of order', async () => {
    app = await startApp();
    const late: (() => Promise<unknown>)[] = [];
    const heads = await live(tripled(late), () => app.settle());
    for (const send of late) await send();
    await app.settle();
    expectInLine(heads, lines);
  });

  test('is the same when all webhooks come before any work, and when none comes', async () => {
    app = await startApp();
    const heads = await live(once, async () => {});
    await app.settle();
    expectInLine(heads, lines);
    app.github.webhookUrl = null;
    const missed = await openPull(app.github, { [path]: header(40, { 7: 'z' }) });
    await app.restart();
    await app.forge.catchUp();
    await app.settle();
    expect(app.github.comments(missed.pull.number)).toHaveLength(1);
    expect(annotated(missed.pull.headSha)).toEqual([[path, 7]]);
    expectInLine(heads, lines);
  });
});

test('a pull request without kABI effect gets a check and no word', async () => {
  app = await startApp();
  const scene = await openPull(app.github, { README: 'b\n' });
  await app.settle();
  expect(app.github.comments(1)).toEqual([]);
  expect(app.github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'success' }]);
});

test('findings that a push removes are taken back in the same comment', async () => {
  app = await startApp();
  const scene = await openPull(app.github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  await push(app.github, scene, { [path]: header(40) });
  await app.settle();
  expect(app.github.comments(1)).toHaveLength(1);
  expect(app.github.comments(1)[0]?.body).toContain('gone');
  expect(app.github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'success' }]);
});

test('more than 50 annotations come in batches, each once', async () => {
  app = await startApp();
  const names = Object.fromEntries(Array.from({ length: 130 }, (_, n) => [n + 2, `m${n}`]));
  const scene = await openPull(app.github, { [path]: header(140, names) });
  await app.settle();
  expect(new Set(annotated(scene.pull.headSha).map(String)).size).toBe(130);
  expect(annotated(scene.pull.headSha)).toHaveLength(130);
});

test('commands: accept needs write permission, and holds until the findings change', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  const refused = await comment(github, scene, 'mallory', '/kabi accept because');
  await app.settle();
  expect(refused.reactions).toEqual(['eyes']);
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'failure' }]);
  github.repositories.get(repo)?.people.set('bob', 'write');
  await comment(github, scene, 'bob', '/kabi accept the modules are rebuilt');
  await app.settle();
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'neutral' }]);
  await push(github, scene, { README: 'c\n' });
  await app.settle();
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'neutral' }]);
  await push(github, scene, { [path]: header(40, { 5: 'a', 8: 'more' }) });
  await app.settle();
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ conclusion: 'failure' }]);
  const answers = github.comments(1).filter(({ bot }) => bot);
  expect(answers).toHaveLength(2);
});

test('help, explain and fix are answered once, also when asked in one comment', async () => {
  app = await startApp();
  const scene = await openPull(app.github, { [path]: header(40, { 5: 'a' }) });
  await comment(
    app.github,
    scene,
    'alice',
    'hello\n/kabi help\n/kabi explain struct nothing\n/kabi fix\n```\n/kabi accept no\n```',
  );
  await app.settle();
  await app.forge.catchUp();
  await app.settle();
  const answers = app.github.comments(1).filter(({ body }) => body.includes('answer'));
  expect(answers).toHaveLength(1);
  expect(answers[0]?.body).toContain('/kabi recheck');
  expect(answers[0]?.body).toContain('does not change `struct nothing`');
});
