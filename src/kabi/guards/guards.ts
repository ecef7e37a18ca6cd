/**
 * What a guard hides, and whether that is honest: judged from the four views, not from the guard's text. The text only says
 * where a guard stands and what it is called.
 *
 * Honest means: genksyms sees the old declaration exactly, and old module code can go on with what the compiler sees, in the type
 * itself and in every type that embeds it. A guard answers for what stands in it or around it, and for nothing else of the series.
 */
import type { SourceTree } from '../../tree/source-tree.js';
import {
  type ChangedCallback,
  type ChangedEnum,
  type ChangedPrototype,
  type ChangedText,
  type ChangedType,
  type ChangeSet,
  onlyCounts,
} from '../changes.js';
import { incompatibilities, onlyGrew, onlyNarrowed } from '../compatible.js';
import type { GuardDifference } from '../diff/differences.js';
import { plainPurpose, ruleTarget } from '../diff/guard-text.js';
import { declaredNames, misspelled, withdrawing } from '../diff/judge-rest.js';
import type { UseOf } from '../judge-source.js';
import { dumpKey } from '../judge-symbols.js';
import type { Guard } from '../review.js';
import type { RuleId } from '../rules/ids.js';
import { roleOf } from '../series/triage.js';
import { isFree, type LayoutChange } from '../units/layout-change.js';
import type { Row } from '../units/rows.js';
import { lastLineOf, linesOf } from './guard-places.js';

interface Call {
  readonly honest: boolean | null;
  readonly rule: RuleId;
  readonly why: string;
}

/** What a guard is judged by. */
export interface GuardContext {
  readonly changes: ChangeSet;
  readonly useOf: UseOf;
  /** The tree's versions can be computed. */
  readonly hashes: boolean;
  readonly after: SourceTree;
  /** Line of the declaration of what a dump's key names, in a file after the series; 0 where it is not spelled. */
  readonly declarationLine: (file: string, key: string) => number;
  /** `struct x` whose own attributes the series changes: packing, alignment. */
  readonly attributed: ReadonlySet<string>;
  /** Every header and declaration around a file could be read. */
  readonly isWhole: (file: string) => boolean;
}

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

