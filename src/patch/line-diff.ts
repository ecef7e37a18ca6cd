/**
 * Two texts -> what differs, line by line, and as a FilePatch that leads from one to the other.
 *
 * Myers' greedy search (An O(ND) Difference Algorithm, 1986) on what is left when the common head and tail are taken away. It is bounded: two
 * texts that differ in more lines than `MOST_EDITS` differ as a whole between head and tail.
 */
import type { FilePatch, Hunk } from './series.js';

/** Lines `beforeStart` to `beforeEnd` (from 0, end not included) become `afterStart` to `afterEnd`. */
export interface LineEdit {
  readonly beforeStart: number;
  readonly beforeEnd: number;
  readonly afterStart: number;
  readonly afterEnd: number;
}

const MOST_EDITS = 2000;
const CONTEXT = 3;

export function lineDiff(before: readonly string[], after: readonly string[]): LineEdit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const was = before.slice(head, before.length - tail);
  const is = after.slice(head, after.length - tail);
  if (was.length === 0 && is.length === 0) return [];
  return middle(was, is).map(([x, y, toX, toY]) => ({
    beforeStart: x + head,
    beforeEnd: toX + head,
    afterStart: y + head,
    afterEnd: toY + head,
  }));
}

type Box = readonly [x: number, y: number, toX: number, toY: number];

function middle(was: readonly string[], is: readonly string[]): Box[] {
  const whole: Box = [0, 0, was.length, is.length];
  if (was.length === 0 || is.length === 0) return [whole];
  const trace = search(was, is);
  return trace === null ? [whole] : boxes(trace, was.length, is.length);
}

/** The furthest reaching points of each number of edits; null where there are too many. */
function search(was: readonly string[], is: readonly string[]): Map<number, number>[] | null {
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= MOST_EDITS; edits++) {
    trace.push(reach);
    const next = new Map(reach);
    for (let k = -edits; k <= edits; k += 2) {
      let x = stepsDown(reach, k, edits) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < was.length && x - k < is.length && was[x] === is[x - k]) x++;
      next.set(k, x);
      if (x >= was.length && x - k >= is.length) return trace;
    }
    reach = next;
  }
  return null;
}

function stepsDown(reach: ReadonlyMap<number, number>, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
}

/** Walks the trace back; neighbouring single steps become one box. */
function boxes(trace: readonly Map<number, number>[], toX: number, toY: number): Box[] {
  const found: Box[] = [];
  let [x, y] = [toX, toY];
  for (let edits = trace.length - 1; edits > 0; edits--) {
    const reach = trace[edits] as Map<number, number>;
    const down = stepsDown(reach, x - y, edits);
    const k = down ? x - y + 1 : x - y - 1;
    const fromX = reach.get(k) ?? 0;
    const fromY = fromX - k;
    const step: Box = down ? [fromX, fromY, fromX, fromY + 1] : [fromX, fromY, fromX + 1, fromY];
    const next = found[0];
    if (next !== undefined && next[0] === step[2] && next[1] === step[3])
      found[0] = [step[0], step[1], next[2], next[3]];
    else found.unshift(step);
    [x, y] = [fromX, fromY];
  }
  return found;
}

/** null where the texts are the same. A text without a newline at its end is not told from one with it. */
export function filePatchBetween(path: string, before: string, after: string): FilePatch | null {
  const was = linesOf(before);
  const is = linesOf(after);
  const edits = lineDiff(was, is);
  if (edits.length === 0) return null;
  return {
    status: 'modified',
    before: path,
    after: path,
    hunks: grouped(edits).map((group) => hunkOf(group, was, is)),
    binary: false,
    beforeBlob: null,
    afterBlob: null,
    beforeMode: null,
    afterMode: null,
  };
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Edits whose context would meet are one hunk. */
function grouped(edits: readonly LineEdit[]): LineEdit[][] {
  const groups: LineEdit[][] = [];
  for (const edit of edits) {
    const last = groups.at(-1);
    const end = last?.at(-1)?.beforeEnd;
    if (last !== undefined && end !== undefined && edit.beforeStart - end <= 2 * CONTEXT) last.push(edit);
    else groups.push([edit]);
  }
  return groups;
}

function hunkOf(group: readonly LineEdit[], was: readonly string[], is: readonly string[]): Hunk {
  const first = group[0] as LineEdit;
  const last = group.at(-1) as LineEdit;
  const from = Math.max(0, first.beforeStart - CONTEXT);
  const to = Math.min(was.length, last.beforeEnd + CONTEXT);
  const lines: string[] = [];
  let at = from;
  for (const edit of group) {
    lines.push(...was.slice(at, edit.beforeStart).map((line) => ` ${line}`));
    lines.push(...was.slice(edit.beforeStart, edit.beforeEnd).map((line) => `-${line}`));
    lines.push(...is.slice(edit.afterStart, edit.afterEnd).map((line) => `+${line}`));
    at = edit.beforeEnd;
  }
  lines.push(...was.slice(at, to).map((line) => ` ${line}`));
  const afterFrom = first.afterStart - (first.beforeStart - from);
  const afterLines = lines.filter((line) => line[0] !== '-').length;
  return {
    beforeStart: to === from ? from : from + 1,
    beforeLines: to - from,
    afterStart: afterLines === 0 ? afterFrom : afterFrom + 1,
    afterLines,
    heading: headingBefore(was, from),
    lines,
    place: 0,
  };
}

/** The last line before a hunk that begins at the margin with a letter, as git finds it. */
function headingBefore(lines: readonly string[], from: number): string {
  for (let at = from - 1; at >= 0; at--) {
    const line = lines[at] as string;
    if (/^[A-Za-z_$]/.test(line)) return line.slice(0, 80).trimEnd();
  }
  return '';
}

/** As git prints it. */
export function diffText(file: FilePatch): string {
  const path = file.after ?? file.before ?? '';
  const head = [`--- a/${file.before ?? path}`, `+++ b/${path}`];
  const hunks = file.hunks.flatMap((hunk) => [
    `@@ -${range(hunk.beforeStart, hunk.beforeLines)} +${range(hunk.afterStart, hunk.afterLines)} @@${hunk.heading === '' ? '' : ` ${hunk.heading}`}`,
    ...hunk.lines,
  ]);
  return [...head, ...hunks].join('\n').concat('\n');
}

function range(start: number, lines: number): string {
  return lines === 1 ? String(start) : `${start},${lines}`;
}
