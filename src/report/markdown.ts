/** Review -> Markdown, to be pasted where people read it. The verdict is the first line; each stranger's word is escaped. */
import type { Review, TypeChange } from '../kabi/review.js';
import { codeBlock, codeSpan, markdown, prose } from './escape.js';
import { place } from './text.js';
import { bySeverity, changeText, evidenceText, guardText, reproduceCommand, typeName, verdictLine } from './wording.js';

export function markdownReport(review: Review): string {
  return [
    [`**${markdown(verdictLine(review))}**`],
    [`${markdown(review.series.subject)}, judged ${evidenceText[review.evidence]}, ${review.target.arch}.`],
    findings(review),
    ...review.types.slice(0, 8).map(typeTable),
    symbols(review),
    list(
      'Guards',
      review.guards.map((one) => prose(guardText(one))),
    ),
    list(
      'Who depends on it',
      review.consumers
        .slice(0, 30)
        .map(
          (one) =>
            `${one.place}: ${codeSpan(`${one.file}:${one.line}`)} ${one.kind} of ${codeSpan(one.member === null ? one.type : `${one.type}.${one.member}`)}`,
        ),
    ),
    ...review.fixes
      .slice(0, 1)
      .map((one) => [`Verified alternative (${one.verdict}): ${prose(one.title)}`, '', codeBlock(one.diff, 'diff')]),
    list(
      'Not known',
      review.missing.map((one) => `${prose(one.what)} (${prose(one.why)})`),
    ),
    ['To repeat:', '', codeBlock(reproduceCommand(review), 'sh')],
  ]
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')
    .concat('\n');
}

function list(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${title}:`, '', ...items.map((item) => `- ${item}`)];
}

function findings(review: Review): string[] {
  return bySeverity(review.findings)
    .slice(0, 40)
    .map((one) => {
      const subject = one.type ?? one.symbol;
      const about = subject === null ? '' : ` ${codeSpan(subject)}`;
      return `- ${one.severity} **${one.rule}**${about} ${codeSpan(`${one.file}:${one.line}`)}: ${prose(one.text)}`;
    });
}

function typeTable(type: TypeChange): string[] {
  const known = type.members.filter((one) => (one.before ?? one.after)?.bitOffset !== null);
  if (known.length === 0 && type.before?.size == null) return [];
  const cell = (text: string): string => codeSpan(text).replace(/\|/g, '\\|');
  return [
    `| ${cell(typeName(type))} | before | after | |`,
    '|---|---:|---:|---|',
    `| size | ${type.before?.size ?? '-'} | ${type.after?.size ?? '-'} | |`,
    ...known
      .slice(0, 25)
      .map((one) => `| ${cell(one.name)} | ${place(one.before)} | ${place(one.after)} | ${changeText(one)} |`),
  ];
}

function symbols(review: Review): string[] {
  const { changed, causes, exported } = review.symbols;
  if (changed.length === 0) return [];
  return [
    `${changed.length} of ${exported} exported symbols change version:`,
    '',
    ...causes
      .slice(0, 10)
      .map((cause) => `- ${cause.count} by ${prose(cause.text)}${cause.cosmetic ? ' (cosmetic)' : ''}`),
  ];
}
