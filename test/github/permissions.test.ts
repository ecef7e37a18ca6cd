/** app.yml asks for the least that works: with all of it a review is posted, with each taken away something breaks. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Permissions } from './emulator.js';
import { repo } from './identity.js';
import { closeStore, type Running, startApp } from './mirror-setup.js';
import { comment, header, openPull } from './scene.js';

const { default_permissions: all, default_events: events } = parse(readFileSync('app.yml', 'utf8')) as {
  default_permissions: Permissions;
  default_events: string[];
};

let app: Running;
afterEach(() => app.stop());
afterAll(closeStore);

/** What a pull request with a break, a label and an acceptance leaves behind under these permissions. */
async function outcome(permissions: Permissions): Promise<string[]> {
  app = await startApp();
  const { github } = app;
  github.permissions = permissions;
  github.repositories.get(repo)?.people.set('bob', 'write');
  const path = 'include/linux/s.h';
  const scene = await openPull(
    github,
    { [path]: header(40, { 5: 'a' }) },
    { base: { [path]: header(40), '.github/kabiwatch.yml': 'labels:\n  crc-break: kabi\n' } },
  );
  await comment(github, scene, 'bob', '/kabi accept on purpose');
  for (let round = 0; round < 3; round++) {
    await app.forge.workOnce();
    app.clock.move(3_600_000);
  }
  const [check] = github.checks(scene.pull.headSha);
  return [
    check?.conclusion ?? 'no check',
    ...github
      .comments(1)
      .filter(({ bot }) => bot)
      .map(() => 'comment'),
    ...scene.pull.labels,
  ];
}

const works = ['neutral', 'comment', 'kabi'];

test('with what app.yml asks for, everything works', async () => {
  expect(await outcome(all)).toEqual(works);
});

for (const [area, level] of Object.entries(all)) {
  test(`without ${area}: ${level} something breaks`, async () => {
    const { [area]: _, ...rest } = all;
    expect(await outcome(level === 'write' ? { ...rest, [area]: 'read' } : rest)).not.toEqual(works);
    await app.stop();
    expect(await outcome(rest)).not.toEqual(works);
  });
}

test('the events are those that are listened to', () => {
  expect([...events].sort()).toEqual(['check_run', 'issue_comment', 'pull_request', 'push']);
});
