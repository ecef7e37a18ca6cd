/** `a.b`, `a->b` and offsetof(): which member of which record. */

import { textOf } from '../lex/spelling.js';
import { Identifier } from '../lex/tokens.js';
import { closing, punct } from './brackets.js';
import type { TypeName } from './declarators.js';
import type { RecordOutline } from './outline.js';
import type { UseContext } from './use-context.js';

/** A trace event's own record, which no header declares by name. */
export const traceEntry = 'struct trace entry';

/** The member at `at` of the operand that begins at `first` and ends before the `.` or `->`. */
export function memberUse(context: UseContext, first: number, at: number): void {
  const name = textOf(context.tokens.spelling[at] as number);
  const operand = context.typeOf(first, at - 1);
  if (operand?.base === traceEntry) return;
  // A record without a tag is the file's own.
  if (operand !== null && /^(struct|union) (@\d+)?$/.test(operand.base)) return;
  const record = operand === null ? null : context.recordOf(operand);
  if (record === null) {
    // A record that is seen nowhere is not the one that was asked for; nothing known may be any.
    const base = operand === null || !/^(struct|union) /.test(operand.base) ? null : operand.base;
    context.use('access', base, name, at);
    return;
  }
  const member = record.members.get(name);
  if (member === undefined) aliasUse(context, record, name, at);
  else {
    context.use('access', record.base, name, at);
    if (member.type.typeofTokens === undefined) context.read.set(at, { first, type: member.type });
  }
}

/** `x->d_lock` where `#define d_lock d_lockref.lock`: the members that the body goes through. */
function aliasUse(context: UseContext, record: RecordOutline, name: string, at: number): void {
  const macro = context.names.macro(name);
  const body = macro?.parameters === null ? macro.body : null;
  if (body === null || body.kind[0] !== Identifier || !record.members.has(textOf(body.spelling[0] as number))) {
    context.use('access', record.base, name, at);
    return;
  }
  let inner: RecordOutline | null = record;
  for (let i = 0; i < body.length && body.kind[i] === Identifier && inner !== null; i += 2) {
    const member: string = textOf(body.spelling[i] as number);
    context.use('access', inner.base, member, at);
    const type: TypeName | undefined = inner.members.get(member)?.type;
    inner = type === undefined ? null : context.recordOf(type);
  }
}

/** offsetof(type, member.inner[…]) */
export function offsetofUse(context: UseContext, at: number, end: number): void {
  const { tokens } = context;
  const close = closing(tokens, at + 1, end);
  let comma = at + 2;
  while (comma < close && tokens.spelling[comma] !== punct.comma)
    comma = tokens.spelling[comma] === punct.open ? closing(tokens, comma, close) + 1 : comma + 1;
  let record = context.recordOf(context.typeNamed(at + 2, comma));
  for (let i = comma + 1; i < close && record !== null; i++) {
    if (tokens.spelling[i] === punct.bracket) i = closing(tokens, i, close);
    if (tokens.kind[i] !== Identifier) continue;
    const name = textOf(tokens.spelling[i] as number);
    const member = record.members.get(name);
    if (member === undefined) aliasUse(context, record, name, i);
    else context.use('access', record.base, name, i);
    record = member === undefined ? null : context.recordOf(member.type);
  }
}
