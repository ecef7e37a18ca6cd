/**
 * Who uses what a ChangeSet moved or resized: consumers for the report, and for the verdict one word a type.
 *
 * DESIGN's rule: base kernel only is `conditional`, one use from a module or from inline code of a public header is a break, and a
 * type that only one link unit touches is no interface at all.
 */
import type { ChangedType } from './changes.js';
import {
  type ConsumerAnswer,
  type ConsumerQuestion,
  consumersOf,
  holdersOf,
  linkUnitsOf,
  type MovedType,
} from './consumers.js';
import type { UseOf } from './judge-source.js';
import type { LayoutChange } from './layout-change.js';
import type { Missing } from './review.js';

export interface Users {
  readonly answer: ConsumerAnswer;
  readonly useOf: UseOf;
  readonly missing: readonly Missing[];
}

export function usersOf(types: readonly ChangedType[], question: ConsumerQuestion): Users {
  const moved = types.flatMap((type) => (type.change === null ? [] : [movedOf(type.name, type.change)]));
  const answer = consumersOf(
    moved.filter((one) => one.members.length > 0 || one.resized),
    question,
  );
  return { answer, useOf: (type) => useOf(type, answer, question), missing: missingOf(answer) };
}

/** Headers in which a record holds one of these types by value. */
export function headersHolding(types: readonly string[], question: ConsumerQuestion): string[] {
  return holdersOf(types.map(bareTypedef), question).filter((file) => file.endsWith('.h'));
}

/** The members that old code would look for in vain, by the name that code uses first. */
function movedOf(name: string, change: LayoutChange): MovedType {
  // A member whose own type changed stays where it is; its type is asked for by itself.
  const retyped = change.retyped.filter(({ before, after }) => before.type !== after.type);
  const rows = [...change.moved, ...retyped, ...change.renamed].map(({ before }) => before);
  const first = (row: { readonly name: string }): string => row.name.split('.')[0] as string;
  const members = [...new Set([...rows, ...change.removed].map(first))];
  const resized = change.before.size !== change.after.size || change.before.align !== change.after.align;
  return { name: bareTypedef(name), members, resized };
}

/** The index knows an untagged type by its typedef's name alone. */
function bareTypedef(name: string): string {
  return name.replace(/^typedef /, '');
}

function useOf(type: ChangedType, answer: ConsumerAnswer, question: ConsumerQuestion): ReturnType<UseOf> {
  const name = bareTypedef(type.name);
  const units = linkUnitsOf(name, question);
  if (!units.isInline && units.names.size <= 1) return 'nobody';
  // Who embeds it in a header is judged as a type of its own.
  const places = answer.consumers.filter((one) => one.type === name).map(({ place }) => place);
  return places.some((place) => place === 'module' || place === 'inline') ? 'outside' : 'base only';
}

function missingOf({ unresolved }: ConsumerAnswer): Missing[] {
  if (unresolved.length === 0) return [];
  const members = [...new Set(unresolved.map(({ member }) => member))];
  const places = unresolved.slice(0, 3).map(({ file, line }) => `${file}:${line}`);
  const more = unresolved.length > places.length ? `, and ${unresolved.length - places.length} more` : '';
  return [
    {
      what: `${unresolved.length} accesses to ${members.slice(0, 4).join(', ')}${members.length > 4 ? ', …' : ''}`,
      why: `the type before the name could not be found: ${places.join(', ')}${more}`,
    },
  ];
}
