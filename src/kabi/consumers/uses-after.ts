/**
 * Who touches a type in the files of a series as they are after it. The tree's index is of the tree before: it does not know a member that the
 * series adds, nor code that begins to use a type.
 */

import { textOf } from '../../c/lex/spelling.js';
import { conditionsAt } from '../../c/outline/known-conditions.js';
import { operandStart } from '../../c/outline/operand.js';
import type { Use } from '../../c/outline/use-context.js';
import { usesIn } from '../../c/outline/uses.js';
import { anyConfiguration } from '../../kernel/mentions.js';
import type { FilePatch } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { TreeNames } from '../index/tree-names.js';
import { isPublicHeader } from '../public-header.js';
import { pathOf } from '../series/triage.js';
import { basesOf, type ConsumerQuestion, linkUnitsIncluding } from './consumers.js';

export interface UseAfter {
  /** `struct tag`, of a member in an untagged struct inside `struct tag/name`; null where the text does not tell it. */
  readonly base: string | null;
  readonly member: string;
  readonly file: string;
  /** Byte offset of the member's name, or of the macro call whose body has it. */
  readonly offset: number;
  /** `vmlinux` or modules; null for inline code of a public header, which is in every module that includes it. */
  readonly linkUnits: readonly string[] | null;
}

export interface Way {
  /** What stands before the member's `->` or `.`, blanks between tokens. */
  readonly operand: string;
  /** Conditions that hold there, as known-conditions.ts finds them. */
  readonly known: readonly string[];
}

/** A file that more than so many include is in everybody's sight. */
const mostIncluders = 500;

/** Reads a file when somebody asks for a type that it may see: a release touches thousands. */
export class UsesAfter {
  readonly #after: SourceTree;
  /** By path: what the patches do to it. */
  readonly #files = new Map<string, FilePatch[]>();
  readonly #question: ConsumerQuestion;
  readonly #names: TreeNames;
  readonly #read = new Map<string, readonly UseAfter[]>();
  readonly #linkUnits = new Map<string, readonly string[] | null>();
  #included: ReadonlyMap<string, ReadonlySet<string>> | null = null;

  /** `archDirectory` as in the tree's index. */
  constructor(after: SourceTree, files: readonly FilePatch[], question: ConsumerQuestion, archDirectory: string) {
    this.#after = after;
    for (const file of files) this.#files.set(pathOf(file), [...(this.#files.get(pathOf(file)) ?? []), file]);
    this.#question = question;
    this.#names = new TreeNames(after, question.index, anyConfiguration, archDirectory);
  }

