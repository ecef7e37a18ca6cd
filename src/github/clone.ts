/**
 * A bare clone of each repository, kept by `git fetch`. The installation's token reaches git as configuration in the environment of the
 * one process that needs it: it is never an argument, never in the clone's config, never in a message.
 *
 * What is fetched is data: no hook, filter or config of it is run.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Mirrors {
  readonly folder: string;
  /** Where clones may come from, for instance `https://github.com`. */
  readonly origin: string;
}

export interface Cloned {
  readonly repo: string;
  readonly cloneUrl: string;
}

/** git in the clone: what it prints; rejects with git's own words. */
export type Git = (...args: string[]) => Promise<string>;

/** So much is read of what git prints. */
export const maxBytes = 64 * 1024 * 1024;

/** Fetches of one repository come one after the other: git locks its refs. */
const turns = new Map<string, Promise<unknown>>();

/** `work` in the repository's clone, which is made where it is not there yet. */
export function inClone<T>(
  mirrors: Mirrors,
  { repo, cloneUrl }: Cloned,
  token: string,
  work: (git: Git, gitDir: string) => Promise<T>,
): Promise<T> {
  const gitDir = join(mirrors.folder, `${safeName(repo)}.git`);
  const turn = (turns.get(gitDir) ?? Promise.resolve())
    .catch(() => {})
    .then(async () => {
      const url = new URL(cloneUrl);
      if (url.origin !== new URL(mirrors.origin).origin) throw new Error(`${url.origin} is not ${mirrors.origin}`);
      await mkdir(gitDir, { recursive: true });
      const git = gitIn(gitDir, credentials(url.origin, token));
      await prepare(gitDir, url, git);
      return work(git, gitDir);
    });
  turns.set(gitDir, turn);
  return turn;
}

/** Brings these refs (`+refs/…:refs/kabiwatch/…`) up to date. */
export async function fetchRefs(git: Git, ...refs: string[]): Promise<void> {
  await git(
    'fetch',
    '-q',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    `--filter=${filter}`,
    'origin',
    ...refs,
  );
}

/** Where a branch is kept: under no name of its own, since `a` may go and `a/b` come, which git cannot keep side by side. */
export function trackedAs(branch: string): string {
  return `refs/kabiwatch/branch/${createHash('sha256').update(branch).digest('hex').slice(0, 40)}`;
}

const asJudged = [
  '-p',
  '-M',
  '--root',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '-r',
];

/** A commit's diff as it is judged; null where it is more than is read at all. */
export function diffOf(git: Git, commit: string): Promise<string | null> {
  return withinLimit(git, 'diff-tree', '--no-commit-id', ...asJudged, commit);
}

/** So many commits are asked for at a time: a process for each takes longer than its diff. */
const atOnce = 50;

/** The same of many commits. */
export async function diffsOf(git: Git, commits: readonly string[]): Promise<(string | null)[]> {
  const diffs: (string | null)[] = [];
  for (let at = 0; at < commits.length; at += atOnce) {
    const some = commits.slice(at, at + atOnce);
    const text = await withinLimit(git, 'show', '--format=%x00%H', '--no-show-signature', ...asJudged, ...some);
    const bodies = new Map(
      (text ?? '').split(/^\0(?=[0-9a-f]+$)/m).map((one) => [one.slice(0, one.indexOf('\n')), one]),
    );
    for (const commit of some) {
      const body = bodies.get(commit);
      diffs.push(text === null ? await diffOf(git, commit) : (body?.slice(body.indexOf('\n') + 1).trimStart() ?? ''));
    }
  }
  return diffs;
}

/** What git prints; null where that is more than is read of it. */
export async function withinLimit(git: Git, ...args: string[]): Promise<string | null> {
  try {
    return await git(...args);
  } catch (error) {
    if ((error as Error).cause === tooMuch) return null;
    throw error;
  }
}

/** The clone's whole configuration, written at once: what is not so (a first start, one that was cut short) is made so. */
async function prepare(gitDir: string, url: URL, git: Git): Promise<void> {
  const config = `[core]
	repositoryformatversion = 1
	filemode = true
	bare = true
	hooksPath = /dev/null
[gc]
	auto = 0
[extensions]
	partialClone = origin
[remote "origin"]
	url = "${url.href}"
	promisor = true
	partialclonefilter = ${filter}
`;
  const path = join(gitDir, 'config');
  const before = await readFile(path, 'utf8').catch(() => '');
  if (before === config) return;
  // With another filter it lacks objects that no fetch would bring: they are taken for known.
  if (before.includes('partialclonefilter') && !before.includes(`partialclonefilter = ${filter}\n`)) {
    await rm(gitDir, { recursive: true, force: true });
    await mkdir(gitDir, { recursive: true });
  }
  await git('init', '-q', '--bare');
  await writeFile(`${path}.new`, config);
  await rename(`${path}.new`, path);
}

/**
 * Objects that are no source text are left on a server that allows it. Not many are: register headers of amdgpu have 24 MB, and git ends
 * where it is asked for an object that it cannot fetch.
 */
const filter = 'blob:limit=64m';

const tooMuch = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';

function gitIn(gitDir: string, secret: Readonly<Record<string, string>>): Git {
  return (...args) =>
    new Promise((resolve, reject) => {
      execFile(
        'git',
        ['--git-dir', gitDir, ...args],
        { env: { ...environment(), ...secret }, maxBuffer: maxBytes, timeout: 1_800_000, encoding: 'utf8' },
        (error, stdout, stderr) => {
          if (error === null) return resolve(stdout);
          // Only git's own words: the error of the child process would repeat arguments and environment.
          const why = stderr.trim().split('\n').slice(-3).join(' ') || error.code || 'ended by a signal';
          reject(new Error(`git ${args[0]}: ${String(why)}`, { cause: error.code }));
        },
      );
    });
}

function environment(): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: 'https:http',
    LC_ALL: 'C.UTF-8',
  };
  for (const name of [
    'PATH',
    'HOME',
    'https_proxy',
    'HTTPS_PROXY',
    'http_proxy',
    'no_proxy',
    'NO_PROXY',
    'SSL_CERT_FILE',
  ]) {
    if (process.env[name] !== undefined) kept[name] = process.env[name];
  }
  return kept;
}

/** For this origin only: a redirect elsewhere does not carry it. */
function credentials(origin: string, token: string): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
  };
}

function safeName(repo: string): string {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo) || repo.includes('..')) throw new Error(`not a repository: ${repo}`);
  return repo;
}
