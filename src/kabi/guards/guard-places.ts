/**
 * Where the guards of a series stand, read from the whole files after it: a hunk shows three lines around a change, the `#if` may be further
 * away. A guard counts where the series adds it, or adds or takes away something inside it.
 */
import { lineDiff } from '../../patch/line-diff.js';
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { GuardDifference } from '../diff/differences.js';
import type { Fragment, FragmentLine } from '../diff/fragment.js';
import { guardsIn } from '../diff/guard-text.js';
import { mayMatter, pathOf, roleOf } from '../series/triage.js';
import type { ProgramReader } from '../units/program.js';
import { expandedGuards, macroUses } from './expanded-guards.js';

/** More lines than any reviewed file has. */
const LINES_READ = 60_000;

export function guardsInFiles(
  series: Series,
  before: SourceTree,
  after: SourceTree,
  reader: ProgramReader,
): GuardDifference[] {
  const patchOf = new Map<string, number>();
  for (const patch of series.patches) {
    for (const file of patch.files.filter(mayMatter)) {
      const path = pathOf(file);
      if (!patchOf.has(path)) patchOf.set(path, patch.n);
    }
  }
  return [...patchOf].flatMap(([file, patch]) => {
    const is = linesOf(after, file);
    const was = linesOf(before, file) ?? [];
    if (is === null || is.length > LINES_READ || was.length > LINES_READ) return [];
    const fragment = marked(was, is);
    const known = is.some((line) => /GENK?SYM|GENKS|KABI|ANDROID_|kabi/.test(line)) ? guardsIn([fragment]) : [];
    const changed = new Set(fragment.lines.flatMap((line) => (line.changed ? [line.number] : [])));
    const role = roleOf(file);
    const uses = role === 'source' ? [] : macroUses(is, changed, known);
    const guards = [...known, ...expandedGuards(file, uses, after, reader)].sort((one, two) => one.line - two.line);
    return guards.map((guard) => ({ ...guard, file, role, patch }));
  });
}

/** The file after, each line knowing whether it is new; where lines went away, an empty one that says so. */
function marked(was: readonly string[], is: readonly string[]): Fragment {
  const edits = lineDiff(was, is);
  const lines: FragmentLine[] = [];
  let next = 0;
  is.forEach((text, at) => {
    const edit = edits[next];
    const inside = edit !== undefined && at >= edit.afterStart;
    if (inside && at === edit.afterStart && edit.beforeEnd > edit.beforeStart)
      lines.push({ text: '', number: at + 1, changed: true, removal: true });
    const changed = inside && at < edit.afterEnd;
    lines.push({ text, number: at + 1, changed });
    if (inside && at + 1 >= edit.afterEnd) next++;
  });
  return { heading: '', lines };
}

export function linesOf(tree: SourceTree, path: string): readonly string[] | null {
  const bytes = tree.read(path);
  if (bytes === null) return null;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
}

/**
 * The last line of the declaration that begins at `line` (from 1): where the braces that it opens are closed. Branches of a conditional may
 * each open the brace that one line closes, so the first `}` in the first column ends it in any case.
 */
export function lastLineOf(lines: readonly string[], line: number): number {
  const brace = closingLineOf(lines, line);
  // `} __packed;`, with a conditional before the attribute.
  for (let at = brace - 1; at < Math.min(lines.length, brace + 8); at++) {
    const text = lines[at] as string;
    if (text.includes(';')) return at + 1;
    if (at >= brace && !/^\s*(#.*|__\w+.*)?$/.test(text)) break;
  }
  return brace;
}

function closingLineOf(lines: readonly string[], line: number): number {
  let depth = 0;
  let opened = false;
  for (let at = line - 1; at < lines.length; at++) {
    const text = (lines[at] as string).replace(/\/\*.*?\*\/|\/\/.*$|"(?:[^"\\]|\\.)*"/g, '');
    if (opened && text.startsWith('}')) return at + 1;
    for (const [brace] of text.matchAll(/[{};]/g)) {
      if (brace === '{') {
        depth++;
        opened = true;
      } else if (brace === '}') depth--;
      else if (!opened) return at + 1;
      if (opened && depth <= 0) return at + 1;
    }
  }
  return lines.length;
}
