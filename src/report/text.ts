/**
 * The reply, as DESIGN has it: plain text, at most 72 columns, fewer than 60 lines, the verdict in the first line; the hunk
 * quoted where it matters, numbers in a small table, who is affected, the safe alternative as a patch, one command to repeat it.
 *
 * Comes in: a Review, and the series for its hunks where it is at hand. Never happens: a question, a computation, an
 * unescaped word of a stranger.
 */

import type { Finding, Review, TypeChange } from '../kabi/review.js';
import type { Hunk, Series } from '../patch/series.js';
import { affectedLines } from './affected.js';
import { code, fromBytes, plain } from './escape.js';
import { type Earlier, sinceLines } from './since.js';
import { filled, table } from './table.js';
import { bySeverity, changeText, evidenceText, guardText, reproduceCommand, typeName, verdictLine } from './wording.js';

const WIDTH = 72;
const LINES = 58;
const longestFix = 30;
const mostSince = 8;

export interface TextOptions {
  /** Paints the verdict; the identity where the reader is no terminal. */
  readonly paint?: (verdict: Review['verdict'], text: string) => string;
  /** Where the whole review can be read, for what is cut here. */
  readonly link?: string | null;
  /** The command that made the review; absent: one is put together from what the review says of itself. */
  readonly command?: string;
  /** The version before, for what this one changes. */
  readonly since?: Earlier | null;
}

export function textReport(review: Review, series: Series | null, options: TextOptions = {}): string {
  const paint = options.paint ?? ((_verdict, text) => text);
  const [first = '', ...more] = filled(plain(verdictLine(review)), WIDTH);
  const head = [paint(review.verdict, first), ...more, ...header(review)];
  const tail = ['', 'To repeat:', ...wrapCommand(options.command ?? reproduceCommand(review))];
  const fix = fixes(review);
  const body = [
    since(options.since ?? null, review),
    quoted(review, series),
    layoutTable(review),
    guards(review),
    affected(review),
    symbols(review),
    findings(review),
    missing(review),
  ];
  // The way out is kept whole; what explains the verdict gives room.
  const way = fix.length === 0 ? [] : ['', ...fix];
  const room = LINES - head.length - way.length - tail.length - 1;
  return [...head, ...fitted(body, room, options.link ?? null), ...way, ...tail].join('\n').concat('\n');
}

function since(earlier: Earlier | null, review: Review): string[] {
  if (earlier === null) return [];
  const lines = sinceLines(earlier, review);
  const shown =
    lines.length > mostSince ? [...lines.slice(0, mostSince), `- and ${lines.length - mostSince} more`] : lines;
  return shown.flatMap((line) => {
    const [first = '', ...more] = filled(plain(line.replace(/^- /, '')), WIDTH - 2);
    return line.startsWith('- ') ? [`- ${first}`, ...more.map((one) => `  ${one}`)] : [first, ...more];
  });
}

/** Sections in order until the room is used; what is left out is said, with the link. */
function fitted(sections: readonly (readonly string[])[], room: number, link: string | null): string[] {
  const lines: string[] = [];
  let left = 0;
  for (const section of sections.filter((one) => one.length > 0)) {
    const free = room - lines.length - 3;
    if (free < 3) {
      left += section.length;
      continue;
    }
    const taken = section.slice(0, free);
    lines.push('', ...taken);
    left += section.length - taken.length;
  }
  if (left > 0)
    lines.push('', ...filled(`(${left} lines more${link === null ? ' with --format json' : `: ${link}`})`, WIDTH));
  return lines;
}

function header(review: Review): string[] {
  const { series, target } = review;
  const base = target.base === null ? '' : `, base ${plain(target.base)}`;
  const where = target.tree === null ? '' : `, tree ${plain(target.tree)}`;
  const mode = crcModeText(target.crcMode);
  return [
    ...filled(`Series: ${plain(series.subject)}${series.version > 1 ? ` (v${series.version})` : ''}`, WIDTH),
    ...filled(`Judged ${evidenceText[review.evidence]}; ${target.arch}${where}${base}${mode}.`, WIDTH),
  ];
}

function crcModeText(mode: Review['target']['crcMode']): string {
  if (mode === null) return '';
  return mode === 'none' ? ', no symbol versions' : `, symbol versions by ${mode}`;
}

/** The changed lines of the hunk that the worst finding points at, as a mail quotes them. */
function quoted(review: Review, series: Series | null): string[] {
  const worst = bySeverity(review.findings).find((one) => one.severity !== 'info') ?? null;
  const hunk = worst === null || series === null ? null : hunkAt(series, worst);
  if (worst === null || hunk === null) return [];
  const lines = hunk.lines.slice(0, 400);
  const changed = lines.flatMap((line, at) => (line[0] === '+' || line[0] === '-' ? [at] : []));
  const near = nearest(hunk, changed, worst.line);
  const from = Math.max(0, near - 4);
  const shown = lines.slice(from, near + 5);
  return [
    `> ${plain(worst.file)}`,
    ...[`@@ ${hunk.heading}`, ...shown].map((line) => `> ${code(fromBytes(line))}`.slice(0, WIDTH).trimEnd()),
  ];
}

function hunkAt(series: Series, finding: Finding): Hunk | null {
  const patch = series.patches.find((one) => one.n === finding.patch);
  const file = patch?.files.find((one) => (one.after ?? one.before) === finding.file);
  const inside = file?.hunks.find(
    (hunk) => finding.line >= hunk.afterStart && finding.line <= hunk.afterStart + hunk.afterLines,
  );
  return inside ?? file?.hunks[0] ?? null;
}

