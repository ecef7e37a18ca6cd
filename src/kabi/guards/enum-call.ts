/** A guard and the enumeration that it stands in: does an old value mean something else, has an array another length? */
import { type ChangedEnum, onlyCounts } from '../changes.js';
import type { GuardDifference } from '../diff/differences.js';
import { declaredNames, withdrawing } from '../diff/judge-rest.js';
import { dumpKey } from '../judge-symbols.js';
import { type Call, type GuardContext, staleBranch, worstCall } from './call.js';
import { hasOtherLength } from './nothing-around.js';
import { typeCall } from './type-call.js';
import { seenOtherwise } from './version-call.js';

export function enumCall(guard: GuardDifference, one: ChangedEnum, context: GuardContext): Call {
  const { changes, hashes } = context;
  const text = hashes ? changes.hashed.get(`e#${one.name}`) : undefined;
  if (text !== undefined) {
    const touched = [
      ...one.removed,
      ...one.changed.map(({ name }) => name),
      ...one.renamed.map(({ before }) => before),
    ];
    const named = declaredNames([...guard.hides, ...guard.shows]).filter((name) => !touched.includes(name));
    const withdrawn = seenOtherwise(named, text);
    return withdrawn.length > 0 ? withdrawing(withdrawn, guard.shows) : staleBranch;
  }
  const resized = changes.types.filter((type) => hasOtherLength(type) && !changes.hashed.has(dumpKey(type.name)));
  const arrays = resized.map((type) => `\`${type.name}\``).join(', ');
  if (onlyCounts(one)) {
    const calls = resized.map((type) => typeCall(guard, type, context));
    const why = 'no old enumerator has another value, and no array is as long as their number';
    return worstCall(calls) ?? { honest: true, rule: 'guard-honest', why };
  }
  const more = arrays === '' ? '' : `; arrays in ${arrays} are resized`;
  const [first] = one.changed;
  const why =
    first === undefined ? 'an enumerator is gone' : `\`${first.name}\` ${first.before} becomes ${first.after}`;
  // A value that no export which was read hands over: who relies on it is not known, as the verdict says.
  const isKnown = changes.reached.has(`e#${one.name}`) || resized.length > 0;
  return { honest: isKnown ? false : null, rule: 'guard-hides-break', why: `${why}${more}` };
}
