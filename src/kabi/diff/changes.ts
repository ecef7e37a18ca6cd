/**
 * What the hunks of a series change in declarations, in two views: the mail's own ChangeSet. Comes in: patches in order. Goes
 * out: the sum of their changes, each type and member once; what a later patch takes back is not there any more, and the
 * patch that a change came with is remembered.
 */

import type { FilePatch, Series } from '../../patch/series.js';
import { type FileRole, mayMatter, pathOf, roleOf } from '../triage.js';
import { negated } from './condition.js';
import { type Declarations, declarationsOf, type Export, type Prototype, type Scope } from './declarations.js';
import { type Delta, deltasOf } from './deltas.js';
import { fragmentAfter, fragmentBefore } from './fragment.js';
import { type GuardText, guardsIn } from './guard-text.js';
import type { Declared } from './members.js';
import { type Directive, type FragmentView, type Frame, type View, viewOf } from './view.js';

/** What one view says happened to one type. */
export interface ViewOfType {
  readonly deltas: readonly Delta[];
  /** The tokens of the body differ in any way, spelling included. */
  readonly differs: boolean;
  /** Members whose `#if` changed: whether they are there depends on the configuration. */
  readonly reconditioned: readonly string[];
}

export interface TypeDifference {
  readonly kind: Scope['kind'];
  readonly name: string | null;
  readonly typedef: boolean;
  readonly file: string;
  readonly line: number;
  readonly role: FileRole;
  readonly patch: number;
  /** A type that is only there before, or only after. */
  readonly existence: 'both' | 'added' | 'removed';
  /** The closing brace is seen: a member that nothing follows is the last one. */
  readonly ends: boolean;
  readonly compiler: ViewOfType;
  readonly genksyms: ViewOfType;
  /** Attributes of the type itself, before and after, where they differ. */
  readonly attributes: { readonly before: string; readonly after: string } | null;
}

export interface PrototypeDifference {
  readonly before: Prototype | null;
  readonly after: Prototype | null;
  readonly file: string;
  readonly role: FileRole;
  readonly patch: number;
  readonly genksymsSame: boolean;
}

export interface ExportDifference {
  readonly before: Export | null;
  readonly after: Export | null;
  readonly file: string;
  readonly patch: number;
}

export interface DirectiveDifference {
  readonly kind: 'include' | 'macro' | 'macro-body';
  readonly change: 'added' | 'removed' | 'changed';
  readonly text: string;
  readonly file: string;
  readonly role: FileRole;
  readonly line: number;
  readonly patch: number;
  /** Only the compiler's view has it. */
  readonly guarded: boolean;
}

export interface GuardDifference extends GuardText {
  readonly file: string;
  readonly role: FileRole;
  readonly patch: number;
}

export interface DiffChanges {
  readonly types: readonly TypeDifference[];
  readonly prototypes: readonly PrototypeDifference[];
  readonly exports: readonly ExportDifference[];
  readonly directives: readonly DirectiveDifference[];
  readonly guards: readonly GuardDifference[];
  /** Files of which something could not be read. */
  readonly unread: readonly { readonly file: string; readonly why: string }[];
}

/** More lines than any reviewed header has; beyond them a file is not read. */
const LINES_READ = 60_000;

type Read = Readonly<Record<View, Declarations>> & { readonly views: Readonly<Record<View, readonly FragmentView[]>> };

export function changesOf(series: Series): DiffChanges {
  const sum = new Sum();
  let lines = 0;
  for (const patch of series.patches) {
    for (const file of patch.files.filter(mayMatter)) {
      if (file.binary) continue;
      const size = file.hunks.reduce((total, hunk) => total + hunk.lines.length, 0);
      lines += size;
      if (size > LINES_READ || lines > 5 * LINES_READ)
        sum.unread.push({ file: pathOf(file), why: `${size} lines of hunks` });
      else addFile(sum, file, patch.n);
    }
  }
  return sum.result();
}

function addFile(sum: Sum, file: FilePatch, patch: number): void {
  const path = pathOf(file);
  const role = roleOf(path);
  const before = readSide(file, 'before');
  const after = readSide(file, 'after');
  const place = { file: path, role, patch };
  if (role !== 'source') for (const one of typeDifferences(before, after, place)) sum.addType(one);
  for (const one of prototypeDifferences(before, after, place)) sum.addPrototype(one);
  sum.addExports(before.compiler.exports, after.compiler.exports, place);
  sum.directives.push(...directiveDifferences(before, after, place));
  sum.guards.push(...guardsIn(file.hunks.map(fragmentAfter)).map((guard) => ({ ...guard, ...place })));
}

