/** The App over real HTTP against the emulator, with the embedded store: what each test of src/github starts from. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, expect, jest } from '@jest/globals';
import pino from 'pino';
import { type Forge, startForge } from '../../src/github/forge.js';
import type { Finding, Review } from '../../src/kabi/review.js';
import { parseDiffs } from '../../src/patch/parse.js';
import { patchId } from '../../src/patch/patch-id.js';
import { systemClock } from '../../src/service/clock.js';
import type { Store } from '../../src/service/database.js';
import { migrate } from '../../src/service/migrate.js';
import { openFolder } from '../../src/service/pglite.js';
import type { Clock, Judge, PullJudgement, PullSource } from '../../src/service/ports.js';
import { patchIdOf } from '../../src/service/pull-review.js';
import { pullStore } from '../../src/service/store/pulls.js';
import { run, scratchFolder } from '../servers/run.js';
import { emptyReview } from '../service/review.js';
import { type Emulator, startEmulator } from './emulator.js';
import { appId, repo } from './identity.js';

/** The first test of a file also makes the store and compiles GitHub's description: on a busy machine that takes most of a minute. */
jest.setTimeout(240_000);

export interface Running {
  readonly github: Emulator;
  readonly store: Store;
  readonly forge: Forge;
  /** The folder of the clones. */
  readonly mirrors: string;
  /** What the App wrote to its log. */
  readonly logged: string[];
  readonly clock: { move(ms: number): void };
  /** Works until nothing is due, moving the clock over pauses. Returns the rounds. */
  settle(): Promise<number>;
  /** The text of every small file under the clones. */
  mirrorFiles(): Promise<string>;
  /** A new process on the same store: everything in memory is gone. */
  restart(judge?: Judge): Promise<void>;
  stop(): Promise<void>;
}

export interface Starting {
  readonly judge?: Judge;
  readonly mirrors?: boolean;
  readonly leaseMs?: number;
  readonly landed?: readonly string[];
  readonly missedMs?: number;
}

