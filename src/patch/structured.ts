/**
 * Where the `diff` package does the work: it parses each section that extract.ts cut out and mended, and applies hunks whose place is known.
 *
 * What is ours stands before and after it, for these reasons. It throws on a mail's signature, prose and damage, so it is never given a
 * mail, only the exact text of one file's diff. It drops what git's reader keeps (`index` ids, a hunk's heading, `GIT binary patch`), trims
 * and decodes names, and adds 1 to the start of an empty side. Its search for a hunk's place has other rules than git's, and no bound.
 */
import { applyPatch, parsePatch, type StructuredPatch, type StructuredPatchHunk } from 'diff';
import type { Section } from './extract.js';
import type { Hunk } from './series.js';

/** null where the package refuses the text, which a section that was cut by its counts does not give it reason to. */
export function parseSection({ header, hunks }: Pick<Section, 'header' | 'hunks'>): StructuredPatch | null {
  const lines: string[] = [...header];
  for (const hunk of hunks) {
    lines.push(`@@ -${hunk.beforeStart},${hunk.beforeLines} +${hunk.afterStart},${hunk.afterLines} @@`);
    for (const line of hunk.lines) lines.push(line);
  }
  try {
    const [only, ...others] = parsePatch(lines.join('\n'));
    return only !== undefined && others.length === 0 ? only : null;
  } catch {
    return null;
  }
}

/** The hunks as parsed, with what the package does not keep of their heads. */
export function parsedHunks({ hunks }: StructuredPatch, cut: readonly Hunk[]): Hunk[] {
  return hunks.map((hunk, index) => ({
    beforeStart: hunk.oldStart - (hunk.oldLines === 0 ? 1 : 0),
    beforeLines: hunk.oldLines,
    afterStart: hunk.newStart - (hunk.newLines === 0 ? 1 : 0),
    afterLines: hunk.newLines,
    heading: cut[index]?.heading ?? '',
    lines: hunk.lines,
    place: cut[index]?.place ?? 1,
  }));
}

/** A hunk and the line of the file before at which it was found, from 0. */
export interface PlacedHunk {
  readonly hunk: Hunk;
  readonly at: number;
}

/** `placed` in the order of the file, none over another; null where the package finds that they do not fit. */
export function applyHunks(text: string, placed: readonly PlacedHunk[]): string | null {
  const hunks = placed.map(
    ({ hunk, at }): StructuredPatchHunk => ({
      oldStart: at + 1,
      oldLines: hunk.beforeLines,
      newStart: at + 1,
      newLines: hunk.afterLines,
      lines: [...hunk.lines],
    }),
  );
  const patch = { oldFileName: 'before', newFileName: 'after', oldHeader: undefined, newHeader: undefined, hunks };
  // A file's own CRs are bytes of it like all others.
  const applied = applyPatch(text, patch, { autoConvertLineEndings: false, fuzzFactor: 0 });
  return applied === false ? null : applied;
}
