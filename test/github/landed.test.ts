/** Reviewed changes that come onto a watched branch: one comment on the last commit of each, whatever happens on the way. */
import { describe, expect, test } from '@jest/globals';
import { marked } from 'marked';
import { type Running, type Starting, startApp, stopAppAfterEach } from './app.js';
import type { Comment } from './emulator.js';
import { repo } from './identity.js';
import { mailed, onList } from './list-side.js';
import { startWorker } from './pool.js';
import { header, openPull, type Scene } from './scene.js';
import { pushPayload } from './webhooks.js';

const path = 'include/linux/s.h';
const pool = startWorker();
let app: Running;
stopAppAfterEach();

const watching = 'landed: [main, "stable-*"]\n';

/** A reviewed pull request with one commit, on a repository that wants to hear of landings on `main`. */
async function reviewed(config = watching, starting: Starting = {}): Promise<Scene> {
  app = await startApp(starting);
  const base = { [path]: header(40), ...(config === '' ? {} : { '.github/kabiwatch.yml': config }) };
  const scene = await openPull(app.github, { [path]: header(40, { 5: 'a' }) }, { base });
  await app.settle();
  return scene;
}

const onCommit = (commit: string): Comment[] => app.github.allComments.filter(({ on }) => on === commit);
const onCommits = (): Comment[] => app.github.allComments.filter(({ on }) => typeof on === 'string');
const head = (branch: string) => app.github.git(repo, 'rev-parse', `refs/heads/${branch}`);

/** Somebody applies the change on what `main` is by now: another commit with the same patch. */
async function land(branch = 'main', message = 'mm: change s'): Promise<{ before: string; after: string }> {
  const { github } = app;
  const before = await head(branch);
  await github.commit(repo, branch, { README: `${Math.random()}\n` }, 'something else');
  const after = await github.commit(repo, branch, { [path]: header(40, { 5: 'a' }) }, message);
  return { before, after };
}

async function pushed(branch: string, before: string | null, after: string | null, commits: string[] = []) {
  const { github } = app;
  return github.send('push', pushPayload(github, repo, branch, { before, after, commits }));
}

