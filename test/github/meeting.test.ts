/** The same change on a list and in a pull request: each side names the other, by patch-id or by a link to the mail. */
import { beforeEach, expect, test } from '@jest/globals';
import { messageIdsIn } from '../../src/github/links.js';
import { composeReply } from '../../src/service/reply.js';
import { type Meeting, meetingsOf } from '../../src/service/store/meetings.js';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { mailed, onList } from './list-side.js';
import { startWorker } from './pool.js';
import { header, openPull } from './scene.js';

const path = 'include/linux/s.h';
const pool = startWorker();
let app: Running;
beforeEach(async () => {
  app = await startApp();
});
stopAppAfterEach();

test('a series that comes after the pull request is named in its comment, and its reply names the pull request', async () => {
  const { github, store } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  expect(github.comments(1)[0]?.body).not.toContain('Also reviewed');
  const result = await mailed(github, pool, scene, 'first@example.org');
  const series = await onList(store, result);
  await app.settle();
  expect(github.comments(1)).toHaveLength(1);
  expect(github.comments(1)[0]?.body).toMatch(
    /Also reviewed: \[.*change s.* on mm&#58; .*\]\(https:\/\/kabi\.example\.org\/reviews\/r\d+\)/,
  );
  const met = await meetingsOf(store, series);
  expect(met).toEqual([
    expect.objectContaining({ list: repo, pull: 1, verdict: 'crc-break' } satisfies Partial<Meeting>),
  ]);
  const bot = { name: 'k', address: 'k@example.org', replyTo: null, archive: null };
  const reply = composeReply(result, 1, 'e', bot, {
    to: [],
    cc: [],
    elsewhere: ['Also reviewed: acme/linux, pull request 1'],
  });
  expect(reply.text).toMatch(/\n\nAlso reviewed: acme\/linux, pull request 1\n\n-- \n/);
  // A second version on the same list is no other side.
  const again = await onList(store, { ...result, messageId: 'second@example.org', version: 2 });
  expect((await meetingsOf(store, again)).map(({ list }) => list)).toEqual([repo]);
});

test('a pull request that links to a mail is tied to its series, though the patch differs', async () => {
  const { github, store } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await onList(store, { ...(await mailed(github, pool, scene, 'linked@example.org')), patchIds: [] });
  await app.settle();
  expect(github.comments(1)[0]?.body).not.toContain('Also reviewed');
  scene.pull.body = 'Rebased.\n\nLink: https://lore.kernel.org/r/linked%40example.org\n';
  await github.commit(repo, 'main', { README: 'other base\n' }, 'moves on');
  await scene.event('synchronize', { before: '0'.repeat(40), after: scene.pull.headSha });
  await app.settle();
  expect(github.comments(1)[0]?.body).toContain('Also reviewed');
});

test('Message-IDs are read from archive links and trailers only', () => {
  expect(
    messageIdsIn(
      'x\nLink: https://lore.kernel.org/r/a%2Bb@c.de\nLink: https://lore.kernel.org/linux-mm/20250101.1@x.org/\nMessage-ID: <m@n.o>\nMessage-Id: <m@n.o>\n' +
        'Reported-by: A <a@b.c>\nhttps://example.org/r/q@w.e https://patch.msgid.link/p@q.r.\n',
    ),
  ).toEqual(['a+b@c.de', '20250101.1@x.org', 'p@q.r', 'm@n.o']);
});
