/**
 * Who uses what a ChangeSet moved or resized: consumers for the report, and for the verdict one word a type.
 *
 * DESIGN's rule: base kernel only is `conditional`, one use from a module or from inline code of a public header is a break, and a
 * type that only one link unit touches is no interface at all.
 */
import type { ChangedType } from './changes.js';
import { onlyGrew } from './compatible.js';
import {
  type ConsumerAnswer,
  type ConsumerQuestion,
  consumersOf,
  holdersOf,
  linkUnitsOf,
  type MovedType,
} from './consumers.js';
import type { UseOf } from './judge-source.js';
import { dumpKey } from './judge-symbols.js';
import type { LayoutChange } from './layout-change.js';
import type { Consumer, Missing } from './review.js';
import type { Row } from './rows.js';

export interface Users {
  readonly answer: ConsumerAnswer;
  readonly useOf: UseOf;
  readonly missing: readonly Missing[];
}

/** `reached`: dump keys that an export reaches; such a type is of the interface whoever touches it. */
export function usersOf(
  types: readonly ChangedType[],
  question: ConsumerQuestion,
  reached: ReadonlySet<string>,
): Users {
  const moved = types.flatMap((type) => (type.change === null ? [] : movedOf(type.name, type.change)));
  const found = consumersOf(moved, question);
  const answer = { ...found, consumers: found.consumers.map(ofOutermost) };
  return { answer, useOf: (type) => useOf(type, answer, question, reached), missing: missingOf(answer) };
}

/** Headers in which a record holds one of these types by value. */
export function headersHolding(types: readonly string[], question: ConsumerQuestion): string[] {
  return holdersOf(types.map(bareTypedef), question).filter((file) => file.endsWith('.h'));
}

/**
 * The members that old code would look for in vain. A member of an untagged struct inside is asked for in that one, which the index calls by
 * its place (`struct dentry/d_u`): the other members of a union that moved may have stayed. One that only has another name is where it was.
 */
function movedOf(name: string, change: LayoutChange): MovedType[] {
  const holds = ({ name: outer }: Row): boolean => change.before.rows.some((row) => row.name.startsWith(`${outer}.`));
  // A member whose own type changed stays where it is; its type is asked for by itself.
  const retyped = change.retyped.filter(({ before, after }) => before.type !== after.type);
  const rows = [...[...change.moved, ...retyped].map(({ before }) => before), ...change.removed];
  const resized = change.before.size !== change.after.size || change.before.align !== change.after.align;
  const bare = bareTypedef(name);
  const byRecord = new Map<string, Set<string>>([[bare, new Set()]]);
  for (const row of rows.filter((one) => !holds(one))) {
    const path = row.name.split('.');
    const member = path.pop() as string;
    const record = [bare, ...path].join('/');
    byRecord.set(record, (byRecord.get(record) ?? new Set()).add(member));
  }
  return [...byRecord].flatMap(([record, members]) => {
    const own = record === bare && resized;
    return members.size === 0 && !own ? [] : [{ name: record, members: [...members], resized: own }];
  });
}

/** `struct dentry/d_u`'s `d_rcu` as `struct dentry`'s `d_u.d_rcu`. */
function ofOutermost(consumer: Consumer): Consumer {
  const [type = '', ...path] = consumer.type.split('/');
  if (path.length === 0 || type === '' || /^(struct|union) $/.test(type)) return consumer;
  return { ...consumer, type, member: [...path, consumer.member].join('.') };
}

/** The index knows an untagged type by its typedef's name alone. */
function bareTypedef(name: string): string {
  return name.replace(/^typedef /, '');
}

function useOf(
  type: ChangedType,
  answer: ConsumerAnswer,
  question: ConsumerQuestion,
  reached: ReadonlySet<string>,
): ReturnType<UseOf> {
  const name = bareTypedef(type.name);
  // Who touches a type that holds it by value touches it.
  const touching = [name, ...type.embeddedIn.map(bareTypedef)].map((one) => linkUnitsOf(one, question));
  const linkUnits = new Set(touching.flatMap(({ names }) => [...names]));
  const isPrivate = !reached.has(dumpKey(type.name)) && !touching.some(({ isInline }) => isInline);
  if (isPrivate && linkUnits.size <= 1) return 'nobody';
  // Who embeds it in a header is judged as a type of its own.
  const users = answer.consumers.filter((one) => one.type === name && one.place !== 'possible');
  if (!users.some(({ place }) => place === 'module' || place === 'inline')) return 'base only';
  // One module that alone allocates and touches it was built with what it allocates.
  const { placement } = question;
  const linked = new Set(users.map(({ place, file }) => (place === 'inline' ? null : placement.linkUnitOf(file))));
  const alone = linked.size === 1 && !linked.has(null) && type.change !== null && onlyGrew(type.change);
  return alone ? 'one module' : 'outside';
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