function readSide(file: FilePatch, side: 'before' | 'after'): Read {
  const views = { compiler: [] as FragmentView[], genksyms: [] as FragmentView[] };
  const read = { compiler: empty(), genksyms: empty() };
  for (const view of ['compiler', 'genksyms'] as const) {
    let open: readonly Frame[] = [];
    for (const hunk of file.hunks) {
      const fragment = side === 'before' ? fragmentBefore(hunk) : fragmentAfter(hunk);
      const seen = viewOf(fragment, view, open);
      open = seen.open;
      views[view].push(seen);
      read[view] = joined(read[view], declarationsOf(seen.tokens, fragment.heading));
    }
  }
  return { ...read, views };
}

function empty(): Declarations {
  return { scopes: [], prototypes: [], exports: [] };
}

/** Two hunks that show parts of one type show one type. */
function joined(left: Declarations, right: Declarations): Declarations {
  const scopes = [...left.scopes];
  for (const scope of right.scopes) {
    const at = scopes.findIndex(
      (one) => one.name !== null && one.name !== '' && one.kind === scope.kind && one.name === scope.name,
    );
    const first = scopes[at];
    if (first === undefined || scope.begins) scopes.push(scope);
    else {
      const members = [...first.members, ...scope.members];
      scopes[at] = { ...first, members, ends: scope.ends, attributes: scope.attributes };
    }
  }
  return {
    scopes,
    prototypes: [...left.prototypes, ...right.prototypes],
    exports: [...left.exports, ...right.exports],
  };
}

interface Place {
  readonly file: string;
  readonly role: FileRole;
  readonly patch: number;
}

function typeDifferences(before: Read, after: Read, place: Place): TypeDifference[] {
  const pairs = pairedScopes(before.compiler.scopes, after.compiler.scopes);
  const hashed = pairedScopes(before.genksyms.scopes, after.genksyms.scopes);
  const keys = new Set([...pairs.keys(), ...hashed.keys()]);
  return [...keys].flatMap((key) => {
    const [was, is] = pairs.get(key) ?? [];
    const [genksymsWas, genksymsIs] = hashed.get(key) ?? [];
    const any = is ?? was ?? genksymsIs ?? genksymsWas;
    if (any === undefined) return [];
    const attributes =
      was !== undefined && is !== undefined && was.ends && is.ends && was.attributes !== is.attributes
        ? { before: was.attributes, after: is.attributes }
        : null;
    const existence: TypeDifference['existence'] =
      was === undefined && genksymsWas === undefined
        ? 'added'
        : is === undefined && genksymsIs === undefined
          ? 'removed'
          : 'both';
    const compiler = viewOfType(was, is);
    const genksyms = viewOfType(genksymsWas, genksymsIs);
    const same = !compiler.differs && !genksyms.differs && attributes === null;
    if (same && compiler.reconditioned.length === 0 && genksyms.reconditioned.length === 0) return [];
    const { kind, name, typedef, line, ends } = any;
    return [{ kind, name, typedef, line, ends, ...place, existence, compiler, genksyms, attributes }];
  });
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

function prototypeDifferences(before: Read, after: Read, place: Place): PrototypeDifference[] {
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

function directiveDifferences(before: Read, after: Read, place: Place): DirectiveDifference[] {
  const found: DirectiveDifference[] = [];
  const changed = (read: Read, pick: 'includes' | 'defines', view: View): Directive[] =>
    read.views[view].flatMap((seen) => seen[pick].filter((one) => one.changed));
  const add = (
    kind: 'include' | 'macro',
    change: 'added' | 'removed' | 'changed',
    one: Directive,
    hashed: Directive[],
  ): void => {
    const guarded = !hashed.some((other) => other.text === one.text);
    found.push({ kind, change, text: one.text, line: one.line, guarded, ...place });
  };
  const pairs = [
    [after, before, 'added'],
    [before, after, 'removed'],
  ] as const;
  for (const [read, other, change] of pairs) {
    const still = changed(other, 'includes', 'compiler').map((one) => one.text);
    for (const one of changed(read, 'includes', 'compiler')) {
      if (!still.includes(one.text)) add('include', change, one, changed(read, 'includes', 'genksyms'));
    }
  }
  const defines = new Map(changed(before, 'defines', 'compiler').map((one) => [macroName(one.text), one]));
  for (const one of changed(after, 'defines', 'compiler')) {
    const was = defines.get(macroName(one.text));
    if (was !== undefined && was.text !== one.text) add('macro', 'changed', one, changed(after, 'defines', 'genksyms'));
    defines.delete(macroName(one.text));
  }
  for (const one of defines.values()) add('macro', 'removed', one, changed(before, 'defines', 'genksyms'));
  const body = after.views.compiler.find((seen) => seen.macroBodyChanged !== null)?.macroBodyChanged;
  if (body !== undefined && body !== null) {
    found.push({ kind: 'macro-body', change: 'changed', text: '', line: body, guarded: false, ...place });
  }
  return found;
}

/** `define NAME …` or `define NAME ( args ) …` */
export function macroName(text: string): string {
  return text.split(' ')[1] ?? '';
}

/** The sum over the patches of a series. */
class Sum {
  readonly unread: { file: string; why: string }[] = [];
  readonly directives: DirectiveDifference[] = [];
  readonly guards: GuardDifference[] = [];
  readonly #types = new Map<string, TypeDifference>();
  readonly #prototypes = new Map<string, PrototypeDifference>();
  readonly #exports = new Map<string, ExportDifference>();

  addType(next: TypeDifference): void {
    const key = `${next.kind} ${next.name ?? `${next.file}:${next.line}`} ${next.existence === 'both' ? next.file : ''}`;
    const opposite = next.existence === 'added' ? 'removed' : next.existence === 'removed' ? 'added' : null;
    const elsewhere =
      opposite === null
        ? undefined
        : [...this.#types].find(([, one]) => one.existence === opposite && sameType(one, next));
    if (elsewhere !== undefined) {
      // Moved from one header to another: what differs is what differs between the two bodies.
      this.#types.delete(elsewhere[0]);
      return;
    }
    const first = this.#types.get(key);
    if (first === undefined) this.#types.set(key, next);
    else
      this.#types.set(key, {
        ...next,
        patch: first.patch,
        compiler: both(first.compiler, next.compiler),
        genksyms: both(first.genksyms, next.genksyms),
      });
  }

  addPrototype(next: PrototypeDifference): void {
    const name = (next.after ?? next.before)?.name as string;
    const key = `${next.role === 'source' ? 'source' : 'header'} ${name}`;
    const first = this.#prototypes.get(key);
    if (first === undefined) this.#prototypes.set(key, next);
    else {
      const before = first.before ?? (first.after === null ? next.before : null);
      const after = next.after ?? (next.before === null ? first.after : null);
      this.#prototypes.set(key, {
        ...next,
        before,
        after,
        patch: first.patch,
        genksymsSame: first.genksymsSame && next.genksymsSame,
      });
    }
  }

  addExports(before: readonly Export[], after: readonly Export[], place: Place): void {
    const names = new Set([...before, ...after].map((one) => one.name));
    for (const name of names) {
      const was = before.find((one) => one.name === name) ?? null;
      const is = after.find((one) => one.name === name) ?? null;
      const first = this.#exports.get(name);
      if (first === undefined)
        this.#exports.set(name, { before: was, after: is, file: place.file, patch: place.patch });
      else this.#exports.set(name, { ...first, before: first.before ?? was, after: is ?? first.after });
    }
  }

  result(): DiffChanges {
    return {
      types: [...this.#types.values()].filter(
        (one) =>
          one.compiler.differs ||
          one.genksyms.differs ||
          one.attributes !== null ||
          one.compiler.reconditioned.length > 0,
      ),
      prototypes: [...this.#prototypes.values()].filter(
        (one) => one.before?.text !== one.after?.text || one.before?.body !== one.after?.body,
      ),
      exports: [...this.#exports.values()],
      directives: this.directives,
      guards: this.guards,
      unread: this.unread,
    };
  }
}

