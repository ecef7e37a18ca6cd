/** The half of the storm that is on GitHub: pull requests beside the series, and what goes wrong with calls. Each must end with one comment and one check. */
import { writeFileSync } from 'node:fs';
import { type Emulator, type Fault, startEmulator } from '../github/emulator.js';
import { appId, repo } from '../github/identity.js';
import { header, openPull } from '../github/scene.js';
import { startProxy } from '../servers/proxy.js';
import type { Posted } from './storm-rows.js';

export interface StormGithub {
  readonly proxy: Awaited<ReturnType<typeof startProxy>>;
  /** For the service's configuration. */
  readonly config: Record<string, unknown>;
  /** A pull request, made while `fault` is the round's; its webhook is lost where nobody listens. */
  open(round: number, fault: string): Promise<void>;
  /** So many of the next calls that write go wrong like this. */
  fail(fault: Fault, calls: number): void;
  /** What is answered is merged, as people do: whoever starts again need not look at it. */
  close(): void;
  readonly posted: readonly Posted[];
  /** When each was answered in whole, by its number. */
  readonly answeredAt: ReadonlyMap<string, readonly number[]>;
  /** Comments and checks too many, and what did not follow GitHub's description. */
  wrong(): string[];
  stop(): Promise<void>;
}

const path = 'include/linux/s.h';

export async function startStormGithub(folder: string, webPort: number): Promise<StormGithub> {
  const github = await startEmulator();
  const proxy = await startProxy(() => Number(new URL(own).port));
  const own = github.url;
  // Addresses in its answers lead through the proxy, too.
  github.url = `http://127.0.0.1:${proxy.port}`;
  github.webhookUrl = `http://127.0.0.1:${webPort}/github/webhook`;
  await github.addRepository(repo);
  writeFileSync(`${folder}/app.pem`, github.privateKey, { mode: 0o600 });
  process.env.KABIWATCH_TEST_HOOK = github.secret;
  const plan: Fault[] = [];
  github.fault = (call) => (call === 'git' ? null : (plan.shift() ?? null));
  const posted: Posted[] = [];
  const answeredAt = new Map<string, number[]>();
  return {
    proxy,
    config: {
      appId,
      privateKey: { file: `${folder}/app.pem` },
      webhookSecret: { env: 'KABIWATCH_TEST_HOOK' },
      apiUrl: `${github.url}/api/v3`,
      mirrors: `${folder}/mirrors`,
    },
    async open(round, fault) {
      posted.push({ id: String(github.pulls.length + 1), fault, at: performance.now() });
      const base = { [path]: header(80), '.github/kabiwatch.yml': 'comment: always\n' };
      await openPull(github, { [path]: header(80, { [2 + (round % 70)]: `r${round}` }) }, { base });
    },
    fail(fault, calls) {
      for (let n = 0; n < calls; n++) plan.push(fault);
    },
    close() {
      for (const pull of github.pulls) {
        const [check] = github.checks(pull.headSha);
        if (pull.state === 'closed' || check?.status !== 'completed' || ours(github, pull.number).length === 0)
          continue;
        answeredAt.set(String(pull.number), [performance.now()]);
        pull.state = 'closed';
      }
    },
    posted,
    answeredAt,
    wrong: () => [
      ...github.wrongs,
      ...github.pulls.flatMap(({ number, headSha }) => {
        const [comments, checks] = [ours(github, number).length, github.checks(headSha).length];
        return comments > 1 || checks > 1 ? [`pull request ${number}: ${comments} comments, ${checks} checks`] : [];
      }),
    ],
    async stop() {
      await proxy.stop();
      await github.stop();
    },
  };
}

function ours(github: Emulator, number: number) {
  return github.comments(number).filter(({ bot }) => bot);
}
