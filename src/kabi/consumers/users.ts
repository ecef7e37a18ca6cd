/**
 * Who uses what a ChangeSet moved or resized: consumers for the report, and for the verdict one word a type.
 *
 * DESIGN's rule: base kernel only is `conditional`, one use from a module or from inline code of a public header is a break, and a
 * type that only one link unit touches is no interface at all.
 */
import type { ChangedType } from '../changes.js';
import { coveredTail, onlyGrew } from '../compatible.js';
import type { UseOf } from '../judge-source.js';
import { dumpKey } from '../judge-symbols.js';
import type { Consumer, Missing } from '../review.js';
import type { LayoutChange } from '../units/layout-change.js';
import type { Row } from '../units/rows.js';
import { type ConsumerAnswer, type ConsumerQuestion, consumersOf, linkUnitsOf, type MovedType } from './consumers.js';
import { areFlagged, type NewWords } from './flagged-slots.js';
import type { UsesAfter } from './uses-after.js';

export interface Users {
  readonly answer: ConsumerAnswer;
  readonly useOf: UseOf;
  readonly missing: readonly Missing[];
}

export interface Asked {
  readonly question: ConsumerQuestion;
  /** Dump keys that an export reaches; such a type is of the interface whoever touches it. */
  readonly reached: ReadonlySet<string>;
  /** What the series' own files access after it. */
  readonly usesAfter: UsesAfter;
  readonly newWords: NewWords;
}

export function usersOf(types: readonly ChangedType[], asked: Asked): Users {
  const { question } = asked;
  const moved = types.flatMap((type) => (type.change === null ? [] : movedOf(type.name, type.change)));
  const found = consumersOf(moved, question);
  const answer = { ...found, consumers: found.consumers.map(ofOutermost) };
  return { answer, useOf: (type) => useOf(type, answer, asked), missing: missingOf(answer) };
}

/**
 * The members that old code would look for in vain. A member of an untagged struct inside is asked for in that one, which the index calls by
 * its place (`struct dentry/d_u`): the other members of a union that moved may have stayed. One that only has another name is where it was.
 */
function movedOf(name: string, change: LayoutChange): MovedType[] {
  const holds = ({ name: outer }: Row): boolean => change.before.rows.some((row) => row.name.startsWith(`${outer}.`));
  // A member whose own struct changed stays where it is; that struct is asked for by itself. A typedef of a number is not.
  const retyped = change.retyped.filter(
    ({ before, after, isOther }) =>
      isOther ||
      before.call !== after.call ||
      before.type !== after.type ||
      (before.kind !== 'record' && before.size !== after.size),
  );
  const tail = coveredTail(change)?.tail ?? [];
  const rows = [...[...change.moved, ...retyped].map(({ before }) => before), ...change.removed].concat(tail);
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
export function bareTypedef(name: string): string {
  return name.replace(/^typedef /, '');
}

function useOf(type: ChangedType, answer: ConsumerAnswer, asked: Asked): ReturnType<UseOf> {
  const { question, reached } = asked;
  const { placement } = question;
  const name = bareTypedef(type.name);
  if (!reached.has(dumpKey(type.name)) && isPrivate(type, asked)) return 'nobody';
  // Who embeds it in a header is judged as a type of its own.
  const users = answer.consumers.filter((one) => one.type === name && one.place !== 'possible');
  if (!users.some(({ place }) => place === 'module' || place === 'inline')) return 'base only';
  // One module that alone allocates it was built with what it allocates, and looks for the new members where it put them.
  if (isFlagged(type, users, asked)) return 'base only';
  const linked = new Set(users.map(({ place, file }) => (place === 'inline' ? null : placement.linkUnitOf(file))));
  const [module = null] = linked;
  if (linked.size !== 1 || module === null || type.change === null || !onlyGrew(type.change)) return 'outside';
  const added = new Set(type.change.added.map((row) => row.name.slice(row.name.lastIndexOf('.') + 1)));
  const news = asked.usesAfter.of([name], new Set([module])).filter(({ member }) => added.has(member));
  const isAlone = news.every(({ linkUnits }) => linkUnits?.every((one) => one === module) ?? false);
  return isAlone ? 'one module' : 'outside';
}

/** Modules define short objects of it, and the base kernel looks behind their end only where a new flag says that they are long. */
function isFlagged({ name, change }: ChangedType, users: readonly Consumer[], { usesAfter, newWords }: Asked): boolean {
  if (change === null || !onlyGrew(change) || users.some(({ kind }) => kind === 'sizeof')) return false;
  const added = new Set(change.added.map((row) => row.name));
  if (usesAfter.hasOpen([bareTypedef(name)], added)) return false;
  const uses = usesAfter.of([bareTypedef(name)], new Set()).filter(({ member }) => added.has(member));
  return areFlagged(uses, usesAfter, newWords);
}

/** Does one link unit alone touch it, before and after? Who touches a type that holds it by value touches it. */
function isPrivate(type: ChangedType, { question, usesAfter }: Asked): boolean {
  const names = [type.name, ...type.embeddedIn].map(bareTypedef);
  const touching = names.map((one) => linkUnitsOf(one, question));
  if (touching.some(({ isInline }) => isInline)) return false;
  const linkUnits = new Set(touching.flatMap((one) => [...one.names]));
  if (linkUnits.size > 1) return false;
  const after = usesAfter.of(names, linkUnits);
  if (after.some((one) => one.linkUnits === null)) return false;
  return new Set([...linkUnits, ...after.flatMap((one) => one.linkUnits ?? [])]).size <= 1;
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
