/** A changed enumeration -> what a reviewer calls it, and its rows in the review. */
import type { ChangedEnum } from '../changes.js';
import type { TypeChange } from '../review.js';
import type { RuleId } from './ids.js';

type Told = { readonly rule: RuleId; readonly text: string };
type Member = TypeChange['members'][number];

/** Values that changed and are told each by its name; more are counted. */
const toldValues = 3;

export function enumFindings({ added, removed, renamed, changed, counters }: ChangedEnum): Told[] {
  const isCounter = ({ name }: { readonly name: string }): boolean => counters.includes(name);
  const values = changed.filter((one) => !isCounter(one));
  const left = values.length - toldValues;
  const newly = (text: string): Told => ({ rule: 'enum-value-added', text });
  const otherwise = (text: string): Told => ({ rule: 'enum-value-changed', text });
  return [
    ...added.map((name) => newly(`new enumerator \`${name}\``)),
    ...changed
      .filter(isCounter)
      .map(({ name, before, after }) => newly(`\`${name}\` counts: ${before} becomes ${after}`)),
    ...values.slice(0, toldValues).map(({ name, before, after }, at) => {
      const more = left > 0 && at === toldValues - 1 ? `, and ${left} more` : '';
      return otherwise(`\`${name}\` ${before} becomes ${after}${more}`);
    }),
    ...renamed.map(({ before, after }) => newly(`enumerator \`${before}\` is now \`${after}\``)),
    ...removed.map((name) => otherwise(`enumerator \`${name}\` is gone`)),
  ];
}

/** An enumerator has no place; in the place of its type stands its value, where that is told. */
export function enumMembers({ added, removed, renamed, changed }: ChangedEnum): Member[] {
  const valued = (type: string): NonNullable<Member['after']> => ({ bitOffset: null, bitSize: null, type });
  return [
    ...added.map((name): Member => ({ name, change: 'added', before: null, after: valued('') })),
    ...removed.map((name): Member => ({ name, change: 'removed', before: valued(''), after: null })),
    ...renamed.map(
      ({ before, after, value }): Member => ({
        name: after,
        change: 'renamed',
        before: valued(before),
        after: valued(String(value)),
      }),
    ),
    ...changed.map(
      ({ name, before, after }): Member => ({
        name,
        change: 'retyped',
        before: valued(String(before)),
        after: valued(String(after)),
      }),
    ),
  ];
}
