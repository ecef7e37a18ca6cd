/** What a series adds to a type, as pieces of text with the room that each needs. */
import type { LayoutChange } from '../units/layout-change.js';
import { bitsOf, type Row } from '../units/rows.js';
import { codeOf, type Definition, type Piece, textOf } from './definition.js';

export interface Addition {
  readonly names: readonly string[];
  /** As the series writes it, comments included. */
  readonly text: readonly string[];
  /** As `#if` takes it; empty where it is there in every configuration. */
  readonly condition: string;
  /** The one member, or the whole of several in their order, as a row. */
  readonly row: Row;
  /** A member of this name exists: the new one cannot stand beside it. */
  readonly reborn: boolean;
}

/** null where the text does not tell one new member from what was there. */
export function additionsOf(change: LayoutChange, after: Definition): Addition[] | null {
  const outer = (rows: readonly Row[]): string[] => rows.map(({ name }) => name).filter((name) => !name.includes('.'));
  const reborn = outer(change.retyped.filter(changesKind).map((pair) => pair.after));
  const wanted = new Set([...outer(change.added), ...reborn]);
  const found: Addition[] = [];
  for (const name of wanted) {
    if (found.some(({ names }) => names.includes(name))) continue;
    const piece = after.pieces.find(({ names }) => names.includes(name));
    if (piece === undefined || piece.condition === null) return null;
    if (!piece.names.every((one) => wanted.has(one.split('.')[0] as string) || wanted.has(one))) return null;
    const row = rowOf(change, piece);
    if (row === null) return null;
    const { names, condition } = piece;
    found.push({
      names,
      text: textOf(after, piece),
      condition,
      row,
      reborn: names.some((one) => reborn.includes(one)),
    });
  }
  return found;
}

function changesKind({ before, after }: { readonly before: Row; readonly after: Row }): boolean {
  return before.size !== after.size || before.bitSize !== after.bitSize || before.kind !== after.kind;
}

/** Where the piece stands after the series; several members are one run of bytes. */
function rowOf(change: LayoutChange, { names }: Piece): Row | null {
  const rows = change.after.rows.filter(
    (row) => names.includes(row.name) || names.some((one) => one.startsWith(`${row.name}.`)),
  );
  const [first] = rows;
  if (first === undefined) return null;
  if (rows.length === 1) return first;
  const from = Math.min(...rows.map(({ bitOffset }) => bitOffset));
  const to = Math.max(...rows.map((row) => row.bitOffset + bitsOf(row)));
  const whole = { ...first, bitOffset: from, bitSize: 0, size: Math.ceil((to - from) / 8) };
  return rows.every(({ bitSize }) => bitSize > 0) ? { ...whole, bitSize: to - from } : whole;
}

/** The declaration alone, on one line, without comment and `;`. */
export function declarationOf({ text }: Pick<Addition, 'text'>): string {
  let comment = false;
  const parts = text.map((line) => {
    const { code, open } = codeOf(line, comment);
    comment = open;
    return code.trim();
  });
  return parts
    .filter((part) => part !== '')
    .join(' ')
    .replace(/\s*;\s*$/, '');
}

/** A declaration that only the compiler sees. */
export function guarded({ text, condition }: Pick<Addition, 'text' | 'condition'>): string[] {
  if (condition === '') return ['#ifndef __GENKSYMS__', ...text, '#endif'];
  const safe = /\|\|/.test(condition) ? `(${condition})` : condition;
  return [`#if ${safe} && !defined(__GENKSYMS__)`, ...text, '#endif'];
}

/** A declaration under its own condition, where nothing is hashed. */
export function conditional({ text, condition }: Pick<Addition, 'text' | 'condition'>): readonly string[] {
  return condition === '' ? text : [`#if ${condition}`, ...text, '#endif'];
}
