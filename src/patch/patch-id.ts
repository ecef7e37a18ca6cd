/**
 * The id under which a change is the same wherever it stands: in a mail, in a pull request, as a commit on another base. It is the one of
 * `git patch-id --stable`: line numbers, white space and the order of files do not count, paths, modes and all other text do.
 *
 * Two things a FilePatch does not keep are not in it: how similar a renamed file is, and a binary's blobs; ids of such patches equal each
 * other's, not git's.
 */
import { createHash } from 'node:crypto';
import type { FilePatch } from './series.js';

/** 40 hex digits; null where nothing is changed, which would be equal to every other such patch. */
export function patchId(files: readonly FilePatch[]): string | null {
  const sum = new Uint8Array(20);
  let pending = '';
  // git closes a sum at the next file's header, and only behind hunks: a header alone is counted with the file after it.
  for (const file of files) {
    pending += headerOf(file) + file.hunks.map(({ lines }) => lines.map(counted).join('')).join('');
    if (file.hunks.length === 0) continue;
    addTo(sum, pending);
    pending = '';
  }
  if (pending !== '') addTo(sum, pending);
  return files.length === 0 ? null : Buffer.from(sum).toString('hex');
}

function headerOf(file: FilePatch): string {
  const before = file.before ?? file.after ?? '';
  const after = file.after ?? file.before ?? '';
  const lines = [`diff --git a/${before} b/${after}`];
  const { beforeMode, afterMode } = file;
  if (file.status === 'added' && afterMode !== null) lines.push(`new file mode ${afterMode}`);
  else if (file.status === 'deleted' && beforeMode !== null) lines.push(`deleted file mode ${beforeMode}`);
  else if (beforeMode !== null && afterMode !== null && beforeMode !== afterMode)
    lines.push(`old mode ${beforeMode}`, `new mode ${afterMode}`);
  if (file.status === 'renamed') lines.push(`rename from ${before}`, `rename to ${after}`);
  if (file.status === 'copied') lines.push(`copy from ${before}`, `copy to ${after}`);
  if (file.hunks.length > 0) {
    lines.push(file.before === null ? '--- /dev/null' : `--- a/${before}`);
    lines.push(file.after === null ? '+++ /dev/null' : `+++ b/${after}`);
  }
  // Names are decoded, hunks are a character a byte.
  return Buffer.from(lines.map(unspaced).join(''), 'utf8').toString('latin1');
}

/** `\ No newline at end of file` does not count. */
function counted(line: string): string {
  return line.startsWith('\\') ? '' : unspaced(line);
}

/** What git's isspace takes for space, no more. */
function unspaced(line: string): string {
  return line.replace(/[ \t\r\n]+/g, '');
}

/** Adds the text's SHA-1 as a number, lowest byte first. */
function addTo(sum: Uint8Array, text: string): void {
  const digest = createHash('sha1').update(text, 'latin1').digest();
  let carry = 0;
  for (let i = 0; i < sum.length; i++) {
    carry += (sum[i] as number) + (digest[i] as number);
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
}
