/** What the emulator answers: one row an operation, with the permission that GitHub asks for it. */
import {
  appBody,
  arrived,
  bot,
  checkBody,
  commentBody,
  deliveryBody,
  pullBody,
  repositoryBody,
  userOf,
} from './bodies.js';
import type { Answer, Asked, Check, Comment, Emulator, Pull } from './emulator.js';
import { appId, installationId } from './identity.js';

export interface Route {
  /** As in schema/api.json. */
  readonly name: string;
  readonly method: string;
  readonly pattern: RegExp;
  /** `app` is a JSON web token of the app; else `area:level` of an installation token. */
  readonly needs: string;
  readonly answer: (github: Emulator, asked: Asked) => Answer | Promise<Answer>;
}

const missing: Answer = { status: 404, body: { message: 'Not Found' } };

function route(name: string, needs: string, answer: Route['answer']): Route {
  const [method = '', path = ''] = name.split(' ');
  const pattern = path.replace(/\{(\w+)\}/g, (_, key: string) =>
    key === 'path' ? `(?<${key}>.+)` : `(?<${key}>[^/]+)`,
  );
  return { name, method: method.toUpperCase(), pattern: new RegExp(`^${pattern}$`), needs, answer };
}

const repoOf = ({ params }: Asked) => `${params.owner}/${params.repo}`;

function page(
  asked: Asked,
  entries: readonly unknown[],
  wrap: (entries: readonly unknown[]) => unknown = (x) => x,
): Answer {
  const perPage = Math.min(100, Number(asked.query.get('per_page') ?? 30));
  const at = (Number(asked.query.get('page') ?? 1) - 1) * perPage;
  return { status: 200, body: wrap(entries.slice(at, at + perPage)), total: entries.length };
}

function changeCheck(check: Check, body: Record<string, unknown>): void {
  if (typeof body.name === 'string') check.name = body.name;
  if (typeof body.external_id === 'string') check.externalId = body.external_id;
  if (typeof body.details_url === 'string') check.detailsUrl = body.details_url;
  if (typeof body.conclusion === 'string') {
    check.conclusion = body.conclusion;
    check.status = 'completed';
  } else if (typeof body.status === 'string') {
    check.status = body.status;
    check.conclusion = null;
  }
  if (Array.isArray(body.actions)) check.actions = body.actions;
  const output = body.output as Record<string, unknown> | undefined;
  if (output === undefined) return;
  check.output = {
    title: output.title as string,
    summary: output.summary as string,
    text: (output.text as string | undefined) ?? null,
  };
  // GitHub appends: there is no way to take an annotation back.
  check.annotations.push(...((output.annotations as Record<string, unknown>[] | undefined) ?? []));
}

function pullOf(github: Emulator, asked: Asked): Pull | undefined {
  return github.pull(repoOf(asked), Number(asked.params.pull_number ?? asked.params.issue_number));
}

/** Is the line on the new side of a hunk? GitHub refuses a review comment elsewhere. */
async function inDiff(github: Emulator, pull: Pull, path: string, line: number): Promise<boolean> {
  const diff = await github.git(pull.repo, 'diff', `${pull.baseRef}...${pull.headSha}`, '--', path);
  for (const [, start = '0', count] of diff.matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm)) {
    if (line >= Number(start) && line < Number(start) + Number(count ?? 1)) return true;
  }
  return false;
}

const notInDiff: Answer = { status: 422, body: { message: 'line must be part of the diff' } };

async function allInDiff(github: Emulator, pull: Pull, places: readonly Record<string, unknown>[]): Promise<boolean> {
  for (const { path, line, start_line } of places) {
    for (const at of [line, start_line ?? line])
      if (!(await inDiff(github, pull, String(path), Number(at)))) return false;
  }
  return true;
}

function placeOf({ path, line, start_line }: Record<string, unknown>, commit: string): NonNullable<Comment['place']> {
  const startLine = start_line === undefined ? {} : { startLine: Number(start_line) };
  return { path: String(path), line: Number(line), commit, ...startLine };
}

