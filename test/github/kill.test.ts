/**
 * The App ended with SIGKILL between two calls to GitHub, then started again, as a process of its own with the real engine: one comment,
 * one check, each annotation once. `KABI_ROUNDS=200 npm test -- test/github/kill` for the long run; the seed is printed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PushNotice } from '../../src/service/ports.js';
import { scratchFolder } from '../servers/run.js';
import { type Emulator, startEmulator } from './emulator.js';
import { appId, installationId, repo } from './identity.js';
import { header, openPull } from './scene.js';

let github: Emulator;
const folder = scratchFolder('kill');
const path = 'include/linux/s.h';

beforeAll(async () => {
  github = await startEmulator();
  // Two hundred rounds ask more in a quarter of an hour than GitHub answers in a whole one.
  github.limits.hourly = 1_000_000;
  await github.addRepository(repo);
});
afterAll(async () => {
  await github.stop();
  folder.remove();
});

/** `push`: what a webhook brought while it ran. */
function startProcess(push: PushNotice | null = null): { child: ChildProcess; ended: Promise<string> } {
  const account = {
    folder: folder.path,
    appId,
    privateKey: github.privateKey,
    webhookSecret: github.secret,
    apiUrl: `${github.url}/api/v3`,
    spaced: false,
    push,
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

const rounds = Number(process.env.KABI_ROUNDS ?? 1);

test(
  'killed at random calls, started again: everything once',
  async () => {
    if (!existsSync(new URL('../../dist/github/forge.js', import.meta.url))) {
      console.log('skipped: dist/ is not built (npm run build)');
      return;
    }
    let seed = Number(process.env.KABI_SEED ?? 20250101);
    console.log(`kill -9: ${rounds} rounds, seed ${seed}`);
    let kills = 0;
    /** Killed at a random call, and started again until it ends by itself. */
    const killed = async (push: PushNotice | null): Promise<void> => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const at = github.calls.length + 4 + ((seed >>> 8) % 12);
      const first = startProcess(push);
      let done = false;
      github.fault = (_, count) => {
        if (done || count < at) return null;
        done = true;
        kills++;
        first.child.kill('SIGKILL');
        return (seed >>> 16) % 2 === 0 ? { kind: 'drop' } : null;
      };
      expect(['done', 'SIGKILL']).toContain(await first.ended);
      github.fault = () => null;
      expect(await startProcess(push).ended).toBe('done');
    };
    for (let round = 0; round < rounds; round++) {
      const names = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [n + 2, `r${round}_${n}`]));
      const base = { [path]: header(80), '.github/kabiwatch.yml': 'comment: always\nlanded: [main]\n' };
      const { pull } = await openPull(github, { [path]: header(80, names) }, { base });
      await killed(null);
      expect(github.comments(pull.number)).toHaveLength(1);
      const checks = github.checks(pull.headSha);
      expect(checks).toHaveLength(1);
      expect(checks[0]?.status).toBe('completed');
      const places = checks[0]?.annotations.map((one) => JSON.stringify(one)) ?? [];
      expect(new Set(places).size).toBe(places.length);
      expect(places.length).toBeGreaterThan(0);
      pull.state = 'closed';
      const from = await github.git(repo, 'rev-parse', 'refs/heads/main');
      const landed = await github.commit(repo, 'main', { [path]: header(80, names) }, `landed ${round}`);
      await killed({
        repo,
        cloneUrl: `${github.url}/git/${repo}.git`,
        branch: 'main',
        installation: installationId,
        from,
      });
      expect(github.allComments.filter(({ on }) => on === landed)).toHaveLength(1);
    }
    expect(kills).toBeGreaterThan(0);
    console.log(`${kills} kills in ${rounds} rounds, ${github.calls.length} calls`);
    expect(github.wrongs).toEqual([]);
  },
  300_000 + rounds * 30_000,
);
