/** Comments of ours, known by a hidden mark: looked for before any is made, so that a repeated round makes no second one. */
import type { Place } from './check.js';

export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  readonly bot: boolean;
  readonly ours: boolean;
  readonly createdAt: Date;
}

export async function readComments({ client, pull, appId }: Place): Promise<Comment[]> {
  const [owner = '', repo = ''] = pull.repo.split('/');
  const all = await client.paginate(client.rest.issues.listComments, {
    owner,
    repo,
    issue_number: pull.number,
    per_page: 100,
  });
  return all.map((comment) => ({
    id: comment.id,
    body: comment.body ?? '',
    author: comment.user?.login ?? '',
    bot: comment.user?.type === 'Bot',
    ours: comment.performed_via_github_app?.id === appId,
    createdAt: new Date(comment.created_at),
  }));
}

/** `key` names the comment's purpose: `review`, or `answer 1234`. A person's comment with our mark is not ours. */
export function withMark(key: string, text: string): string {
  return `${markOf(key)}\n${text}`;
}

function markOf(key: string): string {
  return `<!-- kabiwatch ${key} -->`;
}

export function findComment(comments: readonly Comment[], key: string): Comment | null {
  return comments.find(({ ours, body }) => ours && body.startsWith(markOf(key))) ?? null;
}

/** Made, changed in place, or left alone where it says the same: false. */
export async function putComment(
  place: Place,
  comments: readonly Comment[],
  key: string,
  text: string,
): Promise<boolean> {
  const { client, pull } = place;
  const [owner = '', repo = ''] = pull.repo.split('/');
  const body = withMark(key, text);
  const known = findComment(comments, key);
  if (known?.body.replace(/\r\n/g, '\n').trim() === body.trim()) return false;
  await place.mine();
  if (known === null) await client.rest.issues.createComment({ owner, repo, issue_number: pull.number, body });
  else await client.rest.issues.updateComment({ owner, repo, comment_id: known.id, body });
  return true;
}
