/**
 * A callback slot at the end of a structure that modules define: objects of old modules end before it. It is harmless where it is only looked
 * at behind a flag that whoever defines the object sets, and that no old module can have set, for it is new with the series.
 *
 * Worked example: `if (sb->s_type->fs_flags & FS_HAS_DEV) sb->s_op->get_dev(sb);` where the series defines FS_HAS_DEV.
 */
import type { FilePatch, Series } from '../../patch/series.js';
import { pathOf } from '../series/triage.js';
import type { UseAfter, UsesAfter } from './uses-after.js';

/** Words and strings that only code built with the series can know. */
export interface NewWords {
  /** Macros and enumerators, but those that the base kernel gives to objects itself. */
  readonly names: ReadonlySet<string>;
  /** String literals of macros, without their quotes. */
  readonly texts: readonly string[];
}

/** `enumerators` that the series adds; `isModule` says whether all of a file ends up in modules. */
export function newWordsOf(
  series: Series,
  enumerators: Iterable<string>,
  isModule: (file: string) => boolean,
): NewWords {
  const files = series.patches.flatMap((patch) => patch.files);
  const linesOf = (file: FilePatch): readonly string[] => file.hunks.flatMap((hunk) => hunk.lines);
  const lines = files.flatMap(linesOf);
  const defined = (sign: '+' | '-') => lines.flatMap((line) => (line.startsWith(sign) ? (defineIn(line) ?? []) : []));
  const [added, removed] = [defined('+'), defined('-')];
  const gone = new Set(removed.map(({ name }) => name));
  const old = removed.flatMap(({ texts }) => texts);
  const base = files.filter((file) => !isModule(pathOf(file))).flatMap(linesOf);
  const given = base.filter((line) => line.startsWith('+')).flatMap(wordsGiven);
  const names = [...added.map(({ name }) => name).filter((name) => !gone.has(name)), ...enumerators];
  return {
    names: new Set(names.filter((name) => !given.includes(name))),
    texts: added.flatMap(({ texts }) => texts).filter((text) => !old.includes(text)),
  };
}

/** Words that a statement gives to something: who sets the flag for all objects makes it say nothing. An object's initialiser is its own. */
function wordsGiven(line: string): readonly string[] {
  const [, text = ''] = /^.(?!\s*(?:\.\w|#)).*?(?:\|=|[^=!<>|&^+*/%-]=(?!=))(.*)/.exec(line) ?? [];
  // What stands behind & is looked at, not given.
  return text.match(/(?<!&\s*)\b\w+/g) ?? [];
}

function defineIn(line: string): { readonly name: string; readonly texts: readonly string[] } | null {
  const [, name, rest = ''] = /^.\s*#\s*define\s+(\w+)(.*)/.exec(line) ?? [];
  if (name === undefined) return null;
  return { name, texts: Array.from(rest.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, text = '']) => text) };
}

/** Whether each of these uses stands behind such a flag, and there is one at all. */
export function areFlagged(uses: readonly UseAfter[], after: UsesAfter, words: NewWords): boolean {
  const ways = uses.flatMap((use) => after.wayTo(use) ?? []);
  return (
    ways.length > 0 &&
    ways.every(({ operand, known }) => {
      const [owner] = /[A-Za-z_]\w*/.exec(operand) ?? [];
      return known.some((condition) => hasWord(condition, owner ?? '') && isFlag(condition, words));
    })
  );
}

/** `x & FLAG`, not denied; a version or a name compared with a string. */
function isFlag(condition: string, { names, texts }: NewWords): boolean {
  const flag = / & (\w+)|(\w+) & /.exec(condition);
  const word = flag?.[1] ?? flag?.[2];
  if (word !== undefined && [...names].some((name) => hasWord(condition, name)))
    return !/== 0\b|== NULL\b|^!/.test(condition);
  const [, call, text] = /^(! str\w*cmp|strn?str) \(.*"((?:[^"\\]|\\.)*)"/.exec(condition) ?? [];
  return call !== undefined && text !== undefined && text !== '' && texts.some((one) => one.includes(text));
}

function hasWord(text: string, word: string): boolean {
  return text.split(/\W+/).includes(word);
}