  /**
   * Accesses, by a receiver whose type the text tells, to members of these types or of untagged ones in them, from elsewhere than `known` link
   * units. `names` as a consumer's type.
   */
  of(names: readonly string[], known: ReadonlySet<string>): UseAfter[] {
    const bases = new Set(names.flatMap((name) => basesOf(name, this.#question.index)));
    return this.#inSightOf(bases, known).filter(({ base }) => base !== null && isWithin(base, bases));
  }

  /** Whether code that may see these types accesses a member of one of these names by a receiver whose type the text does not tell. */
  hasOpen(names: readonly string[], members: ReadonlySet<string>): boolean {
    const bases = new Set(names.flatMap((name) => basesOf(name, this.#question.index)));
    return this.#inSightOf(bases, new Set()).some(({ base, member }) => base === null && members.has(member));
  }

  #inSightOf(bases: ReadonlySet<string>, known: ReadonlySet<string>): readonly UseAfter[] {
    const sees = this.#seeing(bases);
    const elsewhere = [...this.#files.keys()].filter((file) => {
      const linkUnits = this.#linkUnitsOf(file);
      return (linkUnits === null || linkUnits.some((one) => !known.has(one))) && sees(file);
    });
    return elsewhere.flatMap((file) => this.#usesIn(file));
  }

  #usesIn(file: string): readonly UseAfter[] {
    const known = this.#read.get(file);
    if (known !== undefined) return known;
    const uses = this.#after.read(file) === null ? [] : this.#readUses(file);
    this.#read.set(file, uses);
    return uses;
  }

  #readUses(file: string): UseAfter[] {
    const outline = this.#names.read(file);
    const linkUnits = this.#linkUnitsOf(file);
    return [...usesIn(outline, this.#names.seenFrom(file, outline))]
      .filter(isAccess)
      .map(({ base, member, offset }) => {
        return { base, member, file, offset, linkUnits };
      });
  }

  /** How a use comes to be; null for one in an initialiser, which reads nothing. */
  wayTo({ file, offset }: UseAfter): Way | null {
    const { tokens, functions } = this.#names.read(file);
    const at = tokens.offset.subarray(0, tokens.length).indexOf(offset);
    const start = at < 2 ? null : operandStart(tokens, at - 2, 0);
    if (start === null) return null;
    const body = functions.find((one) => one.body !== null && one.body.start <= at && at < one.body.end)?.body ?? null;
    const textOfTokens = (from: number, end: number): string =>
      Array.from(tokens.spelling.subarray(from, end), textOf).join(' ');
    return {
      operand: textOfTokens(start, at - 1),
      known: body === null ? [] : conditionsAt(tokens, body, at).map((one) => textOfTokens(one.start, one.end)),
    };
  }

  #linkUnitsOf(file: string): readonly string[] | null {
    let units = this.#linkUnits.get(file);
    if (units === undefined) {
      units = linkUnitsOfFile(file, this.#question);
      this.#linkUnits.set(file, units);
    }
    return units;
  }

  /** Which files may see a declaration of these: those that include, directly or not, the files that declare them, before or by a line of the series. */
  #seeing(bases: ReadonlySet<string>): (file: string) => boolean {
    const { index } = this.#question;
    const inSight = new Set([...bases].flatMap((base) => index.filesDeclaring('record', base)));
    if (inSight.size === 0) return everybody;
    for (const file of inSight) {
      if (isPublicHeader(file) || inSight.size > mostIncluders) return everybody;
      for (const includer of index.filesIncluding(nameOf(file))) inSight.add(includer);
    }
    const names = new Set([...inSight].map(nameOf));
    const nowIncludes = (file: string): boolean => {
      const included = this.#includedBy().get(file);
      return included !== undefined && [...included].some((name) => names.has(name));
    };
    const isPassedOn = [...this.#includedBy().keys()].some((file) => file.endsWith('.h') && nowIncludes(file));
    return isPassedOn ? everybody : (file) => inSight.has(file) || nowIncludes(file);
  }

  /** By file: names of what lines of the series include. */
  #includedBy(): ReadonlyMap<string, ReadonlySet<string>> {
    this.#included ??= new Map(
      [...this.#files].flatMap(([path, patches]) => {
        const lines = patches.flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines));
        const names = lines.flatMap((line) => /^\+\s*#\s*include\s*[<"](?:.*\/)?([^>"/]+)[>"]/.exec(line)?.[1] ?? []);
        return names.length === 0 ? [] : [[path, new Set(names)] as const];
      }),
    );
    return this.#included;
  }
}

const everybody = (): boolean => true;

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Is it one of these, or an untagged one in it? */
function isWithin(base: string, bases: ReadonlySet<string>): boolean {
  for (let end = base.length; end > 0; end = base.lastIndexOf('/', end - 1))
    if (bases.has(base.slice(0, end))) return true;
  return false;
}

function isAccess(use: Use): use is Use & { member: string } {
  return use.member !== null;
}

function linkUnitsOfFile(file: string, question: ConsumerQuestion): string[] | null {
  if (isPublicHeader(file)) return null;
  if (file.endsWith('.h')) return linkUnitsIncluding(file, question);
  const unit = question.placement.linkUnitOf(file);
  return unit === null ? [] : [unit];
}
