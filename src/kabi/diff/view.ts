/**
 * A fragment in one view: its tokens, comments and directives gone, branches on `__GENKSYMS__` taken as that view takes
 * them. Any other condition cannot be known from a mail: both branches stay, each token with the condition it stands under.
 *
 * A conditional may begin before the fragment: its `#else` or `#endif` then closes nothing that is seen, and what stands
 * before it is under `?`. One that an added line opened is carried to the file's next hunk.
 */
import { spellingOf, textOf } from '../../c/spelling.js';
import { tokenize } from '../../c/tokenize.js';
import { BeginsLine, End, Identifier, type TokenList } from '../../c/tokens.js';
import { genksymsTruth, negated, type Truth } from './condition.js';
import type { Fragment, FragmentLine } from './fragment.js';
import { expandIdioms } from './idioms.js';

export type View = 'compiler' | 'genksyms';

export interface FragmentToken {
  readonly text: string;
  readonly identifier: boolean;
  readonly line: number;
  /** Stands in the first column of its line. */
  readonly atMargin: boolean;
  readonly changed: boolean;
  /** The conditions around it, outermost first, joined by ` && `; empty where there is none. */
  readonly condition: string;
  /** The macro that it came out of, where it is one of the known kABI macros. */
  readonly idiom: string | null;
}

export interface Directive {
  readonly text: string;
  readonly line: number;
  readonly changed: boolean;
  readonly condition: string;
}

export interface FragmentView {
  readonly tokens: readonly FragmentToken[];
  readonly includes: readonly Directive[];
  readonly defines: readonly Directive[];
  /** A line of an open macro definition's body changed (the `#define` itself is not seen). */
  readonly macroBodyChanged: number | null;
  /** Conditionals that a changed line opened and nothing closed: the next hunk of the file goes on in them. */
  readonly open: readonly Frame[];
  /** Lines of `#endif` or `#else` that were changed and closed nothing. */
  readonly unopened: readonly number[];
}

export interface Frame {
  readonly text: string;
  readonly truth: Truth;
  /** Some branch before this one was certainly taken. */
  readonly taken: boolean;
  readonly changed: boolean;
  readonly line: number;
}

const HASH = spellingOf('#');

export function viewOf(fragment: Fragment, view: View, carried: readonly Frame[]): FragmentView {
  const { lines, openMacroChanged } = withoutOpenMacro(fragment.lines);
  const text = lines.map((line) => line.text).join('\n');
  const tokens = tokenize(Buffer.from(text, 'latin1'));
  const starts = lineStarts(lines);
  const stack: Frame[] = [...carried];
  const unopened: number[] = [];
  const kept: FragmentToken[] = [];
  const includes: Directive[] = [];
  const defines: Directive[] = [];
  let unseen = 0;
  let row = 0;
  const lineAt = (at: number): FragmentLine => {
    const offset = tokens.offset[at] as number;
    while (row + 1 < starts.length && (starts[row + 1] as number) <= offset) row++;
    return lines[row] as FragmentLine;
  };
  for (let at = 0; tokens.kind[at] !== End; ) {
    const line = lineAt(at);
    if ((tokens.flags[at] as number) & BeginsLine && tokens.spelling[at] === HASH) {
      const end = endOfLine(tokens, at);
      const name = at + 1 < end ? textOf(tokens.spelling[at + 1] as number) : '';
      const rest = textBetween(tokens, at + 2, end);
      const directive = { text: rest, line: line.number, changed: line.changed, condition: conditionOf(stack) };
      if (/^(if|ifdef|ifndef)$/.test(name)) stack.push(opened(name, rest, view, line));
      else if (name === 'else' || name === 'elif' || name === 'endif') {
        const top = stack.pop();
        if (top === undefined) {
          if (line.changed) unopened.push(line.number);
          else unseen = kept.length;
          if (name !== 'endif')
            stack.push({ text: '?', truth: 'unknown', taken: false, changed: false, line: line.number });
        } else if (name !== 'endif') stack.push(nextBranch(top, name, rest, view));
      } else if (isTaken(stack)) {
        if (name === 'include') includes.push(directive);
        else if (name === 'define' || name === 'undef') defines.push({ ...directive, text: `${name} ${rest}` });
      }
      at = end;
      continue;
    }
    if (isTaken(stack)) kept.push(tokenAt(tokens, at, line, conditionOf(stack), lines, starts, row));
    at++;
  }
  const told = kept.map((token, at) => (at < unseen ? { ...token, condition: `?${token.condition}` } : token));
  return {
    tokens: expandIdioms(told, view),
    includes,
    defines,
    macroBodyChanged: openMacroChanged,
    open: stack.filter((frame) => frame.changed),
    unopened,
  };
}

