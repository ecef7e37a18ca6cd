/** What depends on the size of a record: sizeof, an object defined, a step or a copy of one. */

import { closing, punct } from './brackets.js';
import type { TypeName } from './declarators.js';
import { isByValue, resolveType } from './meaning.js';
import { operandEnd } from './operand.js';
import { stepAt } from './steps.js';
import type { UseContext } from './use-context.js';

export function sizeofUse(context: UseContext, at: number, end: number): void {
  const { tokens } = context;
  const parenthesised = tokens.spelling[at + 1] === punct.open;
  const stop = parenthesised ? closing(tokens, at + 1, end) : operandEnd(tokens, at + 1, end);
  const start = parenthesised ? at + 2 : at + 1;
  const isType = context.startsTypeName(start, stop);
  sizeUse(context, 'sizeof', isType ? context.typeNamed(start, stop) : context.typeOf(start, stop), at);
}

/** What counts in objects of a record, or copies one, depends on its size. */
export function stepUse(context: UseContext, at: number, start: number, end: number): void {
  const step = stepAt(context.tokens, at, start, end);
  const operand = step === null ? null : context.typeOf(step.start, step.end);
  if (step === null || operand === null) return;
  const type = resolveType(operand, context.names);
  sizeUse(context, 'sizeof', step.of === 'operand' ? type : pointedTo(type), at);
}

export function definedUse(context: UseContext, type: TypeName, at: number): void {
  if (type.depth <= type.arrays) sizeUse(context, 'define', type, at);
}

function sizeUse(context: UseContext, kind: 'sizeof' | 'define', type: TypeName | null, at: number): void {
  if (type === null || !isByValue(type, context.names)) return;
  const record = context.recordOf(type);
  if (record !== null) context.use(kind, record.base, null, at);
}

function pointedTo(type: TypeName): TypeName | null {
  const { depth, arrays } = type;
  return depth === 0 ? null : { ...type, depth: depth - 1, arrays: Math.max(0, arrays - 1) };
}
