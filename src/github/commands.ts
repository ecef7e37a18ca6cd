/**
 * `/kabi …` in a comment: a line of its own. They are found by reading the pull request's comments, not by their webhook, so none is
 * lost and none is carried out twice. Only `accept` changes a verdict's effect, and only for people who may write.
 */
import type { Review } from '../kabi/review.js';
import { explainText, fixText } from '../report/github-answers.js';
import type { DuePull, ForgeStore } from '../service/ports.js';
import type { Place } from './check.js';
import { type Comment, putComment } from './comments.js';
import { putSuggestions } from './suggestions.js';

export type Command =
  | { readonly kind: 'recheck' }
  | { readonly kind: 'explain'; readonly name: string }
  | { readonly kind: 'fix' }
  | { readonly kind: 'accept'; readonly reason: string }
  | { readonly kind: 'help' };

/** Older ones were meant for somebody else: the App was not there, or was down too long. */
const worthMs = 7 * 86_400_000;
/** More in one comment is no conversation. */
const most = 5;

export function readCommands(body: string): Command[] {
  const fenceless = body.replace(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, '');
  return fenceless
    .split('\n')
    .flatMap((line): Command[] => {
      const [, word = '', rest = ''] = /^\s{0,3}\/kabi\b[ \t]*([\w-]*)[ \t]*(.*?)\s*$/.exec(line) ?? ['', null, ''];
      if (word === null) return [];
      switch (word) {
        case 'recheck':
        case 'fix':
          return [{ kind: word }];
        case 'explain':
          return rest === '' ? [{ kind: 'help' }] : [{ kind: 'explain', name: rest.slice(0, 200) }];
        case 'accept':
          return rest === '' ? [{ kind: 'help' }] : [{ kind: 'accept', reason: rest.slice(0, 1000) }];
        default:
          return [{ kind: 'help' }];
      }
    })
    .slice(0, most);
}

export interface Pending {
  readonly comment: Comment;
  readonly commands: readonly Command[];
}

export async function pendingCommands(
  store: ForgeStore,
  comments: readonly Comment[],
  now: Date,
): Promise<readonly Pending[]> {
  const pending: Pending[] = [];
  for (const comment of comments) {
    if (comment.bot || comment.ours || now.getTime() - comment.createdAt.getTime() > worthMs) continue;
    const commands = readCommands(comment.body);
    if (commands.length > 0 && !(await store.obeyed(comment.id))) pending.push({ comment, commands });
  }
  return pending;
}

export interface Judged {
  readonly review: Review;
  /** What an acceptance is tied to. */
  readonly digest: string;
}

/** `judged` is null where the pull request was not looked at. Answers, then notes it as done: a crash between the two finds the answer by its mark. */
export async function obey(
  place: Place,
  store: ForgeStore,
  pull: DuePull,
  { comment, commands }: Pending,
  comments: readonly Comment[],
  judged: Judged | null,
): Promise<void> {
  const answers: string[] = [];
  let accepts: string | null = null;
  let text = comment.body.slice(0, 2000);
  for (const command of commands) {
    switch (command.kind) {
      case 'recheck':
        break;
      case 'explain':
        answers.push(judged === null ? notLooked : explainText(judged.review, command.name));
        break;
      case 'fix':
        answers.push(judged === null ? notLooked : fixText(judged.review, await putSuggestions(place, judged.review)));
        break;
      case 'accept':
        if (judged === null) answers.push(notLooked);
        else if (await mayWrite(place, comment.author)) {
          accepts = judged.digest;
          text = command.reason;
        } else answers.push('Only people with write permission accept a kABI change.');
        break;
      case 'help':
        answers.push(helpText);
        break;
      default:
        command satisfies never;
    }
  }
  if (answers.length > 0)
    await putComment(place, comments, `answer ${comment.id}`, answers.join('\n\n').slice(0, 65_000));
  const [owner = '', repo = ''] = place.pull.repo.split('/');
  await place.client.rest.reactions.createForIssueComment({
    owner,
    repo,
    comment_id: comment.id,
    content: answers.length === 0 || accepts !== null ? '+1' : 'eyes',
  });
  await store.obey(pull, { comment: comment.id, who: comment.author, text, accepts });
}

async function mayWrite({ client, pull }: Place, username: string): Promise<boolean> {
  const [owner = '', repo = ''] = pull.repo.split('/');
  try {
    const { data } = await client.rest.repos.getCollaboratorPermissionLevel({ owner, repo, username });
    return data.permission === 'admin' || data.permission === 'write';
  } catch (error) {
    if ((error as { status?: number }).status === 404) return false;
    throw error;
  }
}

const notLooked = 'Nothing of this pull request was looked at: no file of it matches `paths` of the configuration.';

const helpText = `| command | does |
|---|---|
| \`/kabi recheck\` | judges this pull request again |
| \`/kabi explain struct NAME\` | says what happens to one type |
| \`/kabi fix\` | shows the change that keeps the kABI, where one was verified |
| \`/kabi accept REASON\` | turns the check neutral until the findings change; needs write permission |
| \`/kabi help\` | this |`;
