/**
 * Review -> what GitHub shows unasked: a check's output and annotations, and the pull request's one comment. It decides no delivery, only
 * words. All foreign text passes through escape.ts.
 */
import type { Review, Verdict } from '../kabi/review.js';
import { codeSpan, cutText, markdown, tableCell } from './escape.js';
import {
  commentLimit,
  consumersBlock,
  fitted,
  fixBlock,
  guardsBlock,
  missingLines,
  names,
  symbolsBlock,
  table,
  typesTable,
} from './github-blocks.js';
import { githubVerdictText } from './wording.js';

/** GitHub's own limits. */
export const outputLimit = 65_535;
const messageLimit = 8_000;
const annotationLimit = 250;

export interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly annotation_level: 'notice' | 'warning' | 'failure';
  readonly title: string;
  readonly message: string;
}

export type Conclusion = 'success' | 'neutral' | 'failure';

export interface CheckText {
  readonly conclusion: Conclusion;
  readonly title: string;
  readonly summary: string;
  readonly text: string;
  /** Sorted the same way each time, so that appending can go on where it was interrupted. */
  readonly annotations: readonly Annotation[];
}

export interface Acceptance {
  readonly who: string;
  readonly reason: string;
}

/** The verdict for one architecture or reference. */
export interface TargetLine {
  readonly arch: string;
  readonly reference: string | null;
  readonly verdict: Verdict;
  readonly evidence: string;
  /** How many change. */
  readonly types: number;
  readonly symbols: number;
}

export interface Occasion {
  /** Each architecture and reference that was judged; the review is that of the worst. */
  readonly targets: readonly TargetLine[];
  /** `advisory` never fails a check: nothing is promised there. */
  readonly policy: 'advisory' | 'enforced';
  readonly accepted: Acceptance | null;
  /** The review page, or null where there is none. */
  readonly url: string | null;
  readonly head: string;
  /** The review of the head before this one. */
  readonly previous: { readonly head: string; readonly review: Review } | null;
  /** Reviews on lists or other mirrors, with the page where there is one. */
  readonly elsewhere: readonly { readonly text: string; readonly url: string | null }[];
}

export function conclusionOf(verdict: Verdict, occasion: Pick<Occasion, 'policy' | 'accepted'>): Conclusion {
  if (verdict === 'none' || verdict === 'guarded') return 'success';
  if (verdict === 'conditional' || verdict === 'unknown') return 'neutral';
  return occasion.policy === 'advisory' || occasion.accepted !== null ? 'neutral' : 'failure';
}

export function checkText(review: Review, occasion: Occasion): CheckText {
  const all = annotationsOf(review);
  const left = all.length - annotationLimit;
  const head = [
    headline(review),
    ...acceptedLine(occasion),
    ...missingLines(review),
    ...(left > 0 ? [`${left} more findings are not annotated.`] : []),
  ];
  return {
    conclusion: conclusionOf(review.verdict, occasion),
    title: cutText(`${review.verdict}: ${githubVerdictText[review.verdict]}`, 255),
    summary: fitted([...head, ...targetsTable(occasion), ...typesTable(review)], outputLimit, occasion.url),
    text: fitted(
      [...symbolsBlock(review), ...guardsBlock(review), ...consumersBlock(review)],
      outputLimit,
      occasion.url,
    ),
    annotations: all.slice(0, annotationLimit),
  };
}

