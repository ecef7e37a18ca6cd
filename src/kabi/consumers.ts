/**
 * Who depends on what moved: every access to a moved member, every sizeof, object and embedding of a resized type.
 *
 * The name index says which files could matter; each is read alone and its uses are resolved by the tree's declarations, so
 * that another struct's member of the same name does not count. What cannot be resolved is counted apart.
 */
import type { Conditions } from '../c/conditions.js';
import { isByValue, resolveType } from '../c/expressions.js';
import { spellingOf } from '../c/spelling.js';
import { type Use, usesIn, type Wanted } from '../c/uses.js';
import type { NameIndex } from '../kernel/names.js';
import type { SourceTree } from '../tree/source-tree.js';
import type { Consumer } from './review.js';
import { TreeNames } from './tree-names.js';

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
  readonly tree: SourceTree;
  readonly index: NameIndex;
  readonly conditions: Conditions;
  /** `x86`, `arm64`, `s390`, …; `i386` or `x86_64` in trees before 2.6.24. */
  readonly archDirectory: string;
  readonly placement: Placement;
}

export interface Unresolved {
  readonly member: string;
  readonly file: string;
  readonly line: number;
}

export interface ConsumerAnswer {
  readonly consumers: readonly Consumer[];
  /** Accesses by a name that was asked for, through an operand whose type the text does not tell. */
  readonly unresolved: readonly Unresolved[];
}

export function consumersOf(moved: readonly MovedType[], question: ConsumerQuestion): ConsumerAnswer {
  const names = new TreeNames(question.tree, question.index, question.conditions, question.archDirectory);
  const consumers: Consumer[] = [];
  const unresolved: Unresolved[] = [];
  for (const type of moved) {
    const reader = new ConsumerReader(type, question, names);
    consumers.push(...reader.consumers());
    unresolved.push(...reader.unresolved);
  }
  return { consumers: sorted(consumers), unresolved };
}

/** Files in which a record holds one of these types by value. */
export function holdersOf(types: readonly string[], question: ConsumerQuestion): string[] {
  const names = new TreeNames(question.tree, question.index, question.conditions, question.archDirectory);
  return [
    ...new Set(
      types.flatMap((name) => new ConsumerReader({ name, members: [], resized: true }, question, names).holders()),
    ),
  ];
}

/** Which link units spell the type, and whether inline code of a public header does. */
export function linkUnitsOf(
  name: string,
  question: ConsumerQuestion,
): { names: ReadonlySet<string>; isInline: boolean } {
  const names = new TreeNames(question.tree, question.index, question.conditions, question.archDirectory);
  return new ConsumerReader({ name, members: [], resized: false }, question, names).linkUnits();
}

class ConsumerReader {
  readonly unresolved: Unresolved[] = [];
  readonly #type: MovedType;
  readonly #base: string;
  readonly #question: ConsumerQuestion;
  readonly #names: TreeNames;
  readonly #found = new Map<string, Consumer>();

  constructor(type: MovedType, question: ConsumerQuestion, names: TreeNames) {
    this.#type = type;
    this.#question = question;
    this.#names = names;
    this.#base = type.name.includes(' ') ? type.name : this.#baseOfTypedef(type.name);
  }

