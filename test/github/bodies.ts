/** What the emulator's state looks like in GitHub's answers; schema.ts fills in what nobody asks for. */
import type { Check, Comment, Emulator, Pull } from './emulator.js';
import { appId, installationId } from './identity.js';

export const bot = 'kabiwatch[bot]';
export const appBody = { id: appId, slug: 'kabiwatch', name: 'kabiwatch', node_id: 'A_1' };

export const userOf = (login: string, isBot: boolean) => ({ login, id: 7, type: isBot ? 'Bot' : 'User' });

export function repositoryBody(github: Emulator, name: string): Record<string, unknown> {
  const [owner = '', repo = ''] = name.split('/');
  return {
    id: 1 + [...github.repositories.keys()].indexOf(name),
    name: repo,
    full_name: name,
    owner: { login: owner },
    private: github.repositories.get(name)?.private ?? false,
    default_branch: 'main',
    clone_url: `${github.url}/git/${name}.git`,
    html_url: `${github.url}/${name}`,
  };
}

export async function pullBody(github: Emulator, pull: Pull): Promise<Record<string, unknown>> {
  const base = await github.git(pull.repo, 'rev-parse', `refs/heads/${pull.baseRef}`);
  const commits = await github.git(pull.repo, 'rev-list', '--count', `${base}..${pull.headSha}`);
  const files = await github.git(pull.repo, 'diff', '--name-only', `${base}...${pull.headSha}`);
  return {
    id: pull.number,
    number: pull.number,
    state: pull.state,
    draft: pull.draft,
    title: pull.title,
    body: pull.body ?? null,
    user: userOf(pull.author, false),
    html_url: `${github.url}/${pull.repo}/pull/${pull.number}`,
    labels: [...pull.labels].map((name) => ({ name, id: 1, node_id: 'L', url: 'https://example.org/', color: 'fff' })),
    head: {
      ref: pull.headRef,
      sha: pull.headSha,
      label: `x:${pull.headRef}`,
      repo: repositoryBody(github, pull.headRepo),
    },
    base: { ref: pull.baseRef, sha: base, label: `x:${pull.baseRef}`, repo: repositoryBody(github, pull.repo) },
    commits: Number(commits),
    changed_files: files === '' ? 0 : files.split('\n').length,
    milestone: null,
    auto_merge: null,
    merged: false,
  };
}

export const arrived = (status: number) => status === 200 || status === 202;

export function deliveryBody({ id, guid, event, action, status, at }: Emulator['deliveries'][number]) {
  return {
    id,
    guid,
    event,
    action,
    status: arrived(status) ? 'OK' : 'failed to connect to host',
    status_code: status,
    delivered_at: at.toISOString(),
    redelivery: false,
    installation_id: installationId,
    repository_id: 1,
    duration: 0.1,
  };
}

export function commentBody(github: Emulator, comment: Comment): Record<string, unknown> {
  return {
    id: comment.id,
    body: comment.body,
    user: userOf(comment.user, comment.bot),
    created_at: comment.createdAt,
    updated_at: comment.createdAt,
    html_url: `${github.url}/c/${comment.id}`,
    author_association: 'NONE',
    ...(comment.bot ? { performed_via_github_app: appBody } : {}),
    ...(comment.place === undefined
      ? {}
      : { path: comment.place.path, line: comment.place.line, commit_id: comment.place.commit, side: 'RIGHT' }),
  };
}

export function checkBody(github: Emulator, check: Check): Record<string, unknown> {
  return {
    id: check.id,
    node_id: 'C',
    name: check.name,
    head_sha: check.headSha,
    external_id: check.externalId,
    details_url: check.detailsUrl,
    html_url: `${github.url}/${check.repo}/runs/${check.id}`,
    status: check.status,
    conclusion: check.conclusion,
    started_at: '2025-01-01T00:00:00Z',
    completed_at: check.status === 'completed' ? '2025-01-01T00:00:00Z' : null,
    check_suite: { id: 1 },
    output: {
      ...check.output,
      annotations_count: check.annotations.length,
      annotations_url: `${github.url}/annotations`,
    },
    app: appBody,
    pull_requests: [],
  };
}
