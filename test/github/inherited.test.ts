/** Configuration: the repository's over its organisation's, of the base alone; what is not reviewed, and when it is after all. */
import { beforeEach, expect, test } from '@jest/globals';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { header, openPull, push } from './scene.js';

const organisation = 'acme/.github';
const path = 'include/linux/s.h';
const broken = { [path]: header(40, { 5: 'a' }) };
let app: Running;
beforeEach(async () => {
  app = await startApp();
});
stopAppAfterEach();

async function inherit(config: string): Promise<void> {
  await app.github.addRepository(organisation);
  await app.github.commit(organisation, 'main', { '.github/kabiwatch.yml': config }, 'for all');
}

const conclusions = (head: string) => app.github.checks(head).map(({ conclusion }) => conclusion);

test('the organisation’s file holds where the repository has none', async () => {
  await inherit('policy: advisory\nlabels:\n  crc-break: kabi\n');
  const { pull } = await openPull(app.github, broken);
  await app.settle();
  expect(conclusions(pull.headSha)).toEqual(['neutral']);
  expect([...pull.labels]).toEqual(['kabi']);
});

test('key by key the repository’s file goes before it', async () => {
  await inherit('policy: advisory\nlabels:\n  crc-break: kabi\n');
  const base = { [path]: header(40), '.github/kabiwatch.yml': 'policy: enforced\n' };
  const { pull } = await openPull(app.github, broken, { base });
  await app.settle();
  expect(conclusions(pull.headSha)).toEqual(['failure']);
  expect([...pull.labels]).toEqual(['kabi']);
});

test('a mistake in it is told with its place, without an annotation in a file that is not here', async () => {
  await inherit('policy: enforced\ncomment: perhaps\n');
  const { pull } = await openPull(app.github, broken);
  await app.settle();
  const [check] = app.github.checks(pull.headSha);
  expect(check).toMatchObject({ conclusion: 'failure', annotations: [] });
  expect(check?.output.summary).toContain('`acme/.github`');
  expect(check?.output.summary).toContain('line 2');
});

test('where the App may not read it, there is none', async () => {
  await inherit('policy: advisory\n');
  app.github.fault = (call, _count, at) =>
    call.includes('/contents/') && at.includes('/.github/contents/')
      ? { kind: 'status', status: 403, message: 'Resource not accessible by integration' }
      : null;
  const { pull } = await openPull(app.github, broken);
  await app.settle();
  expect(conclusions(pull.headSha)).toEqual(['failure']);
});

test('a draft is left alone until it is ready, or where drafts are wanted', async () => {
  const scene = await openPull(app.github, broken, { draft: true });
  await app.settle();
  expect(app.github.checks(scene.pull.headSha)).toEqual([]);
  scene.pull.draft = false;
  await scene.event('ready_for_review');
  await app.settle();
  expect(conclusions(scene.pull.headSha)).toEqual(['failure']);
  await inherit('drafts: true\n');
  const wanted = await openPull(app.github, broken, { draft: true });
  await app.settle();
  expect(conclusions(wanted.pull.headSha)).toEqual(['failure']);
});

test('only pull requests into the branches that are named', async () => {
  await inherit('branches: [main]\n');
  const scene = await openPull(app.github, broken);
  await app.github.commit(repo, 'next', {}, 'next', await app.github.git(repo, 'rev-parse', 'refs/heads/main'));
  scene.pull.baseRef = 'next';
  await app.settle();
  expect(app.github.allChecks).toEqual([]);
  scene.pull.baseRef = 'main';
  await scene.event('edited', { changes: { base: { ref: { from: 'next' }, sha: { from: 'x' } } } });
  await app.settle();
  expect(conclusions(scene.pull.headSha)).toEqual(['failure']);
});

test('a head that brings a configuration of its own is judged by that of the base', async () => {
  const scene = await openPull(app.github, { ...broken, '.github/kabiwatch.yml': 'comment: never\n' });
  await app.settle();
  expect(app.github.comments(1)).toHaveLength(1);
  await push(app.github, scene, { '.github/kabiwatch.yml': 'no: such\nkey: [\n' });
  await app.settle();
  expect(conclusions(scene.pull.headSha)).toEqual(['failure']);
  expect(app.github.comments(1)).toHaveLength(1);
});