export async function startApp(options: Starting = {}): Promise<Running> {
  const github = await startEmulator();
  await github.addRepository(repo);
  const folder = scratchFolder('forge');
  const store = await emptyStore();
  let ahead = 0;
  const clock: Clock = { now: () => new Date(Date.now() + ahead), sleep: systemClock.sleep };
  github.now = () => clock.now().getTime();
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const make = (judge: Judge) =>
    startForge({
      account: {
        appId,
        privateKey: github.privateKey,
        webhookSecret: github.secret,
        apiUrl: `${github.url}/api/v3`,
        spaced: false,
      },
      store: pullStore(store, clock, 'kabiwatch test'),
      judge,
      patchIds: async (diffs) => diffs.map(patchIdOf),
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
      ...(options.landed === undefined ? {} : { landed: options.landed }),
      ...(options.missedMs === undefined ? {} : { missedMs: options.missedMs }),
      mirrors: options.mirrors === false ? null : `${folder.path}/mirrors`,
      clock,
      log,
      state: () => {},
      pageOf: (review) => `https://kabi.example.org/reviews/r${review}`,
    });
  let forge = await make(options.judge ?? judgeLines);
  const server = await listen((request) => forge.receive(request));
  github.webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/github/webhook`;
  const running = {
    github,
    store,
    mirrors: `${folder.path}/mirrors`,
    get forge() {
      return forge;
    },
    logged,
    clock: {
      move(ms: number) {
        ahead += ms;
      },
    },
    async settle() {
      for (let rounds = 0; rounds < 200; rounds++) {
        if (await forge.workOnce()) continue;
        const [due] = await store.query<{ at: Date }>(
          `select min(greatest(due_at, coalesce(held_until, due_at))) as at from (
             select due_at, held_until from kabiwatch.pull union all select due_at, held_until from kabiwatch.branch
           ) due where due_at is not null`,
        );
        if (due?.at == null) return rounds;
        ahead += Math.max(1, due.at.getTime() - clock.now().getTime() + 1);
      }
      throw new Error('never settles');
    },
    async mirrorFiles() {
      const { stdout } = await run('find', [folder.path, '-type', 'f', '-size', '-64k', '-exec', 'cat', '{}', '+'], {
        maxBuffer: 64 * 1024 * 1024,
        encoding: 'latin1',
      });
      return stdout;
    },
    async restart(judge: Judge = options.judge ?? judgeLines) {
      forge = await make(judge);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await github.stop();
      folder.remove();
    },
  };
  started.push(running);
  return running;
}

const started: Running[] = [];

/** Call once in a file, at its top: no App outlives its test, and nothing that it said differs from GitHub's description. */
export function stopAppAfterEach(): void {
  afterEach(async () => {
    for (const app of started.splice(0)) {
      expect(app.github.wrongs).toEqual([]);
      await app.stop();
    }
  });
  afterAll(closeStore);
}

/** Making a store takes seconds, so a test file has one, emptied for each test. */
let opened: Promise<{ store: Store; done(): Promise<void> }> | null = null;

async function emptyStore(): Promise<Store> {
  opened ??= (async () => {
    const folder = scratchFolder('forge-store');
    const store = await openFolder(folder.path);
    await migrate(store);
    const done = async () => {
      await store.close();
      folder.remove();
    };
    return { store, done };
  })();
  const { store } = await opened;
  await store.script(
    'truncate kabiwatch.thread, kabiwatch.series, kabiwatch.forge_delivery, kabiwatch.branch, kabiwatch.lease cascade',
  );
  return store;
}

export async function closeStore(): Promise<void> {
  await (await opened)?.done();
  opened = null;
}

function listen(receive: (request: Request) => Promise<Response>): Promise<Server> {
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const answer = await receive(
      new Request(`http://localhost${incoming.url}`, {
        method: 'POST',
        headers: incoming.headers as Record<string, string>,
        body: Buffer.concat(chunks),
      }),
    );
    response.writeHead(answer.status).end(await answer.text());
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** The second implementation of the port: each added line `int NAME;` is a break, with the line that it has in the new file. */
export const judgeLines: Judge = async (source) => {
  const head = source.patches.at(-1)?.commit;
  if (source.tree === null || head === undefined)
    return judgementOf(reviewOf(source, source.patches[0]?.diff ?? ''), source);
  const { gitDir, before } = source.tree;
  const { stdout } = await run('git', ['--git-dir', gitDir, 'diff', before, head], { maxBuffer: 64 * 1024 * 1024 });
  return judgementOf(reviewOf(source, stdout), source);
};

function judgementOf(review: Review, source: PullSource): PullJudgement {
  const patchIds = source.patches.flatMap(({ diff }) => patchId(parseDiffs(diff).files) ?? []);
  const { arch, reference } = review.target;
  const { verdict, evidence } = review;
  return { review, targets: [{ arch, reference, verdict, evidence, types: 0, symbols: 0 }], patchIds };
}

function reviewOf(source: PullSource, diff: string): Review {
  const findings: Finding[] = [];
  const files = new Set<string>();
  let path = '';
  let line = 0;
  for (const text of diff.split('\n')) {
    const [, to] = /^\+\+\+ b\/(.*)$/.exec(text) ?? [];
    const [, start] = /^@@ -\S+ \+(\d+)/.exec(text) ?? [];
    if (to !== undefined) {
      path = to;
      files.add(path);
    } else if (start !== undefined) line = Number(start);
    else if (/^[+ ]/.test(text)) {
      const [, name] = /^\+\tint (\w+);/.exec(text) ?? [];
      if (name !== undefined) findings.push(finding(path, line, 1, name));
      line++;
    }
  }
  return emptyReview({
    series: {
      subject: source.title,
      version: 1,
      rfc: false,
      messageId: null,
      patches: [{ n: 1, total: 1, messageId: null, subject: source.title, files: [...files] }],
    },
    verdict: findings.length > 0 ? 'crc-break' : 'none',
    findings,
    missing: [...source.missing],
  });
}

function finding(file: string, line: number, patch: number, name: string): Finding {
  return {
    rule: 'member-inserted',
    severity: 'error',
    type: 's',
    symbol: null,
    file,
    line,
    patch,
    text: `${name} is inserted`,
    evidence: 'diff',
    verified: false,
  };
}
