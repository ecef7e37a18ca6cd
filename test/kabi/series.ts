/** A git diff as a Series, for tests that judge and do not read mail. */
import type { FilePatch, Hunk, Series } from '../../src/patch/series.js';

export function seriesFromDiffs(diffs: readonly string[]): Series {
  return {
    subject: 'test',
    version: 1,
    rfc: false,
    messageId: null,
    base: null,
    patches: diffs.map((diff, at) => ({
      n: at + 1,
      total: diffs.length,
      messageId: null,
      subject: `patch ${at + 1}`,
      author: null,
      files: filesOf(diff),
      damage: [],
    })),
  };
}

function pathIn(line: string): string | null {
  const path = line.slice(4).split('\t')[0]?.trim() ?? '';
  return path === '/dev/null' ? null : path.slice(path.indexOf('/') + 1);
}

function filesOf(diff: string): FilePatch[] {
  const files: FilePatch[] = [];
  const lines = diff.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (line.startsWith('--- ') && lines[at + 1]?.startsWith('+++ ')) {
      const before = pathIn(line);
      const after = pathIn(lines[++at] as string);
      const status = before === null ? 'added' : after === null ? 'deleted' : 'modified';
      const unsaid = { binary: false, beforeBlob: null, afterBlob: null, beforeMode: null, afterMode: null };
      files.push({ status, before, after, hunks: [], ...unsaid });
    }
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/.exec(line);
    if (head === null) continue;
    const beforeLines = Number(head[2] ?? 1);
    const afterLines = Number(head[4] ?? 1);
    const body: string[] = [];
    const count = (mark: string): number => body.filter((one) => one[0] === mark || one[0] === ' ').length;
    // A `\` line (no newline at the end) belongs to the line before it, the last one too.
    while (count('-') < beforeLines || count('+') < afterLines || lines[at + 1]?.startsWith('\\') === true) {
      const next = lines[++at];
      if (next === undefined) break;
      body.push(next === '' ? ' ' : next);
    }
    const hunk: Hunk = {
      beforeStart: Number(head[1]),
      beforeLines,
      afterStart: Number(head[3]),
      afterLines,
      heading: head[5] as string,
      lines: body,
      place: at,
    };
    const file = files.at(-1) as FilePatch;
    files[files.length - 1] = { ...file, hunks: [...file.hunks, hunk] };
  }
  return files;
}
