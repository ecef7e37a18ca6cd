/**
 * What a guard hides, and whether that is honest: judged from the four views, not from the guard's text. The text only says
 * where a guard stands and what it is called.
 *
 * Honest means: genksyms sees the old declaration exactly, and old module code can go on with what the compiler sees, in the type
 * itself and in every type that embeds it. A guard answers for what stands in it or around it, and for nothing else of the series.
 */
import type { SourceTree } from '../../tree/source-tree.js';
import type { ChangedCallback, ChangedEnum, ChangedPrototype, ChangedType, ChangeSet } from '../changes.js';
import type { GuardDifference } from '../diff/differences.js';
import { plainPurpose, ruleTarget } from '../diff/guard-text.js';
import { misspelled, withdrawing } from '../diff/judge-rest.js';
import type { Guard } from '../review.js';
import { type Call, type GuardContext, staleBranch, worstCall } from './call.js';
import { enumCall } from './enum-call.js';
import { lastLineOf, linesOf } from './guard-places.js';
import { nothingAround } from './nothing-around.js';
import { typeCall } from './type-call.js';
import { versionCall } from './version-call.js';

export function judgeGuard(guard: GuardDifference, context: GuardContext): Guard {
  const { file, line, idiom, hides } = guard;
  return { file, line, idiom, hides: [...hides], ...callOf(guard, context) };
}

function callOf(guard: GuardDifference, context: GuardContext): Call {
  const { changes } = context;
  if (guard.misspelled !== null) return misspelled(guard.misspelled);
  const purpose = plainPurpose(guard);
  if (purpose !== null) return { rule: 'guard-honest', ...purpose };
  if (guard.open) return { honest: null, rule: 'guard-unbalanced', why: 'no #endif closes it in the file' };
  const target = ruleTarget(guard);
  const around = <T extends ChangedType | ChangedEnum>(all: readonly T[]): readonly T[] =>
    target === null
      ? standingWith(guard, all, context.after)
      : all.filter(({ name }) => name.split(' ').at(-1) === target);
  const calls: Call[] = [
    ...around(changes.types).map((one) => typeCall(guard, one, context)),
    ...around(changes.enums).map((one) => enumCall(guard, one, context)),
    ...standingWith(guard, changes.callbacks, context.after).map((one) => callbackCall(one, context)),
    ...declaredIn(guard, changes.prototypes).map((one) => prototypeCall(one, changes)),
  ];
  return worstCall(calls) ?? ruleCall(target, context) ?? versionCall(guard, context) ?? nothingAround(guard, context);
}

/** A rule for a type of which nothing else changes. */
function ruleCall(target: string | null, { changes, hashes }: GuardContext): Call | null {
  const isHashed = hashes && ['s', 'u', 't', 'e'].some((letter) => changes.hashed.has(`${letter}#${target}`));
  return target !== null && isHashed ? withdrawing([target], ['what the rule says']) : null;
}

/** The declarations that the guard stands in, or that stand in the guard: those whose lines meet its lines. */
function standingWith<T extends ChangedType | ChangedEnum | ChangedCallback>(
  guard: GuardDifference,
  all: readonly T[],
  after: SourceTree,
): T[] {
  const here = all.filter((one) => one.place.file === guard.file && one.place.line <= guard.lastLine);
  const lines = here.length === 0 ? null : linesOf(after, guard.file);
  if (lines === null) return [];
  return here.filter((one) => lastLineOf(lines, one.place.line) >= guard.line);
}

function declaredIn(guard: GuardDifference, all: readonly ChangedPrototype[]): ChangedPrototype[] {
  const text = guard.hides.join(' ');
  return all.filter((one) => new RegExp(`\\b${one.name}\\b`).test(text));
}

function prototypeCall(one: ChangedPrototype, changes: ChangeSet): Call {
  if (changes.symbols.some((symbol) => symbol.name === one.name)) {
    return { honest: false, rule: 'guard-stale-branch', why: `the version of \`${one.name}\` changes all the same` };
  }
  if (one.isCalledAlike)
    return {
      honest: true,
      rule: 'guard-honest',
      why: `callers of \`${one.name}\` pass and get the same, by another name`,
    };
  return {
    honest: false,
    rule: 'guard-hides-break',
    why: `callers of \`${one.name}\` that were built before pass other arguments`,
  };
}

function callbackCall({ name, before, after }: ChangedCallback, { changes, hashes }: GuardContext): Call {
  if (hashes && changes.hashed.has(`t#${name}`)) return staleBranch;
  return {
    honest: false,
    rule: 'guard-hides-break',
    why: `\`${name}\` is called otherwise: ${before} becomes ${after}`,
  };
}
