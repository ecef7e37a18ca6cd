/** One file before and after one patch, each in both views -> what differs: its types, prototypes and directives. */
import { negated } from './condition.js';
import type { Declarations, Prototype, Scope } from './declarations.js';
import { deltasOf } from './deltas.js';
import type { DirectiveDifference, Place, PrototypeDifference, TypeDifference, ViewOfType } from './differences.js';
import type { Declared } from './members.js';
import type { FragmentView, View } from './view.js';

/** What the hunks of a file show of it before or after. */
export type Side = Readonly<Record<View, Declarations>> & {
  readonly views: Readonly<Record<View, readonly FragmentView[]>>;
};

export function typeDifferences(before: Side, after: Side, place: Place): TypeDifference[] {
  const pairs = pairedScopes(before.compiler.scopes, after.compiler.scopes);
  const hashed = pairedScopes(before.genksyms.scopes, after.genksyms.scopes);
  const keys = new Set([...pairs.keys(), ...hashed.keys()]);
  return [...keys].flatMap((key) => {
    const [was, is] = pairs.get(key) ?? [];
    const [genksymsWas, genksymsIs] = hashed.get(key) ?? [];
    const any = is ?? was ?? genksymsIs ?? genksymsWas;
    if (any === undefined) return [];
    const attributes = attributesThatDiffer(was, is);
    const existence = existenceOf(was ?? genksymsWas, is ?? genksymsIs);
    const compiler = viewOfType(was, is);
    const genksyms = viewOfType(genksymsWas, genksymsIs);
    const same = !compiler.differs && !genksyms.differs && attributes === null;
    if (same && compiler.reconditioned.length === 0 && genksyms.reconditioned.length === 0) return [];
    const { kind, name, typedef, line, lastLine, ends } = any;
    const seen = { kind, name, typedef, line, lastLine, ends, ...place, existence, compiler, genksyms, attributes };
    return [{ ...seen, isRuled: false }];
  });
}

function attributesThatDiffer(was: Scope | undefined, is: Scope | undefined): TypeDifference['attributes'] {
  if (was === undefined || is === undefined || !was.ends || !is.ends || was.attributes === is.attributes) return null;
  return { before: was.attributes, after: is.attributes };
}

function existenceOf(was: Scope | undefined, is: Scope | undefined): TypeDifference['existence'] {
  if (was === undefined) return 'added';
  return is === undefined ? 'removed' : 'both';
}

function pairedScopes(
  before: readonly Scope[],
  after: readonly Scope[],
): Map<string, [Scope | undefined, Scope | undefined]> {
  const pairs = new Map<string, [Scope | undefined, Scope | undefined]>();
  const count = new Map<string, number>();
  const add = (scope: Scope, side: 0 | 1): void => {
    const base = `${scope.kind} ${scope.name}`;
    const turn = (count.get(`${side}${base}`) ?? 0) + 1;
    count.set(`${side}${base}`, turn);
    const key = `${base} ${turn}`;
    const pair = pairs.get(key) ?? [undefined, undefined];
    pair[side] = scope;
    pairs.set(key, pair);
  };
  for (const scope of before) add(scope, 0);
  for (const scope of after) add(scope, 1);
  return pairs;
}

function viewOfType(before: Scope | undefined, after: Scope | undefined): ViewOfType {
  const was = inEitherBranch(before?.members ?? []);
  const is = inEitherBranch(after?.members ?? []);
  const differs = (before === undefined) !== (after === undefined) || bodyText(was) !== bodyText(is);
  const conditions = new Map(was.map((member) => [member.name, member.condition]));
  const reconditioned = is
    .filter((member) => (conditions.get(member.name) ?? member.condition) !== member.condition)
    .map((member) => member.name);
  return { deltas: deltasOf(was, is), differs, reconditioned };
}

/** `#ifdef X` … `#else` … `#endif` around the same member twice is that member, whatever X is. */
function inEitherBranch(members: readonly Declared[]): readonly Declared[] {
  const kept: Declared[] = [];
  for (const member of members) {
    const last = kept.at(-1);
    const same = last !== undefined && last.name === member.name && last.text === member.text;
    const outer = same ? aroundBoth(last.condition, member.condition) : null;
    if (last !== undefined && outer !== null) kept[kept.length - 1] = { ...last, condition: outer };
    else kept.push(member);
  }
  return kept;
}

