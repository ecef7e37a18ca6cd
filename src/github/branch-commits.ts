/** What came onto a branch: its commits out of the clone, or through the API where there is none; a bounded number of them. */
import type { DueBranch } from '../service/ports.js';
import { readDiff } from './api-diff.js';
import type { Client } from './app.js';
import { diffsOf, fetchRefs, type Git, inClone, type Mirrors, trackedAs, withinLimit } from './clone.js';

export interface BranchCommit {
  readonly commit: string;
  readonly message: string;
}

export interface Pushed {
  readonly tip: string;
  /** Oldest first. */
  readonly commits: readonly BranchCommit[];
  /** There were more, older ones. */
  readonly cut: boolean;
  /** Of so many of them; null where it is too large to be read. */
  readonly diffsOf: (commits: readonly BranchCommit[]) => Promise<readonly (string | null)[]>;
}

/** A merge of somebody's whole tree brings thousands; through the API each costs a call. */
const [mostCloned, mostAsked] = [1000, 100];
/** Where nothing is known of what was there before. */
const mostUnknown = 50;

/** null where the branch is gone. */
export async function commitsOf(client: Client, due: DueBranch, mirrors: Mirrors | null): Promise<Pushed | null> {
  if (mirrors === null) return fromApi(client, due);
  const { token } = (await client.auth({ type: 'installation' })) as { token: string };
  const ref = trackedAs(due.branch);
  return inClone(mirrors, due, token, async (git) => {
    try {
      await fetchRefs(git, `+refs/heads/${due.branch}:${ref}`);
    } catch (error) {
      if (/couldn't find remote ref/.test((error as Error).message)) return null;
      throw error;
    }
    const tip = (await git('rev-parse', ref)).trim();
    const from = await startOf(git, due.from);
    const most = from === null ? mostUnknown : mostCloned;
    const text = await withinLimit(
      git,
      'log',
      '--reverse',
      '--topo-order',
      '--no-merges',
      '--no-show-signature',
      `--max-count=${most + 1}`,
      '--format=%H%x00%B%x00',
      tip,
      ...(from === null ? [] : [`^${from}`]),
    );
    const fields = (text ?? '').split('\0');
    const commits: BranchCommit[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2)
      commits.push({ commit: (fields[at] ?? '').trim(), message: fields[at + 1] ?? '' });
    const cut = text === null || commits.length > most;
    return {
      tip,
      commits: commits.slice(-most),
      cut,
      diffsOf: (some) =>
        inClone(mirrors, due, token, (again) =>
          diffsOf(
            again,
            some.map(({ commit }) => commit),
          ),
        ),
    };
  });
}

/** What all starting points have in common lies before every push; one that was force-pushed away may be gone. */
async function startOf(git: Git, from: readonly string[]): Promise<string | null> {
  const known: string[] = [];
  for (const start of from) {
    const found = await git('rev-parse', '-q', '--verify', `${start}^{commit}`).catch(() => '');
    if (found.trim() !== '') known.push(found.trim());
  }
  if (known.length < 2) return known[0] ?? null;
  return (await git('merge-base', '--octopus', ...known).catch(() => '')).trim() || null;
}

async function fromApi(client: Client, due: DueBranch): Promise<Pushed | null> {
  const [owner = '', repo = ''] = due.repo.split('/');
  const commits: BranchCommit[] = [];
  let cut = false;
  let tip = '';
  for (const from of due.from) {
    try {
      const basehead = `${from}...${due.branch}`;
      const { data } = await client.rest.repos.compareCommitsWithBasehead({
        owner,
        repo,
        basehead,
        per_page: mostAsked,
      });
      tip = data.commits.at(-1)?.sha ?? tip;
      cut ||= data.total_commits > data.commits.length;
      for (const { sha, commit, parents } of data.commits) {
        if (parents.length < 2 && !commits.some((one) => one.commit === sha))
          commits.push({ commit: sha, message: commit.message });
      }
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw error;
    }
  }
  const diffOf = async (ref: string): Promise<string | null> => {
    const read = await readDiff(() =>
      client.rest.repos.getCommit({
        owner,
        repo,
        ref,
        mediaType: { format: 'diff' },
        request: { parseSuccessResponseBody: false },
      }),
    );
    return read.kind === 'diff' ? read.text : null;
  };
  return {
    tip: tip === '' ? (due.from[0] ?? '') : tip,
    commits,
    cut,
    async diffsOf(some) {
      const diffs: (string | null)[] = [];
      for (const { commit } of some) diffs.push(await diffOf(commit));
      return diffs;
    },
  };
}
