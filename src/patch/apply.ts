/**
 * FilePatch + the file's text -> the text after it, or which hunk does not fit and why. The rules of `git apply`: every line of context and
 * every removed line must be there, byte for byte; a hunk may stand at another line than it says, the nearest wins; one that begins at
 * line 1 must stand at the beginning, one without context below its changes at the end.
 */
import { type Fit, placeHunks } from './place.js';
import type { FilePatch } from './series.js';
import { applyHunks } from './structured.js';

export type Applied =
  | { readonly ok: true; readonly text: string }
  /** `hunk`: its number in the file's diff, from 1; 0 for the whole file. `at`: the line that it names in the file before. */
  | { readonly ok: false; readonly why: string; readonly hunk: number; readonly at: number };

/** `text` is Latin-1 like the hunks, so that no byte is lost; null where there is no file. */
export function applyPatch(patch: FilePatch, text: string | null): Applied {
  const whole = (why: string): Applied => ({ ok: false, why, hunk: 0, at: 0 });
  if (patch.binary) return whole('a binary patch');
  if (patch.before === null && text !== null && text !== '') return whole('the file exists already');
  if (patch.before !== null && text === null) return whole('the file is not in the tree');
  if (patch.hunks.length === 0) return { ok: true, text: text ?? '' };
  const found = placeHunks(text ?? '', patch.hunks);
  if (found.kind !== 'placed') return { ok: false, ...refusal(patch, found) };
  const after = applyHunks(text ?? '', found.placed);
  if (after === null) return whole('the hunks do not fit together');
  if (patch.after === null && after !== '') return whole('the file is deleted, but lines of it remain');
  return { ok: true, text: after };
}

function refusal(
  { hunks }: FilePatch,
  { hunk, kind }: Exclude<Fit, { kind: 'placed' }>,
): { why: string; hunk: number; at: number } {
  const at = hunks[hunk]?.beforeStart ?? 0;
  switch (kind) {
    case 'absent':
      return { why: 'the lines of the hunk are not in the file', hunk: hunk + 1, at };
    case 'not-at-beginning':
      return { why: 'the hunk belongs to the beginning of the file, which is another', hunk: hunk + 1, at };
    case 'not-at-end':
      return { why: 'the hunk belongs to the end of the file, which is another', hunk: hunk + 1, at };
    case 'too-dear':
      return { why: 'its lines repeat too often in the file to find their place', hunk: hunk + 1, at };
  }
}
