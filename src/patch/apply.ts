/**
 * FilePatch + the file's text -> the text after it, or where and why not. No fuzz: each line of context and each removed line
 * must be there exactly. A hunk may stand at another line than it says, as in git: the nearest place after the last hunk wins.
 */
import type { FilePatch, Hunk } from './series.js';

export type Applied =
  | { readonly ok: true; readonly text: string }
  /** `at`: line of the hunk in the file before, as the hunk says. */
  | { readonly ok: false; readonly why: string; readonly at: number };

/** `text` is Latin-1 like the hunks, so that no byte is lost; null where there is no file. */
export function applyPatch(patch: FilePatch, text: string | null): Applied {
  if (patch.binary) return { ok: false, why: 'a binary patch', at: 0 };
  if (patch.before === null && text !== null && text !== '')
    return { ok: false, why: 'the file exists already', at: 0 };
  if (patch.before !== null && text === null) return { ok: false, why: 'the file is not in the tree', at: 0 };
  const before = linesOf(text ?? '');
  const after: string[] = [];
  let done = 0;
  let shift = 0;
  for (const hunk of patch.hunks) {
    const stated = Math.max(0, hunk.beforeStart - (hunk.beforeLines === 0 ? 0 : 1));
    const { old, fresh } = sides(hunk);
    const at = placeOf(before, old, stated + shift, done);
    if (at === null) return { ok: false, why: 'the lines of the hunk are not in the file', at: hunk.beforeStart };
    after.push(...before.slice(done, at), ...fresh);
    done = at + old.length;
    shift = at - stated;
  }
  return { ok: true, text: [...after, ...before.slice(done)].join('') };
}

/** Each line with its newline; the last may have none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function sides(hunk: Hunk): { old: string[]; fresh: string[] } {
  const old: string[] = [];
  const fresh: string[] = [];
  let last: string[][] = [];
  for (const line of hunk.lines) {
    const mark = line[0] ?? ' ';
    if (mark === '\\') {
      for (const side of last) side.push((side.pop() ?? '').replace(/\n$/, ''));
      continue;
    }
    last = mark === '-' ? [old] : mark === '+' ? [fresh] : [old, fresh];
    for (const side of last) side.push(`${line.slice(1)}\n`);
  }
  return { old, fresh };
}

/** The place of `wanted` in `lines` nearest to `said`, not before `from`. */
function placeOf(lines: readonly string[], wanted: readonly string[], said: number, from: number): number | null {
  const last = lines.length - wanted.length;
  // A hunk may state any line at all; the search stays within the file.
  const near = Math.min(Math.max(said, from), Math.max(from, last));
  for (let distance = 0; distance <= Math.max(near - from, last - near); distance++) {
    for (const at of distance === 0 ? [near] : [near - distance, near + distance]) {
      if (at >= from && at <= last && wanted.every((line, index) => lines[at + index] === line)) return at;
    }
    // An added file's or an empty side's hunk has nothing to look for.
    if (wanted.length === 0) return Math.min(Math.max(said, from), lines.length);
  }
  return null;
}
