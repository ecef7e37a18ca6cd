/**
 * Advice: a series that breaks, and how the same could be done without. Candidates are written as one more patch on top of the series and
 * judged, with the series, as any series is, on every configuration; only one whose verdict is `none` or `guarded` is shown. The
 * judging function comes as a parameter.
 */
import { diffText, filePatchBetween, lineDiff } from '../../patch/line-diff.js';
import type { FilePatch, Series } from '../../patch/series.js';
import { overlaySeries } from '../../tree/overlay.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { ChangedType } from '../changes.js';
import { incompatibilities } from '../compatible.js';
import { linesOf } from '../guards/guard-places.js';
import type { Missing, Review, Verdict } from '../review.js';
import type { Judgement } from '../review-source.js';
import { filesThatMatter, pathOf } from '../series/triage.js';
import { worstOf } from '../verdict.js';
import { definitionAt } from './definition.js';
import { guardChanges, type Range } from './guard-text.js';
import { treeMacros } from './macros.js';
import { pinsOf } from './pins.js';
import { redirectUses } from './redirect.js';
import { type Mended, type Rewrite, rewritesOf } from './rewrites.js';

export interface AdviceRequest {
  readonly series: Series;
  readonly before: SourceTree;
  readonly after: SourceTree;
  /** One a configuration; the first is the one that texts speak of. */
  readonly judged: readonly Judgement[];
  readonly judge: (series: Series) => readonly Judgement[];
}

export interface Advice {
  readonly fixes: Review['fixes'];
  /** Why there is none. */
  readonly missing: readonly Missing[];
}

/** Candidates judged for one series; each costs as much as the review. */
const MOST_TRIALS = 10;
const bad: readonly Verdict[] = ['conditional', 'unknown', 'crc-break', 'silent-break'];

export function advise(request: AdviceRequest): Advice {
  const verdict = worstOf(request.judged.map(({ review }) => review.verdict));
  const broken = request.judged.some(({ changes }) =>
    changes?.types.some((type) => type.change !== null && incompatibilities(type.change).length > 0),
  );
  // What is not known for want of something else is not mended by a rewrite.
  if (!bad.includes(verdict) || (verdict === 'unknown' && !broken)) return { fixes: [], missing: [] };
  return new Adviser(request).advice();
}

/** What is done with each root type, and the files that come of it. */
interface Candidate {
  readonly title: string;
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly rewrites: readonly { readonly type: Mended; readonly rewrite: Rewrite }[];
}

/** A candidate that the engine found harmless, and what it said. */
interface Held {
  readonly candidate: Candidate;
  readonly judged: readonly Judgement[];
}

class Adviser {
  readonly #request: AdviceRequest;
  readonly #reasons: string[] = [];
  #trials = 0;
  /** What was said of the candidate judged last, where it was refused. */
  #refused: readonly Judgement[] | null = null;

  constructor(request: AdviceRequest) {
    this.#request = request;
  }

