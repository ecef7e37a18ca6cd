/** What a pull request proposes: from the clone, or through the API where there is none and the pull request is small. */
import type { PullSource } from '../service/ports.js';
import type { Client } from './app.js';
import { messageIdsIn } from './links.js';
import { fetchPull, type Mirrors, maxBytes } from './mirror.js';
import type { Pull } from './pull.js';

export type Sourced = { readonly kind: 'source'; readonly source: PullSource } | { readonly kind: 'moved' };

export async function sourceOf(client: Client, pull: Pull, mirrors: Mirrors | null): Promise<Sourced> {
  if (mirrors === null) return { kind: 'source', source: await throughApi(client, pull) };
  const { token } = (await client.auth({ type: 'installation' })) as { token: string };
  const fetched = await fetchPull(mirrors, pull, token);
  if (fetched.kind === 'moved') return fetched;
  const { gitDir, before, patches, links, cut } = fetched;
  return {
    kind: 'source',
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

async function throughApi(client: Client, pull: Pull): Promise<PullSource> {
  const [owner = '', repo = ''] = pull.repo.split('/');
  const known = { repo: pull.repo, number: pull.number, title: pull.title, tree: null, links: messageIdsIn(pull.body) };
  const noTree = { what: 'the tree', why: 'there is no clone of this repository, only the diff was read' };
  try {
    const { data } = await client.rest.pulls.get({
      owner,
      repo,
      pull_number: pull.number,
      mediaType: { format: 'diff' },
    });
    if (Buffer.byteLength(data as unknown as string) > maxBytes) {
      const why = `it is larger than ${maxBytes / 1048576} MiB, and there is no clone of this repository`;
      return { ...known, patches: [], missing: [{ what: 'the diff', why }] };
    }
    const patch = { commit: pull.head, subject: pull.title, author: pull.author, diff: data as unknown as string };
    return { ...known, patches: [patch], missing: [noTree] };
  } catch (error) {
    if ((error as { status?: number }).status !== 406) throw error;
    const why = 'GitHub gives no diff of a pull request of this size, and there is no clone of this repository';
    return { ...known, patches: [], missing: [{ what: 'the diff', why }] };
  }
}
