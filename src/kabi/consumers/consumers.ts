/**
 * Who depends on what moved: every access to a moved member, every sizeof, object and embedding of a resized type.
 *
 * All of it stands in the tree's index, receivers resolved: another struct's member of the same name has another key. What could not be
 * resolved is counted apart, and only where the file has to do with the type at all.
 */
import type { NameIndex, UsePlace } from '../../kernel/names.js';
import { isPublicHeader } from '../public-header.js';
import type { Consumer } from '../review.js';

/** What is asked of one type. */
export interface MovedType {
  /** `struct tag` or `union tag`, or a typedef's name for an untagged one. */
  readonly name: string;
  /** Members whose place changed; a nested one by its first name. */
  readonly members: readonly string[];
  readonly resized: boolean;
}

/** Where code ends up, as Kbuild says for the configuration; `possible` where no object is built from it. */
export interface Placement {
  placeOf(source: string): 'builtin' | 'module' | 'possible';
  /** `vmlinux`, or the module that the source is part of; null where no object is built from it. */
  linkUnitOf(source: string): string | null;
}

export interface ConsumerQuestion {
  /** Of the tree before, in one configuration. */
  readonly index: NameIndex;
  readonly placement: Placement;
}

export interface Unresolved {
  readonly member: string;
  readonly file: string;
  readonly line: number;
}

export interface ConsumerAnswer {
  readonly consumers: readonly Consumer[];
  /** Accesses by a name that was asked for, through an operand whose type the text does not tell, in files that use the type. */
  readonly unresolved: readonly Unresolved[];
}

type Place = Consumer['place'];

export function consumersOf(moved: readonly MovedType[], question: ConsumerQuestion): ConsumerAnswer {
  const { index } = question;
  const placeOf = placesIn(question);
  // The index tells each use once, and no two of the keys that are asked are the same.
  const found: Consumer[] = [];
  const unresolved = new Map<string, Unresolved>();
  for (const type of moved) {
    const bases = basesOf(type.name, index);
    const add = (kind: Consumer['kind'], member: string | null, places: readonly UsePlace[]): void => {
      for (const one of places) {
        const place = kind === 'embed' ? placeOfEmbedder(one.file, placeOf) : placeOf(one.file, one.function);
        const { file, line, function: inside } = one;
        found.push({ type: type.name, member, kind, place, file, line, function: inside });
      }
    };
    for (const base of bases) {
      for (const member of type.members) add('access', member, index.uses(`access ${base}.${member}`));
      if (type.resized)
        for (const kind of ['sizeof', 'define', 'embed'] as const) add(kind, null, index.uses(`${kind} ${base}`));
      for (const one of openIn(index, base, type.members)) unresolved.set(`${one.file}:${one.line} ${one.member}`, one);
    }
  }
  return { consumers: sorted(found), unresolved: [...unresolved.values()] };
}

/** Files in which a record holds one of these types by value. */
export function holdersOf(types: readonly string[], { index }: ConsumerQuestion): string[] {
  const bases = types.flatMap((name) => basesOf(name, index));
  const files = bases.flatMap((base) => index.uses(`embed ${base}`).map(({ file }) => file));
  return [...new Set(files)];
}

/** Which link units touch or spell the type, and whether inline code of a public header does. */
export function linkUnitsOf(
  name: string,
  { index, placement }: ConsumerQuestion,
): { names: ReadonlySet<string>; isInline: boolean } {
  const bases = basesOf(name, index);
  const users = bases.flatMap((base) => [...filesUsing(index, base)]);
  const spelling = bases.flatMap((base) => index.filesWithTag(base));
  const names = new Set([...users, ...spelling].flatMap((file) => placement.linkUnitOf(file) ?? []));
  const code = [...users, ...bases.flatMap((base) => index.filesWithTagInCode(base))];
  return { names, isInline: code.some(isPublicHeader) };
}

/** Link units of the sources that include a header which is not for all. */
export function linkUnitsIncluding(header: string, { index, placement }: ConsumerQuestion): string[] {
  return [...new Set(includers(index, header).flatMap((file) => placement.linkUnitOf(file) ?? []))];
}

