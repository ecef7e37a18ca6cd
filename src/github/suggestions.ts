/**
 * A verified fix as a `suggestion` block that a click applies. Only where the whole fix is one hunk in one file, whose changed lines stand
 * in the pull request's diff: half a fix would not be the one that was verified.
 */
import { createHash } from 'node:crypto';
import type { Review } from '../kabi/review.js';
import { codeBlock } from '../report/escape.js';
import type { Place } from './check.js';

export interface Suggestion {
  readonly path: string;
  /** Lines of the file at the head that are replaced, from 1; both included. */
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

export function suggestionOf(diff: string): Suggestion | null {
  const files = [...diff.matchAll(/^\+\+\+ b\/(.+)$/gm)];
  const hunks = [...diff.matchAll(/^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@.*\n((?:[ +\\-].*\n?|\n)*)/gm)];
  const [file] = files;
  const [hunk] = hunks;
  if (files.length !== 1 || hunks.length !== 1 || file === undefined || hunk === undefined) return null;
  const lines = (hunk[2] ?? '')
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => !line.startsWith('\\'));
  const changed = lines.map((line) => line.startsWith('+') || line.startsWith('-'));
  const from = changed.indexOf(true);
  const to = changed.lastIndexOf(true);
  if (from < 0) return null;
  // A pure insertion has no line to replace: the line before it is repeated.
  const begin = lines.slice(from, to + 1).some((line) => !line.startsWith('+')) ? from : from - 1;
  if (begin < 0) return null;
  const before = lines.slice(0, begin).filter((line) => !line.startsWith('+')).length;
  const replaced = lines.slice(begin, to + 1).filter((line) => !line.startsWith('+')).length;
  const first = Number(hunk[1]) + before;
  return {
    path: file[1] ?? '',
    first,
    last: first + replaced - 1,
    lines: lines
      .slice(begin, to + 1)
      .filter((line) => !line.startsWith('-'))
      .map((line) => line.slice(1)),
  };
}

export async function putSuggestions({ client, pull, mine }: Place, review: Review): Promise<void> {
  const fix = review.fixes[0];
  const suggestion = fix === undefined ? null : suggestionOf(fix.diff);
  if (fix === undefined || suggestion === null) return;
  // A click applies it: what cannot be shown to the byte would not be what was verified.
  if (suggestion.lines.some((line) => /[^\t\x20-\x7e]/.test(line))) return;
  const [owner = '', repo = ''] = pull.repo.split('/');
  const digest = createHash('sha256').update(JSON.stringify(suggestion)).digest('hex').slice(0, 16);
  const mark = `<!-- kabiwatch suggestion ${digest} -->`;
  const known = await client.paginate(client.rest.pulls.listReviewComments, {
    owner,
    repo,
    pull_number: pull.number,
    per_page: 100,
  });
  if (known.some(({ body, user }) => user?.type === 'Bot' && body.startsWith(mark))) return;
  await mine();
  try {
    await client.rest.pulls.createReviewComment({
      owner,
      repo,
      pull_number: pull.number,
      commit_id: pull.head,
      path: suggestion.path,
      line: suggestion.last,
      side: 'RIGHT',
      ...(suggestion.first < suggestion.last ? { start_line: suggestion.first, start_side: 'RIGHT' as const } : {}),
      body: `${mark}\nKeeps the kABI (judged again: ${fix.verdict}).\n\n${codeBlock(suggestion.lines.join('\n'), 'suggestion')}`,
    });
  } catch (error) {
    // 422: these lines are not in the diff; the fix stands in the comment all the same.
    if ((error as { status?: number }).status !== 422) throw error;
  }
}
