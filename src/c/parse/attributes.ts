/** `__attribute__((…))`: what of it a layout depends on; every other attribute is skipped. */

import { textOf } from '../lex/spelling.js';
import { Identifier } from '../lex/tokens.js';
import { type IntegerType, integers, maxAlign, type Type } from '../type.js';
import type { Cursor } from './cursor.js';
import { sign, Word, wordOf } from './keywords.js';

/** Collected over all places where a declaration may have attributes. Numbers are bytes; 0 where nothing was asked. */
export class Attributes {
  packed = false;
  /** The largest asked for, which counts for a variable or a member. */
  align = 0;
  /** The one asked for last, which counts for a type. */
  lastAlign = 0;
  vectorSize = 0;
  mode: string | null = null;
  randomized = false;

  askAlign(bytes: number): void {
    this.lastAlign = bytes;
    if (this.align === maxAlign) return;
    if (bytes === maxAlign || bytes > this.align) this.align = bytes;
  }

  merge(other: Attributes): void {
    this.packed ||= other.packed;
    this.randomized ||= other.randomized;
    if (other.align !== 0) this.askAlign(other.align);
    if (other.lastAlign !== 0) this.lastAlign = other.lastAlign;
    if (other.vectorSize !== 0) this.vectorSize = other.vectorSize;
    this.mode ??= other.mode;
  }
}

/** Evaluates the constant expression at the cursor up to the `,` or `)` that ends it; null where it is not known. */
export type ReadConstant = () => bigint | null;

/** attribute: `__attribute__` `(` `(` list `)` `)`, any number of them, also `[[…]]`; the cursor ends after the last. */
export function readAttributes(cursor: Cursor, into: Attributes, constant: ReadConstant): void {
  for (;;) {
    if (wordOf(cursor.spelling[cursor.at] as number) === Word.Attribute) {
      cursor.at++;
      if (!cursor.is(sign.open)) return;
      const end = cursor.after(cursor.at);
      if (cursor.next(sign.open)) {
        const inner = cursor.closing(cursor.at + 1);
        cursor.at += 2;
        readList(cursor, inner, into, constant);
      }
      cursor.at = end;
    } else if (cursor.is(sign.openBracket) && cursor.next(sign.openBracket)) cursor.skipGroup();
    else return;
  }
}

function readList(cursor: Cursor, end: number, into: Attributes, constant: ReadConstant): void {
  while (cursor.at < end) {
    const name = cursor.at;
    cursor.at++;
    const hasArguments = cursor.is(sign.open) && cursor.at < end;
    const after = hasArguments ? cursor.after(cursor.at) : cursor.at;
    if (cursor.kind[name] === Identifier) {
      if (hasArguments) cursor.at++;
      apply(cursor, bare(textOf(cursor.spelling[name] as number)), hasArguments, into, constant);
    }
    cursor.at = after;
  }
}

function bare(name: string): string {
  return name.startsWith('__') && name.endsWith('__') && name.length > 4 ? name.slice(2, -2) : name;
}

function apply(cursor: Cursor, name: string, hasArguments: boolean, into: Attributes, constant: ReadConstant): void {
  switch (name) {
    case 'packed':
      into.packed = true;
      return;
    case 'aligned': {
      const bytes = hasArguments ? constant() : BigInt(maxAlign);
      if (bytes === null) cursor.fail('the alignment is not a known constant');
      else if (bytes === BigInt(maxAlign)) into.askAlign(maxAlign);
      else if (bytes > 0n && bytes <= 1n << 28n && (bytes & (bytes - 1n)) === 0n) into.askAlign(Number(bytes));
      return;
    }
    case 'vector_size': {
      const bytes = hasArguments ? constant() : null;
      if (bytes !== null && bytes > 0n && bytes <= 1n << 28n) into.vectorSize = Number(bytes);
      return;
    }
    case 'mode':
      if (hasArguments) into.mode = bare(textOf(cursor.spelling[cursor.at] as number));
      return;
    case 'randomize_layout':
      into.randomized = true;
      return;
    case 'no_randomize_layout':
      into.randomized = false;
      return;
    default:
  }
}

const modes: Readonly<Record<string, readonly [IntegerType, IntegerType]>> = {
  QI: [integers.schar, integers.uchar],
  byte: [integers.schar, integers.uchar],
  HI: [integers.short, integers.ushort],
  SI: [integers.int, integers.uint],
  DI: [integers.longlong, integers.ulonglong],
  TI: [integers.int128, integers.uint128],
  word: [integers.long, integers.ulong],
  pointer: [integers.long, integers.ulong],
  unwind_word: [integers.long, integers.ulong],
};

/** The integer that a mode attribute makes of a type; null for a mode that is not of an integer. */
export function integerOfMode(mode: string, of: Type): Type | null {
  const pair = modes[mode];
  if (pair === undefined) return null;
  return of.kind === 'integer' && of.signed === false ? pair[1] : pair[0];
}
