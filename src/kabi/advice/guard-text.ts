/** The changed lines of a file, hidden from genksyms as they are: it sees the old text, the compiler the new. */
import { lineDiff } from '../../patch/line-diff.js';

/** Lines of the file after (from 0, `to` included) that are mended in another way. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** null where a change cannot be parted: half a conditional, a line of a macro. The same lines where nothing is to hide. */
export function guardChanges(
  before: readonly string[],
  after: readonly string[],
  but: readonly Range[],
): string[] | null {
  const lines: string[] = [];
  let at = 0;
  for (const edit of lineDiff(before, after)) {
    lines.push(...after.slice(at, edit.afterStart));
    at = edit.afterEnd;
    const gone = before.slice(edit.beforeStart, edit.beforeEnd);
    const came = after.slice(edit.afterStart, edit.afterEnd);
    const elsewhere = but.some(({ from, to }) => edit.afterStart <= to && edit.afterEnd >= from);
    if (elsewhere || !isDeclared(after, edit.afterStart, [...gone, ...came])) {
      lines.push(...came);
      continue;
    }
    if (!isWhole(gone) || !isWhole(came)) return null;
    if (/\\\s*$/.test(after[edit.afterStart - 1] ?? '') || [...gone, ...came].some((line) => /\\\s*$/.test(line)))
      return null;
    lines.push(
      ...hidden(
        gone,
        came.filter((line) => !isGuard(line)),
      ),
    );
  }
  return [...lines, ...after.slice(at)];
}

function hidden(gone: readonly string[], came: readonly string[]): string[] {
  const old = gone.filter((line) => line.trim() !== '');
  if (old.length === 0) return ['#ifndef __GENKSYMS__', ...came, '#endif'];
  if (came.length === 0) return ['#ifdef __GENKSYMS__', ...old, '#endif'];
  return ['#ifdef __GENKSYMS__', ...old, '#else', ...came, '#endif'];
}

/** A guard of the series' own, the wrong way round perhaps. */
function isGuard(line: string): boolean {
  return /^\s*#\s*(if|ifdef|ifndef|else|endif)\b.*$/.test(line);
}

/** As many conditionals end as begin, and a series' own conditionals are on `__GENKSYMS__` alone. */
function isWhole(lines: readonly string[]): boolean {
  let depth = 0;
  for (const line of lines) {
    const name = /^\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)$/.exec(line);
    if (name === null) continue;
    if (/^if/.test(name[1] as string)) {
      if (!/__GENKSYMS__/.test(name[2] as string)) return false;
      depth++;
    } else if (name[1] === 'endif') depth--;
    else return false;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** Does genksyms hash what stands there: a member, an enumerator, a declaration at file level, an #include? */
function isDeclared(file: readonly string[], at: number, lines: readonly string[]): boolean {
  const code = lines.filter((line) => !/^\s*(\/?\*|\/\/|$)/.test(line));
  if (code.length === 0) return false;
  const first = code.find((line) => !/^\s*#\s*(if|else|elif|endif)/.test(line)) ?? '';
  if (/^\s*#\s*include\b/.test(first)) return true;
  if (/^\s*#/.test(first)) return false;
  if (/^[A-Za-z_]/.test(first)) return !/^(static|EXPORT_)/.test(first);
  for (let line = at - 1; line >= 0; line--) {
    const text = file[line] as string;
    if (/^[A-Za-z_]/.test(text)) return /^(typedef|struct|union|enum)\b[^()=]*$|^(extern\b|.*\($|.*,\s*$)/.test(text);
    if (/^\}/.test(text)) return false;
  }
  return false;
}