  advice(): Advice {
    const found = this.#found();
    if (found !== null) return { fixes: [this.#fix(found)], missing: [] };
    const why =
      this.#reasons.length > 0
        ? [...new Set(this.#reasons)].slice(0, 3).join('; ')
        : 'nothing of what changes can be moved or hidden';
    return { fixes: [], missing: [{ what: 'a safe alternative', why }] };
  }

  #found(): Held | null {
    const roots = this.#roots();
    return roots.length > 0 ? this.#rewritten(roots) : (this.#guardOnly() ?? null);
  }

  #fix({ candidate, judged }: Held): Review['fixes'][number] {
    const verdict = worstOf(judged.map(({ review }) => review.verdict));
    return { title: candidate.title, verdict, diff: this.#patches(candidate).map(diffText).join('') };
  }

  /** Types that the series itself edits and that old code could not go on with, somewhere. */
  #roots(): Mended[] {
    const found = new Map<string, Mended>();
    for (const { changes } of this.#request.judged) {
      for (const type of changes?.types ?? []) {
        if (type.change === null || found.has(type.name) || incompatibilities(type.change).length === 0) continue;
        const mended = this.#mended(type);
        if (mended !== null) found.set(type.name, mended);
      }
    }
    return [...found.values()];
  }

  #mended(type: ChangedType): Mended | null {
    const { before, after } = this.#request;
    const { file, line } = type.place;
    const was = linesOf(before, file);
    const is = linesOf(after, file);
    if (type.change === null || was === null || is === null) return null;
    const left = definitionAt(was, lineBefore(was, is, line));
    const right = definitionAt(is, line);
    if (left === null || right === null) return null;
    const text = (one: typeof left): string => one.file.slice(one.start, one.end + 1).join('\n');
    if (text(left) === text(right)) return null;
    const spelled = type.name.replace(/^typedef /, '');
    return { spelled, path: file, change: type.change, before: left, after: right };
  }

  /** Where no layout is at fault. Hidden the right way round, one may be: then that is rewritten in turn. */
  #guardOnly(): Held | null {
    const files = this.#guardedFiles(new Map(), new Map());
    if (files === null) {
      this.#reasons.push('what changes cannot be parted into whole declarations');
      return null;
    }
    if (files.size === 0) return null;
    const candidate = { title: 'hide the change from genksyms: old code can go on with it', files, rewrites: [] };
    const held = this.#tried(candidate);
    if (held !== null || this.#refused === null) return held;
    const { series, before } = this.#request;
    const more = this.#extended(candidate);
    const inner = new Adviser({
      ...this.#request,
      series: more,
      after: overlaySeries(before, more).after,
      judged: this.#refused,
    });
    const roots = inner.#roots();
    const found = roots.length === 0 || series === more ? null : inner.#rewritten(roots);
    if (found === null) return null;
    return { ...found, candidate: { ...found.candidate, files: new Map([...files, ...found.candidate.files]) } };
  }

  /** For each root its ways in turn; the first that the engine finds harmless. */
  #rewritten(roots: readonly Mended[]): Held | null {
    const macros = treeMacros(this.#request.after, [...new Set(roots.map(({ path }) => path))]);
    const ways = roots.map((type) => rewritesOf(type, macros));
    const without = roots.find((_, at) => ways[at]?.length === 0);
    if (without !== undefined) {
      this.#reasons.push(`the text of \`${without.spelled}\` does not tell what is new from what was there`);
      return null;
    }
    const most = Math.max(...ways.map((list) => list.length));
    for (let turn = 0; turn < most; turn++) {
      const chosen = roots.map((type, at) => {
        const list = ways[at] as Rewrite[];
        return { type, rewrite: list[Math.min(turn, list.length - 1)] as Rewrite };
      });
      const candidate = this.#candidate(chosen);
      const held = candidate === null ? null : this.#tried(candidate);
      if (held !== null) return held;
    }
    return null;
  }

  #candidate(chosen: Candidate['rewrites']): Candidate | null {
    const [written, ranges] = rewrittenFiles(chosen);
    for (const { type, rewrite } of chosen) {
      const redirected = redirectUses(type.spelled, rewrite.moved, this.#request, written, ranges);
      if (redirected === null) {
        const names = [...rewrite.moved.keys()].join('`, `');
        this.#reasons.push(`the series uses \`${names}\` in ways that cannot be rewritten`);
        return null;
      }
      for (const [path, lines] of redirected) written.set(path, lines);
    }
    const files = this.#guardedFiles(written, ranges);
    if (files === null) {
      this.#reasons.push('other changes of the series cannot be parted into whole declarations');
      return null;
    }
    return { title: chosen.map(({ rewrite }) => rewrite.title).join('; '), files, rewrites: chosen };
  }

  /** Every other change of the series that genksyms hashes, hidden. `written`: files whose types are rewritten already. */
  #guardedFiles(
    written: ReadonlyMap<string, readonly string[]>,
    ranges: ReadonlyMap<string, readonly Range[]>,
  ): Map<string, readonly string[]> | null {
    const { before, after, series } = this.#request;
    const files = new Map<string, readonly string[]>();
    for (const path of new Set(filesThatMatter(series).map(pathOf))) {
      const was = linesOf(before, path);
      const is = written.get(path) ?? linesOf(after, path);
      if (was === null || is === null || !/\.[ch]$/.test(path)) continue;
      const lines = guardChanges(was, is, ranges.get(path) ?? []);
      if (lines === null) return null;
      if (lines.join('\n') !== linesOf(after, path)?.join('\n')) files.set(path, lines);
    }
    return files;
  }