/** On lines of the new file; a finding without a line, or outside the files of the series, has none. */
export function annotationsOf(review: Review): Annotation[] {
  const level = { info: 'notice', warning: 'warning', error: 'failure' } as const;
  const rank = { failure: 0, warning: 1, notice: 2 };
  const touched = new Set(review.series.patches.flatMap(({ files }) => files));
  const seen = new Set<string>();
  return review.findings
    .filter(({ file, line }) => line > 0 && (touched.size === 0 || touched.has(file)))
    .map((finding) => ({
      path: finding.file,
      start_line: finding.line,
      end_line: finding.line,
      annotation_level: level[finding.severity],
      title: cutText(finding.rule, 255),
      message: cutText(finding.text, messageLimit),
    }))
    .filter((annotation) => {
      const key = JSON.stringify(annotation);
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (one, other) =>
        rank[one.annotation_level] - rank[other.annotation_level] ||
        compare(one.path, other.path) ||
        one.start_line - other.start_line ||
        compare(one.title, other.title) ||
        compare(one.message, other.message),
    );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function commentText(review: Review, occasion: Occasion): string {
  const blocks = [
    `### kABI: ${review.verdict}\n\n${headline(review)}`,
    ...acceptedLine(occasion),
    ...sinceLine(review, occasion),
    ...targetsTable(occasion),
    ...typesTable(review),
    ...symbolsBlock(review),
    ...guardsBlock(review),
    ...consumersBlock(review),
    ...fixBlock(review),
    ...missingLines(review),
    ...occasion.elsewhere.map(({ text, url }) =>
      url === null ? `Also reviewed: ${markdown(text)}` : `Also reviewed: [${markdown(text)}](${url})`,
    ),
  ];
  const page = occasion.url === null ? '' : ` · [whole review](${occasion.url})`;
  const tail = `<sub>${codeSpan(occasion.head.slice(0, 12))}, evidence: ${review.evidence}${page} · \`/kabi help\`</sub>`;
  return `${fitted(blocks, commentLimit - tail.length - 200, occasion.url)}\n\n${tail}`;
}

/** Nothing of it lies where this repository wants reviews: said, so that nobody takes it for looked at and clean. */
export function outsideText(paths: readonly string[]): CheckText {
  const shown = names(paths);
  return {
    conclusion: 'neutral',
    title: 'not looked at: outside of `paths`',
    summary: `No file of this pull request matches \`paths\` of this repository's configuration: ${shown}.`,
    text: '',
    annotations: [],
  };
}

/** In place of a comment whose findings are gone. */
export function clearedText(occasion: Pick<Occasion, 'head'>): string {
  return `### kABI: none\n\nWhat was found before is gone as of ${codeSpan(occasion.head.slice(0, 12))}: ${githubVerdictText.none}.`;
}

function headline(review: Review): string {
  const changed = review.symbols.changed.length;
  const parts = [
    `**${githubVerdictText[review.verdict]}**`,
    ...(changed > 0 ? [`${changed} of ${review.symbols.exported} exported symbols change`] : []),
    ...(review.types.length > 0 ? [counted(review.types.length, 'type changes', 'types change')] : []),
  ];
  const { arch, reference, crcMode } = review.target;
  const judged = [arch, ...(reference === null ? [] : [markdown(reference)]), ...(crcMode === null ? [] : [crcMode])];
  return `${parts.join(' · ')}\n\nJudged for ${judged.join(', ')}.`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function acceptedLine({ accepted }: Occasion): string[] {
  return accepted === null ? [] : [`Accepted by ${codeSpan(accepted.who)}: ${markdown(cutText(accepted.reason, 500))}`];
}

function sinceLine(review: Review, { previous }: Occasion): string[] {
  if (previous === null) return [];
  const before = new Set(previous.review.types.map(({ name }) => name));
  const after = new Set(review.types.map(({ name }) => name));
  const fresh = [...after].filter((name) => !before.has(name));
  const gone = [...before].filter((name) => !after.has(name));
  const changes = [
    ...(previous.review.verdict === review.verdict ? [] : [`${previous.review.verdict} became ${review.verdict}`]),
    ...(fresh.length > 0 ? [`new: ${names(fresh)}`] : []),
    ...(gone.length > 0 ? [`no longer changed: ${names(gone)}`] : []),
  ];
  const what = changes.length === 0 ? 'nothing changed' : changes.join('; ');
  return [`Since ${codeSpan(previous.head.slice(0, 12))}: ${what}.`];
}

/** Only where there is more than the one that the headline names. */
function targetsTable({ targets }: Occasion): string[] {
  if (targets.length < 2) return [];
  const rows = targets.map(
    ({ arch, reference, verdict, evidence, types, symbols }) =>
      `| ${tableCell(arch)} | ${reference === null ? '–' : tableCell(reference)} | ${verdict} | ${types} | ${symbols} | ${tableCell(evidence)} |`,
  );
  const head = '| architecture | reference | verdict | types | symbols | evidence |\n|---|---|---|---|---|---|';
  return [table(head, rows, 12, 'more')];
}
