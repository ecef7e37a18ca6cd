/** A series' patches as the page of its review shows them: the changed lines with their numbers, without what a page cannot carry. */
import type { Hunk, Series } from '../patch/series.js';

export interface ShownPatch {
  readonly n: number;
  readonly files: readonly ShownFile[];
  /** Lines that are left out because there are too many. */
  readonly left: number;
}

export interface ShownFile {
  readonly path: string;
  readonly hunks: readonly ShownHunk[];
}

export interface ShownHunk {
  readonly heading: string;
  /** Of its first line in the file after the patch, from 1. */
  readonly afterStart: number;
  /** Each with its mark: ' ', '-', '+' or '\'. */
  readonly lines: readonly string[];
}

const [mostLines, longestLine] = [3000, 400];

export function shownPatches({ patches }: Pick<Series, 'patches'>): ShownPatch[] {
  let room = mostLines;
  return patches.map(({ n, files }) => {
    let left = 0;
    const shown = files.map(({ before, after, hunks }): ShownFile => {
      const kept: ShownHunk[] = [];
      for (const hunk of hunks) {
        if (hunk.lines.length > room) {
          left += hunk.lines.length;
          continue;
        }
        room -= hunk.lines.length;
        kept.push(shownHunk(hunk));
      }
      return { path: readable(after ?? before ?? ''), hunks: kept };
    });
    return { n, files: shown, left };
  });
}

function shownHunk({ heading, afterStart, lines }: Hunk): ShownHunk {
  return { heading: readable(heading), afterStart, lines: lines.map(readable) };
}

/** Latin-1 as patches are read -> Unicode; controls, which neither a page nor the database takes, as a picture of nothing. */
function readable(text: string): string {
  const plain = Buffer.from(text, 'latin1')
    .toString('utf8')
    .replace(/(?!\t)\p{Cc}/gu, '\ufffd');
  return plain.length > longestLine ? `${plain.slice(0, longestLine)}…` : plain;
}
