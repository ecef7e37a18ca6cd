/** A guard around which nothing changes: a constant, a typedef or an #include that something elsewhere is made of. */
import type { ChangedType, ChangeSet } from '../changes.js';
import { incompatibilities } from '../compatible.js';
import type { GuardDifference } from '../diff/differences.js';
import { dumpKey } from '../judge-symbols.js';
import type { Row } from '../units/rows.js';
import type { Call, GuardContext } from './call.js';
import { lastLineOf, linesOf } from './guard-places.js';

/** Nothing that changed stands in it or around it: an #include, a macro, a declaration. genksyms sees none of what it hides. */
export function nothingAround({ file, hides, shows }: GuardDifference, context: GuardContext): Call {
  const { changes, useOf, isWhole, attributed } = context;
  const spelled = typesSpelling(namesMade([...hides, ...shows]), context);
  const foreign = unexplained(changes).filter(({ name }) => !attributed.has(name));
  const moved = (spelled.length > 0 ? spelled : foreign).map((type) => ({ type, use: useOf(type) }));
  const isQuiet = ({ use }: (typeof moved)[number]): boolean => use !== null && use !== 'outside';
  const worst = moved.find((one) => !isQuiet(one)) ?? moved[0];
  if (worst?.type.change != null) {
    const { name, change } = worst.type;
    const how = spelled.length > 0 ? 'is made with it' : 'changes and nothing in its own text does';
    const why = `\`${name}\` ${how}: ${incompatibilities(change)[0]}`;
    const text = [...hides, ...shows];
    // A constant or a typedef can be what a type elsewhere is made of, an #include can bring one; a prototype cannot.
    if (text.some((line) => /^#\s*(define|undef|pragma)\b|^typedef\b/.test(line))) {
      if (isQuiet(worst))
        return { honest: true, rule: 'guard-honest', why: `${why}; only the base kernel uses what moved` };
      const isKnown = worst.use !== null || changes.reached.has(dumpKey(name));
      return { honest: isKnown ? false : null, rule: 'guard-hides-break', why };
    }
    if (text.some((line) => /^#\s*include\b/.test(line))) return { honest: null, rule: 'guard-hides-break', why };
  }
  if (!isWhole(file)) return { honest: null, rule: 'guard-honest', why: 'not everything around it could be read' };
  const constant = otherConstant(hides, shows);
  if (constant !== null)
    return { honest: null, rule: 'guard-hides-break', why: `code that was built before has another \`${constant}\`` };
  return { honest: true, rule: 'guard-honest', why: 'no layout, value, prototype or version changes by it' };
}

/** A macro without parameters that genksyms and the compiler read differently: which code hands its value over, nobody can say. */
function otherConstant(hides: readonly string[], shows: readonly string[]): string | null {
  const values = (lines: readonly string[]): Map<string, string> =>
    new Map(
      lines.flatMap((line) => {
        const [, name, value = ''] = /^#\s*define\s+(\w+)(?!\()\s+(.*)/.exec(line) ?? [];
        return name === undefined ? [] : [[name, value.replace(/\s+/g, '')] as const];
      }),
    );
  const seen = values(hides);
  for (const [name, value] of values(shows)) if ((seen.get(name) ?? value) !== value) return name;
  return null;
}

/** Constants and types that a `#define` or a typedef on these lines makes; what a macro with parameters hides, its use tells. */
function namesMade(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, macro, typedef] = /^#\s*define\s+(\w+)(?![\w(])|^typedef\b.*?(\w+)(?:\[[^\]]*\])*\s*;/.exec(line) ?? [];
    return macro ?? typedef ?? [];
  });
}

/** Types that are incompatible and spell one of these names, whatever else changes in them. */
function typesSpelling(names: readonly string[], { changes, after }: GuardContext): ChangedType[] {
  if (names.length === 0) return [];
  const word = new RegExp(`\\b(${names.join('|')})\\b`);
  return changes.types.filter(({ change, place }) => {
    if (change === null || incompatibilities(change).length === 0) return false;
    const lines = linesOf(after, place.file) ?? [];
    return lines.slice(place.line - 1, lastLineOf(lines, place.line)).some((line) => word.test(line));
  });
}

/**
 * Types that are incompatible though no text of theirs changed for genksyms and they embed nothing that did. Where an enumeration changes, an array
 * is as long as one of its enumerators says.
 */
function unexplained(changes: ChangeSet): ChangedType[] {
  const isSizedByEnum = changes.enums.some(({ changed }) => changed.length > 0);
  return changes.types
    .filter((type) => !(isSizedByEnum && hasOtherLength(type)))
    .filter(
      ({ name, change }) =>
        change !== null &&
        change.added.length + change.removed.length === 0 &&
        incompatibilities(change).length > 0 &&
        !changes.hashed.has(dumpKey(name)) &&
        !changes.types.some((one) => one.embeddedIn.includes(name)),
    );
}
/** An array in it has another number of the same elements: a constant says how many. */
export function hasOtherLength({ change }: ChangedType): boolean {
  const element = ({ type }: Row): string | undefined => /^(.*)\[\d+\]$/.exec(type)?.[1];
  return (
    change?.retyped.some(
      ({ before, after }) =>
        before.size !== after.size && element(after) !== undefined && element(before) === element(after),
    ) ?? false
  );
}
