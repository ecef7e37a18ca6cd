/**
 * A review from source (`evidence: source`): the units that a series touches, read before and after in both views, compared and
 * judged. What a series cannot have touched is not read: one that changes only function bodies parses nothing.
 */

import { LexCache } from '../c/lex/lex-cache.js';
import { archDirectory } from '../kernel/unit.js';
import type { Series } from '../patch/series.js';
import { type Overlay, overlaySeries } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import type { ChangedType, ChangeSet } from './changes.js';
import { incompatibilities } from './compatible.js';
import type { ConsumerQuestion } from './consumers/consumers.js';
import { newWordsOf } from './consumers/flagged-slots.js';
import { withoutLiveSlots } from './consumers/live-slots.js';
import { type Users, usersOf } from './consumers/users.js';
import { UsesAfter } from './consumers/uses-after.js';
import { changesOf } from './diff/changes.js';
import type { DiffChanges, GuardDifference } from './diff/differences.js';
import { type Judged, judgeDirectives, judgePrototypes } from './diff/judge-rest.js';
import { guardsInFiles } from './guards/guard-places.js';
import { withGuardedExports } from './guards/guarded-exports.js';
import { judgeGuard } from './guards/guards.js';
import { judgeSource, type Origin, type SourceJudgement, type UseOf } from './judge-source.js';
import { dumpKey } from './judge-symbols.js';
import { memberLine } from './member-line.js';
import type { ReferenceSymbols } from './reference/reference-symbols.js';
import type { Architecture, Finding, Guard, Missing, Review, Verdict } from './review.js';
import { type RuleId, ruleTable } from './rules/ids.js';
import { DeclaredPlaces } from './series/declared-places.js';
import { exportChanges } from './series/export-changes.js';
import { noFileOf } from './series/misplaced-files.js';
import { changesIn, type Reading } from './series/series-changes.js';
import { seriesOf } from './series/series-facts.js';
import { filesThatMatter, pathOf, roleOf } from './series/triage.js';
import type { ComparedUnit } from './units/compare-unit.js';
import { headerUnit } from './units/header-unit.js';
import type { Build, Versioner } from './units/program.js';
import { worstOf } from './verdict.js';

export interface SourceRequest {
  readonly series: Series;
  readonly arch: Architecture;
  readonly tree: SourceTree;
  readonly build: Build;
  /** How the tree versions its symbols; null where that is not known. */
  readonly crcMode: 'genksyms' | 'gendwarfksyms' | 'none' | null;
  readonly versions: Versioner | null;
  /** Units whose exports count; null for those that the series touches. */
  readonly units: readonly string[] | null;
  /** Types, as a dump's keys, that no export of another unit reaches; absent: of none that is known. */
  readonly settled?: ReadonlySet<string>;
  /** The whole tree's index, to ask who uses what moved; absent: nobody is asked. Called only where something moved. */
  readonly whoUses?: () => ConsumerQuestion;
  /** Shared by reviews of one tree and build. */
  readonly reading?: Reading;
  /** What a reference says of all exports, with the units and headers that show the types; absent: the units alone are asked. */
  readonly known?: KnownFromReference;
}

export interface KnownFromReference {
  /** The series on the tree, as it was when the units were read. */
  readonly overlay: Overlay;
  readonly units: readonly string[];
  /** Touched headers that none of the units reads. */
  readonly headers: readonly string[];
  readonly symbols: ReferenceSymbols;
  /** Units that were compared before, by key. */
  readonly compared?: ReadonlyMap<string, ComparedUnit>;
}

/** A review and what it rests on. */
export interface Judgement {
  readonly review: Review;
  /** null where nothing had to be read. */
  readonly changes: ChangeSet | null;
}

