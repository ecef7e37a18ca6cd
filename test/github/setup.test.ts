import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pino from 'pino';
import { checkApp, convertManifest, manifestFor } from '../../src/github/setup.js';
import { type Emulator, startEmulator } from './emulator.js';
import { appId } from './identity.js';

let github: Emulator;
beforeAll(async () => {
  github = await startEmulator();
});
afterAll(() => github.stop());

const log = pino({ level: 'silent' });
const account = () => ({
  appId,
  privateKey: github.privateKey,
  webhookSecret: github.secret,
  apiUrl: `${github.url}/api/v3`,
  spaced: false,
});

test('the manifest names the webhook; its code is turned into the App', async () => {
  expect(JSON.parse(manifestFor('https://kabi.example.org/'))).toMatchObject({
    hook_attributes: { url: 'https://kabi.example.org/github/webhook' },
    default_permissions: { checks: 'write' },
  });
  expect(await convertManifest(`${github.url}/api/v3`, 'good-code')).toMatchObject({
    appId,
    webhookSecret: github.secret,
  });
  await expect(convertManifest(`${github.url}/api/v3`, 'bad-code')).rejects.toThrow(/not found/i);
});

test('an App that lacks a permission, has too many, or does not listen is told so', async () => {
  const events = ['check_run', 'issue_comment', 'pull_request', 'push'];
  github.events.push(...events);
  github.permissions = { checks: 'write', contents: 'read', metadata: 'read', pull_requests: 'write' };
  expect((await checkApp(account(), log)).wrong).toEqual([]);
  github.permissions = { checks: 'read', contents: 'read', metadata: 'read', pull_requests: 'write', issues: 'write' };
  github.events.pop();
  const { wrong } = await checkApp(account(), log);
  expect(wrong.filter((one) => one.startsWith('the App')).map((one) => one.replace(/ \(.*/, ''))).toEqual([
    'the App: give it checks: write',
    'the App: has more than it needs: issues',
    'the App: let it listen to push',
  ]);
  expect(github.wrongs).toEqual([]);
});
