/**
 * One hunk, by the counts of its `@@` line. Comes in: the lines of a text and where the `@@` stands. Goes out: the hunk, the line
 * after it, and what mail software did to it. The counts rule: `-- ` after the last counted line is a signature, before it a removed
 * line. Never happens: a line outside the text, more than `maxHunkLines` kept.
 */
import type { Damage, Hunk } from './series.js';

export const hunkHead = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)$/;

const maxHunkLines = 200_000;
/** A mailer wraps at 72 columns or so: what follows a short line is no continuation of it. */
const wrappedFrom = 50;

export interface HunkRead {
  readonly hunk: Hunk;
  readonly next: number;
  readonly damage: readonly Damage[];
}

/** null where no hunk begins at `at`. */
export function readHunk(lines: readonly string[], at: number): HunkRead | null {
  const head = hunkHead.exec(lines[at] ?? '');
  if (head === null) return null;
  const [, beforeStart, beforeLines = '1', afterStart, afterLines = '1', heading = ''] = head;
  const damage: Damage[] = [];
  const taken: string[] = [];
  let [before, after] = [Number(beforeLines), Number(afterLines)];
  let dropped = 0;
  let next = at + 1;
  for (; next < lines.length; next++) {
    const said = lines[next] as string;
    // Mailers strip the blank of an empty context line; an empty last line is only the end of the text.
    const line = said === '' && next < lines.length - 1 ? ' ' : said;
    const mark = line[0];
    if (mark === '\\') {
      if (taken.length === 0 || taken.at(-1)?.startsWith('\\')) break;
    } else if (before <= 0 && after <= 0) break;
    else if (isEndOfMail(lines, next)) break;
    else if (mark === ' ' && before > 0 && after > 0) [before, after] = [before - 1, after - 1];
    else if (mark === '-' && before > 0) before--;
    else if (mark === '+' && after > 0) after--;
    else if (isContinuation(line, taken.at(-1))) {
      damage.push({ kind: 'wrapped-lines', line: next + 1, text: line.slice(0, 200) });
      taken.push(`${taken.pop()} ${line}`);
      continue;
    } else break;
    if (taken.length < maxHunkLines) taken.push(line);
    else dropped++;
  }
  if (before > 0 || after > 0) damage.push(endDamage(lines, next, at));
  else if (isSurplus(lines, next)) damage.push(wrongCounts(lines, next, at));
  if (dropped > 0)
    damage.push({ kind: 'too-large', line: at + 1, text: `${dropped} lines of this hunk were left out` });
  const hunk = {
    beforeStart: Number(beforeStart),
    beforeLines: Number(beforeLines) - Math.max(0, before),
    afterStart: Number(afterStart),
    afterLines: Number(afterLines) - Math.max(0, after),
    heading,
    lines: taken,
    place: at + 1,
  };
  return { hunk, next, damage: tidied(damage) };
}

/** A signature where lines are still owed: the mail was cut. A removed line `- ` is followed by more of the hunk. */
function isEndOfMail(lines: readonly string[], at: number): boolean {
  if (lines[at] !== '-- ' || lines.length - at > 8) return false;
  return !lines.slice(at + 1).some((line) => /^[-+ ]/.test(line));
}

function isContinuation(line: string, previous: string | undefined): boolean {
  if (previous === undefined || previous.length < wrappedFrom || previous.startsWith('\\')) return false;
  return !/^(?:[-+ \\]|@@ |diff |Index: |From )/.test(line);
}

function endDamage(lines: readonly string[], next: number, at: number): Damage {
  const rest = lines.slice(next, next + 8).filter((line) => line !== '');
  const isCut = next + 8 >= lines.length && (rest.length === 0 || rest[0] === '-- ');
  if (isCut) return { kind: 'truncated', line: at + 1, text: 'the text ends inside this hunk' };
  return wrongCounts(lines, next, at);
}

function wrongCounts(lines: readonly string[], next: number, at: number): Damage {
  return { kind: 'wrong-counts', line: at + 1, text: (lines[next] ?? '').slice(0, 200) };
}

/** Changed lines that the counts do not own. Signatures, dashes of footers and the next file's header are none. */
function isSurplus(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return /^(?:\+(?!\+\+ )|-(?!-|$| ))/.test(line) && /^[-+ ]/.test(line);
}

/** One remark a kind and hunk: a mailer that wraps, wraps many lines. */
function tidied(damage: readonly Damage[]): Damage[] {
  return damage.filter((one, index) => damage.findIndex(({ kind }) => kind === one.kind) === index);
}
