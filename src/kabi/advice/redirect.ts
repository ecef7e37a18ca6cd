/**
 * The code of the series, where it uses a member that a rewrite keeps elsewhere: `pool->owner` becomes `pool->aux->owner` or
 * `gen_pool_aux(pool)->owner`. Only lines that the series adds can do so; a use that is no plain member access cannot be rewritten here.
 */
import { lineDiff } from '../../patch/line-diff.js';
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { linesOf } from '../guards/guard-places.js';
import { filesThatMatter, pathOf } from '../series/triage.js';
import { codeOf } from './definition.js';
import type { Range } from './guard-text.js';
import type { Redirect } from './rewrites.js';

interface Trees {
  readonly series: Series;
  readonly before: SourceTree;
  readonly after: SourceTree;
}

/** Files whose lines change; null where a use cannot be rewritten. `written`: files as they are rewritten so far, `ranges` the new text. */
export function redirectUses(
  spelled: string,
  moved: ReadonlyMap<string, Redirect>,
  { series, before, after }: Trees,
  written: ReadonlyMap<string, readonly string[]>,
  ranges: ReadonlyMap<string, readonly Range[]>,
): Map<string, readonly string[]> | null {
  const files = new Map<string, readonly string[]>();
  if (moved.size === 0) return files;
  for (const path of new Set(filesThatMatter(series).map(pathOf))) {
    const was = linesOf(before, path) ?? [];
    const is = written.get(path) ?? linesOf(after, path);
    if (is === null || !/\.[ch]$/.test(path)) continue;
    const but = ranges.get(path) ?? [];
    const lines = [...is];
    const text = is.join('\n');
    // Whose member it is, the text must tell: a variable that the file declares with the type.
    const isOfType = (name: string): boolean => new RegExp(`\\b${spelled}\\s*\\*?\\s*${name}\\b`).test(text);
    const inside = insideComment(is);
    for (const { afterStart, afterEnd } of lineDiff(was, is))
      for (let at = afterStart; at < afterEnd; at++) {
        if (inside[at] === true || but.some(({ from, to }) => at >= from && at <= to)) continue;
        const line = redirected(lines[at] as string, moved, isOfType);
        if (line === null) return null;
        lines[at] = line;
      }
    if (lines.join('\n') !== is.join('\n')) files.set(path, lines);
  }
  return files;
}

/** Lines that begin in a comment. */
function insideComment(lines: readonly string[]): boolean[] {
  let open = false;
  return lines.map((line) => {
    const was = open;
    ({ open } = codeOf(line, open));
    return was;
  });
}

function redirected(
  line: string,
  moved: ReadonlyMap<string, Redirect>,
  isOfType: (name: string) => boolean,
): string | null {
  let text = line;
  for (const [name, redirect] of moved) {
    const { code } = codeOf(text, false);
    const mentions = code.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
    if (mentions === 0) continue;
    const access = new RegExp(`(?<![\\w.>])([A-Za-z_]\\w*)(->|\\.)${name}\\b(?!\\s*\\()`, 'g');
    const accesses = [...code.matchAll(access)];
    if (accesses.length < mentions || !accesses.every(([, operand]) => isOfType(operand as string))) return null;
    text = text.replace(access, (_, operand: string, arrow: string) => {
      if (redirect.kind === 'member') return `${operand}${arrow}${redirect.name}->${name}`;
      return `${redirect.name}(${arrow === '.' ? '&' : ''}${operand})->${name}`;
    });
  }
  return text;
}