function sameType(one: TypeDifference, other: TypeDifference): boolean {
  if (one.kind !== other.kind || one.name !== other.name || one.name === null || one.name === '') return false;
  const members = (type: TypeDifference): string =>
    type.compiler.deltas.map((delta) => (delta.after ?? delta.before)?.text).join(';');
  return members(one) === members(other);
}

/** Two steps as one: what the second takes back is gone. */
function both(first: ViewOfType, second: ViewOfType): ViewOfType {
  const deltas = [...first.deltas];
  for (const delta of second.deltas) {
    const at = deltas.findIndex((one) => one.after !== null && one.after.name === (delta.before ?? delta.after)?.name);
    const was = deltas[at];
    if (was === undefined) deltas.push(delta);
    else {
      deltas.splice(at, 1);
      const net = netOf(was, delta);
      if (net !== null) deltas.push(net);
    }
  }
  const reconditioned = [...new Set([...first.reconditioned, ...second.reconditioned])];
  // A change of spelling alone has no delta that a later one could take back.
  const respelled = [first, second].some((one) => one.differs && one.deltas.length === 0);
  return { deltas, differs: deltas.length > 0 || respelled, reconditioned };
}

function netOf(first: Delta, second: Delta): Delta | null {
  const { before } = first;
  const { after } = second;
  if (before === null && after === null) return null;
  if (before === null) return { ...second, change: 'added', before: null };
  if (after === null) return { ...second, change: 'removed', before };
  if (before.name !== after.name) return { ...second, change: 'renamed', before };
  if (before.type !== after.type || before.width !== after.width) return { ...second, change: 'retyped', before };
  return first.change === 'moved' || second.change === 'moved' ? { ...second, change: 'moved', before } : null;
}
