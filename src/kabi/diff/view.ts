/**
 * A fragment in one view: its tokens, comments and directives gone, branches on `__GENKSYMS__` taken as that view takes
 * them. Any other condition cannot be known from a mail: both branches stay, each token with the condition it stands under.
 *
 * A conditional may begin before the fragment: its `#else` or `#endif` then closes nothing that is seen, and what stands
 * before it is under `?`. One that an added line opened is carried to the file's next hunk.
 */
import { spellingOf, textOf } from '../../c/lex/spelling.js';
import { tokenize } from '../../c/lex/tokenize.js';
import { BeginsLine, End, Identifier, type TokenList } from '../../c/lex/tokens.js';
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
  return { ...new FragmentReader(lines, view, carried).read(), macroBodyChanged: openMacroChanged };
}

/** One pass over a fragment: the conditionals that are open at the token at hand, and what was found up to it. */
class FragmentReader {
  readonly #lines: readonly FragmentLine[];
  readonly #view: View;
  readonly #tokens: TokenList;
  readonly #starts: readonly number[];
  readonly #stack: Frame[];
  readonly #kept: FragmentToken[] = [];
  readonly #includes: Directive[] = [];
  readonly #defines: Directive[] = [];
  readonly #unopened: number[] = [];
  /** So many of `kept` stand in a conditional that began before the fragment. */
  #unseen = 0;
  #row = 0;

  constructor(lines: readonly FragmentLine[], view: View, carried: readonly Frame[]) {
    this.#lines = lines;
    this.#view = view;
    this.#tokens = tokenize(Buffer.from(lines.map((line) => line.text).join('\n'), 'latin1'));
    this.#starts = lineStarts(lines);
    this.#stack = [...carried];
  }

  read(): Omit<FragmentView, 'macroBodyChanged'> {
    const tokens = this.#tokens;
    for (let at = 0; tokens.kind[at] !== End; ) {
      this.#enterLineOf(at);
      const isDirective = (tokens.flags[at] as number) & BeginsLine && tokens.spelling[at] === HASH;
      const end = isDirective ? endOfLine(tokens, at) : at + 1;
      if (isDirective) this.#directive(at, end);
      else if (isTaken(this.#stack)) this.#kept.push(this.#token(at));
      at = end;
    }
    const told = this.#kept.map((token, at) =>
      at < this.#unseen ? { ...token, condition: `?${token.condition}` } : token,
    );
    return {
      tokens: expandIdioms(told, this.#view),
      includes: this.#includes,
      defines: this.#defines,
      open: this.#stack.filter((frame) => frame.changed),
      unopened: this.#unopened,
    };
  }

  #enterLineOf(at: number): void {
    const offset = this.#tokens.offset[at] as number;
    while (this.#row + 1 < this.#starts.length && (this.#starts[this.#row + 1] as number) <= offset) this.#row++;
  }

  get #line(): FragmentLine {
    return this.#lines[this.#row] as FragmentLine;
  }

  #directive(at: number, end: number): void {
    const name = at + 1 < end ? textOf(this.#tokens.spelling[at + 1] as number) : '';
    const rest = textBetween(this.#tokens, at + 2, end);
    if (/^(if|ifdef|ifndef)$/.test(name)) this.#stack.push(opened(name, rest, this.#view, this.#line));
    else if (name === 'else' || name === 'elif' || name === 'endif') this.#endBranch(name, rest);
    else if (isTaken(this.#stack)) {
      const { number, changed } = this.#line;
      const directive = { text: rest, line: number, changed, condition: conditionOf(this.#stack) };
      if (name === 'include') this.#includes.push(directive);
      else if (name === 'define' || name === 'undef') this.#defines.push({ ...directive, text: `${name} ${rest}` });
    }
  }

  #endBranch(name: 'else' | 'elif' | 'endif', rest: string): void {
    const { number: line, changed } = this.#line;
    const top = this.#stack.pop();
    if (top === undefined) {
      if (changed) this.#unopened.push(line);
      else this.#unseen = this.#kept.length;
    }
    if (name === 'endif') return;
    const unknown: Frame = { text: '?', truth: 'unknown', taken: false, changed: false, line };
    this.#stack.push(top === undefined ? unknown : nextBranch(top, name, rest, this.#view));
  }

  #token(at: number): FragmentToken {
    const { number: line, changed } = this.#line;
    return {
      text: textOf(this.#tokens.spelling[at] as number),
      identifier: this.#tokens.kind[at] === Identifier,
      line,
      atMargin: (this.#tokens.offset[at] as number) === this.#starts[this.#row],
      changed,
      condition: conditionOf(this.#stack),
      idiom: null,
    };
  }
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
