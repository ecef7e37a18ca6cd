/**
 * The App ended with SIGKILL between two calls to GitHub, then started again, as a process of its own with the real engine: one comment,
 * one check, each annotation once. `KABI_ROUNDS=200 npm test -- test/github/kill` for the long run; the seed is printed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scratchFolder } from '../servers/run.js';
import { type Emulator, startEmulator } from './emulator.js';
import { appId, repo } from './identity.js';
import { header, openPull } from './scene.js';

let github: Emulator;
const folder = scratchFolder('kill');
const path = 'include/linux/s.h';

beforeAll(async () => {
  github = await startEmulator();
  await github.addRepository(repo);
});
afterAll(async () => {
  await github.stop();
  folder.remove();
});

function startProcess(): { child: ChildProcess; ended: Promise<string> } {
  const account = {
    folder: folder.path,
    appId,
    privateKey: github.privateKey,
    webhookSecret: github.secret,
    apiUrl: `${github.url}/api/v3`,
    spaced: false,
  };
  const script = new URL('app-process.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, NODE_OPTIONS: '', KABI_APP: JSON.stringify(account) },
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<string>((resolve) =>
    child.on('exit', (code, signal) => resolve(signal ?? (code === 0 ? 'done' : `exit ${code}: ${said}`))),
  );
  return { child, ended };
}

test('killed at random calls, started again: everything once', async () => {
  if (!existsSync(new URL('../../dist/github/forge.js', import.meta.url))) {
    console.log('skipped: dist/ is not built (npm run build)');
    return;
  }
  const rounds = Number(process.env.KABI_ROUNDS ?? 2);
  let seed = Number(process.env.KABI_SEED ?? 20250101);
  console.log(`kill -9: ${rounds} rounds, seed ${seed}`);
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    const names = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [n + 2, `r${round}_${n}`]));
    const base = { [path]: header(80), '.github/kabiwatch.yml': 'comment: always\n' };
    const { pull } = await openPull(github, { [path]: header(80, names) }, { base });
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const at = github.calls.length + 4 + (seed % 16);
    const first = startProcess();
    github.fault = (_, count) => {
      if (count !== at) return null;
      kills++;
      first.child.kill('SIGKILL');
      return seed % 2 === 0 ? { kind: 'drop' } : null;
    };
    expect(['done', 'SIGKILL']).toContain(await first.ended);
    github.fault = () => null;
    expect(await startProcess().ended).toBe('done');
    expect(github.comments(pull.number)).toHaveLength(1);
    const checks = github.checks(pull.headSha);
    expect(checks).toHaveLength(1);
    expect(checks[0]?.status).toBe('completed');
    const places = checks[0]?.annotations.map((one) => JSON.stringify(one)) ?? [];
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBeGreaterThan(0);
    pull.state = 'closed';
  }
  expect(kills).toBeGreaterThan(0);
  console.log(`${kills} kills in ${rounds} rounds, ${github.calls.length} calls`);
  expect(github.wrongs).toEqual([]);
}, 3_000_000);
