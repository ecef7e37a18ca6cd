/** What GitHub shows in answer to `/kabi fix` and `/kabi explain`. */
import type { Review } from '../kabi/review.js';
import { codeBlock, codeSpan, cutText, prose, tableCell } from './escape.js';
import { commentLimit, extent, fitted, names, offset, table } from './github-blocks.js';
import { changeText } from './wording.js';

/** Lines of a file at the head, from 1; both included. */
export interface FixPlace {
  readonly path: string;
  readonly first: number;
  readonly last: number;
}

/** Answers `/kabi fix`: where the first fix is suggested, for a click; as a patch what fits no suggestion. */
export function fixText(review: Review, suggested: readonly FixPlace[]): string {
  if (review.fixes.length === 0) return 'No rewrite is known that keeps the kABI and was verified.';
  const shown = review.fixes.map((fix, index) => {
    const title = `${prose(fix.title)} (judged again: ${fix.verdict})`;
    if (index > 0 || suggested.length === 0) return `${title}\n\n${codeBlock(fix.diff, 'diff')}`;
    const places = suggested.map(({ path, first, last }) =>
      codeSpan(first === last ? `${path}:${first}` : `${path}:${first}-${last}`),
    );
    const how = suggested.length === 1 ? 'Commit it there.' : 'Add each to a batch there, and commit them together.';
    return `${title}\n\nSuggested at ${places.join(', ')}. ${how}`;
  });
  return fitted(shown, commentLimit - 500, null);
}

/** Answers `/kabi explain struct NAME`: what the review knows of one type. */
export function explainText(review: Review, asked: string): string {
  const name = asked.replace(/^(struct|union|enum)\s+/, '').trim();
  const type = review.types.find((entry) => entry.name === name);
  if (type === undefined) return `This pull request does not change ${codeSpan(cutText(asked, 200))}.`;
  const rows = type.members.map((member) => {
    const [before, after] = [member.before?.bitOffset ?? null, member.after?.bitOffset ?? null].map(offset);
    return `| ${tableCell(member.name)} | ${changeText(member)} | ${before} | ${after} | ${tableCell(member.after?.type ?? member.before?.type ?? '')} |`;
  });
  const because = review.symbols.changed.find((symbol) => symbol.because.some((step) => step.includes(name)));
  const title = codeSpan(`${type.kind} ${type.name}`);
  const head = '| member | change | before | after | type |\n|---|---|---|---|---|';
  return fitted(
    [
      `${title} (${codeSpan(`${type.file}:${type.line}`)}): ${extent(type.before)} before, ${extent(type.after)} after; ${type.verdict}.`,
      ...(rows.length === 0 ? [] : [table(head, rows, 60, 'more members')]),
      ...(type.embeddedIn.length === 0 ? [] : [`Embedded in ${names(type.embeddedIn)}.`]),
      ...(because === undefined
        ? []
        : [`For instance ${codeSpan(because.name)}: ${because.because.map(codeSpan).join(' → ')}`]),
    ],
    commentLimit - 500,
    null,
  );
}
