/**
 * How a callback is called: what the caller passes and gets, as registers and stack see it. Two signatures with the same text here can be
 * called one for the other; which struct a pointer points to is not said, as of no member.
 */
import type { DeclaredUnit } from '../../c/declarations.js';
import { type RecordType, stripped, type Type } from '../../c/type.js';
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

/** Of the callbacks among a record's rows. */
export function rowsWithCalls(rows: readonly Row[], record: RecordType, unit: DeclaredUnit): readonly Row[] {
  return rows.map((row) => {
    if (!row.type.includes('(*')) return row;
    const call = callOfMember(record, row.name.split('.'), unit);
    return call === null ? row : { ...row, call };
  });
}

function callOfMember(record: RecordType, path: readonly string[], unit: DeclaredUnit): string | null {
  let at: RecordType = record;
  for (const [step, name] of path.entries()) {
    const type = unit.layouts.memberOf(at, name)?.type;
    if (type === undefined) return null;
    if (step + 1 === path.length) return callOf(type, unit);
    const bare = stripped(type);
    if (bare.kind !== 'struct' && bare.kind !== 'union') return null;
    at = bare;
  }
  return null;
}