/**
 * How the index calls a record: an untagged one by its typedef's name, `struct /name`. Of one inside another, `struct dentry/d_u`, the name
 * does not tell whether it is a union.
 */
export function basesOf(name: string, index: NameIndex): string[] {
  const [first = '', ...inner] = name.split('/');
  const isUnion = index.filesDeclaring('record', `union /${first}`).length > 0;
  const base = first.includes(' ') ? first : `${isUnion ? 'union' : 'struct'} /${first}`;
  if (inner.length === 0) return [base];
  const tag = base.slice(base.indexOf(' ') + 1);
  return ['struct', 'union'].map((kind) => `${kind} ${[tag, ...inner].join('/')}`);
}

/** Files with a use of any member of the type, or of its size. */
function filesUsing(index: NameIndex, base: string): Set<string> {
  const keys = [...index.keysWith(`access ${base}.`), `sizeof ${base}`, `define ${base}`];
  return new Set(keys.flatMap((key) => index.uses(key).map(({ file }) => file)));
}

function openIn(index: NameIndex, base: string, members: readonly string[]): Unresolved[] {
  const open = members.flatMap((member) => index.open(member).map(({ file, line }) => ({ member, file, line })));
  if (open.length === 0) return [];
  const near = new Set([...index.filesWithTag(base), ...filesUsing(index, base)]);
  return open.filter(({ file }) => near.has(file));
}

/** A struct of a public header is nobody's code: what embedding does to it is judged on the struct itself. */
function placeOfEmbedder(file: string, placeOf: (file: string, name: string | null) => Place): Place {
  const place = placeOf(file, null);
  return place === 'inline' ? 'builtin' : place;
}

/**
 * Where code ends up. A header's function or macro reaches every module that includes it; a private header's, the objects whose sources
 * include it; a trace event's code, the one source that asks for it.
 */
function placesIn({ index, placement }: ConsumerQuestion): (file: string, name: string | null) => Place {
  const known = new Map<string, Place>();
  const ofSource = (file: string): Place => placement.placeOf(file);
  const worst = (places: readonly Place[]): Place =>
    places.includes('module') ? 'module' : places.includes('builtin') ? 'builtin' : 'possible';
  let tracing: ReadonlySet<string> | null = null;
  const find = (file: string, isEvent: boolean): Place => {
    if (!file.endsWith('.h')) return ofSource(file);
    if (isEvent) {
      const sources = includers(index, file);
      tracing ??= new Set(index.filesDeclaring('macro', 'CREATE_TRACE_POINTS'));
      const makers = sources.filter((from) => tracing?.has(from));
      return worst((makers.length > 0 ? makers : sources).map(ofSource));
    }
    return isPublicHeader(file) ? 'inline' : worst(includers(index, file).map(ofSource));
  };
  return (file, name) => {
    const isEvent = name === null && /(^|\/)(trace|[\w-]*trace[\w-]*\.h$)/.test(file);
    const key = `${isEvent} ${file}`;
    const place = known.get(key) ?? find(file, isEvent);
    known.set(key, place);
    return place;
  };
}

/** Sources that include a header, through other headers of its folder too; those of its own folder where there are any. */
function includers(index: NameIndex, header: string): string[] {
  const sources = new Set<string>();
  const headers = new Set([header]);
  for (const one of headers) {
    const folder = one.slice(0, one.lastIndexOf('/') + 1);
    const all = index.filesIncluding(one.slice(folder.length));
    const near = isPublicHeader(one) ? all : all.filter((file) => file.startsWith(folder));
    for (const file of near.length > 0 ? near : all) {
      if (!file.endsWith('.h')) sources.add(file);
      else if (headers.size < 50 && !isPublicHeader(file)) headers.add(file);
    }
  }
  return [...sources];
}

/** By file and line. The uses of one key come so. */
function sorted(consumers: readonly Consumer[]): readonly Consumer[] {
  const order = (a: Consumer, b: Consumer): number => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
  const isSorted = consumers.every((one, at) => at === 0 || order(consumers[at - 1] as Consumer, one) <= 0);
  return isSorted ? consumers : [...consumers].sort(order);
}
