/** What is said on a commit with which reviewed changes came onto a branch. All foreign text passes through escape.ts. */
import type { Verdict } from '../kabi/review.js';
import { codeSpan, cutText, markdown } from './escape.js';
import { githubVerdictText } from './wording.js';

export interface LandedChange {
  readonly subject: string;
  /** The list, or the repository. */
  readonly list: string;
  readonly pull: number | null;
  readonly verdict: Verdict;
  /** Patches of the series, and how many of them are on the branch. */
  readonly patches: number;
  readonly landed: number;
  /** So many of these as they were reviewed; the others are known by a link alone. */
  readonly same: number;
  /** The review's page, or null. */
  readonly url: string | null;
}

const most = 20;

export function landedText(branch: string, changes: readonly LandedChange[]): string {
  const lines = changes.slice(0, most).map(({ subject, list, pull, verdict, patches, landed, same, url }) => {
    const title = markdown(cutText(subject, 300));
    const where = pull === null ? `on ${markdown(list)}` : `pull request ${pull} of ${markdown(list)}`;
    const part = landed < patches ? `; ${landed} of its ${patches} patches are on this branch` : '';
    const other = same === landed ? '' : `; ${landed - same} by a link, with another patch than was reviewed`;
    return `- ${url === null ? title : `[${title}](${url})`}, ${where}: **${verdict}**, ${githubVerdictText[verdict]}${part}${other}`;
  });
  const left = changes.length - lines.length;
  const rest = left > 0 ? [`- and ${left} more`] : [];
  return `### kABI: reviewed before it landed on ${codeSpan(branch)}\n\n${[...lines, ...rest].join('\n')}`;
}