test('the same patch on a watched branch is told on its commit, once, however often the push is delivered', async () => {
  await reviewed();
  const { github } = app;
  const { before, after } = await land();
  const payload = pushPayload(github, repo, 'main', { before, after });
  const guid = crypto.randomUUID();
  expect(await github.send('push', payload, { guid })).toBe(202);
  expect(await github.send('push', payload, { guid })).toBe(200);
  await app.settle();
  await github.send('push', payload);
  await app.settle();
  await app.forge.catchUp();
  await app.settle();
  expect(onCommits()).toHaveLength(1);
  expect(onCommit(after)[0]?.body).toMatch(
    /reviewed before it landed on `main`\n\n- \[mm&#58; change s\]\(https:\/\/kabi\.example\.org\/reviews\/r\d+\), pull request 1 of acme\/linux: \*\*crc-break\*\*/,
  );
});

test('a series of a list is known by its patch, and by a link to one of its mails though the patch differs', async () => {
  const scene = await reviewed();
  const { github, store } = app;
  await onList(store, await mailed(github, pool, scene, 'listed@example.org'));
  await onList(store, { ...(await mailed(github, pool, scene, 'linked@example.org')), patchIds: [] });
  const { before } = await land();
  const link = 'Link: https://lore.kernel.org/r/linked@example.org';
  const tip = await github.commit(repo, 'main', { README: 'reworked\n' }, `mm: reworked\n\n${link}\n`);
  await pushed('main', before, tip);
  await app.settle();
  expect(onCommits()).toHaveLength(2);
  // The list and the pull request are told together, on the commit that has their patch.
  const together = onCommits().find(({ on }) => on !== tip);
  expect(together?.body).toContain('on mm:');
  expect(together?.body).toContain('pull request 1');
  expect(onCommit(tip)[0]?.body).toContain('on mm:');
  // Exact: what landed there is not what was reviewed.
  expect(onCommit(tip)[0]?.body).toContain('; 1 by a link, with another patch than was reviewed');
  expect(together?.body).not.toContain('by a link');
});

test('a pull request of another repository is not named: who reads this one may not know of it', async () => {
  await reviewed();
  await app.store.query("update kabiwatch.pull set repo = 'acme/embargoed'");
  const { before, after } = await land();
  await pushed('main', before, after);
  await app.settle();
  expect(onCommits()).toEqual([]);
});

test('of a thread the version that landed is told, not a newer one', async () => {
  const scene = await reviewed();
  const { github, store } = app;
  const first = await mailed(github, pool, scene, 'v1@example.org');
  const thread = await onList(store, { ...first, subject: 'the first' });
  const patches = first.review.series.patches.map((patch) => ({ ...patch, messageId: 'v2@example.org' }));
  const review = { ...first.review, series: { ...first.review.series, patches } };
  const newer = { messageId: 'v2@example.org', version: 2, subject: 'the second', patchIds: [], review };
  await onList(store, { ...first, ...newer }, thread);
  const { before, after } = await land('main', 'mm: x\n\nLink: https://lore.kernel.org/r/v1@example.org\n');
  await pushed('main', before, after);
  await app.settle();
  expect(onCommit(after)[0]?.body).toContain('the first');
  expect(onCommit(after)[0]?.body).not.toContain('the second');
});

test('silent: no `landed`, another branch, `comment: never`, nothing worth saying, nothing reviewed', async () => {
  await reviewed('');
  const { github, store } = app;
  const tell = async (config: string, branch = 'main') => {
    await github.commit(repo, 'main', { '.github/kabiwatch.yml': config }, 'config');
    const { before, after } = await land(branch);
    await pushed(branch, before, after);
    await app.settle();
    // Its own kind of line each time: the patch must land anew.
    await github.commit(repo, branch, { [path]: header(40) }, 'back again');
  };
  await tell('policy: enforced\n');
  await github.commit(repo, 'other', {}, 'other', await head('main'));
  await tell(watching, 'other');
  await tell(`${watching}comment: never\n`);
  await tell(`${watching}policy: advisory\n`.replace('main', 'none-of-these'));
  expect(onCommits()).toEqual([]);
  expect(await store.query('select id from kabiwatch.branch')).toEqual([]);
  const before = await head('main');
  await github.commit(repo, 'main', { '.github/kabiwatch.yml': watching }, 'config');
  await pushed('main', before, await github.commit(repo, 'main', { README: 'nobody saw it\n' }, 'new'));
  await app.settle();
  expect(onCommits()).toEqual([]);
});

test('where no file says, the service’s own configuration does; a repository may want none', async () => {
  await reviewed('', { landed: ['main'] });
  const first = await land();
  await pushed('main', first.before, first.after);
  await app.settle();
  expect(onCommits()).toHaveLength(1);
  await app.github.commit(repo, 'main', { [path]: header(40), '.github/kabiwatch.yml': 'landed: []\n' }, 'not here');
  const second = await land();
  await pushed('main', second.before, second.after);
  await app.settle();
  expect(onCommits()).toHaveLength(1);
});

describe('pushes of every shape', () => {
  test('out of order and missed: each commit is looked at', async () => {
    await reviewed();
    const { before, after } = await land();
    const tip = await app.github.commit(repo, 'main', { README: 'last\n' }, 'last');
    await pushed('main', after, tip);
    await app.settle();
    expect(onCommits()).toEqual([]);
    await pushed('main', before, after);
    await app.settle();
    expect(onCommit(after)).toHaveLength(1);
  });

  test('missed while the service was down: found when it starts', async () => {
    await reviewed();
    const { before } = await land();
    await app.github.commit(repo, 'main', { [path]: header(40) }, 'back again');
    await app.github.git(repo, 'update-ref', 'refs/heads/main', before);
    await pushed('main', before, before);
    await app.settle();
    const { after } = await land();
    await app.restart();
    await app.forge.catchUp();
    await app.settle();
    expect(onCommit(after)).toHaveLength(1);
  });

  test('a new branch: what GitHub calls new is looked at, its long history is not', async () => {
    await reviewed();
    const { github } = app;
    const { after: old } = await land();
    await github.commit(repo, 'stable-1', { README: 'new\n' }, 'on it', old);
    const fresh = await head('stable-1');
    await pushed('stable-1', null, fresh, [fresh]);
    await app.settle();
    expect(onCommits()).toEqual([]);
    const base = await github.git(repo, 'rev-parse', `${old}~2`);
    await github.commit(repo, 'stable-2', { [path]: header(40, { 5: 'a' }) }, 'picked', base);
    const picked = await head('stable-2');
    await pushed('stable-2', null, picked, [picked]);
    await app.settle();
    expect(onCommits().map(({ on }) => on)).toEqual([picked]);
    await pushed('stable-3', null, picked);
    await app.settle();
    expect(onCommits()).toHaveLength(1);
  });

  test('a force-push says nothing twice of a series, and a commit that is gone does not stop it', async () => {
    await reviewed();
    const { github } = app;
    const { before, after } = await land();
    await pushed('main', before, after);
    await app.settle();
    await github.commit(repo, 'main', { README: 'rebased\n' }, 'rebased', before);
    const again = await github.commit(repo, 'main', { [path]: header(40, { 5: 'a' }) }, 'mm: change s');
    await pushed('main', after, again);
    await pushed('main', 'd'.repeat(40), again);
    await app.settle();
    expect(onCommits()).toHaveLength(1);
  });

  test('deleted, a tag, a branch that is gone by now: nothing, and no error', async () => {
    await reviewed();
    const { github } = app;
    const tip = await head('main');
    expect(await pushed('main', tip, null)).toBe(200);
    const tag = pushPayload(github, repo, 'x', { before: tip, after: tip });
    expect(await github.send('push', { ...tag, ref: 'refs/tags/v1' })).toBe(200);
    expect(await pushed('stable-gone', tip, tip)).toBe(202);
    await app.settle();
    expect(onCommits()).toEqual([]);
    expect(await app.store.query('select id from kabiwatch.branch')).toEqual([]);
  });

  test('thousands of commits: the newest are looked at', async () => {
    await reviewed();
    const { github } = app;
    const before = await head('main');
    const author = 'A <a@example.org> 1735689600 +0000';
    const many = Array.from({ length: 1200 }, (_, n) => {
      const from = n === 0 ? `from ${before}\n` : '';
      return `commit refs/heads/main\nauthor ${author}\ncommitter ${author}\ndata 2\nc\n${from}M 100644 inline README\ndata ${String(n).length}\n${n}\n`;
    });
    await github.importInto(repo, many.join(''));
    const after = await github.commit(repo, 'main', { [path]: header(40, { 5: 'a' }) }, 'mm: change s');
    await pushed('main', before, after);
    await app.settle();
    expect(onCommit(after)).toHaveLength(1);
    expect(app.logged.join('')).toContain('more commits than are looked at');
  });
});

test('without a clone it is asked of the API', async () => {
  await reviewed(watching, { mirrors: false });
  const { before, after } = await land();
  await pushed('main', before, after);
  await app.settle();
  expect(onCommit(after)).toHaveLength(1);
  expect(app.github.calls.some(({ name }) => name === 'git')).toBe(false);
});

test('the answer of any one call lost, or the call itself: one comment', async () => {
  await reviewed();
  const { github } = app;
  for (const kind of ['drop', 'drop-after'] as const) {
    let reached = true;
    for (let cut = 0; reached; cut++) {
      const { before, after } = await land();
      await app.store.query('delete from kabiwatch.landed');
      let count = 0;
      reached = false;
      github.fault = () => {
        if (count++ !== cut) return null;
        reached = true;
        return { kind };
      };
      await pushed('main', before, after);
      await app.settle();
      expect(onCommit(after)).toHaveLength(1);
      await github.commit(repo, 'main', { [path]: header(40) }, 'back again');
    }
  }
});

test('what a subject holds is inert in the comment', async () => {
  app = await startApp();
  const { github } = app;
  const title = '@org/team Fixes #1 <img src=x onerror=alert(1)> [x](javascript:alert(1)) | a `b`';
  const base = { [path]: header(40), '.github/kabiwatch.yml': watching };
  await openPull(github, { [path]: header(40, { 5: 'a' }) }, { title, base });
  await app.settle();
  const { before, after } = await land();
  await pushed('main', before, after);
  await app.settle();
  const html = await marked.parse(onCommit(after)[0]?.body ?? '', { gfm: true });
  expect(html).not.toMatch(/<img|href="javascript|@org|#1\b/);
  expect(html.match(/<a /g)).toHaveLength(1);
});