  /** With the assertions that pin it, where they hold. */
  #tried(candidate: Candidate): Held | null {
    const judged = this.#judged(candidate);
    if (judged === null) return null;
    const pinned = this.#pinned(candidate, judged);
    const last = pinned === null ? null : this.#judged(pinned);
    return pinned === null || last === null ? { candidate, judged } : { candidate: pinned, judged: last };
  }

  /** null where the engine finds fault with it. */
  #judged(candidate: Candidate): readonly Judgement[] | null {
    this.#refused = null;
    if (this.#trials++ >= MOST_TRIALS) return null;
    const series = this.#extended(candidate);
    if (series === this.#request.series) return null;
    const judged = this.#request.judge(series);
    const wrong = judged.find(({ review }) => !['none', 'guarded'].includes(review.verdict));
    if (wrong === undefined) return judged;
    const finding = wrong.review.findings.find(({ severity }) => severity === 'error') ?? wrong.review.findings[0];
    const type = finding?.type == null ? '' : `${finding.type}: `;
    const rest = finding === undefined ? (wrong.review.missing[0]?.what ?? '') : `${type}${finding.text}`;
    const { verdict, target } = wrong.review;
    this.#reasons.push(`to ${candidate.title.split('; ')[0]} would be ${verdict} on ${target.arch} (${rest})`);
    this.#refused = judged;
    return null;
  }

  /** The series with the candidate as its last patch; the same where that changes nothing. */
  #extended(candidate: Candidate): Series {
    const { series } = this.#request;
    const n = (series.patches.at(-1)?.n ?? 0) + 1;
    const files = this.#patches(candidate);
    const patch = { n, total: n, messageId: null, subject: candidate.title, author: null, damage: [], files };
    return files.length === 0 ? series : { ...series, patches: [...series.patches, patch] };
  }

  #patches({ files }: Candidate): FilePatch[] {
    return [...files].flatMap(([path, lines]) => {
      const is = linesOf(this.#request.after, path) ?? [];
      return filePatchBetween(path, is.join('\n'), lines.join('\n')) ?? [];
    });
  }

  /** The same with the assertions that hold it; null where the tree has none or nothing was rewritten. */
  #pinned(candidate: Candidate, judged: readonly Judgement[]): Candidate | null {
    if (!hasStaticAssert(this.#request.after) || candidate.rewrites.length === 0) return null;
    const files = new Map(candidate.files);
    for (const { type, rewrite } of candidate.rewrites.filter((one) => !/\/uapi\//.test(one.type.path))) {
      const lines = files.get(type.path);
      if (lines === undefined) continue;
      const measured = judged.flatMap(({ review, changes }, at) => {
        const own = changes?.types.find((one) => bare(one.name) === type.spelled)?.change?.after;
        const old = this.#request.judged[at]?.changes?.types.find((one) => bare(one.name) === type.spelled)?.change
          ?.before;
        const extent = own ?? old;
        return extent === undefined
          ? []
          : [{ arch: review.target.arch, extent, members: [...rewrite.pinned, ...movedFirst(type)] }];
      });
      const once = measured.filter(({ arch }, at) => measured.findIndex((one) => one.arch === arch) === at);
      const body = rewrite.lines.join('\n');
      const text = lines.join('\n');
      const where = text.indexOf(body);
      if (where < 0) continue;
      const end = where + body.length;
      files.set(
        type.path,
        `${text.slice(0, end)}\n${pinsOf(type.spelled, once).join('\n')}${text.slice(end)}`.split('\n'),
      );
    }
    return { ...candidate, files };
  }
}

function bare(name: string): string {
  return name.replace(/^typedef /, '');
}

/** The first of the members that the series would have moved: it tells that nothing moves. */
function movedFirst({ change }: Mended): string[] {
  return change.moved
    .map((pair) => pair.before.name)
    .filter((name) => !name.includes('.'))
    .slice(0, 1);
}

/** The line of the file before that became `line`; both from 1. */
function lineBefore(was: readonly string[], is: readonly string[], line: number): number {
  let shift = 0;
  for (const edit of lineDiff(was, is)) {
    if (edit.afterStart >= line) break;
    shift += edit.beforeEnd - edit.beforeStart - (edit.afterEnd - edit.afterStart);
  }
  return line + shift;
}

function hasStaticAssert(tree: SourceTree): boolean {
  return linesOf(tree, 'include/linux/build_bug.h')?.some((line) => /#\s*define\s+static_assert\b/.test(line)) ?? false;
}

/** The files after with the definitions rewritten, and the lines that the new text takes in each. */
function rewrittenFiles(
  chosen: Candidate['rewrites'],
): [Map<string, readonly string[]>, ReadonlyMap<string, readonly Range[]>] {
  const files = new Map<string, readonly string[]>();
  const ranges = new Map<string, Range[]>();
  for (const path of new Set(chosen.map(({ type }) => type.path))) {
    const here = chosen
      .filter(({ type }) => type.path === path)
      .sort((one, other) => one.type.after.start - other.type.after.start);
    const lines: string[] = [];
    const taken: Range[] = [];
    let at = 0;
    for (const { type, rewrite } of here) {
      lines.push(...type.after.file.slice(at, type.after.start));
      const from = lines.length;
      lines.push(...rewrite.lines, ...rewrite.following);
      taken.push({ from, to: lines.length - 1 });
      at = type.after.end + 1;
    }
    lines.push(...(here[0]?.type.after.file.slice(at) ?? []));
    files.set(path, lines);
    ranges.set(path, taken);
  }
  return [files, ranges];
}
