/**
 * Guards that no name tells: macros on changed lines that give the compiler something else than genksyms. Whatever a distribution calls its
 * macros, what they expand to in the two views is compared.
 */
import { LineTable } from '../../c/lex/line-table.js';
import { textOf } from '../../c/lex/spelling.js';
import { type Preprocessed, preprocess } from '../../c/preprocess/preprocess.js';
import { overlayFiles } from '../../tree/overlay.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { GuardText } from '../diff/guard-text.js';
import { headerUnit, headerUnitText } from '../units/header-unit.js';
import { type ProgramReader, withGenksyms } from '../units/program.js';

/** A line that may use such a macro: the first and the last line of the call. */
export interface MacroUse {
  readonly line: number;
  readonly lastLine: number;
  readonly text: readonly string[];
  /** Names on its first line that are written as macros are. */
  readonly names: readonly string[];
}

/** An export is seen by genksyms in a way of its own. */
const MACRO_NAME = /\b_*[A-Z][A-Z0-9_]{2,}\b/g;

/** Uses on changed lines that no guard of `known` covers. `changed`: numbers of lines, from 1. */
export function macroUses(
  lines: readonly string[],
  changed: ReadonlySet<number>,
  known: readonly GuardText[],
): MacroUse[] {
  const uses: MacroUse[] = [];
  let start = 0;
  let depth = 0;
  let inDirective = false;
  lines.forEach((text, at) => {
    const isDirective = inDirective || /^\s*#/.test(text);
    inDirective = isDirective && text.endsWith('\\');
    if (isDirective) return;
    if (depth === 0) start = at;
    for (const [mark] of text.replace(/\/\*.*?\*\/|\/\/.*$|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '').matchAll(/[()]/g))
      depth = Math.max(0, depth + (mark === '(' ? 1 : -1));
    // Parentheses that never close are no call.
    if (at - start > 40) depth = 0;
    if (depth > 0) return;
    const own = lines.slice(start, at + 1);
    const names = (own[0]?.match(MACRO_NAME) ?? []).filter((name) => !name.includes('EXPORT'));
    const isChanged = own.some((_, row) => changed.has(start + row + 1));
    const isKnown = known.some((one) => one.line <= at + 1 && one.lastLine >= start + 1);
    if (names.length > 0 && isChanged && !isKnown) uses.push({ line: start + 1, lastLine: at + 1, text: own, names });
  });
  return uses;
}

/** Of these uses in a file of the tree, those that the two views read differently. */
export function expandedGuards(
  file: string,
  uses: readonly MacroUse[],
  tree: SourceTree,
  reader: ProgramReader,
): GuardText[] {
  const bytes = tree.read(file);
  const path = file.endsWith('.h') ? headerUnit(file) : file;
  const unit = reader.build.unitOf(path);
  if (uses.length === 0 || bytes === null || unit === null) return [];
  const own = new Map([[path, Buffer.from(headerUnitText(file))]]);
  const whole = file.endsWith('.h') ? overlayFiles(tree, own, tree.id) : tree;
  const lines = new LineTable(bytes);
  const wanted = new Set(uses.map(({ line }) => line));
  const compiler = wordsByLine(preprocess(unit, whole, reader.cache, 'empty'), file, lines, wanted);
  const genksyms = wordsByLine(preprocess(withGenksyms(unit), whole, reader.cache, 'empty'), file, lines, wanted);
  return uses.flatMap(({ line, lastLine, text, names }) => {
    const [seen, hashed] = [compiler.get(line) ?? [], genksyms.get(line) ?? []];
    if (seen.join(' ') === hashed.join(' ')) return [];
    const idiom = names.find((name) => !(seen.includes(name) && hashed.includes(name)));
    if (idiom === undefined) return [];
    const hides = text.map((one) => one.trim());
    return [{ line, lastLine, idiom, hides, shows: [], open: false, misspelled: null }];
  });
}

/** What each of these lines of a file came to. */
function wordsByLine(
  { tokens, files }: Preprocessed,
  file: string,
  lines: LineTable,
  wanted: ReadonlySet<number>,
): Map<number, string[]> {
  const found = new Map<number, string[]>();
  const numbers = new Set(files.flatMap((name, at) => (name === file ? [at] : [])));
  for (let at = 0; at < tokens.length; at++) {
    if (!numbers.has(tokens.file[at] as number)) continue;
    const line = lines.lineOf(tokens.offset[at] as number);
    if (!wanted.has(line)) continue;
    const words = found.get(line);
    if (words === undefined) found.set(line, [textOf(tokens.spelling[at] as number)]);
    else words.push(textOf(tokens.spelling[at] as number));
  }
  return found;
}
