/**
 * A review's layouts, asked of another compiler before they are said in public. Made here: what to ask, from the same preprocessed
 * text, and what the answers mean. Where the two differ, neither is believed: the verdict is `unknown`, with both numbers.
 */
import type { LexCache } from '../c/lex/lex-cache.js';
import { printedTokens } from '../c/lex/printed-tokens.js';
import { preprocess } from '../c/preprocess/preprocess.js';
import type { TargetName } from '../c/target.js';
import { overlayFiles } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import type { Missing, Review, TypeChange } from './review.js';
import { headerUnit, headerUnitText } from './units/header-unit.js';
import type { Build } from './units/program.js';

/** Sizes and alignments in bytes; members by name, `bitSize` 0 where one is no bit-field. */
export interface RecordFacts {
  readonly size: number;
  readonly align: number;
  readonly members: ReadonlyMap<string, { readonly bitOffset: number; readonly bitSize: number }>;
}

/** A unit of one version of the tree as text, and the types to lay out in it, as C spells them. */
export interface LayoutQuestion {
  readonly version: 'before' | 'after';
  readonly target: TargetName;
  readonly text: string;
  readonly types: readonly string[];
}

/** What clang, or another, says to a question. */
export interface LayoutAnswer {
  readonly question: LayoutQuestion;
  readonly records: ReadonlyMap<string, RecordFacts>;
}

export interface OpinionRequest {
  readonly before: SourceTree;
  readonly after: SourceTree;
  readonly build: Build;
  readonly target: TargetName;
  readonly cache: LexCache;
  /** Ask about types of no more files than this, what others embed first. Absent: about all. */
  readonly most?: number;
}

/** The types to ask about, by the file that defines them. */
function asked(review: Review, most = Number.POSITIVE_INFINITY): ReadonlyMap<string, readonly TypeChange[]> {
  const embedders = new Set(review.types.flatMap(({ embeddedIn }) => embeddedIn));
  const grows = (type: TypeChange): number => (embedders.has(`${type.kind} ${type.name}`) ? 1 : 0);
  const byFile = new Map<string, TypeChange[]>();
  for (const type of review.types.toSorted((one, other) => grows(one) - grows(other))) {
    if (type.kind === 'enum' || type.file === '') continue;
    const known = byFile.get(type.file);
    if (known !== undefined) known.push(type);
    else if (byFile.size < most) byFile.set(type.file, [type]);
  }
  return byFile;
}

/** One question a file that defines changed types, and version. */
export function layoutQuestions(review: Review, request: OpinionRequest): readonly LayoutQuestion[] {
  const byFile = asked(review, request.most);
  return [...byFile].flatMap(([file, types]) =>
    (['before', 'after'] as const).flatMap((version) => {
      const spellings = types.filter((type) => type[version]?.size != null).map(spelled);
      const text = spellings.length === 0 ? null : textOfUnit(file, request[version], request);
      return text === null ? [] : [{ version, target: request.target, text, types: spellings }];
    }),
  );
}

/** As C names it. */
function spelled({ kind, name }: TypeChange): string {
  return kind === 'typedef' ? name : `${kind} ${name}`;
}

function textOfUnit(file: string, tree: SourceTree, { build, cache }: OpinionRequest): string | null {
  const path = file.endsWith('.c') ? file : headerUnit(file);
  const unit = build.unitOf(path);
  if (unit === null) return null;
  // A header is compiled through a unit of its own, which no tree has.
  const withUnit =
    path === file ? tree : overlayFiles(tree, new Map([[path, Buffer.from(headerUnitText(file))]]), tree.id);
  return printedTokens(preprocess(unit, withUnit, cache, 'empty').tokens);
}

/** The review after the second opinion. A symbol's version does not rest on layouts: a `crc-break` stays one. */
export function compared(review: Review, answers: readonly LayoutAnswer[], most?: number): Review {
  const missing: Missing[] = [];
  let disagree = false;
  const meant = new Set([...asked(review, most).values()].flat());
  const types = review.types.map((type) => {
    if (!meant.has(type)) return type;
    const { differences, silent } = opinionOn(type, answers);
    const what = `the layout of ${spelled(type)}`;
    if (silent.length > 0)
      missing.push({ what: `a second opinion on ${what}`, why: `clang gives none ${silent.join(' or ')} the series` });
    if (differences.length === 0) return type;
    disagree = true;
    missing.push({ what, why: differences.slice(0, 3).join('; ') });
    return withoutNumbers(type);
  });
  const verdict = disagree && review.verdict !== 'crc-break' ? 'unknown' : review.verdict;
  return { ...review, types, verdict, missing: [...review.missing, ...missing] };
}

function withoutNumbers(type: TypeChange): TypeChange {
  const unknown = { size: null, align: null };
  const place = (one: TypeChange['members'][number]['before']) =>
    one === null ? null : { ...one, bitOffset: null, bitSize: null };
  return {
    ...type,
    verdict: 'unknown',
    before: type.before === null ? null : unknown,
    after: type.after === null ? null : unknown,
    members: type.members.map((one) => ({ ...one, before: place(one.before), after: place(one.after) })),
  };
}

function opinionOn(type: TypeChange, answers: readonly LayoutAnswer[]): { differences: string[]; silent: string[] } {
  const differences: string[] = [];
  const silent: string[] = [];
  for (const version of ['before', 'after'] as const) {
    const own = type[version];
    if (type.kind === 'enum' || own === null || own.size === null) continue;
    const facts = answers
      .filter(({ question }) => question.version === version)
      .map(({ records }) => records.get(spelled(type)))
      .find((one) => one !== undefined);
    if (facts === undefined) silent.push(version);
    else differences.push(...disagreements(type, version, own, facts));
  }
  return { differences, silent };
}

function disagreements(
  type: TypeChange,
  version: 'before' | 'after',
  own: { readonly size: number | null; readonly align: number | null },
  facts: RecordFacts,
): string[] {
  const found: string[] = [];
  const say = (what: string, ours: number | null, theirs: number | undefined): void => {
    if (ours !== null && theirs !== undefined && ours !== theirs)
      found.push(`${what} ${version} the series: ${ours} here, ${theirs} by clang`);
  };
  say('size', own.size, facts.size);
  say('alignment', own.align, facts.align);
  for (const member of type.members) {
    const theirs = facts.members.get(member.name);
    say(`bit offset of ${member.name}`, member[version]?.bitOffset ?? null, theirs?.bitOffset);
  }
  return found;
}