/** A lie outweighs what is not known, and that what is honest. */
function worstCall(calls: readonly Call[]): Call | null {
  const weight = ({ honest }: Call): number => (honest === false ? 2 : honest === null ? 1 : 0);
  return [...calls].sort((one, other) => weight(other) - weight(one))[0] ?? null;
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

/** No layout changes around it, but genksyms sees a declaration of its file without what the guard names, with it, or with other text for it. */
function versionCall(guard: GuardDifference, context: GuardContext): Call | null {
  const { file, hides, shows } = guard;
  const { changes, hashes } = context;
  if (!hashes) return null;
  const names = declaredNames([...hides, ...shows]);
  for (const text of changes.hashed.values()) {
    if (text.file !== file || text.before === null || text.after === null) continue;
    const withdrawn = seenOtherwise(names, text);
    if (withdrawn.length > 0) return withdrawing(withdrawn, shows);
    // `union {` in one guard and `} u;` in another: what they enclose tells them together.
    if (isPart(hides) || isPart(shows))
      return withdrawing([text.before.split(' ').slice(0, 2).join(' ')], ['another union']);
    const [was, is] = [text.before.split(' '), text.after.split(' ')];
    if (names.some((name) => is.includes(name) && !was.includes(name))) return staleBranch;
  }
  return showsOther(guard, context) ? staleBranch : null;
}

/** Does it show genksyms words that the declaration around it did not have, where that has another text now? */
function showsOther({ file, line, lastLine, shows }: GuardDifference, context: GuardContext): boolean {
  const words = plainWords(shows.join(' '));
  const lines = words === '' ? null : linesOf(context.after, file);
  if (lines === null) return false;
  return [...context.changes.hashed].some(([key, { file: its, before, after }]) => {
    const at = its !== file || before === null || after === null ? 0 : context.declarationLine(file, key);
    const isAround = at > 0 && at <= lastLine && lastLineOf(lines, at) >= line;
    // Whole members: `int x;` is no part of `unsigned int x;`.
    return isAround && !['{', ';', ',', '}'].some((end) => plainWords(before ?? '').includes(`${end} ${words}`));
  });
}

const keywords = new Map(Object.entries({ s: 'struct ', u: 'union ', e: 'enum ' }));

/** Words of source, or of a dump with its references, one blank between them. */
function plainWords(text: string): string {
  const source = text
    .replace(/\/\*.*?\*\//g, ' ')
    .replace(/\b([stueE])#/g, (_, letter: string) => keywords.get(letter) ?? '');
  return (source.match(/\w+|[^\w\s]/g) ?? []).join(' ');
}

function isPart(lines: readonly string[]): boolean {
  const text = lines.join(' ');
  return text.split('{').length !== text.split('}').length;
}

/** Those of the names that genksyms saw, and no longer sees or sees declared otherwise. */
function seenOtherwise(names: readonly string[], { before, after }: ChangedText): string[] {
  const declarationsOf = (text: string | null, name: string): string[] =>
    (text ?? '').split(/[;{},]/).filter((one) => one.split(' ').includes(name));
  return names.filter((name) => {
    const was = declarationsOf(before, name);
    return was.length > 0 && was.join() !== declarationsOf(after, name).join();
  });
}

/** Nothing that changed stands in it or around it: an #include, a macro, a declaration. genksyms sees none of what it hides. */
function nothingAround({ file, hides, shows }: GuardDifference, context: GuardContext): Call {
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
function hasOtherLength({ change }: ChangedType): boolean {
  const element = ({ type }: Row): string | undefined => /^(.*)\[\d+\]$/.exec(type)?.[1];
  return (
    change?.retyped.some(
      ({ before, after }) =>
        before.size !== after.size && element(after) !== undefined && element(before) === element(after),
    ) ?? false
  );
}

function enumCall(guard: GuardDifference, one: ChangedEnum, context: GuardContext): Call {
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

const staleBranch: Call = {
  honest: false,
  rule: 'guard-stale-branch',
  why: 'genksyms does not see the old declaration: versions change all the same',
};

function typeCall({ hides, shows }: GuardDifference, type: ChangedType, context: GuardContext): Call {
  const { changes, useOf, hashes } = context;
  const text = hashes ? changes.hashed.get(dumpKey(type.name)) : undefined;
  if (text !== undefined) {
    const withdrawn = seenOtherwise(declaredNames([...hides, ...shows]), text).filter((name) => isKept(name, type));
    return withdrawn.length > 0 ? withdrawing(withdrawn, shows) : staleBranch;
  }
  if (type.change === null) return oneVersionCall(type);
  const reasons = incompatibilities(type.change);
  const use = reasons.length === 0 ? null : useOf(type);
  const way = reasons.length === 0 ? null : passedThrough(type, context);
  if (way !== null)
    return { honest: false, rule: 'guard-hides-break', why: `callers of \`${way}\` pass it by value: ${reasons[0]}` };
  const harmless = reasons.length === 0 || use === 'nobody';
  // What keeps its size moves nothing around it; what breaks by itself is told for itself.
  const { before, after } = type.change;
  const resized = before.size !== after.size || before.align !== after.align;
  const isOwn = !harmless && !onlyGrew(type.change) && use !== 'base only' && use !== 'one module';
  const embedder = resized && !isOwn ? embedderCall(type, context) : null;
  // What is not known of an embedder does not make up for what is known of the type.
  const isKnown = use === 'outside' || (use === null && changes.reached.has(dumpKey(type.name)));
  if (embedder !== null && (embedder.honest !== null || !isKnown)) return embedder;
  if (roleOf(type.place.file) === 'source') {
    return { honest: true, rule: 'guard-useless', why: 'genksyms does not see types of a source file at all' };
  }
  if (use === 'nobody') {
    return {
      honest: true,
      rule: 'guard-useless',
      why: 'one link unit alone touches the type: nothing exported needs it',
    };
  }
  if (onlyNarrowed(type.change)) {
    const why = `${reasons[0]}; old values that fit keep their place, new bits are unknown to old modules`;
    return { honest: true, rule: 'guard-honest', why };
  }
  if (harmless || isInPadding(hides, shows, type.change))
    return { honest: true, rule: 'guard-honest', why: 'each old member keeps its place, its size and its kind' };
  if (use === 'base only' || use === 'one module') {
    const who = use === 'base only' ? 'only the base kernel uses what moved' : 'one module alone allocates and uses it';
    return { honest: true, rule: 'guard-honest', why: `${reasons[0]}; ${who}` };
  }
  const why = reasons.slice(0, 2).join('; ');
  if (use === null && !changes.reached.has(dumpKey(type.name)))
    return { honest: null, rule: 'guard-hides-break', why: `${why}; who uses it was not looked for` };
  return { honest: false, rule: 'guard-hides-break', why };
}

/** A type that is laid out in one version only: nothing that was built before can know one that is new. */
function oneVersionCall({ name, existence, unknowable }: ChangedType): Call {
  if (unknowable !== null)
    return { honest: null, rule: 'guard-honest', why: `the layout of \`${name}\` is not known: ${unknowable}` };
  return existence === 'added'
    ? { honest: true, rule: 'guard-honest', why: `nothing that was built before knows \`${name}\`` }
    : { honest: null, rule: 'guard-hides-break', why: `\`${name}\` is gone for all but genksyms` };
}

/** An export or a callback that others call and that hands over the type by value, or gives it; null where there is none. */
function passedThrough({ name }: ChangedType, { changes, useOf }: GuardContext): string | null {
  const given = (call: string | undefined): boolean => call?.includes(`${name} `) === true;
  const caller = changes.prototypes.find((one) => !one.isCalledAlike && one.passes.includes(name));
  const typedef = changes.callbacks.find(({ before }) => given(before));
  const ops = changes.types.find((one) => {
    const use =
      one.change?.retyped.some(({ before, after }) => before.call !== after.call && given(before.call)) === true
        ? useOf(one)
        : 'nobody';
    return use === 'outside' || (use === null && changes.reached.has(dumpKey(one.name)));
  });
  return caller?.name ?? typedef?.name ?? ops?.name ?? null;
}

/** All that it hides lies in what was padding: what moves or grows here, something else does. */
function isInPadding(hides: readonly string[], shows: readonly string[], change: LayoutChange): boolean {
  const names = declaredNames(hides);
  const own = change.added.filter(({ name }) => names.includes(name.slice(name.lastIndexOf('.') + 1)));
  const isAll = shows.length === 0 && own.length > 0 && change.before.align === change.after.align;
  return isAll && own.every((row) => isFree(change.before, row));
}

/** The embedder that others than the base kernel look into, or of which that is not known. */
function embedderCall(type: ChangedType, { changes, useOf }: GuardContext): Call | null {
  const broken = embeddersOf(type, changes).flatMap((one) =>
    one.change === null || incompatibilities(one.change).length === 0 ? [] : [{ one, use: useOf(one) }],
  );
  const worst = broken.find(({ use }) => use === 'outside') ?? broken.find(({ use }) => use === null);
  if (worst?.one.change == null) return null;
  const { one, use } = worst;
  const isKnown = use !== null || changes.reached.has(dumpKey(one.name));
  return {
    honest: isKnown ? false : null,
    rule: 'guard-embedder',
    why: `\`${one.name}\` embeds it: ${incompatibilities(worst.one.change)[0]}`,
  };
}

/** Does the compiler keep a member of this name as it was, at whatever place? */
function isKept(name: string, { change }: ChangedType): boolean {
  const own = ({ rows }: { readonly rows: readonly Row[] }): string[] =>
    rows.flatMap((row) => (row.name === name || row.name.endsWith(`.${name}`) ? [row.type] : []));
  return change !== null && own(change.before).length > 0 && own(change.before).join() === own(change.after).join();
}

/** Types that hold it by value, and those that hold them. */
function embeddersOf(type: ChangedType, changes: ChangeSet): ChangedType[] {
  const names = new Set(type.embeddedIn);
  for (const name of names) {
    for (const outer of changes.types.find((one) => one.name === name)?.embeddedIn ?? []) names.add(outer);
  }
  return changes.types.filter((one) => names.has(one.name));
}
