/** A guard around which no layout changes: what genksyms sees of the declarations of its file. */
import type { ChangedText } from '../changes.js';
import type { GuardDifference } from '../diff/differences.js';
import { declaredNames, withdrawing } from '../diff/judge-rest.js';
import { type Call, type GuardContext, staleBranch } from './call.js';
import { lastLineOf, linesOf } from './guard-places.js';

/** No layout changes around it, but genksyms sees a declaration of its file without what the guard names, with it, or with other text for it. */
export function versionCall(guard: GuardDifference, context: GuardContext): Call | null {
  const { file, hides, shows } = guard;
  const { changes, hashes } = context;
  if (!hashes) return null;
  const names = declaredNames([...hides, ...shows]);
  for (const text of changes.hashed.values()) {
    if (text.file !== file || text.before === null || text.after === null) continue;
    const withdrawn = seenOtherwise(names, text);
    if (withdrawn.length > 0) return withdrawing(withdrawn, shows);
    // `union {` in one guard and `} u;` in another: what they enclose tells them together.
    if (isPart(hides) || isPart(shows))
      return withdrawing([text.before.split(' ').slice(0, 2).join(' ')], ['another union']);
    const [was, is] = [text.before.split(' '), text.after.split(' ')];
    if (names.some((name) => is.includes(name) && !was.includes(name))) return staleBranch;
  }
  return showsOther(guard, context) ? staleBranch : null;
}

/** Does it show genksyms words that the declaration around it did not have, where that has another text now? */
function showsOther({ file, line, lastLine, shows }: GuardDifference, context: GuardContext): boolean {
  const words = plainWords(shows.join(' '));
  const lines = words === '' ? null : linesOf(context.after, file);
  if (lines === null) return false;
  return [...context.changes.hashed].some(([key, { file: its, before, after }]) => {
    const at = its !== file || before === null || after === null ? 0 : context.declarationLine(file, key);
    const isAround = at > 0 && at <= lastLine && lastLineOf(lines, at) >= line;
    // Whole members: `int x;` is no part of `unsigned int x;`.
    return isAround && !['{', ';', ',', '}'].some((end) => plainWords(before ?? '').includes(`${end} ${words}`));
  });
}

const keywords = new Map(Object.entries({ s: 'struct ', u: 'union ', e: 'enum ' }));

/** Words of source, or of a dump with its references, one blank between them. */
function plainWords(text: string): string {
  const source = text
    .replace(/\/\*.*?\*\//g, ' ')
    .replace(/\b([stueE])#/g, (_, letter: string) => keywords.get(letter) ?? '');
  return (source.match(/\w+|[^\w\s]/g) ?? []).join(' ');
}

function isPart(lines: readonly string[]): boolean {
  const text = lines.join(' ');
  return text.split('{').length !== text.split('}').length;
}

/** Those of the names that genksyms saw, and no longer sees or sees declared otherwise. */
export function seenOtherwise(names: readonly string[], { before, after }: ChangedText): string[] {
  const declarationsOf = (text: string | null, name: string): string[] =>
    (text ?? '').split(/[;{},]/).filter((one) => one.split(' ').includes(name));
  return names.filter((name) => {
    const was = declarationsOf(before, name);
    return was.length > 0 && was.join() !== declarationsOf(after, name).join();
  });
}
