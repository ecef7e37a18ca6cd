/** What people do on GitHub, each act with the webhook that it causes. */
import type { Comment, Emulator, Pull } from './emulator.js';
import { repo } from './identity.js';
import { commentPayload, pullPayload } from './webhooks.js';

/** A header of `lines` lines with `int NAME;` put in at the lines given, from 1. */
export function header(lines: number, names: Readonly<Record<number, string>> = {}): string {
  const out = ['struct s {'];
  for (let line = 2; line < lines; line++)
    out.push(names[line] === undefined ? `\tlong member_${line};` : `\tint ${names[line]};`);
  return `${[...out, '};'].join('\n')}\n`;
}

export interface Scene {
  readonly pull: Pull;
  readonly event: (action: string, more?: Record<string, unknown>) => Promise<void>;
}

/** How a webhook arrives: once, or worse. */
export type Delivering = (send: (guid: string) => Promise<number>) => Promise<void>;

export const once: Delivering = async (send) => void (await send(crypto.randomUUID()));

export async function openPull(
  github: Emulator,
  files: Readonly<Record<string, string | null>>,
  options: {
    delivering?: Delivering;
    title?: string;
    headRepo?: string;
    draft?: boolean;
    base?: Readonly<Record<string, string>>;
    /** The commit that it is made on; the tip of `main`. */
    from?: string;
  } = {},
): Promise<Scene> {
  const number = github.pulls.length + 1;
  const base =
    (await github.git(repo, 'rev-parse', '-q', '--verify', 'refs/heads/main').catch(() => '')) ||
    (await github.commit(repo, 'main', options.base ?? { 'include/linux/s.h': header(40), README: 'a\n' }, 'base'));
  const headSha = await github.commit(repo, `topic-${number}`, files, `change s (${number})`, options.from ?? base);
  await github.git(repo, 'update-ref', `refs/pull/${number}/head`, headSha);
  const pull: Pull = {
    repo,
    number,
    title: options.title ?? 'mm: change s',
    state: 'open',
    draft: options.draft ?? false,
    author: 'alice',
    headRepo: options.headRepo ?? repo,
    headRef: `topic-${number}`,
    baseRef: 'main',
    headSha,
    labels: new Set(),
  };
  github.pulls.push(pull);
  const delivering = options.delivering ?? once;
  const event = async (action: string, more: Record<string, unknown> = {}) => {
    const payload = await pullPayload(github, pull, action, more);
    await delivering((guid) => github.send('pull_request', payload, { guid }));
  };
  await event('opened');
  return { pull, event };
}

export async function push(
  github: Emulator,
  { pull, event }: Scene,
  files: Readonly<Record<string, string | null>>,
  from?: string,
): Promise<string> {
  pull.headSha = await github.commit(repo, pull.headRef, files, 'more', from);
  await github.git(repo, 'update-ref', `refs/pull/${pull.number}/head`, pull.headSha);
  await event('synchronize', { before: '0'.repeat(40), after: pull.headSha });
  return pull.headSha;
}

export async function comment(github: Emulator, { pull }: Scene, user: string, body: string): Promise<Comment> {
  const made: Comment = {
    id: github.id(),
    repo,
    on: pull.number,
    user,
    bot: false,
    createdAt: new Date().toISOString(),
    body,
    reactions: [],
  };
  github.allComments.push(made);
  await github.send('issue_comment', commentPayload(github, pull, made));
  return made;
}