function addComment(github: Emulator, asked: Asked, on: number | string, place?: Comment['place']): Answer {
  const body = String(asked.body.body);
  if (body.length > 65536) return { status: 422, body: { message: 'body is too long (maximum is 65536 characters)' } };
  const comment: Comment = {
    id: github.id(),
    repo: repoOf(asked),
    on,
    user: bot,
    bot: true,
    createdAt: new Date().toISOString(),
    body,
    reactions: [],
    ...(place === undefined ? {} : { place }),
  };
  github.allComments.push(comment);
  return { status: 201, body: commentBody(github, comment) };
}

export const routes: readonly Route[] = [
  route('get /app', 'app', (github) => ({
    status: 200,
    body: { ...appBody, permissions: github.permissions, events: github.events },
  })),
  route('get /app/installations', 'app', (github, asked) =>
    page(asked, [
      { id: installationId, app_id: appId, permissions: github.permissions, events: github.events, suspended_at: null },
    ]),
  ),
  route('post /app/installations/{installation_id}/access_tokens', 'app', (github) => ({
    status: 201,
    body: {
      token: github.token(),
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      permissions: github.permissions,
      repository_selection: 'all',
    },
  })),
  route('get /app/hook/deliveries', 'app', (github, asked) => {
    const wanted = asked.query.get('status');
    const perPage = Number(asked.query.get('per_page') ?? 30);
    const before = Number(asked.query.get('cursor') ?? Number.POSITIVE_INFINITY);
    const all = github.deliveries
      .filter(({ id }) => id < before)
      .filter(({ status }) => wanted === null || (wanted === 'success') === arrived(status))
      .reverse();
    const body = all.slice(0, perPage).map(deliveryBody);
    return { status: 200, body, ...(all.length > perPage ? { cursor: String(body.at(-1)?.id) } : {}) };
  }),
  route('get /app/hook/deliveries/{delivery_id}', 'app', (github, asked) => {
    const found = github.deliveries.find(({ id }) => id === Number(asked.params.delivery_id));
    if (found === undefined) return missing;
    const request = { headers: { 'X-GitHub-Delivery': found.guid }, payload: JSON.parse(found.body) };
    return { status: 200, body: { ...deliveryBody(found), request, response: { headers: {}, payload: '' } } };
  }),
  route('post /app/hook/deliveries/{delivery_id}/attempts', 'app', async (github, asked) => {
    void github.redeliver(Number(asked.params.delivery_id)).catch(() => {});
    return { status: 202, body: {} };
  }),
  route('post /app-manifests/{code}/conversions', 'nobody', (github, asked) =>
    asked.params.code === 'good-code'
      ? {
          status: 201,
          body: {
            ...appBody,
            pem: github.privateKey,
            webhook_secret: github.secret,
            client_id: 'c',
            client_secret: 's',
          },
        }
      : missing,
  ),
  route('get /installation/repositories', 'metadata:read', (github, asked) =>
    page(
      asked,
      [...github.repositories.keys()].map((name) => repositoryBody(github, name)),
      (repositories) => ({ total_count: github.repositories.size, repositories }),
    ),
  ),
  route('get /repos/{owner}/{repo}/pulls', 'pull_requests:read', async (github, asked) => {
    const wanted = asked.query.get('state') ?? 'open';
    const pulls = github.pulls.filter(
      (pull) => pull.repo === repoOf(asked) && (wanted === 'all' || pull.state === wanted),
    );
    return page(asked, await Promise.all(pulls.map((pull) => pullBody(github, pull))));
  }),
  route('get /repos/{owner}/{repo}/pulls/{pull_number}', 'pull_requests:read', async (github, asked) => {
    const pull = pullOf(github, asked);
    if (pull === undefined) return missing;
    if (!/\.(diff|patch)\b/.test(asked.accept)) return { status: 200, body: await pullBody(github, pull) };
    const body = await pullBody(github, pull);
    if (Number(body.changed_files) > 300)
      return { status: 406, body: { message: 'Sorry, the diff exceeded the maximum number of files (300).' } };
    const range = `${(body.base as { sha: string }).sha}...${pull.headSha}`;
    return {
      status: 200,
      text: /\.patch\b/.test(asked.accept)
        ? `${await github.git(pull.repo, 'format-patch', '--stdout', range.replace('...', '..'))}\n`
        : `${await github.git(pull.repo, 'diff', range)}\n`,
    };
  }),
  route('get /repos/{owner}/{repo}/pulls/{pull_number}/comments', 'pull_requests:read', (github, asked) =>
    page(
      asked,
      github.allComments
        .filter((comment) => comment.place !== undefined && comment.on === Number(asked.params.pull_number))
        .map((comment) => commentBody(github, comment)),
    ),
  ),
  route('post /repos/{owner}/{repo}/pulls/{pull_number}/comments', 'pull_requests:write', async (github, asked) => {
    const pull = pullOf(github, asked);
    if (pull === undefined) return missing;
    const { path, line, start_line, commit_id, body } = asked.body;
    const place = { path, line, start_line };
    if (!(await allInDiff(github, pull, [place]))) return notInDiff;
    return addComment(github, { ...asked, body: { body } }, pull.number, placeOf(place, String(commit_id)));
  }),
  // All of a review's comments are made, or none.
  route('post /repos/{owner}/{repo}/pulls/{pull_number}/reviews', 'pull_requests:write', async (github, asked) => {
    const pull = pullOf(github, asked);
    if (pull === undefined) return missing;
    const comments = (asked.body.comments ?? []) as Record<string, unknown>[];
    if (!(await allInDiff(github, pull, comments))) return notInDiff;
    for (const { body, ...place } of comments)
      addComment(github, { ...asked, body: { body } }, pull.number, placeOf(place, String(asked.body.commit_id)));
    const { body } = asked.body;
    return { status: 200, body: { id: github.id(), user: userOf(bot, true), body, state: 'COMMENTED' } };
  }),
  route('get /repos/{owner}/{repo}/issues/{issue_number}/comments', 'issues:read|pull_requests:read', (github, asked) =>
    page(
      asked,
      github.comments(Number(asked.params.issue_number)).map((comment) => commentBody(github, comment)),
    ),
  ),
  route(
    'post /repos/{owner}/{repo}/issues/{issue_number}/comments',
    'issues:write|pull_requests:write',
    (github, asked) => {
      const pull = pullOf(github, asked);
      return pull === undefined ? missing : addComment(github, asked, pull.number);
    },
  ),
  route(
    'patch /repos/{owner}/{repo}/issues/comments/{comment_id}',
    'issues:write|pull_requests:write',
    (github, asked) => {
      const comment = github.allComments.find(({ id }) => id === Number(asked.params.comment_id));
      if (comment === undefined) return missing;
      const body = String(asked.body.body);
      if (body.length > 65536)
        return { status: 422, body: { message: 'body is too long (maximum is 65536 characters)' } };
      comment.body = body;
      return { status: 200, body: commentBody(github, comment) };
    },
  ),
  route(
    'post /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
    'issues:write|pull_requests:write',
    (github, asked) => {
      const comment = github.allComments.find(({ id }) => id === Number(asked.params.comment_id));
      if (comment === undefined) return missing;
      const content = String(asked.body.content);
      const known = comment.reactions.includes(content);
      if (!known) comment.reactions.push(content);
      return { status: known ? 200 : 201, body: { id: 1, content, user: userOf(bot, true) } };
    },
  ),
  route(
    'post /repos/{owner}/{repo}/issues/{issue_number}/labels',
    'issues:write|pull_requests:write',
    (github, asked) => {
      const pull = pullOf(github, asked);
      if (pull === undefined) return missing;
      for (const label of asked.body.labels as string[]) pull.labels.add(label);
      return { status: 200, body: [...pull.labels].map((name) => ({ name })) };
    },
  ),
  route(
    'delete /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}',
    'issues:write|pull_requests:write',
    (github, asked) => {
      const pull = pullOf(github, asked);
      if (pull === undefined || !pull.labels.delete(asked.params.name ?? '')) return missing;
      return { status: 200, body: [...pull.labels].map((name) => ({ name })) };
    },
  ),
  route('get /repos/{owner}/{repo}/commits/{ref}/check-runs', 'checks:read', (github, asked) => {
    const name = asked.query.get('check_name');
    const app = asked.query.get('app_id');
    const all = github
      .checks(asked.params.ref ?? '')
      .filter((check) => check.repo === repoOf(asked) && (name === null || check.name === name))
      .filter(() => app === null || Number(app) === appId)
      .reverse();
    const found = asked.query.get('filter') === 'all' ? all : all.slice(0, 1);
    return page(
      asked,
      found.map((check) => checkBody(github, check)),
      (check_runs) => ({ total_count: found.length, check_runs }),
    );
  }),
  route('post /repos/{owner}/{repo}/check-runs', 'checks:write', (github, asked) => {
    const check: Check = {
      id: github.id(),
      repo: repoOf(asked),
      headSha: String(asked.body.head_sha),
      name: String(asked.body.name),
      externalId: null,
      detailsUrl: null,
      status: 'queued',
      conclusion: null,
      output: { title: null, summary: null, text: null },
      annotations: [],
      actions: [],
    };
    changeCheck(check, asked.body);
    github.allChecks.push(check);
    return { status: 201, body: checkBody(github, check) };
  }),
  route('patch /repos/{owner}/{repo}/check-runs/{check_run_id}', 'checks:write', (github, asked) => {
    const check = github.allChecks.find(({ id }) => id === Number(asked.params.check_run_id));
    if (check === undefined) return missing;
    changeCheck(check, asked.body);
    return { status: 200, body: checkBody(github, check) };
  }),
  route('get /repos/{owner}/{repo}/collaborators/{username}/permission', 'metadata:read', (github, asked) => {
    const permission = github.repositories.get(repoOf(asked))?.people.get(asked.params.username ?? '') ?? 'read';
    return {
      status: 200,
      body: { permission, role_name: permission, user: userOf(asked.params.username ?? '', false) },
    };
  }),
  route('get /repos/{owner}/{repo}/contents/{path}', 'contents:read', async (github, asked) => {
    const repo = repoOf(asked);
    if (!github.repositories.has(repo)) return missing;
    const ref = asked.query.get('ref') ?? 'HEAD';
    try {
      const text = await github.git(repo, 'cat-file', 'blob', `${ref}:${asked.params.path}`);
      const content = Buffer.from(`${text}\n`).toString('base64');
      const name = asked.params.path?.split('/').at(-1) ?? '';
      return {
        status: 200,
        body: {
          type: 'file',
          encoding: 'base64',
          size: text.length + 1,
          name,
          path: asked.params.path,
          content,
          sha: 'x',
        },
      };
    } catch {
      return missing;
    }
  }),
  route('get /repos/{owner}/{repo}/compare/{basehead}', 'contents:read', async (github, asked) => {
    const repo = repoOf(asked);
    const [base = '', head = ''] = asked.params.basehead?.split('...') ?? [];
    const list = await github
      .git(repo, 'rev-list', '--reverse', '--topo-order', '--parents', `${base}..${head}`)
      .catch(() => null);
    if (list === null) return missing;
    const rows = list.split('\n').filter((row) => row !== '');
    const commits = await Promise.all(
      rows.slice(0, Number(asked.query.get('per_page') ?? 250)).map(async (row) => {
        const [sha = '', ...parents] = row.split(' ');
        return {
          sha,
          commit: { message: await github.git(repo, 'show', '-s', '--format=%B', sha) },
          parents: parents.map((parent) => ({ sha: parent })),
        };
      }),
    );
    return { status: 200, body: { total_commits: rows.length, commits } };
  }),
  route('get /repos/{owner}/{repo}/commits/{ref}', 'contents:read', async (github, asked) => ({
    status: 200,
    text: `${await github.git(repoOf(asked), 'show', '-M', '--format=', asked.params.ref ?? '')}\n`,
  })),
  route('get /repos/{owner}/{repo}/commits/{commit_sha}/comments', 'metadata:read', (github, asked) =>
    page(
      asked,
      github.allComments
        .filter(({ on }) => on === asked.params.commit_sha)
        .map((comment) => commentBody(github, comment)),
    ),
  ),
  // GitHub's "Permissions required for GitHub Apps": to create one it is enough to read, to change one it is not.
  route('post /repos/{owner}/{repo}/commits/{commit_sha}/comments', 'contents:read', (github, asked) =>
    addComment(github, asked, asked.params.commit_sha ?? ''),
  ),
];
