/** Writes of the App are spaced by a clock that never jumps. */
import { expect, jest, test } from '@jest/globals';
import { githubApp } from '../../src/github/app.js';
import { startLog } from '../../src/service/log.js';
import { startEmulator } from './emulator.js';
import { appId, installationId, repo } from './identity.js';
import { header, openPull } from './scene.js';

test('a second between writes, three between comments, also when the wall clock goes back two hours', async () => {
  const github = await startEmulator();
  await github.addRepository(repo);
  const { pull } = await openPull(github, { 'include/linux/s.h': header(40, { 5: 'a' }) });
  const account = {
    ...{ appId, privateKey: github.privateKey, webhookSecret: github.secret },
    ...{ apiUrl: `${github.url}/api/v3`, spaced: true },
  };
  const app = await githubApp(account, startLog('error'));
  const client = await app.auth(installationId);
  const [owner = '', name = ''] = repo.split('/');
  const about = { owner, repo: name, issue_number: pull.number };
  const started = performance.now();
  const { data } = await client.rest.issues.createComment({ ...about, body: 'one' });
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now - 7_200_000);
  try {
    await client.rest.issues.updateComment({ owner, repo: name, comment_id: data.id, body: 'two' });
    expect(performance.now() - started).toBeGreaterThan(999);
    await client.rest.issues.createComment({ ...about, body: 'three' });
    expect(performance.now() - started).toBeGreaterThan(2999);
    expect(performance.now() - started).toBeLessThan(30_000);
  } finally {
    clock.mockRestore();
    await github.stop();
  }
}, 60_000);