/** The changed line whose number after is nearest to `line`. */
function nearest(hunk: Hunk, changed: readonly number[], line: number): number {
  let number = hunk.afterStart;
  let best = changed[0] ?? 0;
  let distance = Number.POSITIVE_INFINITY;
  hunk.lines.forEach((text, at) => {
    if (changed.includes(at) && Math.abs(number - line) < distance) {
      best = at;
      distance = Math.abs(number - line);
    }
    if (text[0] !== '-') number++;
  });
  return best;
}

/** Members with their offsets before and after, in bytes; only where offsets are known. */
function layoutTable(review: Review): string[] {
  const lines: string[] = [];
  for (const type of review.types.slice(0, 4)) {
    const rows = rowsOf(type);
    if (rows.length > 0)
      lines.push(...(lines.length > 0 ? [''] : []), ...table(rows).map((row) => row.slice(0, WIDTH)));
  }
  return lines;
}

function rowsOf(type: TypeChange): string[][] {
  const known = type.members.filter((one) => (one.before ?? one.after)?.bitOffset !== null);
  const size = type.before?.size != null && type.after?.size != null;
  if (known.length === 0 && !size) return [];
  const rows = [[plain(typeName(type)).slice(0, 34), 'before', 'after', '']];
  if (size) rows.push(['  size', String(type.before?.size), String(type.after?.size), '']);
  for (const member of known.slice(0, 10)) {
    rows.push([`  ${plain(member.name)}`.slice(0, 34), place(member.before), place(member.after), changeText(member)]);
  }
  if (known.length > 10) rows.push([`  (${known.length - 10} more)`, '', '', '']);
  return rows;
}

/** Bytes, and `byte:bit` where a member does not begin on a byte. */
export function place(at: { bitOffset: number | null } | null): string {
  if (at === null || at.bitOffset === null) return '-';
  const bit = at.bitOffset % 8;
  return bit === 0 ? String(at.bitOffset / 8) : `${Math.floor(at.bitOffset / 8)}:${bit}`;
}

function findings(review: Review): string[] {
  const many = review.series.patches.length > 1;
  const [worst, all] = [review.findings.filter(({ severity }) => severity !== 'info'), bySeverity(review.findings)];
  // Information is left out where there is worse to say.
  const told = all.length < 4 ? all : worst.length > 0 ? bySeverity(worst) : all.slice(0, 4);
  return told.slice(0, 12).flatMap((one) => {
    const patch = many && one.patch > 0 ? ` (patch ${one.patch})` : '';
    const subject = one.type ?? one.symbol;
    const about = subject === null ? '' : `${plain(subject)}: `;
    return [`- ${one.rule}${patch}`, ...filled(`${about}${plain(one.text)}`, WIDTH, '  ')];
  });
}

function guards(review: Review): string[] {
  if (review.guards.length === 0) return [];
  return ['Guards:', ...review.guards.slice(0, 6).flatMap((one) => bullet(plain(guardText(one))))];
}

function symbols(review: Review): string[] {
  const { changed, causes } = review.symbols;
  if (changed.length === 0) return [];
  const stable = changed.filter((one) => one.stable).length;
  const lines = [
    `${changed.length} of ${review.symbols.exported} exported symbols change version${stable > 0 ? `, ${stable} on the stable list` : ''}:`,
  ];
  for (const [at, cause] of causes.slice(0, 4).entries()) {
    lines.push(...bullet(`${cause.count} by ${plain(cause.text)}${cause.cosmetic ? ' (cosmetic)' : ''}`));
    for (const symbol of changed.filter((one) => one.cause === at).slice(0, 3)) {
      lines.push(`  ${symbol.before ?? '-'} -> ${symbol.after ?? '-'}  ${plain(symbol.name)}`.slice(0, WIDTH));
    }
    const example = changed.find((one) => one.cause === at && one.because.length > 1);
    if (example !== undefined) lines.push(...filled(example.because.map(plain).join(' -> '), WIDTH, '  '));
  }
  return lines;
}

function affected(review: Review): string[] {
  const lines = affectedLines(review);
  return lines.length === 0 ? [] : ['Who depends on it:', ...lines.flatMap(bullet)];
}

/** The rewrite as a patch, whole or not at all: half a patch helps nobody. */
function fixes(review: Review): string[] {
  const [best] = review.fixes;
  if (best === undefined) return [];
  const title = filled(`Verified alternative (${best.verdict}): ${plain(best.title)}`, WIDTH);
  const diff = best.diff.trimEnd().split('\n');
  const fits = diff.length <= longestFix && diff.every((line) => code(line).length <= WIDTH);
  return fits
    ? [...title, ...diff.map((line) => code(line))]
    : [...title, ...filled(`(a patch of ${diff.length} lines: --fix writes it)`, WIDTH)];
}

function missing(review: Review): string[] {
  if (review.missing.length === 0) return [];
  return [
    'Not known:',
    ...review.missing.slice(0, 6).flatMap((one) => bullet(`${plain(one.what)} (${plain(one.why)})`)),
  ];
}

function bullet(text: string): string[] {
  return filled(text, WIDTH - 2).map((line, at) => `${at === 0 ? '- ' : '  '}${line}`);
}

function wrapCommand(command: string): string[] {
  if (command.length + 2 <= WIDTH) return [`  ${command}`];
  const lines = filled(plain(command), WIDTH - 2, '  ');
  return lines.map((line, at) => (at < lines.length - 1 ? `${line} \\` : line));
}
