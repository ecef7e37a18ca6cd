/** A pull request's commits out of the clone, as data: they are fetched and diffed, nothing of them is run. */
import type { PullSource } from '../service/ports.js';
import {
  type Cloned,
  diffOf,
  fetchRefs,
  type Git,
  inClone,
  type Mirrors,
  maxBytes,
  trackedAs,
  withinLimit,
} from './clone.js';
import { messageIdsIn } from './links.js';

export interface Wanted extends Cloned {
  readonly number: number;
  readonly baseRef: string;
  readonly base: string;
  readonly head: string;
}

type Patch = PullSource['patches'][number];

interface Patches {
  readonly patches: readonly Patch[];
  /** Message-IDs that the commits name. */
  readonly links: readonly string[];
  /** Why it is not all of them. */
  readonly cut: string | null;
}

export type Fetched =
  | ({ readonly kind: 'fetched'; readonly gitDir: string; readonly before: string } & Patches)
  /** The head was pushed over since it was asked for. */
  | { readonly kind: 'moved' };

const maxCommits = 250;

export function fetchPull(mirrors: Mirrors, wanted: Wanted, token: string): Promise<Fetched> {
  return inClone(mirrors, wanted, token, async (git, gitDir) => {
    const pull = `refs/kabiwatch/pull/${wanted.number}`;
    await fetchRefs(
      git,
      `+refs/pull/${wanted.number}/head:${pull}`,
      `+refs/heads/${wanted.baseRef}:${trackedAs(wanted.baseRef)}`,
    );
    if ((await git('rev-parse', pull)).trim() !== wanted.head) return { kind: 'moved' };
    const before = (await git('merge-base', wanted.base, wanted.head)).trim();
    return { kind: 'fetched', gitDir, before, ...(await patchesOf(git, before, wanted.head)) };
  });
}

async function patchesOf(git: Git, before: string, head: string): Promise<Patches> {
  const commits = (await git('rev-list', '--reverse', '--topo-order', '--no-merges', `${before}..${head}`))
    .split('\n')
    .filter((commit) => commit !== '');
  const patches: Patch[] = [];
  const links = new Set<string>();
  let room = maxBytes;
  for (const commit of commits.slice(0, maxCommits)) {
    const message = await withinLimit(
      git,
      'show',
      '-s',
      '--no-show-signature',
      '--format=%s%x00%an <%ae>%x00%B',
      commit,
    );
    const diff = await diffOf(git, commit);
    room -= (message?.length ?? Number.POSITIVE_INFINITY) + (diff?.length ?? Number.POSITIVE_INFINITY);
    if (message === null || diff === null || room < 0)
      return { patches, links: [...links], cut: `the diffs are larger than ${maxBytes / 1048576} MiB` };
    const [subject = '', author = '', body = ''] = message.split('\0');
    for (const id of messageIdsIn(body)) links.add(id);
    patches.push({ commit, subject, author, diff });
  }
  const cut = commits.length > maxCommits ? `${commits.length} commits; the first ${maxCommits} are judged` : null;
  return { patches, links: [...links], cut };
}
