/** A patch -> the patch that takes it back: what `git apply --reverse` applies. */
import type { FilePatch, Hunk, Patch } from './series.js';

/** Files in reverse order, so that one which is changed twice is taken back from its end. */
export function reversePatch(patch: Patch): Patch {
  return { ...patch, files: patch.files.map(reverseFile).reverse() };
}

const opposite = {
  added: 'deleted',
  deleted: 'added',
  modified: 'modified',
  renamed: 'renamed',
  copied: 'deleted',
} as const;

function reverseFile(file: FilePatch): FilePatch {
  const { status, before, after, beforeBlob, afterBlob, beforeMode, afterMode, hunks } = file;
  return {
    ...file,
    status: opposite[status],
    before: after,
    // Of a copy the source stays as it was.
    after: status === 'copied' ? null : before,
    beforeBlob: afterBlob,
    afterBlob: beforeBlob,
    beforeMode: afterMode,
    afterMode: beforeMode,
    hunks: hunks.map(reverseHunk),
  };
}

function reverseHunk(hunk: Hunk): Hunk {
  return {
    ...hunk,
    beforeStart: hunk.afterStart,
    beforeLines: hunk.afterLines,
    afterStart: hunk.beforeStart,
    afterLines: hunk.beforeLines,
    lines: hunk.lines.map((line) =>
      line.startsWith('+') ? `-${line.slice(1)}` : line.startsWith('-') ? `+${line.slice(1)}` : line,
    ),
  };
}
