/** One type of a review, in plain text of at most 72 columns: the answer to `kabi: explain struct NAME`. */
import type { Review, TypeChange } from '../kabi/review.js';
import { plain } from './escape.js';
import { filled, table } from './table.js';
import { changeText, guardText } from './wording.js';

const width = 72;
const [mostMembers, mostFindings, mostNames] = [30, 6, 12];

/** `asked` is a name, with or without its `struct`. */
export function explainType(review: Review, asked: string): string {
  const [, kind = null, name = ''] = /^(?:(struct|union|enum|typedef)\s+)?(\w+)$/.exec(asked.trim()) ?? [];
  const type = review.types.find((one) => one.name === name && (kind === null || one.kind === kind));
  if (type === undefined)
    return `${filled(`The series does not change ${plain(asked)}, as far as this review knows.`, width).join('\n')}\n`;
  const parts = [
    [`${type.kind} ${plain(type.name)}: ${type.verdict}`, `${plain(type.file)}:${type.line}`],
    [extent(type)],
    members(type),
    named('Held by value in', type.embeddedIn),
    findings(review, type),
    guards(review, type),
    reach(review, type),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function extent({ before, after }: TypeChange): string {
  const said = (side: TypeChange['before']) =>
    side === null ? 'not there, or not known' : `${side.size ?? '?'} bytes, aligned to ${side.align ?? '?'}`;
  return `before: ${said(before)}; after: ${said(after)}`;
}

function members(type: TypeChange): string[] {
  if (type.members.length === 0) return [];
  const place = (side: { readonly bitOffset: number | null } | null) =>
    side === null
      ? '-'
      : side.bitOffset === null
        ? '?'
        : side.bitOffset % 8 === 0
          ? `${side.bitOffset / 8}`
          : `${Math.floor(side.bitOffset / 8)}:${side.bitOffset % 8}`;
  const rows = type.members
    .slice(0, mostMembers)
    .map((one) => [plain(one.name).slice(0, 32), changeText(one), place(one.before), place(one.after)]);
  const left = type.members.length - rows.length;
  return [...table([['member', 'change', 'before', 'after'], ...rows]), ...(left > 0 ? [`and ${left} more`] : [])];
}

function named(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, mostNames).map(plain).join(', ');
  return filled(`${title}: ${shown}${names.length > mostNames ? ` and ${names.length - mostNames} more` : ''}.`, width);
}

function findings(review: Review, type: TypeChange): string[] {
  return review.findings
    .filter((one) => one.type === type.name || one.type === `${type.kind} ${type.name}`)
    .slice(0, mostFindings)
    .flatMap((one) => filled(`- ${one.severity}: ${plain(one.text)}`, width, '  '));
}

function guards(review: Review, type: TypeChange): string[] {
  return review.guards
    .filter((one) => one.file === type.file)
    .slice(0, mostFindings)
    .flatMap((one) => filled(`- ${plain(guardText(one))}`, width, '  '));
}

function reach(review: Review, type: TypeChange): string[] {
  const reached = review.symbols.changed.filter(({ because }) =>
    because.some((step) => step.split(/[:\s]+/).includes(type.name)),
  );
  const [first] = reached;
  if (first === undefined) return [];
  return [
    ...named(
      'Exported symbols whose versions change by it',
      reached.map(({ name }) => name),
    ),
    ...filled(`The way to ${plain(first.name)}: ${first.because.map(plain).join(' -> ')}`, width, '  '),
  ];
}