/** What holds around two branches of one conditional; null where they are none. */
function aroundBoth(one: string, other: string): string | null {
  const [first, second] = [one.split(' && '), other.split(' && ')];
  const own = [first.pop() as string, second.pop() as string];
  const isOpposite = own[0] !== '' && [`!(${own[0]})`, negated(own[0] as string)].includes(own[1] as string);
  return isOpposite && first.join(' && ') === second.join(' && ') ? first.join(' && ') : null;
}

function bodyText(members: readonly Declared[]): string {
  return members.map((member) => `${member.name}|${member.text}`).join('\n');
}

export function prototypeDifferences(before: Side, after: Side, place: Place): PrototypeDifference[] {
  const was = byName(before.compiler.prototypes);
  const is = byName(after.compiler.prototypes);
  const hashedWas = byName(before.genksyms.prototypes);
  const hashedIs = byName(after.genksyms.prototypes);
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const left = was.get(name) ?? null;
    const right = is.get(name) ?? null;
    if (left !== null && right !== null && left.text === right.text && left.body === right.body) return [];
    const genksymsSame = hashedWas.get(name)?.text === hashedIs.get(name)?.text;
    return [{ before: left, after: right, ...place, genksymsSame }];
  });
}

/** The first declaration of a name wins, as in genksyms. */
function byName(prototypes: readonly Prototype[]): Map<string, Prototype> {
  const map = new Map<string, Prototype>();
  for (const one of prototypes) {
    const has = map.get(one.name);
    if (has === undefined || (has.body === '' && one.kind === 'inline')) map.set(one.name, one);
  }
  return map;
}

export function directiveDifferences(before: Side, after: Side, place: Place): DirectiveDifference[] {
  const told = [
    ...includesOnlyIn(after, before).map((one) => ({ ...one, change: 'added' as const })),
    ...includesOnlyIn(before, after).map((one) => ({ ...one, change: 'removed' as const })),
    ...macroDifferences(before, after),
  ];
  const body = after.views.compiler.find((seen) => seen.macroBodyChanged !== null)?.macroBodyChanged ?? null;
  const rows: DirectiveDifference[] = told.map((one) => ({ ...one, ...place }));
  return body === null
    ? rows
    : [...rows, { kind: 'macro-body', change: 'changed', text: '', line: body, guarded: false, ...place }];
}

type Told = Pick<DirectiveDifference, 'kind' | 'text' | 'line' | 'guarded'>;

/** Of what changed lines of this kind say, each with whether genksyms sees it, too. */
function changedLines(side: Side, pick: 'includes' | 'defines'): Told[] {
  const changed = (view: View) => side.views[view].flatMap((seen) => seen[pick].filter((one) => one.changed));
  const hashed = changed('genksyms').map(({ text }) => text);
  const kind = pick === 'includes' ? 'include' : 'macro';
  return changed('compiler').map(({ text, line }) => ({ kind, text, line, guarded: !hashed.includes(text) }));
}

function includesOnlyIn(side: Side, other: Side): Told[] {
  const there = changedLines(other, 'includes').map(({ text }) => text);
  return changedLines(side, 'includes').filter(({ text }) => !there.includes(text));
}

/** A macro that is new takes nothing away: only those are told that were there before. */
function macroDifferences(before: Side, after: Side): (Told & Pick<DirectiveDifference, 'change'>)[] {
  const was = new Map(changedLines(before, 'defines').map((one) => [macroName(one.text), one]));
  const changed = changedLines(after, 'defines').flatMap((one) => {
    const old = was.get(macroName(one.text));
    was.delete(macroName(one.text));
    return old === undefined || old.text === one.text ? [] : [{ ...one, change: 'changed' as const }];
  });
  return [...changed, ...Array.from(was.values(), (one) => ({ ...one, change: 'removed' as const }))];
}

/** `define NAME …` or `define NAME ( args ) …` */
export function macroName(text: string): string {
  return text.split(' ')[1] ?? '';
}
