/**
 * A review from source (`evidence: source`): the units that a series touches, read before and after in both views, compared and
 * judged. What a series cannot have touched is not read: one that changes only function bodies parses nothing.
 */
import { LexCache } from '../c/lex-cache.js';
import type { Series } from '../patch/series.js';
import { overlayFiles, overlaySeries } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import { type ChangeSet, changesBetween } from './changes.js';
import { incompatibilities } from './compatible.js';
import type { ConsumerQuestion } from './consumers.js';
import { changesOf, type DiffChanges } from './diff/changes.js';
import { type Judged, judgeDirectives, judgeExports } from './diff/judge-rest.js';
import { judgeGuard } from './guards.js';
import { headerUnit, headerUnitText } from './header-unit.js';
import { judgeSource, type Origin, type SourceJudgement, type UseOf } from './judge-source.js';
import { memberLine } from './member-line.js';
import { type Build, type ProgramReader, readProgram, type Versioner } from './program.js';
import type { Architecture, Finding, Guard, Missing, Review, Verdict } from './review.js';
import { type RuleId, ruleTable } from './rules/ids.js';
import { seriesOf } from './series-facts.js';
import { filesThatMatter, pathOf, roleOf } from './triage.js';
import { headersHolding, type Users, usersOf } from './users.js';
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
  /** The whole tree's index, to ask who uses what moved; absent: nobody is asked. Called only where something moved. */
  readonly whoUses?: () => ConsumerQuestion;
}

/** No more headers than this are read for embedders. */
const EMBEDDER_HEADERS = 60;

export function reviewSource(request: SourceRequest): Review {
  const { series } = request;
  if (filesThatMatter(series).length === 0 || touchesOnlyBodies(series)) return reviewOf(request, nothing(), [], []);
  const overlay = overlaySeries(request.tree, series);
  const missing: Missing[] = overlay.failed.map(({ patch, file, why, at }) => ({
    what: `patch ${patch} in ${file}`,
    why: `it does not apply at line ${at}: ${why}`,
  }));
  const changes = changesIn(request, overlay.after, missing);
  const users = usersIn(request, changes);
  const useOf: UseOf = users?.useOf ?? ((): null => null);
  const hashes = request.versions !== null;
  const judged = judgeSource(changes, useOf, originOf(series, overlay.after), hashes);
  const text = changesOf(series);
  const guards = text.guards.map((guard) => judgeGuard(guard, changes, useOf, hashes));
  const findings = [...guardFindings(guards, text), ...textFindings(text)];
  const verdicts: Verdict[] = overlay.failed.length > 0 ? ['unknown'] : [];
  const whole = { ...judged, findings: [...judged.findings, ...findings], verdicts: [...judged.verdicts, ...verdicts] };
  const review = reviewOf(request, whole, guards, [...missing, ...(users?.missing ?? [])]);
  return { ...review, consumers: [...(users?.answer.consumers ?? [])] };
}

function usersIn({ whoUses }: SourceRequest, changes: ChangeSet): Users | null {
  const moved = changes.types.filter(({ change }) => change !== null && incompatibilities(change).length > 0);
  return whoUses === undefined || moved.length === 0 ? null : usersOf(moved, whoUses());
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

function changesIn(request: SourceRequest, after: SourceTree, missing: Missing[]): ChangeSet {
  const { series, tree, build, units } = request;
  const reader: ProgramReader = { build, cache: new LexCache(), versions: request.versions };
  const touched = filesThatMatter(series).map(pathOf);
  const sources = units ?? touched.filter((path) => path.endsWith('.c'));
  const headers = touched.filter((path) => path.endsWith('.h') && roleOf(path) !== 'other');
  if (units === null) {
    missing.push({
      what: 'exports of other units',
      why: 'only the units that the series touches were read; name more with --unit',
    });
  }
  const read = (paths: readonly string[]): ChangeSet => {
    const before = readProgram(withHeaderUnits(tree, headers), paths, reader);
    const is = readProgram(withHeaderUnits(after, headers), paths, reader);
    for (const one of [...before.missing, ...is.missing]) {
      if (!missing.some((other) => other.what === one.what && other.why === one.why)) missing.push(one);
    }
    return changesBetween(before.units, is.units);
  };
  let paths = [...sources, ...headers.map(headerUnit)];
  let changes = read(paths);
  for (let turn = 0; turn < 4 && request.whoUses !== undefined; turn++) {
    const resized = changes.types.filter(
      ({ change }) =>
        change !== null && (change.before.size !== change.after.size || change.before.align !== change.after.align),
    );
    if (resized.length === 0) break;
    const names = resized.map(({ name }) => name);
    const more = headersHolding(names, request.whoUses()).filter((path) => !headers.includes(path));
    if (more.length === 0) break;
    headers.push(...more.slice(0, EMBEDDER_HEADERS));
    if (more.length > EMBEDDER_HEADERS)
      missing.push({
        what: `${more.length - EMBEDDER_HEADERS} headers that may embed what grew`,
        why: 'more than are read',
      });
    paths = [...sources, ...headers.map(headerUnit)];
    changes = read(paths);
  }
  return changes;
}

function withHeaderUnits(tree: SourceTree, headers: readonly string[]): SourceTree {
  const files = new Map(headers.map((header) => [headerUnit(header), Buffer.from(headerUnitText(header))]));
  return overlayFiles(tree, files, tree.id);
}

/** The first patch that touches a file brought what changed in it; elsewhere the first patch of all. */
function originOf(series: Series, after: SourceTree): Origin {
  return {
    lineOf: (place, member) => memberLine(after, place, member),
    patchOf: (file) => {
      const patch = series.patches.find((one) =>
        one.files.some((touched) => touched.after === file || touched.before === file),
      );
      return (patch ?? series.patches[0])?.n ?? 0;
    },
  };
}

function guardFindings(guards: readonly Guard[], text: DiffChanges): Finding[] {
  return guards.flatMap((guard, at) => {
    const { file, line, rule, idiom, why, honest } = guard;
    if (honest === null && rule !== 'guard-unbalanced') return [];
    const { severity } = ruleTable[rule as RuleId];
    const patch = text.guards[at]?.patch ?? 0;
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

/** What needs no tree: licences and namespaces of exports, bodies of inline functions. */
function textFindings(text: DiffChanges): Finding[] {
  const out: Judged = { findings: [], verdicts: [], missing: [] };
  judgeExports(text, out);
  judgeDirectives(text, out);
  const kept = new Set(['export-license-changed', 'export-namespace-changed', 'export-added', 'inline-body-changed']);
  return out.findings.filter((one) => kept.has(one.rule)).map((one) => ({ ...one, evidence: 'source' as const }));
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
