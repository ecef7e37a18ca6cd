/**
 * How a callback is called: what the caller passes and gets, as registers and stack see it. Two signatures with the same text here can be
 * called one for the other; which struct a pointer points to is not said, as of no member.
 */

import type { Layouts } from '../../c/layout.js';
import type { DeclaredUnit } from '../../c/parse/declarations.js';
import { plainType } from '../../c/plain-type.js';
import { type Member, type RecordType, stripped, type Type } from '../../c/type.js';
import { textOfType } from '../../c/type-text.js';
import type { Row } from './rows.js';

/** `void (*)(struct kobject *, int)` -> `void (pointer, 4)`; null for what is no pointer to a function. */
export function callOf(type: Type, unit: DeclaredUnit): string | null {
  let at = stripped(type);
  while (at.kind === 'pointer' || at.kind === 'array') at = stripped(at.kind === 'array' ? at.element : at.to);
  if (at.kind !== 'function') return null;
  const given = at.parameters.map((one) => passed(one.type, unit));
  const open = at.variadic ? ['...'] : at.unprototyped ? ['?'] : [];
  return `${passed(at.returns, unit)} (${[...given, ...open].join(', ')})`;
}

function passed(type: Type, unit: DeclaredUnit): string {
  const bare = stripped(type);
  switch (bare.kind) {
    case 'void':
      return 'void';
    case 'pointer':
    case 'array':
    case 'function':
      return 'pointer';
    case 'struct':
    case 'union': {
      return `${bare.kind} ${bare.tag ?? ''} ${bytesOf(bare, unit)}`;
    }
    default:
      return `${bare.kind === 'float' ? 'float ' : ''}${bytesOf(bare, unit)}`;
  }
}

function bytesOf(type: Type, unit: DeclaredUnit): number | '?' {
  const size = unit.layouts.size(type);
  return typeof size === 'number' ? size : '?';
}

/**
 * How an exported function is called, its pointers with what they point to: an integer as wide as a register's half or more is one whatever its sign
 * and name; a narrower one is widened by its sign.
 */
export function exportedCall(type: Type, unit: DeclaredUnit): string {
  return stripped(type).kind === 'function' ? written(type, unit, 'passed') : textOfType(plainType(type));
}

function written(type: Type, unit: DeclaredUnit, how: 'passed' | 'behind a pointer', depth = 0): string {
  const bare = stripped(type);
  if (depth > 20) return '…';
  const behind = (one: Type): string => written(one, unit, 'behind a pointer', depth + 1);
  const given = (one: Type): string => written(one, unit, 'passed', depth + 1);
  switch (bare.kind) {
    case 'pointer':
      return `${behind(bare.to)} *`;
    case 'array':
      return how === 'passed' ? `${behind(bare.element)} *` : `${behind(bare.element)}[${bare.length ?? ''}]`;
    case 'function': {
      const open = bare.variadic ? ['...'] : bare.unprototyped ? ['?'] : [];
      return `${given(bare.returns)} (${[...bare.parameters.map((one) => given(one.type)), ...open].join(', ')})`;
    }
    case 'integer':
    case 'enum': {
      const bytes = bytesOf(bare, unit);
      const isWide = how === 'behind a pointer' || (typeof bytes === 'number' && bytes >= 4);
      if (bare.kind === 'integer' && (bare.rank === 'bool' || !isWide)) return bare.name;
      return `${bytes}`;
    }
    case 'struct':
    case 'union': {
      const text = textOfType(plainType(type));
      return how === 'passed' ? `${text} of ${bytesOf(bare, unit)} bytes` : text;
    }
    default:
      return textOfType(plainType(type));
  }
}

/** Records that callers of a function hand over or get by value: `struct tag`, `typedef name`. */
export function passedByValue(type: Type): string[] {
  const bare = stripped(type);
  if (bare.kind !== 'function') return [];
  return [bare.returns, ...bare.parameters.map((one) => one.type)].flatMap((one) => {
    const at = stripped(one);
    if (at.kind !== 'struct' && at.kind !== 'union') return [];
    return at.tag === null ? `typedef ${textOfType(plainType(one))}` : `${at.kind} ${at.tag}`;
  });
}

/** Of the callbacks among a record's rows. */
export function rowsWithCalls(rows: readonly Row[], record: RecordType, unit: DeclaredUnit): readonly Row[] {
  return rows.map((row) => {
    if (!row.type.includes('(*')) return row;
    const call = callOfMember(record, row.name.split('.'), unit);
    return call === null ? row : { ...row, call };
  });
}

function callOfMember(record: RecordType, path: readonly string[], unit: DeclaredUnit): string | null {
  const member = memberAt(record, path, unit.layouts);
  return member === null ? null : callOf(member.type, unit);
}

/** A member by the names on the way to it, as a row has them. */
export function memberAt(record: RecordType, path: readonly string[], layouts: Layouts): Member | null {
  let at: RecordType = record;
  for (const [step, name] of path.entries()) {
    const member = layouts.memberOf(at, name);
    if (member === null || step + 1 === path.length) return member;
    const bare = stripped(member.type);
    if (bare.kind !== 'struct' && bare.kind !== 'union') return null;
    at = bare;
  }
  return null;
}
