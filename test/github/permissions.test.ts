/** app.yml asks for the least that works: with all of it a review is posted, with each taken away something breaks. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { closeStore, type Running, startApp } from './app.js';
import type { Permissions } from './emulator.js';
import { repo } from './identity.js';
import { comment, header, openPull } from './scene.js';
import { pushPayload } from './webhooks.js';

const { default_permissions: all, default_events: events } = parse(readFileSync('app.yml', 'utf8')) as {
  default_permissions: Permissions;
  default_events: string[];
};

let app: Running;
afterEach(() => app.stop());
afterAll(closeStore);

const path = 'include/linux/s.h';
const broken = { [path]: header(40, { 5: 'a' }) };

/** What a pull request with a break, a label and an acceptance leaves behind under these permissions, and its landing. */
async function outcome(permissions: Permissions): Promise<string[]> {
  app = await startApp();
  const { github } = app;
  github.permissions = permissions;
  github.repositories.get(repo)?.people.set('bob', 'write');
  const config = 'landed: [main]\nlabels:\n  crc-break: kabi\n';
  const scene = await openPull(github, broken, { base: { [path]: header(40), '.github/kabiwatch.yml': config } });
  const before = await github.git(repo, 'rev-parse', 'refs/heads/main');
  await comment(github, scene, 'bob', '/kabi accept on purpose');
  await rounds();
  const after = await github.commit(repo, 'main', broken, 'landed');
  await github.send('push', pushPayload(github, repo, 'main', { before, after }));
  await rounds();
  const [check] = github.checks(scene.pull.headSha);
  const said = (on: number | string) => github.allComments.filter((one) => one.on === on && one.bot);
  return [
    `check ${check?.conclusion ?? check?.status ?? 'missing'}`,
    ...said(1).map(() => 'comment'),
    ...[...scene.pull.labels].map(() => 'label'),
    ...said(after).map(() => 'landed'),
  ];
}

async function rounds(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await app.forge.workOnce();
    app.clock.move(3_600_000);
  }
}

const works = ['check neutral', 'comment', 'label', 'landed'];

test('with what app.yml asks for, everything works', async () => {
  expect(await outcome(all)).toEqual(works);
});

/** What is left without a permission, or with no more than `read` of it. */
const left: Readonly<Record<string, readonly string[]>> = {
  // Nothing can be shown, so nothing is judged.
  'checks: none': ['check missing'],
  'checks: read': ['check missing'],
  // No configuration and no commits.
  'contents: none': ['check missing'],
  // Whether somebody may accept cannot be asked, so that the check waits for it.
  'metadata: none': ['check in_progress'],
  'pull_requests: none': ['check missing'],
  // Judged, but neither answered nor said.
  'pull_requests: read': ['check in_progress', 'landed'],
};

for (const [area, level] of Object.entries(all)) {
  for (const less of level === 'write' ? ['none', 'read'] : ['none']) {
    test(`with ${area}: ${less} in place of ${level}, this is left`, async () => {
      const { [area]: _, ...rest } = all;
      const permissions = less === 'read' ? { ...rest, [area]: less } : rest;
      expect(await outcome(permissions as Permissions)).toEqual(left[`${area}: ${less}`]);
    });
  }
}

test('the events are those that are listened to', () => {
  expect([...events].sort()).toEqual(['check_run', 'issue_comment', 'pull_request', 'push']);
});