function tokenAt(
  tokens: TokenList,
  at: number,
  line: FragmentLine,
  condition: string,
  lines: readonly FragmentLine[],
  starts: readonly number[],
  row: number,
): FragmentToken {
  return {
    text: textOf(tokens.spelling[at] as number),
    identifier: tokens.kind[at] === Identifier,
    line: line.number,
    atMargin: (tokens.offset[at] as number) === starts[row],
    changed: (lines[row] as FragmentLine).changed,
    condition,
    idiom: null,
  };
}

function opened(name: string, rest: string, view: View, line: FragmentLine): Frame {
  const text = name === 'if' ? rest : name === 'ifdef' ? `defined(${rest})` : `!defined(${rest})`;
  const truth = genksymsTruth(text, view === 'genksyms');
  return { text, truth, taken: truth === true, changed: line.changed, line: line.number };
}

function nextBranch(top: Frame, name: string, rest: string, view: View): Frame {
  if (top.taken) return { ...top, truth: false };
  const otherwise = top.truth === false ? '' : `!(${top.text})`;
  const own = name === 'else' ? true : genksymsTruth(rest, view === 'genksyms');
  const truth: Truth = own === false ? false : top.truth === false ? own : 'unknown';
  const text = [otherwise, name === 'elif' ? rest : ''].filter((part) => part !== '').join(' && ');
  return { ...top, text: text === '' ? negated(top.text) : text, truth, taken: truth === true };
}

function isTaken(stack: readonly Frame[]): boolean {
  return stack.every((frame) => frame.truth !== false);
}

function conditionOf(stack: readonly Frame[]): string {
  return stack
    .filter((frame) => frame.truth === 'unknown')
    .map((frame) => frame.text)
    .join(' && ');
}

/** Leading lines that end in a backslash, with the line that ends them, are the body of a macro that began before. */
function withoutOpenMacro(lines: readonly FragmentLine[]): {
  lines: readonly FragmentLine[];
  openMacroChanged: number | null;
} {
  const continues = (at: number): boolean => /\\\s*$/.test(lines[at]?.text ?? '');
  if (!continues(0) || /^\s*#/.test(lines[0]?.text ?? '')) return { lines, openMacroChanged: null };
  let end = 0;
  while (continues(end)) end++;
  const body = lines.slice(0, end + 1);
  return {
    lines: lines.map((line, at) => (at <= end ? { ...line, text: '' } : line)),
    openMacroChanged: body.find((line) => line.changed)?.number ?? null,
  };
}

function lineStarts(lines: readonly FragmentLine[]): number[] {
  const starts: number[] = [];
  let offset = 0;
  for (const line of lines) {
    starts.push(offset);
    offset += line.text.length + 1;
  }
  return starts;
}

function endOfLine(tokens: TokenList, at: number): number {
  let end = at + 1;
  while (tokens.kind[end] !== End && !((tokens.flags[end] as number) & BeginsLine)) end++;
  return end;
}

function textBetween(tokens: TokenList, from: number, to: number): string {
  const words: string[] = [];
  for (let at = from; at < to; at++) words.push(textOf(tokens.spelling[at] as number));
  return words.join(' ');
}
