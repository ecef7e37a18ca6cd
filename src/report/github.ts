/**
 * Review -> what GitHub shows: a check's output and annotations, the pull request's one comment, and answers to commands. Pure: it
 * decides no delivery, only words. All foreign text passes through escape.ts.
 */
import type { Review, TypeChange, Verdict } from '../kabi/review.js';
import { codeBlock, codeSpan, cutText, markdown, tableCell } from './escape.js';

/** GitHub's own limits. */
export const outputLimit = 65_535;
export const commentLimit = 65_536;
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

export const said: Record<Verdict, string> = {
  none: 'no kABI effect',
  guarded: 'hidden from the symbol versions, and harmless',
  conditional: 'hidden; harmless for the modules of this tree only',
  unknown: 'not known',
  'crc-break': 'symbol versions change: built modules will not load',
  'silent-break': 'a real break is hidden: built modules load and corrupt memory',
};

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
    title: cutText(`${review.verdict}: ${said[review.verdict]}`, 255),
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
  return `### kABI: none\n\nWhat was found before is gone as of ${codeSpan(occasion.head.slice(0, 12))}: ${said.none}.`;
}

function headline(review: Review): string {
  const changed = review.symbols.changed.length;
  const parts = [
    `**${said[review.verdict]}**`,
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

function names(all: readonly string[]): string {
  const shown = all.slice(0, 8).map(codeSpan).join(', ');
  return all.length > 8 ? `${shown} and ${all.length - 8} more` : shown;
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

function typesTable(review: Review): string[] {
  if (review.types.length === 0) return [];
  const row = (type: TypeChange): string =>
    `| ${tableCell(`${type.kind} ${type.name}`)} | ${extent(type.before)} | ${extent(type.after)} | ${membersOf(type)} | ${type.verdict} |`;
  const head = '| type | before | after | members | verdict |\n|---|---|---|---|---|';
  return [table(head, review.types.map(row), 20, 'more types')];
}

function extent(of: { readonly size: number | null } | null): string {
  return of === null ? '–' : `${of.size ?? '?'} bytes`;
}

function membersOf(type: TypeChange): string {
  const shown = type.members.slice(0, 4).map((member) => {
    const before = offset(member.before?.bitOffset ?? null);
    const after = offset(member.after?.bitOffset ?? null);
    const where = member.change === 'moved' ? ` ${before} → ${after}` : member.after === null ? '' : ` at ${after}`;
    return `${tableCell(member.name)} ${member.change}${where}`;
  });
  const left = type.members.length - shown.length;
  return [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', ');
}

/** Bytes, and bits behind a colon where it is no whole byte, as pahole writes them. */
function offset(bitOffset: number | null): string {
  if (bitOffset === null) return '?';
  return bitOffset % 8 === 0 ? String(bitOffset / 8) : `${Math.floor(bitOffset / 8)}:${bitOffset % 8}`;
}

function symbolsBlock(review: Review): string[] {
  const { changed, causes } = review.symbols;
  if (changed.length === 0) return [];
  const rows = changed.map(
    (symbol) =>
      `| ${tableCell(symbol.name)} | ${tableCell(symbol.module)} | ${symbol.before ?? '–'} | ${symbol.after ?? '–'} | ${symbol.stable ? 'yes' : ''} |`,
  );
  const why = causes.slice(0, 10).map((cause) => {
    const cure = cause.cosmetic ? ', cosmetic: respell it' : '';
    return `- ${cause.count} because of ${codeSpan(cause.text)} (${codeSpan(`${cause.file}:${cause.line}`)})${cure}`;
  });
  const head = '| symbol | module | before | after | stable |\n|---|---|---|---|---|';
  return [`**Symbols**\n\n${why.join('\n')}`, table(head, rows, 20, 'more symbols')];
}

/** Characters of a table's open and of its folded part: three tables have room in a comment. */
const tableRoom = 10_000;

/** The first rows open, the rest folded; as many as there is room for, since what does not fit whole is left out whole. */
function table(head: string, rows: readonly string[], open: number, more: string): string {
  const shown = rowsWithin(rows.slice(0, open));
  const first = `${head}\n${shown.join('\n')}`;
  if (rows.length <= shown.length) return first;
  const folded = rowsWithin(rows.slice(shown.length, shown.length + 280));
  const left = rows.length - shown.length - folded.length;
  if (folded.length === 0) return `${first}\n\n… and ${left} more`;
  const rest = left > 0 ? `… and ${left} more\n\n` : '';
  return `${first}\n\n<details><summary>${rows.length - shown.length} ${more}</summary>\n\n${head}\n${folded.join('\n')}\n\n${rest}</details>`;
}

function rowsWithin(rows: readonly string[]): readonly string[] {
  let room = tableRoom;
  const end = rows.findIndex((row) => {
    room -= row.length + 1;
    return room < 0;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

function guardsBlock(review: Review): string[] {
  if (review.guards.length === 0) return [];
  const lines = review.guards.slice(0, 30).map((guard) => {
    const honest = guard.honest === null ? 'not judged' : guard.honest ? 'honest' : '**not honest**';
    return `- ${codeSpan(`${guard.file}:${guard.line}`)} ${codeSpan(guard.idiom)}: ${honest}. ${markdown(guard.why)}`;
  });
  return [`**Guards**\n\n${lines.join('\n')}`];
}

function consumersBlock(review: Review): string[] {
  if (review.consumers.length === 0) return [];
  const rows = review.consumers.map((consumer) => {
    const what = consumer.member === null ? consumer.type : `${consumer.type}.${consumer.member}`;
    const within = consumer.function === null ? '' : tableCell(consumer.function);
    return `| ${tableCell(what)} | ${consumer.kind} | ${consumer.place} | ${tableCell(`${consumer.file}:${consumer.line}`)} | ${within} |`;
  });
  const head = '| what | how | place | where | function |\n|---|---|---|---|---|';
  return ['**Who depends on it**', table(head, rows, 12, 'more uses')];
}

function fixBlock(review: Review): string[] {
  const fix = review.fixes[0];
  if (fix === undefined) return [];
  const diff = codeBlock(cutText(fix.diff, 20_000), 'diff');
  const title = `A change that keeps the kABI (judged again: ${fix.verdict})`;
  return [`<details><summary>${title}</summary>\n\n${markdown(fix.title)}\n\n${diff}\n\n</details>`];
}

function missingLines(review: Review): string[] {
  return review.missing.slice(0, 10).map(({ what, why }) => `Not known: ${markdown(what)} (${markdown(why)})`);
}

/** Whole blocks while they fit: a table or a fence is never cut in the middle. */
function fitted(blocks: readonly string[], limit: number, url: string | null): string {
  const note = url === null ? '*The rest is left out.*' : `*The rest is on the [review page](${url}).*`;
  const kept: string[] = [];
  let room = limit - note.length - 2;
  for (const block of blocks) {
    if (block.length + 2 > room) return [...kept, note].join('\n\n');
    kept.push(block);
    room -= block.length + 2;
  }
  return kept.join('\n\n');
}

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
    const title = `${markdown(fix.title)} (judged again: ${fix.verdict})`;
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
    return `| ${tableCell(member.name)} | ${member.change} | ${before} | ${after} | ${tableCell(member.after?.type ?? member.before?.type ?? '')} |`;
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
