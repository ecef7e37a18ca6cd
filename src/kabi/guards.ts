/**
 * What a guard hides, and whether that is honest: judged from the four views, not from the guard's text. The text only says
 * where a guard stands and what it is called.
 *
 * Honest means: genksyms sees the old declaration exactly, and old module code can go on with what the compiler sees, in the type
 * itself and in every type that embeds it.
 */
import type { ChangedEnum, ChangedPrototype, ChangedType, ChangeSet } from './changes.js';
import { incompatibilities, onlyGrew } from './compatible.js';
import type { GuardDifference } from './diff/changes.js';
import { dumpKey, type UseOf } from './judge-source.js';
import type { Guard } from './review.js';
import type { RuleId } from './rules/ids.js';

interface Call {
  readonly honest: boolean | null;
  readonly rule: RuleId;
  readonly why: string;
}

export function judgeGuard(guard: GuardDifference, changes: ChangeSet, useOf: UseOf, hashes: boolean): Guard {
  const { file, line, idiom, hides } = guard;
  return { file, line, idiom, hides: [...hides], ...callOf(guard, changes, useOf, hashes) };
}

function callOf(guard: GuardDifference, changes: ChangeSet, useOf: UseOf, hashes: boolean): Call {
  if (guard.open) return { honest: null, rule: 'guard-unbalanced', why: 'its #endif is not in the hunk' };
  const type = declaredAround(guard, changes.types);
  const enumeration = declaredAround(guard, changes.enums);
  const prototype = declaredIn(guard, changes.prototypes);
  if (prototype !== undefined) return prototypeCall(prototype, changes);
  const [nearest] = [type, enumeration]
    .filter((one) => one !== undefined)
    .sort((one, other) => other.place.line - one.place.line);
  if (nearest === undefined) return nothingAround(changes);
  const key = nearest === enumeration ? `e#${nearest.name}` : dumpKey(nearest.name);
  if (hashes && changes.hashed.has(key)) {
    return {
      honest: false,
      rule: 'guard-stale-branch',
      why: 'genksyms does not see the old declaration: versions change all the same',
    };
  }
  return nearest === enumeration ? enumCall(enumeration, changes) : typeCall(nearest as ChangedType, changes, useOf);
}

/** The last type of the file that begins before the guard ends: the one it stands in. */
function declaredAround<T extends ChangedType | ChangedEnum>(guard: GuardDifference, all: readonly T[]): T | undefined {
  return all
    .filter((one) => one.place.file === guard.file && one.place.line <= guard.lastLine)
    .sort((one, other) => other.place.line - one.place.line)[0];
}

function declaredIn(guard: GuardDifference, all: readonly ChangedPrototype[]): ChangedPrototype | undefined {
  const text = guard.hides.join(' ');
  return all.find((one) => new RegExp(`\\b${one.name}\\b`).test(text));
}

function prototypeCall(one: ChangedPrototype, changes: ChangeSet): Call {
  if (changes.symbols.some((symbol) => symbol.name === one.name)) {
    return { honest: false, rule: 'guard-stale-branch', why: `the version of \`${one.name}\` changes all the same` };
  }
  return {
    honest: false,
    rule: 'guard-hides-break',
    why: `callers of \`${one.name}\` that were built before pass other arguments`,
  };
}

function nothingAround(changes: ChangeSet): Call {
  if (changes.symbols.length > 0) {
    return { honest: false, rule: 'guard-stale-branch', why: 'versions of symbols change all the same' };
  }
  const moved = changes.types.some((one) => one.change !== null && incompatibilities(one.change).length > 0);
  if (moved)
    return { honest: null, rule: 'guard-hides-break', why: 'layouts change, and not in a type that stands around it' };
  return { honest: true, rule: 'guard-honest', why: 'no layout, value, prototype or version changes' };
}

function enumCall(one: ChangedEnum, changes: ChangeSet): Call {
  if (one.changed.length + one.removed.length === 0) {
    return { honest: true, rule: 'guard-honest', why: 'no old enumerator has another value' };
  }
  const resized = changes.types.filter((type) =>
    type.change?.retyped.some((pair) => pair.before.size !== pair.after.size),
  );
  const arrays = resized.map((type) => `\`${type.name}\``).join(', ');
  const more = arrays === '' ? '' : `; arrays in ${arrays} are resized`;
  const [first] = one.changed;
  const why =
    first === undefined ? 'an enumerator is gone' : `\`${first.name}\` ${first.before} becomes ${first.after}`;
  return { honest: false, rule: 'guard-hides-break', why: `${why}${more}` };
}

function typeCall(type: ChangedType, changes: ChangeSet, useOf: UseOf): Call {
  if (type.change === null)
    return { honest: null, rule: 'guard-useless', why: 'the compiler sees the same type before and after' };
  const broken = embeddersOf(type, changes).find(
    (one) => one.change !== null && incompatibilities(one.change).length > 0,
  );
  const reasons = incompatibilities(type.change);
  const harmless = reasons.length === 0 || useOf(type) === 'nobody';
  const own = harmless || onlyGrew(type.change);
  if (own && broken?.change != null && useOf(broken) !== 'base only' && useOf(broken) !== 'nobody') {
    return {
      honest: false,
      rule: 'guard-embedder',
      why: `\`${broken.name}\` embeds it: ${incompatibilities(broken.change)[0]}`,
    };
  }
  if (harmless)
    return { honest: true, rule: 'guard-honest', why: 'each old member keeps its place, its size and its kind' };
  if (useOf(type) === 'base only') {
    return { honest: true, rule: 'guard-honest', why: `${reasons[0]}; only the base kernel uses what moved` };
  }
  return { honest: false, rule: 'guard-hides-break', why: reasons.slice(0, 2).join('; ') };
}

/** Types that hold it by value, and those that hold them. */
function embeddersOf(type: ChangedType, changes: ChangeSet): ChangedType[] {
  const names = new Set(type.embeddedIn);
  for (const name of names) {
    for (const outer of changes.types.find((one) => one.name === name)?.embeddedIn ?? []) names.add(outer);
  }
  return changes.types.filter((one) => names.has(one.name));
}
