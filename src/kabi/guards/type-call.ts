/** A guard and a type that it stands in or around: is what it hides harmless to who uses the type, and to what embeds it? */
import type { ChangedType, ChangeSet } from '../changes.js';
import { incompatibilities, onlyGrew, onlyNarrowed } from '../compatible.js';
import type { GuardDifference } from '../diff/differences.js';
import { declaredNames, withdrawing } from '../diff/judge-rest.js';
import { dumpKey } from '../judge-symbols.js';
import { roleOf } from '../series/triage.js';
import { isFree, type LayoutChange } from '../units/layout-change.js';
import type { Row } from '../units/rows.js';
import { type Call, type GuardContext, staleBranch } from './call.js';
import { seenOtherwise } from './version-call.js';

export function typeCall({ hides, shows }: GuardDifference, type: ChangedType, context: GuardContext): Call {
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
