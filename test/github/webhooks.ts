/** Webhook payloads: GitHub's own examples with the emulator's state laid over them, held against GitHub's description of webhooks. */
import { createRequire } from 'node:module';
import { pullBody, repositoryBody } from './bodies.js';
import type { Comment, Emulator, Pull } from './emulator.js';
import { appId, installationId } from './identity.js';
import { webhookOf, wrongWebhook } from './schema.js';

type Body = Record<string, unknown>;

// JSON: as a module it needs an attribute that jest does not know.
const examples: unknown = createRequire(import.meta.url)('@octokit/webhooks-examples');

function example(event: string, action: string | null): Body {
  const all = (examples as { name: string; examples: Body[] }[]).find(({ name }) => name === event)?.examples ?? [];
  const found = all.find((one) => action === null || one.action === action);
  if (found === undefined) throw new Error(`no example of ${event} ${action}`);
  return structuredClone(found);
}

function checked(name: string, known: Body): Body {
  const payload = webhookOf(name, known) as Body;
  const why = wrongWebhook(name, payload);
  if (why !== null) throw new Error(`webhook ${name} is not GitHub's: ${why}`);
  return payload;
}

/** `known` over `template`, as deep as both are objects. */
function over(template: unknown, known: unknown): unknown {
  if (known === undefined) return template;
  if (template === null || typeof template !== 'object' || Array.isArray(template)) return known;
  if (known === null || typeof known !== 'object' || Array.isArray(known)) return known;
  const out: Body = { ...(template as Body) };
  for (const [key, value] of Object.entries(known)) out[key] = over(out[key], value);
  return out;
}

function common(github: Emulator, repo: string): Body {
  return { installation: { id: installationId, node_id: 'I' }, repository: repositoryBody(github, repo) };
}

export async function pullPayload(github: Emulator, pull: Pull, action: string, more: Body = {}): Promise<Body> {
  const template = example('pull_request', action === 'edited' ? 'opened' : action);
  const known = {
    ...common(github, pull.repo),
    action,
    number: pull.number,
    // A reviewer fits two of the description's alternatives at once: nobody is asked to review.
    pull_request: { ...(await pullBody(github, pull)), requested_reviewers: [], requested_teams: [], assignees: [] },
    ...more,
  };
  return checked(`pull-request-${action.replaceAll('_', '-')}`, over(template, known) as Body);
}

export function commentPayload(github: Emulator, pull: Pull, comment: Comment): Body {
  const known = {
    ...common(github, pull.repo),
    issue: {
      number: pull.number,
      pull_request: {
        url: `${github.url}/pulls/1`,
        html_url: `${github.url}/1`,
        diff_url: `${github.url}/1.diff`,
        patch_url: `${github.url}/1.patch`,
      },
    },
    comment: { id: comment.id, body: comment.body, user: { login: comment.user } },
    sender: { login: comment.user, type: comment.bot ? 'Bot' : 'User' },
  };
  return checked('issue-comment-created', over(example('issue_comment', 'created'), known) as Body);
}

export function checkPayload(
  github: Emulator,
  repo: string,
  externalId: string,
  action: string,
  identifier?: string,
): Body {
  const known = {
    ...common(github, repo),
    check_run: { external_id: externalId, app: { id: appId } },
    ...(identifier === undefined ? {} : { requested_action: { identifier } }),
  };
  return over(example('check_run', action), known) as Body;
}

/** `before` null: the branch is new; `commits` is what GitHub then calls new. */
export function pushPayload(
  github: Emulator,
  repo: string,
  branch: string,
  pushed: { readonly before: string | null; readonly after: string | null; readonly commits?: readonly string[] },
): Body {
  const { before, after, commits = [] } = pushed;
  const none = '0'.repeat(40);
  const template = example('push', null);
  const [one] = template.commits as Body[];
  const known = {
    ...common(github, repo),
    ref: `refs/heads/${branch}`,
    before: before ?? none,
    after: after ?? none,
    created: before === null,
    deleted: after === null,
    forced: false,
    commits: commits.map((id) => ({ ...(one ?? { message: 'x', timestamp: '2025-01-01T00:00:00Z' }), id })),
  };
  return checked('push', over(template, known) as Body);
}

export function installedPayload(): Body {
  return checked(
    'installation-created',
    over(example('installation', 'created'), {
      installation: {
        id: installationId,
        app_id: appId,
        account: { login: 'acme' },
        created_at: '2025-01-01T00:00:00Z',
        updated_at: '2025-01-01T00:00:00Z',
      },
    }) as Body,
  );
}

export function starPayload(github: Emulator, repo: string): Body {
  return over(example('star', 'created'), common(github, repo)) as Body;
}
