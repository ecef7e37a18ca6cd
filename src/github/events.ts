/**
 * Webhook -> which pull requests to look at. An event is only a hint: it says where something happened, never what to write, so events
 * that are doubled, late or out of order change nothing. Unknown events and fields are passed over.
 */
import { z } from 'zod';
import type { PullNotice, PushNotice } from '../service/ports.js';

const Installation = z.object({ id: z.number().int() });
const Repository = z.object({ full_name: z.string().regex(/^[\w.-]+\/[\w.-]+$/), clone_url: z.url().optional() });
const Commit = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);

const Payload = z.object({
  action: z.string().optional(),
  installation: Installation.optional(),
  repository: Repository.optional(),
  sender: z.object({ type: z.string() }).optional(),
  pull_request: z.object({ number: z.number().int() }).optional(),
  changes: z.object({ base: z.unknown().optional() }).optional(),
  issue: z.object({ number: z.number().int(), pull_request: z.unknown().optional() }).optional(),
  comment: z.object({ body: z.string() }).optional(),
  check_run: z
    .object({ external_id: z.string().nullable().optional(), app: z.object({ id: z.number().int() }).nullish() })
    .optional(),
  requested_action: z.object({ identifier: z.string() }).nullish(),
  ref: z.string().nullish(),
  before: Commit.optional(),
  after: Commit.optional(),
  deleted: z.boolean().optional(),
  commits: z.array(z.object({ id: Commit })).optional(),
});

export type Event =
  | { readonly kind: 'pulls'; readonly notices: readonly PullNotice[] }
  | { readonly kind: 'push'; readonly notice: PushNotice }
  /** The App was installed, or got more repositories: look at all open pull requests. */
  | { readonly kind: 'installed'; readonly installation: number }
  | { readonly kind: 'nothing'; readonly why: string };

const pullActions = new Set(['opened', 'synchronize', 'reopened', 'ready_for_review']);
const installedActions = ['created', 'added', 'unsuspend', 'new_permissions_accepted'];

/** May such an event say something? By its names alone, where reading it costs a request. */
export function isListenedTo(event: string, action: string | null): boolean {
  switch (event) {
    case 'pull_request':
      return pullActions.has(action ?? '') || action === 'edited';
    case 'issue_comment':
      return action === 'created';
    case 'check_run':
      return action === 'rerequested' || action === 'requested_action';
    case 'installation':
    case 'installation_repositories':
      return installedActions.includes(action ?? '');
    default:
      return event === 'push';
  }
}

export function readEvent(name: string, body: unknown, appId: number): Event {
  const parsed = Payload.safeParse(body);
  if (!parsed.success) return nothing(`unreadable: ${parsed.error.issues[0]?.path.join('.')}`);
  const { action = '', installation, repository, ...payload } = parsed.data;
  if (installation === undefined) return nothing('no installation');
  if (name === 'installation' || name === 'installation_repositories') {
    return installedActions.includes(action) ? { kind: 'installed', installation: installation.id } : nothing(action);
  }
  if (repository === undefined) return nothing('no repository');
  const look = (number: number, asked: { again?: boolean; fix?: boolean } = {}): Event => ({
    kind: 'pulls',
    notices: [
      { repo: repository.full_name, number, installation: installation.id, again: false, fix: false, ...asked },
    ],
  });
  switch (name) {
    case 'pull_request':
      if (payload.pull_request === undefined) return nothing('no pull request');
      if (pullActions.has(action) || (action === 'edited' && payload.changes?.base !== undefined))
        return look(payload.pull_request.number);
      return nothing(action);
    case 'issue_comment':
      if (action !== 'created' || payload.issue?.pull_request == null) return nothing(action);
      if (payload.sender?.type === 'Bot' || !/^\s*\/kabi\b/m.test(payload.comment?.body ?? ''))
        return nothing('no command');
      return look(payload.issue.number);
    case 'check_run': {
      const pull = pullOfCheck(payload.check_run?.external_id ?? '');
      if (payload.check_run?.app?.id !== appId || pull === null) return nothing('not our check');
      if (action === 'rerequested') return look(pull, { again: true });
      if (action === 'requested_action' && payload.requested_action?.identifier === 'fix')
        return look(pull, { fix: true });
      return nothing(action);
    }
    case 'push':
      return readPush(repository, installation.id, payload);
    default:
      return nothing('not listened to');
  }
}

function readPush(
  { full_name, clone_url }: z.infer<typeof Repository>,
  installation: number,
  {
    ref,
    before,
    after,
    deleted,
    commits = [],
  }: Omit<z.infer<typeof Payload>, 'action' | 'installation' | 'repository'>,
): Event {
  const [, branch] = /^refs\/heads\/(.+)$/.exec(ref ?? '') ?? [];
  if (branch === undefined) return nothing('no branch');
  if (deleted === true || before === undefined || after === undefined || clone_url === undefined)
    return nothing('no commits');
  // Of a new branch, which has no commit before, what GitHub calls new; it may be nothing.
  const [first] = commits;
  const from = !/^0+$/.test(before) ? before : first === undefined ? after : `${first.id}^`;
  return { kind: 'push', notice: { repo: full_name, cloneUrl: clone_url, branch, installation, from } };
}

function nothing(why: string): Event {
  return { kind: 'nothing', why };
}

/** A check's `external_id` names its pull request: GitHub leaves `pull_requests` empty for forks. */
export function checkId(pull: number, digest: string): string {
  return `pull-${pull} ${digest}`;
}

export function pullOfCheck(externalId: string): number | null {
  const [, number] = /^pull-(\d+) /.exec(externalId) ?? [];
  return number === undefined ? null : Number(number);
}
