/** What the line of a directive says: whether its condition holds, which header it names. Macros in it are expanded alone. */

import type { Directive } from '../lex/lexed-file.js';
import { spellingOf, textOf } from '../lex/spelling.js';
import { AfterSpace, TokenList } from '../lex/tokens.js';
import { evaluateCondition } from './condition.js';
import type { CountedSpellings } from './counted.js';
import { conditionOperators, Expander } from './expand.js';
import { answerOf } from './feature-answers.js';
import { continueAfter, type FileStack, type Frame } from './file-stack.js';
import { type HeaderName, headerName, type IncludeSearch } from './include-search.js';
import type { MacroTable } from './macro-table.js';

export const definedOperator = spellingOf('defined');
const hasInclude = spellingOf('__has_include');
const hasIncludeNext = spellingOf('__has_include_next');
const hasOperators = new Set([...conditionOperators].filter((spelling) => textOf(spelling).startsWith('__has_')));

/** The token that `__LINE__` or one of its kin stands for. */
export type Builtin = (name: string) => { readonly kind: number; readonly text: string };

export class DirectiveLine {
  readonly #macros: MacroTable;
  readonly #stack: FileStack;
  readonly #search: IncludeSearch;
  readonly #conditions: Expander;
  readonly #line = new TokenList(64);

  constructor(
    macros: MacroTable,
    counted: CountedSpellings,
    stack: FileStack,
    search: IncludeSearch,
    builtin: Builtin,
  ) {
    this.#macros = macros;
    this.#stack = stack;
    this.#search = search;
    this.#conditions = new Expander(macros, counted, {
      nextToken: () => false,
      opensCall: () => false,
      builtin: (name) => {
        if (name === '__COUNTER__') stack.keepable = false;
        return builtin(name);
      },
      pragma: () => undefined,
      operator: (name, operand) => this.#operator(name, operand),
    });
  }

  /** Is the group that this directive begins taken, as far as its condition goes? */
  holds(frame: Frame, directive: Directive): boolean {
    const { tokens } = frame.file;
    const first = directive.at + 2;
    switch (directive.name) {
      case 'ifdef':
      case 'elifdef':
        return this.#isDefined(tokens.spelling[first] as number);
      case 'ifndef':
      case 'elifndef':
        return !this.#isDefined(tokens.spelling[first] as number);
      default:
        break;
    }
    const line = this.#line;
    line.length = 0;
    const { tooLarge } = frame.file;
    const place = tokens.offset[directive.at] as number;
    if (!tooLarge.has(place)) {
      this.#conditions.expandLine(tokens, first, directive.end, (kind, spelling, flags) =>
        line.push(kind, flags, spelling, 0, 0),
      );
      if (this.#conditions.work.exhausted) tooLarge.add(place);
    }
    if (tooLarge.has(place)) {
      this.#stack.stop('the expansion of a condition is too large', directive.at);
      return false;
    }
    const result = evaluateCondition(line);
    if (!result.ok)
      this.#stack.miss(`condition "${textOfLine(frame, first, directive.end)}"`, result.why, directive.at);
    return result.ok && result.value;
  }

  /** From a group that is not taken: the next group of the same conditional that is. */
  skipTo(frame: Frame, from: number): void {
    let at = from;
    for (;;) {
      const directive = frame.file.directives[at];
      if (directive === undefined || directive.name === 'endif' || directive.name === 'else') break;
      // The condition may span expansions that ask for the line: stand on it.
      frame.at = directive.end;
      if (this.holds(frame, directive)) break;
      at = directive.next;
    }
    continueAfter(frame, at);
  }

  #isDefined(spelling: number): boolean {
    return this.#macros.get(spelling) !== undefined || hasOperators.has(spelling);
  }

  /** The header that an `#include` names, by a macro perhaps; null where it names none. */
  header(frame: Frame, directive: Directive): HeaderName | null {
    const { tokens, bytes } = frame.file;
    const first = directive.at + 2;
    if (first >= directive.end) return null;
    const offset = tokens.offset[first] as number;
    if (bytes[offset] === 0x3c || bytes[offset] === 0x22) {
      const close = bytes[offset] === 0x3c ? 0x3e : 0x22;
      let end = offset + 1;
      while (end < bytes.length && bytes[end] !== close && bytes[end] !== 10) end++;
      return headerName(Buffer.from(bytes.subarray(offset, Math.min(end + 1, bytes.length))).toString('latin1'));
    }
    let text = '';
    this.#conditions.expandLine(tokens, first, directive.end, (_kind, spelling) => {
      text += textOf(spelling);
    });
    return headerName(text);
  }

  #operator(name: number, operand: TokenList): string {
    const spelling = operand.spelling[0] as number;
    if (name === definedOperator) return this.#isDefined(spelling) ? '1' : '0';
    if (name === hasInclude || name === hasIncludeNext) {
      this.#stack.keepable = false;
      const header = headerName(joined(operand));
      const frame = this.#stack.frames.at(-1);
      return header !== null &&
        frame !== undefined &&
        this.#search.resolve(frame, header, name === hasIncludeNext) !== null
        ? '1'
        : '0';
    }
    return answerOf(textOf(name), textOf(spelling));
  }
}

/** The tokens of a line as text, one blank where white space was. */
export function textOfLine(frame: Frame, start: number, end: number): string {
  const { tokens } = frame.file;
  let text = '';
  for (let at = start; at < end && text.length < 500; at++) {
    text +=
      (at > start && ((tokens.flags[at] as number) & AfterSpace) !== 0 ? ' ' : '') +
      textOf(tokens.spelling[at] as number);
  }
  return text;
}

function joined(tokens: TokenList): string {
  let text = '';
  for (let at = 0; at < tokens.length; at++) text += textOf(tokens.spelling[at] as number);
  return text;
}
