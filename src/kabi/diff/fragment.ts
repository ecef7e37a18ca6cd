/**
 * What a hunk shows of a file, as the text before and the text after, each line knowing its number and whether the hunk
 * changed it. No file is at hand: a fragment begins and ends anywhere, in a comment, in a struct, in a function.
 */
import type { Hunk } from '../../patch/series.js';

export interface Fragment {
  readonly heading: string;
  readonly lines: readonly FragmentLine[];
}

export interface FragmentLine {
  readonly text: string;
  /** In the file of this version, from 1. */
  readonly number: number;
  /** Removed by the hunk (text before), or added by it (text after). */
  readonly changed: boolean;
  /** Something stood here that went away; the line itself is empty. */
  readonly removal?: boolean;
}

export function fragmentBefore(hunk: Hunk): Fragment {
  return side(hunk, '-', hunk.beforeStart);
}

export function fragmentAfter(hunk: Hunk): Fragment {
  return side(hunk, '+', hunk.afterStart);
}

function side(hunk: Hunk, mark: '-' | '+', start: number): Fragment {
  const lines: FragmentLine[] = [];
  for (const line of hunk.lines) {
    const first = line[0];
    if (first !== mark && first !== ' ' && first !== undefined) continue;
    lines.push({ text: line.slice(1), number: start + lines.length, changed: first === mark });
  }
  return { heading: hunk.heading.trim(), lines: withoutOpenComment(lines) };
}

/**
 * Blanks the lines that belong to a comment opened before the fragment. It is open where the first `*` `/` stands before any
 * `/` `*`, or where the fragment begins with lines in the kernel's comment style (` * text`) and no comment begins before.
 */
function withoutOpenComment(lines: readonly FragmentLine[]): readonly FragmentLine[] {
  const close = lines.findIndex((line) => line.text.includes('*/'));
  const open = lines.findIndex((line) => line.text.includes('/*'));
  const closesFirst =
    close >= 0 && (open < 0 || close < open || (close === open && closesBeforeOpening(lines[close] as FragmentLine)));
  if (closesFirst) {
    return lines.map((line, at) => {
      if (at > close) return line;
      return { ...line, text: at < close ? '' : line.text.slice(line.text.indexOf('*/') + 2) };
    });
  }
  const first = lines.findIndex((line) => line.text.trim() !== '');
  if (first < 0 || !isCommentLine(lines[first] as FragmentLine)) return lines;
  let end = first;
  while (end < lines.length && isCommentLine(lines[end] as FragmentLine)) end++;
  return lines.map((line, at) => (at < end ? { ...line, text: '' } : line));
}

function closesBeforeOpening(line: FragmentLine): boolean {
  return line.text.indexOf('*/') < line.text.indexOf('/*');
}

function isCommentLine(line: FragmentLine): boolean {
  return /^\s*\*(\s|$)/.test(line.text);
}
