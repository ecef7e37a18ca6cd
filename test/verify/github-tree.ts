/**
 * `npm run verify:github-tree -- --reference NAME`: pull requests on a whole kernel. A repository of the source that the tests take from Debian,
 * served by git, an emulated GitHub, and the App as it is started, with its own limit of memory. Prints what each took from the webhook to
 * the check, and holds what the check says against `kabiwatch review --tree`.
 *
 * The repository is made once, under ~/.cache/kabiwatch/verify; it takes minutes.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Review } from '../../src/kabi/review.js';
import { startEmulator } from '../github/emulator.js';
import { appId, repo } from '../github/identity.js';
import { openPull, push, type Scene } from '../github/scene.js';
import { scratchFolder, until } from '../servers/run.js';
import { startProcess } from '../servers/service.js';
import { debianKernel } from '../truth/kernel.js';
import { childrenOf } from './measure.js';

const { values } = parseArgs({ options: { reference: { type: 'string' } } });
const kernel = debianKernel();
if (kernel === null) process.exit();
const { source, build, version } = kernel;
const builds = [build, build.replace(/-amd64$/, '-common')];

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kabiwatch/verify');
const base = join(cache, `${version}.git`);
if (!existsSync(base)) makeBase();
const commit = git(base, 'rev-parse', 'refs/heads/main');

const folder = scratchFolder('github-tree');
const github = await startEmulator();
const { git: bare } = await github.addRepository(repo);
writeFileSync(join(bare, 'objects/info/alternates'), `${join(base, 'objects')}\n`);
git(bare, 'update-ref', 'refs/heads/main', commit);
const policy = `comment: always\n${values.reference === undefined ? '' : `references: [${values.reference}]\n`}`;
const main = await github.commit(repo, 'main', { '.github/kabiwatch.yml': policy }, 'policy');
writeFileSync(join(folder.path, 'key.pem'), github.privateKey);
writeFileSync(join(folder.path, 'secret'), github.secret);

const service = startProcess(
  join(folder.path, 'kabiwatch.yaml'),
  JSON.stringify({
    store: { folder: join(folder.path, 'store') },
    bot: { address: 'kabiwatch@bot.example.org' },
    lists: [],
    replies: join(folder.path, 'replies'),
    web: { listen: '127.0.0.1:0' },
    github: {
      appId,
      privateKey: { file: join(folder.path, 'key.pem') },
      webhookSecret: { file: join(folder.path, 'secret') },
      apiUrl: `${github.url}/api/v3`,
      mirrors: join(folder.path, 'mirrors'),
      build: builds,
    },
  }),
  { said: (line) => (/"level":[45]0/.test(line) ? console.log(line) : undefined) },
);

interface Case {
  readonly name: string;
  readonly path: string;
  /** The line that the member is put behind, and the member. */
  readonly behind: string;
  readonly line: string;
}

const cases: readonly Case[] = [
  {
    name: 'the first on this tree',
    path: 'include/linux/genalloc.h',
    behind: 'struct gen_pool {',
    line: '\tint kabi_first;',
  },
  {
    name: 'a struct of few',
    path: 'include/linux/mempool.h',
    behind: 'typedef struct mempool_s {',
    line: '\tint kabi_few;',
  },
  {
    name: 'a struct of many',
    path: 'include/linux/netdevice.h',
    behind: 'struct net_device {',
    line: '\tint kabi_many;',
  },
  { name: 'a struct of all', path: 'include/linux/sched.h', behind: 'struct task_struct {', line: '\tint kabi_all;' },
  {
    name: 'a file of its own',
    path: 'lib/genalloc.c',
    behind: '#include <linux/slab.h>',
    line: 'struct kabi_own { int a; };',
  },
];

const rows: Record<string, string | number>[] = [];
try {
  await until('the service runs', () => service.port() !== null, 120_000);
  github.webhookUrl = `http://127.0.0.1:${service.port()}/github/webhook`;
  for (const one of cases) {
    const text = github.git(repo, 'cat-file', 'blob', `main:${one.path}`);
    const changed = `${(await text).replace(`${one.behind}\n`, `${one.behind}\n${one.line}\n`)}\n`;
    if (!changed.includes(one.line)) throw new Error(`${one.path} has no line ${one.behind}`);
    const opened = performance.now();
    const scene = await openPull(github, { [one.path]: changed }, { title: one.name, from: main });
    rows.push(await measured(one.name, scene, opened));
    console.log(JSON.stringify(rows.at(-1)));
    if (one !== cases[1]) continue;
    const pushed = performance.now();
    await push(github, scene, { [one.path]: changed, 'Documentation/x.txt': 'x\n' });
    rows.push(await measured('the same, pushed again', scene, pushed));
  }
} finally {
  console.table(rows);
  for (const wrong of github.wrongs) console.log(`wrong: ${wrong}`);
  await service.stop();
  await github.stop();
  folder.remove();
}
if (rows.length <= cases.length || rows.some(({ 'as review': same }) => same !== 'yes') || github.wrongs.length > 0)
  process.exitCode = 1;