  consumers(): Consumer[] {
    const { index } = this.#question;
    const macros = new Set(this.#type.members.flatMap((member) => index.macrosTouching(member)));
    if (this.#type.resized) for (const macro of index.macrosTouching(this.#base)) macros.add(macro);
    const wanted: Wanted = {
      members: new Set(this.#type.members.map(spellingOf)),
      records: new Set(this.#type.resized ? [this.#base] : []),
      macros: new Set([...macros].map(spellingOf)),
    };
    for (const file of this.#candidates(macros)) {
      const { outline } = this.#names.read(file);
      for (const use of usesIn(outline, wanted, this.#names.seenFrom(file))) this.#take(file, use);
      if (this.#type.resized) this.#embeddings(file);
    }
    return [...this.#found.values()];
  }

  holders(): string[] {
    return [...this.#holding()].filter((file) => this.#concernsArch(file) && this.#embeddings(file) > 0);
  }

  linkUnits(): { names: ReadonlySet<string>; isInline: boolean } {
    const { index, placement } = this.#question;
    const files = [...this.#spelling()].filter((file) => this.#concernsArch(file));
    const names = new Set(files.flatMap((file) => placement.linkUnitOf(file) ?? []));
    if (this.#base.includes('/') || files.some(isPublicHeader)) {
      // Who goes through a member or a function of the type touches it without its tag. A typedef's name is not in the index as a tag is.
      for (const { file } of [...this.#leading()].flatMap((name) => index.accesses(name))) {
        const unit = this.#concernsArch(file) ? placement.linkUnitOf(file) : null;
        if (unit !== null) names.add(unit);
      }
    }
    const isInline = files.some((file) => isPublicHeader(file) && this.#isInBodies(file));
    return { names, isInline };
  }

  /** Does a function with a body, in this file, spell the tag in its head or body? */
  #isInBodies(file: string): boolean {
    const { outline } = this.#names.read(file);
    const tag = spellingOf(this.#base.slice(this.#base.indexOf(' ') + 1));
    return outline.functions.some(
      ({ at, body }) => body !== null && outline.tokens.spelling.subarray(Math.max(0, at - 4), body.end).includes(tag),
    );
  }

  /** Files that spell the type: by tag, or through a typedef that stands for it. */
  #spelling(): Set<string> {
    return new Set(this.#question.index.filesWithTag(this.#base));
  }

  #baseOfTypedef(name: string): string {
    const [file] = this.#question.index.filesDeclaring('record', `struct /${name}`);
    if (file !== undefined) return `struct /${name}`;
    const [declaring] = this.#question.index.filesDeclaring('typedef', name);
    if (declaring === undefined) return `struct ${name}`;
    return resolveType({ base: name, depth: 0, arrays: 0, returns: null }, this.#names.seenFrom(declaring)).base;
  }

  /** Files that declare something of the type, or of a typedef that stands for it. */
  #holding(): Set<string> {
    const { index } = this.#question;
    const files = new Set(index.filesWithType(this.#base));
    for (const name of index.namesLeadingTo(this.#base)) {
      if (index.filesDeclaring('typedef', name).length > 0)
        for (const file of index.filesWithType(name)) files.add(file);
    }
    return files;
  }

  /** Names through which code reaches the type: members, objects and functions of it, and of typedefs of it. */
  #leading(): Set<string> {
    const { index } = this.#question;
    const leading = new Set(index.namesLeadingTo(this.#base));
    for (const name of leading) {
      if (index.filesDeclaring('typedef', name).length > 0)
        for (const next of index.namesLeadingTo(name)) leading.add(next);
    }
    return leading;
  }

  #candidates(macros: ReadonlySet<string>): Set<string> {
    const { index } = this.#question;
    const leading = this.#leading();
    const spelling = this.#spelling();
    const isTypedef = this.#base.includes('/');
    const isMacro = new Map<string, boolean>();
    const leads = (operand: string) => {
      if (operand === '' || leading.has(operand)) return true;
      if (!isMacro.has(operand)) isMacro.set(operand, index.filesDeclaring('macro', operand).length > 0);
      return isMacro.get(operand) as boolean;
    };
    const files = new Set<string>();
    for (const member of this.#type.members) {
      for (const { operand, file } of index.accesses(member)) {
        if (isTypedef || spelling.has(file) || leads(operand)) files.add(file);
      }
      for (const file of index.filesWithBareArgument(member)) if (spelling.has(file)) files.add(file);
    }
    const near = new Set([
      ...spelling,
      ...[...leading].flatMap((name) => index.accesses(name).map(({ file }) => file)),
    ]);
    const always = new Set(this.#type.members.flatMap((member) => index.macrosAlwaysTouching(member)));
    for (const macro of macros) {
      for (const file of index.filesCalling(macro)) if (near.has(file) || always.has(macro)) files.add(file);
      // A macro that stands for a member (`d_lock`) is found where a member would be.
      for (const file of index.filesWithBareArgument(macro)) if (spelling.has(file)) files.add(file);
      for (const { operand, file } of index.accesses(macro)) if (spelling.has(file) || leads(operand)) files.add(file);
    }
    if (this.#type.resized) {
      for (const macro of index.macrosTouching(this.#base))
        for (const file of index.filesCalling(macro)) files.add(file);
      for (const file of this.#holding()) files.add(file);
      for (const file of spelling) files.add(file);
      for (const name of leading) for (const file of index.filesWithSizeof(name)) files.add(file);
    }
    return new Set([...files].filter((file) => this.#concernsArch(file)));
  }

  /** Code of another architecture cannot run on this one. */
  #concernsArch(file: string): boolean {
    if (/^include\/asm-/.test(file))
      return file.startsWith('include/asm-generic/') || file.startsWith(`include/asm-${this.#question.archDirectory}/`);
    return !file.startsWith('arch/') || file.startsWith(`arch/${this.#question.archDirectory}/`);
  }

  #take(file: string, use: Use): void {
    const line = this.#lineOf(file, use.offset);
    if (use.base === null && use.member !== null) this.unresolved.push({ member: use.member, file, line });
    if (use.base !== this.#base && !this.#isInside(use.base)) return;
    this.#add({
      type: this.#type.name,
      member: use.member,
      kind: use.kind,
      place: this.#placeOf(file),
      file,
      line,
      function: use.function,
    });
  }

  /** `struct outer/@12` is an anonymous member of `struct outer`: its members are the outer one's. */
  #isInside(base: string | null): boolean {
    return base?.startsWith(`${this.#base}/@`) ?? false;
  }

  /** Adds the members of this type by value in a file's records; gives how many there are. */
  #embeddings(file: string): number {
    let count = 0;
    const { outline } = this.#names.read(file);
    const names = this.#names.seenFrom(file);
    for (const record of outline.records.values()) {
      for (const member of record.members.values()) {
        if (resolveType(member.type, names).base !== this.#base || !isByValue(member.type, names)) continue;
        count++;
        const line = this.#lineOf(file, outline.tokens.offset[member.at] as number);
        this.#add({
          type: this.#type.name,
          member: null,
          kind: 'embed',
          place: this.#placeOfEmbedder(file),
          file,
          line,
          function: null,
        });
      }
    }
    return count;
  }

  #add(consumer: Consumer): void {
    const { kind, member, file, line } = consumer;
    this.#found.set(`${kind} ${member} ${file}:${line} ${consumer.function}`, consumer);
  }

  /** A struct of a public header is nobody's code: what embedding does to it is judged on the struct itself. */
  #placeOfEmbedder(file: string): Consumer['place'] {
    const place = this.#placeOf(file);
    return place === 'inline' ? 'builtin' : place;
  }

  #placeOf(file: string): Consumer['place'] {
    const { index, placement } = this.#question;
    if (!file.endsWith('.h')) return placement.placeOf(file);
    if (isPublicHeader(file)) return 'inline';
    const name = file.slice(file.lastIndexOf('/') + 1);
    const places = index
      .filesIncluding(name)
      .filter((from) => from.endsWith('.c'))
      .map((from) => placement.placeOf(from));
    if (places.includes('module')) return 'module';
    return places.includes('builtin') ? 'builtin' : 'possible';
  }

  #lineOf(file: string, offset: number): number {
    const bytes = this.#question.tree.read(file) ?? new Uint8Array();
    let line = 1;
    for (let at = 0; at < offset && at < bytes.length; at++) if (bytes[at] === 10) line++;
    return line;
  }
}

/** Can a module outside the tree include it? DESIGN: include/ and arch/*\/include/. */
export function isPublicHeader(file: string): boolean {
  return /^(include|arch\/[^/]+\/include)\//.test(file);
}

function sorted(consumers: readonly Consumer[]): Consumer[] {
  return [...consumers].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}
