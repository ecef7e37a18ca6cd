/**
 * Parts of a review as GitHub shows them: tables with what is long folded, lists, one rewrite. Each is whole or not there; `fitted` takes as
 * many as GitHub has room for. All foreign text passes through escape.ts.
 */
import type { Review, TypeChange } from '../kabi/review.js';
import { codeBlock, codeSpan, cutText, prose, tableCell } from './escape.js';
import { changeText } from './wording.js';

/** GitHub's own limit. */
export const commentLimit = 65_536;

export function names(all: readonly string[]): string {
  const shown = all.slice(0, 8).map(codeSpan).join(', ');
  return all.length > 8 ? `${shown} and ${all.length - 8} more` : shown;
}

export function typesTable(review: Review): string[] {
  if (review.types.length === 0) return [];
  const row = (type: TypeChange): string =>
    `| ${tableCell(`${type.kind} ${type.name}`)} | ${extent(type.before)} | ${extent(type.after)} | ${membersOf(type)} | ${type.verdict} |`;
  const head = '| type | before | after | members | verdict |\n|---|---|---|---|---|';
  return [table(head, review.types.map(row), 20, 'more types')];
}

export function extent(of: { readonly size: number | null } | null): string {
  return of === null ? '–' : `${of.size ?? '?'} bytes`;
}

function membersOf(type: TypeChange): string {
  const shown = type.members.slice(0, 4).map((member) => {
    const before = offset(member.before?.bitOffset ?? null);
    const after = offset(member.after?.bitOffset ?? null);
    const where = member.change === 'moved' ? ` ${before} → ${after}` : member.after === null ? '' : ` at ${after}`;
    return `${tableCell(member.name)} ${changeText(member)}${where}`;
  });
  const left = type.members.length - shown.length;
  return [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', ');
}

/** Bytes, and bits behind a colon where it is no whole byte, as pahole writes them. */
export function offset(bitOffset: number | null): string {
  if (bitOffset === null) return '?';
  return bitOffset % 8 === 0 ? String(bitOffset / 8) : `${Math.floor(bitOffset / 8)}:${bitOffset % 8}`;
}

export function symbolsBlock(review: Review): string[] {
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
export function table(head: string, rows: readonly string[], open: number, more: string): string {
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

export function guardsBlock(review: Review): string[] {
  if (review.guards.length === 0) return [];
  const lines = review.guards.slice(0, 30).map((guard) => {
    const honest = guard.honest === null ? 'not judged' : guard.honest ? 'honest' : '**not honest**';
    return `- ${codeSpan(`${guard.file}:${guard.line}`)} ${codeSpan(guard.idiom)}: ${honest}. ${prose(guard.why)}`;
  });
  return [`**Guards**\n\n${lines.join('\n')}`];
}

export function consumersBlock(review: Review): string[] {
  if (review.consumers.length === 0) return [];
  const rows = review.consumers.map((consumer) => {
    const what = consumer.member === null ? consumer.type : `${consumer.type}.${consumer.member}`;
    const within = consumer.function === null ? '' : tableCell(consumer.function);
    return `| ${tableCell(what)} | ${consumer.kind} | ${consumer.place} | ${tableCell(`${consumer.file}:${consumer.line}`)} | ${within} |`;
  });
  const head = '| what | how | place | where | function |\n|---|---|---|---|---|';
  return ['**Who depends on it**', table(head, rows, 12, 'more uses')];
}

export function fixBlock(review: Review): string[] {
  const fix = review.fixes[0];
  if (fix === undefined) return [];
  const diff = codeBlock(cutText(fix.diff, 20_000), 'diff');
  const title = `A change that keeps the kABI (judged again: ${fix.verdict})`;
  return [`<details><summary>${title}</summary>\n\n${prose(fix.title)}\n\n${diff}\n\n</details>`];
}

export function missingLines(review: Review): string[] {
  return review.missing.slice(0, 10).map(({ what, why }) => `Not known: ${prose(what)} (${prose(why)})`);
}

/** Whole blocks while they fit: a table or a fence is never cut in the middle. */
export function fitted(blocks: readonly string[], limit: number, url: string | null): string {
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