process.exit();

async function measured(name: string, { pull }: Scene, begun: number): Promise<Record<string, string | number>> {
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
  const checks = () => github.checks(pull.headSha);
  // The index of a tree is made by a process of its own, whose memory is not the worker's.
  let [worker, index] = [0, 0];
  const watching = setInterval(() => {
    for (const pid of childrenOf(service.child.pid ?? 0)) {
      worker = Math.max(worker, peakOf(pid));
      for (const deeper of childrenOf(pid)) index = Math.max(index, peakOf(deeper));
    }
  }, 100);
  await until('the check is there', () => checks().length > 0, 300_000);
  const there = seconds();
  await until('the check is completed', () => checks()[0]?.status === 'completed', 1_200_000);
  const completed = seconds();
  clearInterval(watching);
  await until('the comment is there', () =>
    github.comments(pull.number).some(({ body }) => body.includes(pull.headSha.slice(0, 12))),
  );
  const commented = seconds();
  const expected = reviewOf(pull.headSha);
  const [check] = checks();
  const body = github.comments(pull.number)[0]?.body ?? '';
  const changes = expected.symbols.changed.length;
  const same =
    check?.output.title?.startsWith(`${expected.verdict}:`) === true &&
    (changes === 0 || body.includes(`${changes} of ${expected.symbols.exported} exported symbols change`)) &&
    expected.types
      .slice(0, 20)
      .every((type) => body.includes(`${type.before?.size ?? '?'} bytes | ${type.after?.size ?? '?'} bytes`));
  return {
    'pull request': name,
    'check, s': there,
    'completed, s': completed,
    'comment, s': commented,
    verdict: expected.verdict,
    symbols: changes,
    'worker, MB': worker,
    'index, MB': index,
    'service, MB': peakOf(service.child.pid ?? 0),
    'as review': same ? 'yes' : 'NO',
  };
}

/** What the command line says of the same commits, on the same tree. */
function reviewOf(head: string): Review {
  const patch = join(folder.path, 'series.mbox');
  const diff = git(bare, 'format-patch', '--stdout', `${main}..${head}`);
  writeFileSync(patch, `${diff}\n`, 'latin1');
  const args = ['review', '--json', '--tree', `${bare}@${main}`, ...builds.flatMap((one) => ['--build', one])];
  if (values.reference !== undefined) args.push('--reference', values.reference);
  try {
    return JSON.parse(cli([...args, patch])) as Review;
  } catch (error) {
    // Verdicts are exit codes.
    return JSON.parse(String((error as { stdout?: unknown }).stdout)) as Review;
  }
}

function cli(args: readonly string[]): string {
  return execFileSync(process.execPath, ['dist/cli/main.js', ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function git(dir: string, ...args: string[]): string {
  return execFileSync('git', ['--git-dir', dir, ...args], { encoding: 'latin1', maxBuffer: 2 ** 28 }).trimEnd();
}

function makeBase(): void {
  console.log(`making ${base}, once`);
  const fresh = `${base}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', fresh]);
  const who = ['-c', 'user.name=kabiwatch', '-c', 'user.email=kabiwatch@example.org'];
  execFileSync('git', ['--git-dir', fresh, '--work-tree', source, 'add', '-A', '-f']);
  execFileSync('git', [...who, '--git-dir', fresh, '--work-tree', source, 'commit', '-q', '-m', version]);
  execFileSync('git', ['--git-dir', fresh, '-c', 'pack.window=2', 'repack', '-adq']);
  renameSync(fresh, base);
}

/** Most memory that it had, MB. */
function peakOf(pid: number): number {
  return Math.round(Number(/^VmHWM:\s*(\d+)/m.exec(statusOf(pid))?.[1] ?? 0) / 1000);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
