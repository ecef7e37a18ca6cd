/**
 * A watched branch got commits: those that were reviewed as a series, on a list or as a pull request, get a comment that says so, where the
 * repository wants it. One for each series and branch: on which commit is noted before anything is written, and looked for there.
 */
import type { Logger } from 'pino';
import { landedText } from '../report/landed.js';
import type { BranchStore, CommitMarks, DueBranch, Landed, PatchIds } from '../service/ports.js';
import type { Client } from './app.js';
import { commitsOf, type Pushed } from './branch-commits.js';
import type { Mirrors } from './clone.js';
import { messageIdsIn } from './links.js';
import { matchesPath, type RepositoryConfig, repositoryConfig } from './repository-config.js';
import { worthSaying } from './worth-saying.js';

export interface Announcing {
  readonly store: BranchStore;
  readonly mirrors: Mirrors | null;
  readonly patchIds: PatchIds;
  /** Branches that are watched where neither the repository nor its organisation says. */
  readonly landed: readonly string[];
  readonly log: Logger;
  readonly pageOf: (review: number) => string | null;
  /** Rejects when somebody else works on this branch by now. */
  readonly mine: () => Promise<void>;
}

/** What was done, in a word. Ends well at any point and may begin again at any other. */
export async function announceLanded(work: Announcing, client: Client, due: DueBranch): Promise<string> {
  const read = await repositoryConfig(client, due.repo, due.branch, { landed: [...work.landed] });
  if (!read.ok || read.config.comment === 'never' || !watches(read.config, due.branch)) {
    await work.store.forget(due);
    return 'not watched';
  }
  const pushed = await commitsOf(client, due, work.mirrors);
  if (pushed === null) {
    await work.store.forget(due);
    return 'gone';
  }
  if (pushed.cut) work.log.warn({ branch: nameOf(due), tip: pushed.tip }, 'more commits than are looked at');
  await work.store.note(due, await marksOf(work, pushed));
  const landed = await work.store.unsaid(due);
  for (const commit of new Set(landed.map((one) => one.commit))) {
    const here = landed.filter((one) => one.commit === commit);
    const told = here.filter(({ review }) => worthSaying(review, read.config));
    if (told.length > 0 && (await putCommitComment(work, client, due, commit, told)))
      for (const { reviewId } of told)
        work.log.info({ review: `r${reviewId}`, branch: nameOf(due), commit }, 'told that it landed');
    await work.store.said(
      due,
      here.map(({ series }) => series),
    );
  }
  await work.store.settle(due, pushed.tip);
  return `${pushed.commits.length} commits, ${landed.length} reviewed series`;
}

function watches(config: RepositoryConfig, branch: string): boolean {
  return config.landed.some((pattern) => matchesPath(pattern, branch));
}

export function nameOf({ repo, branch }: DueBranch): string {
  return `${repo} ${branch}`;
}

/** So many are read, and so much text goes to a worker, at a time. */
const [batchCommits, batchBytes] = [50, 8 * 1024 * 1024];

async function marksOf(work: Announcing, { commits, diffsOf }: Pushed): Promise<CommitMarks[]> {
  const marks: CommitMarks[] = [];
  for (let at = 0; at < commits.length; at += batchCommits) {
    const some = commits.slice(at, at + batchCommits);
    const ids = await idsOf(
      work,
      (await diffsOf(some)).map((diff) => diff ?? ''),
    );
    some.forEach(({ commit, message }, index) => {
      marks.push({ commit, links: messageIdsIn(message), patchId: ids[index] ?? null });
    });
    await work.mine();
  }
  return marks;
}

async function idsOf(work: Announcing, diffs: readonly string[]): Promise<(string | null)[]> {
  const ids: (string | null)[] = [];
  let batch: string[] = [];
  let size = 0;
  for (const [index, diff] of diffs.entries()) {
    batch.push(diff);
    size += diff.length;
    if (size < batchBytes && index < diffs.length - 1) continue;
    ids.push(...(await work.patchIds(batch)));
    batch = [];
    size = 0;
  }
  return ids;
}

/** Whatever branch it came from: a commit that is merged on to others has said it. */
const mark = '<!-- kabiwatch landed -->';

/** False where it was said before. */
async function putCommitComment(
  work: Announcing,
  client: Client,
  due: DueBranch,
  commit: string,
  landed: readonly Landed[],
): Promise<boolean> {
  const [owner = '', repo = ''] = due.repo.split('/');
  const known = await client.paginate(client.rest.repos.listCommentsForCommit, {
    owner,
    repo,
    commit_sha: commit,
    per_page: 100,
  });
  if (known.some(({ body, user }) => user?.type === 'Bot' && body.startsWith(mark))) return false;
  const changes = landed.map(({ review, reviewId, commits, same, subject, list, pull }) => ({
    subject,
    list,
    pull,
    verdict: review.verdict,
    patches: review.series.patches.length,
    landed: commits.length,
    same,
    url: work.pageOf(reviewId),
  }));
  await work.mine();
  const body = `${mark}\n${landedText(due.branch, changes)}`;
  await client.rest.repos.createCommitComment({ owner, repo, commit_sha: commit, body });
  return true;
}