export function reviewSource(request: SourceRequest): Judgement {
  const { series, known } = request;
  const noFile = filesThatMatter(series).length === 0;
  // A makefile alone can take exports away: whoever has a reference knows.
  if (known === undefined ? noFile || touchesOnlyBodies(series) : noFile && saysNothing(known.symbols))
    return { review: withoutEffect(request), changes: null };
  const overlay = request.known?.overlay ?? overlaySeries(request.tree, series);
  const missing: Missing[] = overlay.failed.map(({ patch, file, why, hunk, at }) => ({
    what: `patch ${patch} in ${file}`,
    why: `it does not apply${hunk === 0 ? '' : `, hunk ${hunk} at line ${at}`}: ${why}`,
  }));
  const cache = request.reading?.cache ?? new LexCache();
  const places = guardsInFiles(series, request.tree, overlay.after, { build: request.build, versions: null, cache });
  const found = withGuardedExports(changesIn(request, overlay, missing), places);
  const changes = request.whoUses === undefined ? found : withoutLiveSlots(found, request.whoUses);
  const users = usersIn(request, changes, overlay.after);
  const useOf: UseOf = users?.useOf ?? ((): null => null);
  const hashes = request.versions !== null;
  const exports = exportChanges(series, request.tree, overlay.after);
  const origin = originOf(series, request.tree, overlay);
  const judged = judgeSource(changes, useOf, origin, hashes, exports);
  const text = changesOf(series);
  const isWhole = (file: string): boolean => !missing.some(isGap) || !isBroken(file, changes);
  const attributed = new Set(
    text.types.flatMap(({ attributes, typedef, kind, name }) =>
      attributes === null ? [] : [`${typedef ? 'typedef' : kind} ${name}`],
    ),
  );
  const { declarationLine } = origin;
  const context = { changes, useOf, hashes, after: overlay.after, declarationLine, isWhole, attributed };
  const guards = places.map((guard) => judgeGuard(guard, context));
  const findings = [...guardFindings(guards, places), ...textFindings(text)];
  const unread = unreadTypes(text, changes, missing);
  const isUnknown = overlay.failed.length + unread.length > 0 || missing.some(isCut);
  const verdicts: Verdict[] = isUnknown ? ['unknown'] : [];
  const whole = { ...judged, findings: [...judged.findings, ...findings], verdicts: [...judged.verdicts, ...verdicts] };
  const unversioned = hashes || !judged.verdicts.includes('unknown') ? [] : [noVersions(request)];
  const review = reviewOf(request, whole, guards, [...missing, ...unread, ...unversioned, ...(users?.missing ?? [])]);
  return { review: { ...review, consumers: [...(users?.answer.consumers ?? [])] }, changes };
}

function noVersions({ crcMode }: SourceRequest): Missing {
  const why =
    crcMode === 'none'
      ? 'CONFIG_MODVERSIONS is not set: a module loads wherever the name of the release is its own'
      : 'no configuration says how the tree versions them';
  return { what: 'symbol versions', why };
}

/** A unit that expands past all bounds is not believed: whatever it says, it may say otherwise further down. */
function isCut({ what }: Pick<Missing, 'what'>): boolean {
  return what.startsWith('the rest of ');
}

