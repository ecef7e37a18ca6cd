/** docs/github.md from its first line to a check on a pull request, with nothing but the command: the App is made, doctored, served. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { scratchFolder, until } from '../servers/run.js';
import { startProcess } from '../servers/service.js';
import { type Emulator, startEmulator } from './emulator.js';
import { appId, repo } from './identity.js';
import { openPull } from './scene.js';

jest.setTimeout(240_000);

const folder = scratchFolder('new-user');
const file = join(folder.path, 'kabiwatch.yaml');
let github: Emulator;
let api = '';
beforeAll(async () => {
  if (!existsSync('dist/cli/main.js')) throw new Error('dist/ is not built: npm run build');
  github = await startEmulator();
  await github.addRepository(repo);
  github.permissions = { checks: 'write', contents: 'read', metadata: 'read', pull_requests: 'write' };
  github.events.push('check_run', 'issue_comment', 'pull_request', 'push');
  api = `${github.url}/api/v3`;
});
afterAll(async () => {
  await github.stop();
  folder.remove();
});

function kabiwatch(...args: string[]): {
  child: ChildProcess;
  said: { out: string; err: string };
  ended: Promise<number | null>;
} {
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/cli/main.js'), ...args], { cwd: folder.path });
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    said.err += chunk;
  });
  return { child, said, ended: new Promise((resolve) => child.on('close', resolve)) };
}

test('the page leads to GitHub with the manifest, and takes the code that comes back with its own state', async () => {
  const { said, ended } = kabiwatch(
    'github',
    'setup',
    '--url',
    'https://kabi.example.org/',
    '--api',
    api,
    '--organization',
    'acme',
    '--port',
    '0',
  );
  await until('the page is there', () => said.err.includes('Open '));
  const [address = ''] = /http:\/\/localhost:\d+/.exec(said.err) ?? [];
  const html = await (await fetch(address)).text();
  const [, action = ''] = /action="([^"]+)"/.exec(html) ?? [];
  const [, value = ''] = /name="manifest" value="([^"]+)"/.exec(html) ?? [];
  expect(action).toMatch(new RegExp(`^${github.url}/organizations/acme/settings/apps/new\\?state=`));
  const manifest = JSON.parse(value.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<'));
  expect(manifest).toMatchObject({
    redirect_url: address,
    hook_attributes: { url: 'https://kabi.example.org/github/webhook' },
    default_events: github.events,
    default_permissions: github.permissions,
  });
  expect((await fetch(`${address}/?code=good-code&state=forged`)).status).toBe(403);
  const back = new URL(action).searchParams.get('state');
  expect((await fetch(`${address}/?code=good-code&state=${back}`)).status).toBe(200);
  expect(await ended).toBe(0);
  expect(said.out).toContain(`appId: ${appId}\n`);
  expect(said.out).toContain(`apiUrl: ${api}\n`);
  expect(said.out + said.err).not.toMatch(/PRIVATE KEY|it is a secret/);
  expect(statSync(join(folder.path, 'github-private-key.pem')).mode & 0o777).toBe(0o600);
  writeFileSync(file, said.out);
});

test('a code is not used up where its secrets could not be written', async () => {
  const before = github.calls.length;
  const { said, ended } = kabiwatch('github', 'convert', 'good-code', '--api', api);
  expect(await ended).toBe(2);
  expect(said.err).toMatch(/github-private-key\.pem; why: it is there already; remedy: move it/);
  expect(github.calls).toHaveLength(before);
  const other = kabiwatch('github', 'convert', 'bad-code', '--api', api, '--folder', 'other');
  expect(await other.ended).toBe(2);
  expect(other.said.err).toMatch(/good for one hour and one use/);
});

test('doctor finds the App in order, and says what is missing when it is not', async () => {
  const fine = kabiwatch('doctor');
  expect(await fine.ended).toBe(0);
  expect(fine.said.out).toContain('has what it needs, and no more');
  github.permissions = { ...github.permissions, checks: 'read' };
  github.events.pop();
  const wrong = kabiwatch('doctor');
  expect(await wrong.ended).toBe(2);
  expect(wrong.said.out).toMatch(/WRONG GitHub App 4711: the App: give it checks: write .*let it listen to push/);
  github.permissions = { ...github.permissions, checks: 'write' };
  github.events.push('push');
});

test('served with these lines alone: a webhook becomes a check', async () => {
  const lines = readFileSync(file, 'utf8').replace(/^#.*\n/, '');
  const config = `${lines}\nweb: { listen: "127.0.0.1:0" }\nstore: { folder: ${folder.path}/data }\nreplies: ${folder.path}/replies\n`;
  const service = startProcess(file, config.replace('github:', `github:\n  mirrors: ${folder.path}/mirrors`));
  try {
    await until('it runs', () => service.port() !== null, 120_000);
    github.webhookUrl = `http://127.0.0.1:${service.port()}/github/webhook`;
    const path = 'include/linux/s.h';
    const base = { [path]: 'struct s {\n\tlong a;\n\tlong b;\n};\n' };
    const { pull } = await openPull(
      github,
      { [path]: 'struct s {\n\tlong a;\n\tint fresh;\n\tlong b;\n};\n' },
      { base },
    );
    await until('the check is completed', () => github.checks(pull.headSha)[0]?.status === 'completed', 120_000);
    expect(github.checks(pull.headSha)).toMatchObject([{ name: 'kabi', conclusion: 'failure' }]);
    expect(github.wrongs).toEqual([]);
  } finally {
    await service.stop();
  }
});
