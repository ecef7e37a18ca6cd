/** The worker that judges a pull request is killed by somebody else: the work is done all the same, and nothing twice. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { judgeIn } from '../../src/service/pull-judge.js';
import { scratchFolder } from '../servers/run.js';
import { type Running, startApp, stopAppAfterEach } from './app.js';
import { repo } from './identity.js';
import { startWorker, worker } from './pool.js';
import { openPull } from './scene.js';
import { after, buildFolder, kernel, path } from './small-kernel.js';

const folder = scratchFolder('killed');
const pool = startWorker();
let app: Running;
stopAppAfterEach();
afterAll(() => folder.remove());

/** Workers of this process. */
function workers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const mine = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) \S /s, '')
          .split(' ')[0];
        return Number(mine) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(worker.pathname);
      } catch {
        return false;
      }
    });
}

/** Works on one pull request while all workers are killed, so many times, as soon as there is a task. */
async function judged(kills: number): Promise<{ readonly body: string; readonly summary: string }> {
  const build = [buildFolder(folder.path, 'amd64', 'CONFIG_X86_64=y\n')];
  app = await startApp({ judge: judgeIn(pool, { build, timeMs: 60_000, references: () => ({}) }) });
  const { github } = app;
  await github.commit(repo, 'main', kernel, 'base');
  const { pull } = await openPull(github, { [path]: after });
  const killed = new Set<number>();
  let strikes = 0;
  for (const idle of workers()) process.kill(idle, 'SIGKILL');
  // Which of them has the task is not asked: one may only stand by.
  const killing = setInterval(() => {
    const fresh = pool.load === 0 ? [] : workers().filter((pid) => !killed.has(pid));
    if (fresh.length === 0 || strikes >= kills) return;
    strikes++;
    for (const pid of fresh) {
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
  }, 5);
  await app.settle();
  clearInterval(killing);
  expect(strikes).toBe(kills);
  const [check] = github.checks(pull.headSha);
  expect(github.checks(pull.headSha)).toHaveLength(1);
  expect(check?.status).toBe('completed');
  expect(github.comments(1)).toHaveLength(1);
  const places = check?.annotations.map((one) => JSON.stringify(one)) ?? [];
  expect(new Set(places).size).toBe(places.length);
  return { body: github.comments(1)[0]?.body ?? '', summary: check?.output.summary ?? '' };
}

test('killed once, it is judged again on the tree', async () => {
  const { body, summary } = await judged(1);
  expect(body).toContain('| `struct s` | 16 bytes | 16 bytes |');
  expect(summary).not.toContain('given up');
});

test('killed each time, what the diff shows is said, and that it is less', async () => {
  const { summary } = await judged(2);
  expect(summary).toContain('judging it was given up&#58; worker ended with SIGKILL');
});
