/** The clone: all source is in it, however large its files, and one that was made by other rules is made anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { run } from '../servers/run.js';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { header, openPull, push } from './scene.js';

let app: Running;
stopAppAfterEach();

const path = 'include/linux/s.h';

/** Only what is there already: a partial clone would fetch what it lacks. */
const offline = (...args: string[]) =>
  run('git', ['--git-dir', join(app.mirrors, `${repo}.git`), ...args], {
    env: { ...process.env, GIT_ALLOW_PROTOCOL: 'none' },
  });

test('a header of 24 MB, as amdgpu has, is in the clone', async () => {
  app = await startApp();
  const { github } = app;
  const large = '#define A_LONG_NAME_OF_A_REGISTER__AND_ITS_FIELD__SHIFT 0x0\n'.repeat(400_000);
  const base = { [path]: header(40), 'drivers/gpu/drm/amd/include/asic_reg/large.h': large };
  await openPull(github, { [path]: header(40, { 5: 'a' }) }, { base });
  await app.settle();
  const oid = await github.git(repo, 'rev-parse', 'main:drivers/gpu/drm/amd/include/asic_reg/large.h');
  const { stdout } = await offline('cat-file', '-s', oid);
  expect(Number(stdout)).toBe(large.length);
});

test('a clone with another filter is made anew: it lacks what no fetch would bring', async () => {
  app = await startApp();
  const { github } = app;
  const scene = await openPull(github, { [path]: header(40, { 5: 'a' }) });
  await app.settle();
  const config = join(app.mirrors, `${repo}.git/config`);
  const rules = readFileSync(config, 'utf8');
  writeFileSync(config, rules.replace(/partialclonefilter = .*/, 'partialclonefilter = blob:limit=1k'));
  writeFileSync(join(app.mirrors, `${repo}.git/left-over`), 'x');
  await push(github, scene, { README: 'b\n' });
  await app.settle();
  expect(readFileSync(config, 'utf8')).toBe(rules);
  expect(() => readFileSync(join(app.mirrors, `${repo}.git/left-over`))).toThrow();
  expect(github.checks(scene.pull.headSha)).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
});
