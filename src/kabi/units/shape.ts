/**
 * What code makes of the bytes of a member: its numbers and pointers, each with its place, width and kind. One type may stand for another, to code
 * that was built for the first, where it finds each of them where it was.
 *
 * Worked example: `struct list_head` is `next` and `prev`, two pointers; `struct hlist_node` is `next` and `pprev`, and may not stand for it.
 */

import type { MemberLayout } from '../../c/layout.js';
import type { DeclaredUnit } from '../../c/parse/declarations.js';
import { type Member, type RecordType, stripped, type Type } from '../../c/type.js';
import { callOf } from './calls.js';

export interface Scalar {
  /** Members on the way to it, dots between; '' for the thing itself. A record around one member is passed over. */
  readonly path: string;
  /** From the start of the thing. */
  readonly bitOffset: number;
  /** Of all elements, where it is an array. */
  readonly bits: number;
  /** `pointer`, `integer`, `float`; of a pointer to a function how it is called; of an array with the bits of an element. */
  readonly kind: string;
}

export type Shape = readonly Scalar[];

/** No more is compared of one member: deeper or longer ones only hostile input has, as a struct of two of a struct of two, and so on. */
const [deepest, longest] = [40, 5000];

/** `null`: it has none that is known. */
export function shapeOf(member: Pick<Member, 'type' | 'bits'>, unit: DeclaredUnit): Shape | null {
  const found: Scalar[] = [];
  return collect(member, unit, { path: '', bitOffset: 0, each: '' }, found, 0) ? found : null;
}

interface Where {
  readonly path: string;
  readonly bitOffset: number;
  /** Bits of an element of the arrays around it. */
  readonly each: string;
}

function collect(
  { type, bits }: Pick<Member, 'type' | 'bits'>,
  unit: DeclaredUnit,
  where: Where,
  found: Scalar[],
  depth: number,
): boolean {
  const { element, isArray } = elementOf(type);
  const [size, each] = [unit.layouts.size(type), unit.layouts.size(element)];
  if (depth > deepest || found.length > longest || typeof size !== 'number' || typeof each !== 'number') return false;
  const at = isArray ? { ...where, each: `${where.each}[${each * 8}]` } : where;
  if (element.kind === 'struct' || element.kind === 'union') return collectMembers(element, unit, at, found, depth);
  found.push({ path: at.path, bitOffset: at.bitOffset, bits: bits ?? size * 8, kind: kindOf(element, unit) + at.each });
  return true;
}

function collectMembers(record: RecordType, unit: DeclaredUnit, at: Where, found: Scalar[], depth: number): boolean {
  const layout = unit.layouts.of(record);
  if ('why' in layout || record.members === null) return false;
  const members = record.members.filter(({ name, bits }) => name !== null || bits === null);
  const isWrapper = members.length === 1;
  return members.every((member, number) => {
    const { bitOffset } = layout.members[number] as MemberLayout;
    const path =
      isWrapper || member.name === null ? at.path : at.path === '' ? member.name : `${at.path}.${member.name}`;
    return collect(member, unit, { ...at, path, bitOffset: at.bitOffset + bitOffset }, found, depth + 1);
  });
}

function elementOf(type: Type): { element: ReturnType<typeof stripped>; isArray: boolean } {
  let element = stripped(type);
  let isArray = false;
  while (element.kind === 'array') {
    element = stripped(element.element);
    isArray = true;
  }
  return { element, isArray };
}

function kindOf(type: ReturnType<typeof stripped>, unit: DeclaredUnit): string {
  if (type.kind === 'pointer') return callOf(type, unit) ?? 'pointer';
  return type.kind === 'enum' ? 'integer' : type.kind;
}

/** Does code that was built for the first find in the second each number and pointer where it was? */
export function mayStandFor(before: Shape, after: Shape): boolean {
  const isWhole = before.length === 1 && after.length === 1;
  return before.every((was) =>
    after.some(
      (is) =>
        is.bitOffset === was.bitOffset &&
        is.bits === was.bits &&
        is.kind === was.kind &&
        (isWhole || isSamePath(was.path, is.path)),
    ),
  );
}

/** Something around both may have come or gone. */
function isSamePath(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}
