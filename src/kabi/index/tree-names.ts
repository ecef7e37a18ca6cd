/**
 * What a name means to the code in one file, over the whole tree: the file's own declarations first, then those of headers
 * that it can see. A private declaration of another source file never counts.
 */

import { LineTable } from '../../c/lex/line-table.js';
import { textOf } from '../../c/lex/spelling.js';
import { tokenize } from '../../c/lex/tokenize.js';
import { TokenList } from '../../c/lex/tokens.js';
import { closing, punct } from '../../c/outline/brackets.js';
import { type Conditions, type MacroText, numberOf } from '../../c/outline/conditions.js';
import { type TypeName, unknownType } from '../../c/outline/declarators.js';
import { type Template, templateOf } from '../../c/outline/effects.js';
import { flattenCall } from '../../c/outline/flatten.js';
import { membersIn, type Outline, outlineOf, outlineOfTokens, type RecordOutline } from '../../c/outline/outline.js';
import type { UseNames } from '../../c/outline/use-context.js';
import type { DeclaredKind } from '../../kernel/mentions.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { isPublicHeader } from '../public-header.js';
import { type Asker, askerOf, type DeclaringHeaders, HeaderRanks, isBeside } from './header-ranks.js';

/** What one file declares; its function bodies are not kept. */
export interface Declared {
  readonly record: ReadonlyMap<string, RecordOutline>;
  readonly typedef: ReadonlyMap<string, TypeName>;
  readonly object: Map<string, TypeName>;
  readonly macro: ReadonlyMap<string, MacroText>;
  readonly includes: readonly string[];
}
interface Values {
  record: RecordOutline;
  typedef: TypeName;
  object: TypeName;
  macro: MacroText;
}

/** A declaration, and how near to the asking code it stands. */
interface Seen<T> {
  readonly value: T;
  readonly rank: number;
}

/** A template as the first file that asked for it saw it, and the names in it that private headers may give another meaning. */
interface Shared {
  readonly made: Template;
  readonly risky: readonly string[];
}

const ownRank = 20;
/** Private headers kept at once; a driver's own are read again for the next driver. */
const keptPrivate = 400;
/** Reads headers once and keeps what they declare; one tree, one configuration. */
export class TreeNames {
  readonly #tree: SourceTree;
  readonly #index: DeclaringHeaders;
  readonly #conditions: Conditions;
  readonly #ranks: HeaderRanks;
  readonly #public = new Map<string, Declared>();
  #private = new Map<string, Declared>();
  readonly #templates = new WeakMap<MacroText, Partial<Record<Asker, Shared>>>();
  /** Token lists of headers that were read; what is kept of a header is copied from them. */
  readonly #spare: TokenList[] = [];
  readonly #included = new Map<string, boolean>();
  readonly #beingRead = new Set<string>();
  readonly #whole = new WeakMap<RecordOutline, RecordOutline>();
  readonly #lines = new Map<string, LineTable>();
  readonly #places = new WeakMap<MacroText, string>();

  /** `archDirectory`: `x86` for x86_64 and i386, the directory under arch/ whose headers count. */
  constructor(tree: SourceTree, index: DeclaringHeaders, conditions: Conditions, archDirectory: string) {
    this.#tree = tree;
    this.#index = index;
    this.#conditions = conditions;
    this.#ranks = new HeaderRanks(index, archDirectory);
  }

