/**
 * A verified fix as `suggestion` blocks that a click applies. Only where all of it stands in the pull request's diff: half a fix would not be
 * the one that was verified. One hunk is a comment; several are one review, which GitHub takes whole or not at all.
 */
import { createHash } from 'node:crypto';
import type { Review } from '../kabi/review.js';
import { codeBlock } from '../report/escape.js';
import type { FixPlace } from '../report/github-answers.js';
import type { Place } from './check.js';

export interface Suggestion {
  readonly path: string;
  /** Lines of the file at the head that are replaced, from 1; both included. */
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

/** One for each hunk; null where a hunk cannot be one. */
export function suggestionsOf(diff: string): readonly Suggestion[] | null {
  const found: Suggestion[] = [];
  let path = '';
  let hunk: { readonly start: number; readonly lines: string[] } | null = null;
  // Lines that the hunk's head still promises, on either side: an added line may look like a header.
  let [left, right] = [0, 0];
  const close = (): boolean => {
    const made = hunk === null ? null : suggestionIn(path, hunk.start, hunk.lines);
    if (hunk !== null && made !== null) found.push(made);
    const fine = hunk === null || made !== null;
    hunk = null;
    return fine;
  };
  for (const line of diff.split('\n')) {
    if (hunk !== null && (left > 0 || right > 0)) {
      if (!line.startsWith('+')) left--;
      if (!line.startsWith('-')) right--;
      hunk.lines.push(line === '' ? ' ' : line);
      if (left <= 0 && right <= 0 && !close()) return null;
      continue;
    }
    if (line.startsWith('--- ') || line.startsWith('\\') || line.startsWith('diff ') || line === '') continue;
    const [, to] = /^\+\+\+ b\/(.+)$/.exec(line) ?? [];
    const head = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (to !== undefined) path = to;
    else if (head !== null) {
      hunk = { start: Number(head[1]), lines: [] };
      [left, right] = [Number(head[2] ?? 1), Number(head[3] ?? 1)];
    } else if (/^(new|deleted|old|rename|copy|Binary|GIT) ?/.test(line)) return null;
  }
  return found.length > 0 && hunk === null ? found : null;
}

function suggestionIn(path: string, start: number, lines: readonly string[]): Suggestion | null {
  const changed = lines.map((line) => line.startsWith('+') || line.startsWith('-'));
  const from = changed.indexOf(true);
  const to = changed.lastIndexOf(true);
  if (from < 0 || path === '') return null;
  // A pure insertion has no line to replace: the line before it is repeated.
  const begin = lines.slice(from, to + 1).some((line) => !line.startsWith('+')) ? from : from - 1;
  if (begin < 0) return null;
  const before = lines.slice(0, begin).filter((line) => !line.startsWith('+')).length;
  const replaced = lines.slice(begin, to + 1).filter((line) => !line.startsWith('+')).length;
  const first = start + before;
  return {
    path,
    first,
    last: first + replaced - 1,
    lines: lines
      .slice(begin, to + 1)
      .filter((line) => !line.startsWith('-'))
      .map((line) => line.slice(1)),
  };
}

/** More than these are no suggestion but a patch. */
const most = 20;

/** Where the first fix is suggested now, or was before; nowhere where it does not fit. */
export async function putSuggestions({ client, pull, mine }: Place, review: Review): Promise<readonly FixPlace[]> {
  const fix = review.fixes[0];
  const suggestions = fix === undefined ? null : suggestionsOf(fix.diff);
  if (fix === undefined || suggestions === null || suggestions.length > most) return [];
  // A click applies it: what cannot be shown to the byte would not be what was verified.
  if (suggestions.some(({ lines }) => lines.some((line) => /[^\t\x20-\x7e]/.test(line)))) return [];
  const [owner = '', repo = ''] = pull.repo.split('/');
  const digest = createHash('sha256').update(JSON.stringify(suggestions)).digest('hex').slice(0, 16);
  const mark = `<!-- kabiwatch suggestion ${digest} -->`;
  const at = { owner, repo, pull_number: pull.number };
  const known = await client.paginate(client.rest.pulls.listReviewComments, { ...at, per_page: 100 });
  if (known.some(({ body, user }) => user?.type === 'Bot' && body.startsWith(mark))) return suggestions;
  const count = suggestions.length;
  const comments = suggestions.map((suggestion, index) => {
    const part = count === 1 ? '' : ` Part ${index + 1} of ${count}: only all of them together were judged.`;
    return {
      path: suggestion.path,
      line: suggestion.last,
      side: 'RIGHT' as const,
      ...(suggestion.first < suggestion.last ? { start_line: suggestion.first, start_side: 'RIGHT' as const } : {}),
      body: `${mark}\nKeeps the kABI (judged again: ${fix.verdict}).${part}\n\n${codeBlock(suggestion.lines.join('\n'), 'suggestion')}`,
    };
  });
  const [only] = comments;
  await mine();
  try {
    if (count === 1 && only !== undefined)
      await client.rest.pulls.createReviewComment({ ...at, commit_id: pull.head, ...only });
    else
      await client.rest.pulls.createReview({
        ...at,
        commit_id: pull.head,
        event: 'COMMENT',
        body: `A change that keeps the kABI, in ${count} parts: add each to a batch, and commit them together.`,
        comments,
      });
  } catch (error) {
    // 422: some of these lines are not in the diff.
    if ((error as { status?: number }).status === 422) return [];
    throw error;
  }
  return suggestions;
}
