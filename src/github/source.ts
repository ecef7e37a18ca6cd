/** What a pull request proposes: from the clone, or through the API where there is none and the pull request is small. */
import type { PullSource } from '../service/ports.js';
import { readDiff } from './api-diff.js';
import type { Client } from './app.js';
import type { Mirrors } from './clone.js';
import { messageIdsIn } from './links.js';
import { fetchPull } from './mirror.js';
import type { Pull } from './pull.js';

export type Sourced =
  /** `whole`: all of its files are known. */
  { readonly kind: 'source'; readonly source: PullSource; readonly whole: boolean } | { readonly kind: 'moved' };

export async function sourceOf(client: Client, pull: Pull, mirrors: Mirrors | null): Promise<Sourced> {
  if (mirrors === null) return throughApi(client, pull);
  const { token } = (await client.auth({ type: 'installation' })) as { token: string };
  const fetched = await fetchPull(mirrors, pull, token);
  if (fetched.kind === 'moved') return fetched;
  const { gitDir, before, patches, links, cut } = fetched;
  return {
    kind: 'source',
    whole: cut === null,
    source: {
      repo: pull.repo,
      number: pull.number,
      title: pull.title,
      patches,
      tree: { gitDir, before },
      links: [...new Set([...links, ...messageIdsIn(pull.body)])],
      missing: cut === null ? [] : [{ what: 'the rest of the pull request', why: cut }],
    },
  };
}

async function throughApi(client: Client, pull: Pull): Promise<Sourced> {
  const [owner = '', repo = ''] = pull.repo.split('/');
  const known = { repo: pull.repo, number: pull.number, title: pull.title, tree: null, links: messageIdsIn(pull.body) };
  const noTree = { what: 'the tree', why: 'there is no clone of this repository, only the diff was read' };
  const read = await readDiff(() =>
    client.rest.pulls.get({
      owner,
      repo,
      pull_number: pull.number,
      mediaType: { format: 'diff' },
      request: { parseSuccessResponseBody: false },
    }),
  );
  if (read.kind === 'too-large') {
    const why = `${read.why}, and there is no clone of this repository`;
    return { kind: 'source', whole: false, source: { ...known, patches: [], missing: [{ what: 'the diff', why }] } };
  }
  const patch = { commit: pull.head, subject: pull.title, author: pull.author, diff: read.text };
  return { kind: 'source', whole: true, source: { ...known, patches: [patch], missing: [noTree] } };
}