  /** The file's outline for this configuration, bodies and all. */
  read(path: string, tokens: TokenList = tokenize(this.#tree.read(path) ?? new Uint8Array())): Outline {
    return outlineOf(tokens, this.#conditionsIn(path));
  }

  /** The header that a macro stands in; null where the asking file itself has it. */
  placeOf(macro: MacroText): string | null {
    return this.#places.get(macro) ?? null;
  }

  /** DECLARE_STATIC_KEY_FALSE(name): objects that only a macro's definition tells. */
  #declareByMacros({ calls }: Outline, declared: Declared, names: UseNames): void {
    for (const { tokens } of calls) {
      const macro = names.macro(textOf(tokens.spelling[0] as number));
      if (macro === null || macro.parameters === null) continue;
      const flat = flattenCall(macro, tokens, 0, tokens.length - 1, names.macro);
      for (const { name, type } of outlineOfTokens(flat.tokens).variables)
        if (!declared.object.has(name)) declared.object.set(name, type);
    }
  }

  /** The line of an offset in a header. */
  lineIn(header: string, offset: number): number {
    let lines = this.#lines.get(header);
    if (lines === undefined) {
      lines = new LineTable(this.#tree.read(header) ?? new Uint8Array());
      this.#lines.set(header, lines);
    }
    return lines.lineOf(offset);
  }

  /** What a header declares in this configuration. */
  declaredIn(path: string): Declared {
    const kept = isPublicHeader(path) ? this.#public : this.#private;
    const known = kept.get(path);
    if (known !== undefined) return known;
    if (this.#private.size > keptPrivate) this.#private.clear();
    this.#beingRead.add(path);
    const live = this.#spare.pop() ?? new TokenList();
    live.length = 0;
    const tokens = tokenize(this.#tree.read(path) ?? new Uint8Array());
    const outline = outlineOf(tokens, this.#conditionsIn(path), live);
    const declared = declaredIn(outline);
    this.#spare.push(live);
    this.#beingRead.delete(path);
    for (const macro of declared.macro.values()) this.#places.set(macro, path);
    kept.set(path, declared);
    if (outline.calls.length > 0) this.#declareByMacros(outline, declared, this.seenFrom(path, outline));
    return declared;
  }

  /**
   * What a file alone does not tell: `#ifndef __HAVE_ARCH_X` in a generic header asks the architecture's, `#ifdef DEBUG` the file that
   * includes it. A macro that no header in sight defines is not defined; one that only the file itself defines is its include guard.
   */
  #conditionsIn(path: string): Conditions {
    const asker = askerOf(path);
    return {
      defined: (name) => {
        const known = this.#conditions.defined(name);
        if (known !== null) return known;
        const files = this.#index.filesDeclaring('macro', name);
        if (files.includes(path)) return files.some((file) => file !== path && this.#ranks.isOfArch(file)) || null;
        if (files.some((file) => !isPublicHeader(file) && isBeside(path, file))) return true;
        const ranked = files.map((file) => ({ file, rank: this.#ranks.publicRank(file, asker) }));
        const those = (from: number, to: number) =>
          ranked.flatMap(({ file, rank }) => (rank >= from && rank < to ? [file] : []));
        const sure = this.#definedIn(those(7, 100), name);
        if (sure !== false) return sure;
        return name === 'MODULE' || this.#definedIn(those(1, 7), name) !== false ? null : false;
      },
      value: (name) => this.#conditions.value?.(name) ?? this.#numberOf(name, asker, 0),
    };
  }

  /** Does one of these headers define the macro in this configuration; null where one that may is being read. */
  #definedIn(files: readonly string[], name: string): boolean | null {
    if (
      files.some((file) => !this.#beingRead.has(file) && this.isIncluded(file) && this.declaredIn(file).macro.has(name))
    )
      return true;
    return files.some((file) => this.#beingRead.has(file)) ? null : false;
  }

  /** NR_CPUS, through CONFIG_NR_CPUS; a header that is being read is not asked. */
  #numberOf(name: string, asker: Asker, depth: number): number | null {
    const best = this.#ranks.candidatesFor('macro', name)[asker][0];
    if (best === undefined || depth > 4 || this.#beingRead.has(best.file)) return null;
    const macro = this.declaredIn(best.file).macro.get(name);
    const number = numberOf(macro);
    if (number !== null || macro?.parameters !== null || macro.body.length !== 1) return number;
    const next = textOf(macro.body.spelling[0] as number);
    return this.#conditions.value?.(next) ?? this.#numberOf(next, asker, depth + 1);
  }

  /** The declarations as code in `path` sees them. */
  seenFrom(path: string, outline: Outline): UseNames {
    const own = declaredIn(outline);
    const isSource = !path.endsWith('.h');
    const cache = {
      record: new Map<string, Seen<RecordOutline> | null>(),
      typedef: new Map<string, Seen<TypeName> | null>(),
      object: new Map<string, Seen<TypeName> | null>(),
      macro: new Map<string, Seen<MacroText> | null>(),
    };
    const look = <K extends DeclaredKind>(kind: K, name: string): Seen<Values[K]> | null => {
      const kept = cache[kind] as Map<string, Seen<Values[K]> | null>;
      const known = kept.get(name);
      if (known !== undefined) return known;
      const here = own[kind].get(name) as Values[K] | undefined;
      const found = here === undefined ? this.#elsewhere(path, kind, name) : { value: here, rank: ownRank };
      kept.set(name, found);
      return found;
    };
    const macro = (name: string): MacroText | null => {
      const found = look('macro', name);
      // A generic header's macro yields to the architecture's function of that name.
      return found === null || (found.rank < ownRank && (look('object', name)?.rank ?? 0) > found.rank)
        ? null
        : found.value;
    };
    const templates = new Map<MacroText, Template>();
    const names: UseNames = {
      record: (base) => {
        const found = look('record', base)?.value;
        if (found !== undefined) return found.macros.length === 0 ? found : this.#withMacros(found, names);
        // `#define elfhdr elf64_hdr`: a macro for a tag.
        const alias = macro(base.slice(base.indexOf(' ') + 1))?.body;
        const tag = alias?.length === 1 ? textOf(alias.spelling[0] as number) : '';
        return tag === '' ? null : (look('record', base.replace(/ .*/, ` ${tag}`))?.value ?? null);
      },
      typedef: (name) => look('typedef', name)?.value ?? typeAlias(macro(name)),
      object: (name) => look('object', name)?.value ?? null,
      macro,
      template: (text) => {
        const known = templates.get(text);
        if (known !== undefined) return known;
        const made = this.#template(path, text, own.macro, names);
        templates.set(text, made);
        return made;
      },
    };
    if (isSource) this.#declareByMacros(outline, own, names);
    return names;
  }

  /** A record with the members that macros stand for. */
  #withMacros(record: RecordOutline, names: UseNames): RecordOutline {
    const known = this.#whole.get(record);
    if (known !== undefined) return known;
    const members = new Map(record.members);
    for (const { tokens } of record.macros) {
      const macro = names.macro(textOf(tokens.spelling[0] as number));
      if (macro === null) continue;
      const opens = tokens.spelling[1] === punct.open && tokens.length > 1;
      const close = opens ? closing(tokens, 1, tokens.length) : 0;
      if (macro.parameters !== null && !opens) continue;
      const flat = flattenCall(macro, tokens, 0, close, names.macro).tokens;
      for (const member of membersIn(record.base, flat)) members.set(member.name, { ...member, at: record.at });
    }
    const whole = { ...record, members, macros: [] };
    this.#whole.set(record, whole);
    return whole;
  }

  /** Read once for all files, but for those in which a name of it means something else. */
  #template(path: string, text: MacroText, own: ReadonlyMap<string, MacroText>, names: UseNames): Template {
    const asker = askerOf(path);
    const shared = this.#templates.get(text)?.[asker];
    if (shared === undefined) {
      const made = templateOf(text, names.macro);
      const risky = [...made.asked.keys()].filter(
        (name) => this.#ranks.candidatesFor('macro', name).isPrivate.size > 0,
      );
      this.#templates.set(text, { ...this.#templates.get(text), [asker]: { made, risky } });
      return made;
    }
    const asked = shared.made.asked;
    const differs = (name: string): boolean => {
      const [meant, means] = [asked.get(name) ?? null, names.macro(name)];
      return meant !== means && !(doesNothing(meant, names) && doesNothing(means, names));
    };
    if (shared.risky.some(differs)) return templateOf(text, names.macro);
    for (const name of own.keys()) if (asked.has(name) && differs(name)) return templateOf(text, names.macro);
    return shared.made;
  }

  #elsewhere<K extends DeclaredKind>(path: string, kind: K, name: string): Seen<Values[K]> | null {
    // An untagged record at top level is its file's own.
    if (kind === 'record' && name.includes(' @')) return null;
    const ranked = this.#ranks.askedFrom(path, kind, name);
    let first: Seen<Values[K]> | null = null;
    for (const { file, rank } of ranked) {
      const value = this.declaredIn(file)[kind].get(name) as Values[K] | undefined;
      if (value === undefined) continue;
      // Of several headers, as x86's for two, three and four levels of page tables, one that others include here.
      if (ranked.length === 1 || this.isIncluded(file)) return { value, rank };
      first ??= { value, rank };
    }
    return first;
  }

  /** Does another public header include this one, in this configuration? Taken for granted where only sources do. */
  isIncluded(file: string): boolean {
    const known = this.#included.get(file);
    if (known !== undefined) return known;
    // Headers that include each other do not decide it.
    this.#included.set(file, true);
    const includers = this.#index
      .filesIncluding(file.slice(file.lastIndexOf('/') + 1))
      .filter((one) => one.endsWith('.h'));
    const names = includers.filter((one) => !this.#beingRead.has(one) && this.#ranks.concernsArch(one));
    const isIncluded =
      names.length === 0 ||
      names.some(
        (one) => this.declaredIn(one).includes.some((path) => `/${file}`.endsWith(`/${path}`)) && this.isIncluded(one),
      );
    this.#included.set(file, isIncluded);
    return isIncluded;
  }
}

/** `#define Elf_Ehdr Elf64_Ehdr`: a macro for a type. */
function typeAlias(macro: MacroText | null): TypeName | null {
  if (macro === null || macro.parameters !== null || macro.body.length > 2) return null;
  const words = [...macro.body.spelling.subarray(0, macro.body.length)].map(textOf);
  const isType =
    words.length === 1 ? /^[A-Za-z_]\w*$/.test(words[0] as string) : /^(struct|union)$/.test(words[0] ?? '');
  return isType ? { ...unknownType, base: words.join(' ') } : null;
}

/** As `pr_fmt`, which each file defines for itself: it only spells its arguments. */
function doesNothing(macro: MacroText | null, names: UseNames): boolean {
  if (macro === null) return true;
  const { effects } = names.template(macro);
  return effects !== 'call by call' && effects.pieces.length === 0;
}

function declaredIn(outline: Outline): Declared {
  const objects = new Map<string, TypeName>();
  for (const one of outline.functions) objects.set(one.name, { ...unknownType, returns: one.returns });
  for (const variable of outline.variables) objects.set(variable.name, variable.type);
  const { records: record, typedefs: typedef, macros: macro, includes } = outline;
  return { record, typedef, object: objects, macro, includes };
}
