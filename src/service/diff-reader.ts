/**
 * The diffs in a mail's text, by counting hunk lines: prose before, signature and footer after are not read as diff.
 * Paths that leave the tree are refused and said so.
 */
import type { Damage, FilePatch, Hunk } from '../patch/series.js';

export interface ReadDiff {
  readonly files: readonly FilePatch[];
  readonly damage: readonly Damage[];
}

const maxHunkLines = 200_000;

export function readDiff(text: string): ReadDiff {
  const lines = text.split(/\r?\n/);
  const files: FilePatch[] = [];
  const damage: Damage[] = [];
  let at = 0;
  while (at < lines.length) {
    const header = readHeader(lines, at);
    if (header === null) {
      at++;
      continue;
    }
    const { hunks, next } = readHunks(lines, header.next, damage);
    at = Math.max(next, header.next);
    if (hunks.length === 0 && !header.git) continue;
    if (!safe(header.before) || !safe(header.after)) {
      damage.push({
        kind: 'unsafe-path',
        line: header.line,
        text: `${header.before ?? ''} ${header.after ?? ''}`.trim().slice(0, 200),
      });
      continue;
    }
    const status =
      header.before === null
        ? 'added'
        : header.after === null
          ? 'deleted'
          : header.before === header.after
            ? 'modified'
            : header.copied
              ? 'copied'
              : 'renamed';
    files.push({
      status,
      before: header.before,
      after: header.after,
      hunks,
      binary: header.binary,
      beforeBlob: header.blobs[0],
      afterBlob: header.blobs[1],
      beforeMode: null,
      afterMode: null,
    });
  }
  return { files, damage };
}

interface Header {
  readonly git: boolean;
  readonly before: string | null;
  readonly after: string | null;
  readonly copied: boolean;
  readonly binary: boolean;
  readonly blobs: readonly [string | null, string | null];
  readonly line: number;
  readonly next: number;
}

/** `diff --git` with its extended headers, or the pair `---`, `+++` alone. */
function readHeader(lines: readonly string[], at: number): Header | null {
  const first = lines[at] ?? '';
  const git = /^diff --git "?a\/(.*?)"? "?b\/(.*?)"?$/.exec(first);
  let [before, after]: [string | null, string | null] = [git?.[1] ?? null, git?.[2] ?? null];
  let [copied, binary] = [false, false];
  let blobs: [string | null, string | null] = [null, null];
  let next = git ? at + 1 : at;
  if (git) {
    for (; next < lines.length; next++) {
      const line = lines[next] ?? '';
      const [, key = '', value = ''] =
        /^(new file mode|deleted file mode|old mode|new mode|similarity index|dissimilarity index|rename from|rename to|copy from|copy to|index) (.*)$/.exec(
          line,
        ) ?? [];
      if (key === '') break;
      if (key === 'new file mode') before = null;
      else if (key === 'deleted file mode') after = null;
      else if (key === 'rename from' || key === 'copy from') before = value;
      else if (key === 'rename to' || key === 'copy to') after = value;
      copied ||= key === 'copy from';
      const [, from, to] = key === 'index' ? (/^([0-9a-f]+)\.\.([0-9a-f]+)/.exec(value) ?? []) : [];
      if (from !== undefined && to !== undefined) blobs = [from, to];
    }
    binary = /^(GIT binary patch|Binary files )/.test(lines[next] ?? '');
  }
  const minus = /^--- (.*)$/.exec(lines[next] ?? '');
  const plus = /^\+\+\+ (.*)$/.exec(lines[next + 1] ?? '');
  if (minus && plus && /^@@ /.test(lines[next + 2] ?? '')) {
    if (!git) [before, after] = [pathOf(minus[1] ?? ''), pathOf(plus[1] ?? '')];
    next += 2;
  } else if (!git) return null;
  return { git: git !== null, before, after, copied, binary, blobs, line: at + 1, next };
}

/** Without a date; the first folder (`a/`, `linux-2.6.21/`) is not part of the path in the tree. */
function pathOf(text: string): string | null {
  const path = text
    .replace(/\t.*$/, '')
    .replace(/^"(.*)"$/, '$1')
    .trim();
  return path === '/dev/null' ? null : path.startsWith('/') ? path : path.replace(/^[^/]+\//, '');
}

function safe(path: string | null): boolean {
  return path === null || (!path.startsWith('/') && !path.split('/').includes('..'));
}

function readHunks(lines: readonly string[], from: number, damage: Damage[]): { hunks: Hunk[]; next: number } {
  const hunks: Hunk[] = [];
  let at = from;
  for (;;) {
    const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/.exec(lines[at] ?? '');
    if (match === null) return { hunks, next: at };
    const [, beforeStart, beforeLines = '1', afterStart, afterLines = '1', heading = ''] = match;
    const taken: string[] = [];
    let [before, after] = [Number(beforeLines), Number(afterLines)];
    const place = at + 1;
    at++;
    while (
      (before > 0 || after > 0 || lines[at]?.startsWith('\\')) &&
      at < lines.length &&
      taken.length < maxHunkLines
    ) {
      const line = lines[at] === '' ? ' ' : (lines[at] ?? '');
      const mark = line[0];
      if (mark === ' ') [before, after] = [before - 1, after - 1];
      else if (mark === '-') before--;
      else if (mark === '+') after--;
      else if (mark !== '\\') break;
      taken.push(line);
      at++;
    }
    if (before > 0 || after > 0) {
      damage.push({
        kind: taken.length >= maxHunkLines ? 'too-large' : 'wrong-counts',
        line: place,
        text: (lines[at] ?? '').slice(0, 200),
      });
    }
    hunks.push({
      beforeStart: Number(beforeStart),
      beforeLines: Number(beforeLines) - Math.max(0, before),
      afterStart: Number(afterStart),
      afterLines: Number(afterLines) - Math.max(0, after),
      heading,
      lines: taken,
      place,
    });
  }
}