/** What could not be read of a unit: a header that is not there, an `#error`, a declaration. */
function isGap({ what }: Missing): boolean {
  return isCut({ what }) || /^(header |#error|a declaration|unit )/.test(what);
}

/** Could something around a file not be read? Its own unit tells, where it has one. */
function isBroken(file: string, { broken = new Set() }: ChangeSet): boolean {
  return broken.has(file.endsWith('.h') ? headerUnit(file) : file);
}

/** Types that the series edits and that nothing could be laid out of, where a gap may be the reason; elsewhere the configuration is. */
function unreadTypes(text: DiffChanges, changes: ChangeSet, missing: readonly Missing[]): Missing[] {
  const gap = missing.find(isGap);
  if (gap === undefined) return [];
  return text.types.flatMap(({ kind, name, typedef, role, existence, file }) => {
    if (!isBroken(file, changes)) return [];
    if (name === null || name === '' || existence !== 'both' || role === 'source' || role === 'other') return [];
    const full = `${typedef && kind !== 'enum' ? 'typedef' : kind} ${name}`;
    return changes.read.has(full) ? [] : [{ what: `the layout of ${full}`, why: `${gap.what}: ${gap.why}` }];
  });
}

/** More types than this are a release, not a series: each costs a search of the whole tree. */
const MOST_ASKED = 40;

function usersIn(request: SourceRequest, changes: ChangeSet, after: SourceTree): Users | null {
  const { whoUses } = request;
  const moved = changes.types.filter(({ change }) => change !== null && incompatibilities(change).length > 0);
  if (whoUses === undefined || moved.length === 0) return null;
  // Who uses it decides only where the versions say nothing.
  const isLoud = ({ name }: ChangedType): number => (changes.hashedThrough.has(dumpKey(name)) ? 1 : 0);
  const asked = moved.toSorted((one, other) => isLoud(one) - isLoud(other)).slice(0, MOST_ASKED);
  const question = whoUses();
  const files = filesThatMatter(request.series).filter((file) => roleOf(pathOf(file)) !== 'other');
  const archOf = archDirectory(request.tree, request.arch) ?? request.arch;
  const usesAfter = new UsesAfter(after, files, question, archOf);
  const newWords = newWordsOf(
    request.series,
    changes.enums.flatMap(({ added }) => added),
    (file) => question.placement.placeOf(file) === 'module',
  );
  const users = usersOf(asked, { question, reached: changes.reached, usesAfter, newWords });
  if (asked.length === moved.length) return users;
  const left = {
    what: `who uses ${moved.length - asked.length} more types that moved`,
    why: 'more than are looked for',
  };
  const names = new Set(asked.map(({ name }) => name));
  return {
    ...users,
    useOf: (type) => (names.has(type.name) ? users.useOf(type) : null),
    missing: [...users.missing, left],
  };
}

/** Source files only, and each changed line indented or blank: inside a function. */
function touchesOnlyBodies(series: Series): boolean {
  return filesThatMatter(series).every(
    (file) =>
      file.status === 'modified' &&
      roleOf(pathOf(file)) === 'source' &&
      pathOf(file).endsWith('.c') &&
      file.hunks.every(
        (hunk) =>
          !/^(typedef|struct|union|enum)\b[^()]*$/.test(hunk.heading) &&
          hunk.lines.every((line) => !/^[-+]\S/.test(line) && !/^[-+]\s*#/.test(line)),
      ),
  );
}

function saysNothing({ changed, added, removed, missing }: ReferenceSymbols): boolean {
  return changed.length + added.length + removed.length + missing.length === 0;
}

function originOf(series: Series, before: SourceTree, { after, steps }: Overlay): Origin {
  const places = new DeclaredPlaces(series, { before, steps });
  return {
    lineOf: (place, member) => memberLine(after, place, member),
    patchOf: (file, key) => places.patchOf(file, key),
    declarationLine: (file, key) => places.lineOf(file, key),
    includeOf: (unit, file) => places.includeOf(unit, file),
  };
}

function guardFindings(guards: readonly Guard[], places: readonly GuardDifference[]): Finding[] {
  return guards.flatMap((guard, at) => {
    const { file, line, rule, idiom, why, honest } = guard;
    if (honest === null && rule !== 'guard-unbalanced') return [];
    const { severity } = ruleTable[rule as RuleId];
    const patch = places[at]?.patch ?? 0;
    return [
      {
        rule,
        severity,
        type: null,
        symbol: null,
        file,
        line,
        patch,
        text: `${idiom}: ${why}`,
        evidence: 'source',
        verified: false,
      },
    ];
  });
}

/** What needs no tree: bodies of inline functions. */
function textFindings(text: DiffChanges): Finding[] {
  const out: Judged = { findings: [], verdicts: [], missing: [] };
  judgeDirectives(text, out);
  judgePrototypes(text, out);
  return out.findings
    .filter(({ rule }) => rule === 'inline-body-changed')
    .map((one) => ({ ...one, evidence: 'source' as const }));
}

function withoutEffect(request: SourceRequest): Review {
  const missing = noFileOf(request.series, request.tree);
  return reviewOf(request, { ...nothing(), verdicts: missing.length > 0 ? ['unknown'] : [] }, [], missing);
}

function nothing(): SourceJudgement {
  return {
    types: [],
    symbols: { exported: 0, changed: [], causes: [], added: [], removed: [] },
    findings: [],
    verdicts: [],
    missing: [],
  };
}

function reviewOf(
  request: SourceRequest,
  judged: SourceJudgement,
  guards: readonly Guard[],
  missing: readonly Missing[],
): Review {
  const { series, arch, tree, crcMode } = request;
  return {
    schema: 'kabiwatch.review/1',
    series: seriesOf(series),
    target: { tree: tree.id, base: series.base, arch, reference: null, crcMode },
    evidence: 'source',
    verdict: worstOf(judged.verdicts),
    types: [...judged.types],
    symbols: judged.symbols,
    guards: [...guards],
    consumers: [],
    findings: [...judged.findings],
    fixes: [],
    missing: [...judged.missing, ...missing],
  };
}
