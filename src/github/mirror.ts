/**
 * A bare clone of each repository, kept by `git fetch`. The installation's token reaches git as configuration in the environment of the
 * one process that needs it: it is never an argument, never in the clone's config, never in a message.
 *
 * What a pull request brings is data: its commits are fetched and diffed, no hook, filter or config of theirs is run.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullSource } from '../service/ports.js';
import { messageIdsIn } from './links.js';

export interface Mirrors {
  readonly folder: string;
  /** Where clones may come from, for instance `https://github.com`. */
  readonly origin: string;
}

export interface Wanted {
  readonly repo: string;
  readonly number: number;
  readonly cloneUrl: string;
  readonly baseRef: string;
  readonly base: string;
  readonly head: string;
}

type Patch = PullSource['patches'][number];

export type Fetched =
  | {
      readonly kind: 'fetched';
      readonly gitDir: string;
      readonly before: string;
      readonly patches: readonly Patch[];
      /** Message-IDs that the commits name. */
      readonly links: readonly string[];
      readonly cut: string | null;
    }
  /** The head was pushed over since it was asked for. */
  | { readonly kind: 'moved' };

const maxCommits = 250;
/** So much of a pull request's diffs is read. */
export const maxBytes = 64 * 1024 * 1024;

/** Fetches of one repository come one after the other: git locks its refs. */
const turns = new Map<string, Promise<unknown>>();

export function fetchPull(mirrors: Mirrors, wanted: Wanted, token: string): Promise<Fetched> {
  const gitDir = join(mirrors.folder, `${safeName(wanted.repo)}.git`);
  const turn = (turns.get(gitDir) ?? Promise.resolve())
    .catch(() => {})
    .then(() => fetchInto(gitDir, mirrors, wanted, token));
  turns.set(gitDir, turn);
  return turn;
}

async function fetchInto(gitDir: string, mirrors: Mirrors, wanted: Wanted, token: string): Promise<Fetched> {
  const url = new URL(wanted.cloneUrl);
  if (url.origin !== new URL(mirrors.origin).origin) throw new Error(`${url.origin} is not ${mirrors.origin}`);
  await mkdir(gitDir, { recursive: true });
  const git = gitIn(gitDir, credentials(url.origin, token));
  await prepare(gitDir, url, git);
  const pull = `refs/kabiwatch/pull/${wanted.number}`;
  await git(
    'fetch',
    '-q',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    `--filter=${filter}`,
    'origin',
    `+refs/pull/${wanted.number}/head:${pull}`,
    `+refs/heads/${wanted.baseRef}:refs/kabiwatch/base/${wanted.baseRef}`,
  );
  if ((await git('rev-parse', pull)).trim() !== wanted.head) return { kind: 'moved' };
  const before = (await git('merge-base', wanted.base, wanted.head)).trim();
  return { kind: 'fetched', gitDir, before, ...(await patchesOf(git, before, wanted.head)) };
}

/** The clone's whole configuration, written at once: what is not so (a first start, one that was cut short) is made so. */
async function prepare(gitDir: string, url: URL, git: (...args: string[]) => Promise<string>): Promise<void> {
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
  if ((await readFile(path, 'utf8').catch(() => '')) === config) return;
  await git('init', '-q', '--bare');
  await writeFile(`${path}.new`, config);
  await rename(`${path}.new`, path);
}

/** Objects that are no source text (firmware) are left on a server that allows it. */
const filter = 'blob:limit=16m';

async function patchesOf(
  git: (...args: string[]) => Promise<string>,
  before: string,
  head: string,
): Promise<{ patches: readonly Patch[]; links: readonly string[]; cut: string | null }> {
  const commits = (await git('rev-list', '--reverse', '--topo-order', '--no-merges', `${before}..${head}`))
    .split('\n')
    .filter((commit) => commit !== '');
  const patches: Patch[] = [];
  const links = new Set<string>();
  let room = maxBytes;
  for (const commit of commits.slice(0, maxCommits)) {
    const said = (await git('show', '-s', '--no-show-signature', '--format=%s%n%an <%ae>%n%B', commit)).split('\n');
    for (const id of messageIdsIn(said.slice(2).join('\n'))) links.add(id);
    const diff = await withinLimit(
      git,
      'diff-tree',
      '-p',
      '-M',
      '--root',
      '--no-commit-id',
      '--no-color',
      '--no-ext-diff',
      '--no-textconv',
      '--src-prefix=a/',
      '--dst-prefix=b/',
      '-r',
      commit,
    );
    room -= diff?.length ?? Number.POSITIVE_INFINITY;
    if (diff === null || room < 0)
      return { patches, links: [...links], cut: `the diffs are larger than ${maxBytes / 1048576} MiB` };
    patches.push({ commit, subject: said[0] ?? '', author: said[1] ?? '', diff });
  }
  const cut = commits.length > maxCommits ? `${commits.length} commits; the first ${maxCommits} are judged` : null;
  return { patches, links: [...links], cut };
}

/** What git prints; null where that is more than is read of a pull request at all. */
async function withinLimit(git: (...args: string[]) => Promise<string>, ...args: string[]): Promise<string | null> {
  try {
    return await git(...args);
  } catch (error) {
    if ((error as Error).cause === tooMuch) return null;
    throw error;
  }
}

const tooMuch = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';

function gitIn(gitDir: string, secret: Readonly<Record<string, string>>): (...args: string[]) => Promise<string> {
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
