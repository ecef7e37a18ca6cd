/**
 * A macro's body with its arguments in place (C11 6.10.3.1 to 6.10.3.3): `#`, `##`, `__VA_OPT__` and GNU's `, ## args`.
 *
 * Arguments and results live in one list, the arena, each a stretch of it: a use makes no list of its own. An operand of `#` or
 * `##` goes in as it was written, every other one as it came out of its own expansion.
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import { tokenize } from '../lex/tokenize.js';
import { AfterSpace, Counted, Identifier, Numeral, Painted, Text, TokenList } from '../lex/tokens.js';
import type { CountedSide, CountedSpellings } from './counted.js';
import { type Macro, paste, vaOpt } from './macro.js';

/** arena[start, end): what the call says; `expanded` where the body needs it expanded and that changes it. */
export interface Argument {
  readonly start: number;
  readonly end: number;
  expanded: TokenList | null;
  /** White space stands at the end of `expanded`, before whatever follows: that of a parameter that was empty. */
  trails: boolean;
  /** Variable arguments of which the call has not even an empty one: `, ##` takes its comma back. */
  readonly omitted: boolean;
}

const open = spellingOf('(');
const close = spellingOf(')');
const comma = spellingOf(',');
const hash = spellingOf('#');
const mostWork = 3_000_000;

/** What one use of a macro has cost, in tokens. */
export class Work {
  /** The use grew past all bounds and was cut short. */
  exhausted = false;
  #spent = 0;

  begin(): void {
    this.#spent = 0;
  }

  /** False where that was too much. */
  spend(tokens: number): boolean {
    this.#spent += tokens;
    if (this.#spent <= mostWork) return true;
    this.exhausted = true;
    return false;
  }
}

export class Substitution {
  readonly arena = new TokenList(4096);
  /** What came last was an empty argument with white space before: the next token has it, also one behind the body. */
  trail = 0;
  /** The body begins with an empty argument: its first token keeps its own white space. */
  beganEmpty = false;
  readonly #counted: CountedSpellings;
  readonly #work: Work;

  constructor(counted: CountedSpellings, work: Work) {
    this.#counted = counted;
    this.#work = work;
  }

  /** The body with its arguments in place, to the end of the arena. */
  substitute(macro: Macro, args: readonly Argument[]): void {
    const { body, parameterOf } = macro;
    this.trail = 0;
    this.beganEmpty = false;
    for (let at = 0; at < body.length; at++) {
      if (!macro.hasOperators) this.#copy(macro, at, args, false);
      else if (body.spelling[at] === vaOpt && macro.isVariadic) at = this.#vaOpt(macro, at, args);
      else if (
        body.spelling[at] === hash &&
        macro.parameters !== null &&
        at + 1 < body.length &&
        (parameterOf[at + 1] as number) >= 0
      ) {
        at++;
        this.#stringify(args[parameterOf[at] as number] as Argument, body.flags[at - 1] as number);
      } else if (body.spelling[at] === paste && at > 0 && at + 1 < body.length) at = this.#paste(macro, at, args);
      else this.#copy(macro, at, args, isOperand(macro, at));
    }
  }

  /** Body token `at`: itself, or its argument, expanded unless `raw`. */
  #copy(macro: Macro, at: number, args: readonly Argument[], raw: boolean): void {
    const { body } = macro;
    const arena = this.arena;
    const parameter = macro.parameterOf[at] as number;
    if (parameter < 0) {
      arena.push(body.kind[at] as number, (body.flags[at] as number) | this.trail, body.spelling[at] as number, 0, 0);
      this.trail = 0;
      return;
    }
    const argument = args[parameter] as Argument;
    const expanded = raw ? null : argument.expanded;
    const list = expanded ?? arena;
    const start = expanded === null ? argument.start : 0;
    const end = expanded === null ? argument.end : expanded.length;
    this.#work.spend(end - start);
    if (this.#work.exhausted) return;
    const isPasted = at > 0 && body.spelling[at - 1] === paste;
    const lead = ((isPasted ? (list.flags[start] as number) : (body.flags[at] as number)) & AfterSpace) | this.trail;
    if (start === end) {
      if (at === 0) this.beganEmpty = true;
      else if (!isPasted) this.trail = lead;
      if (expanded !== null && argument.trails) this.trail = AfterSpace;
      return;
    }
    this.trail = expanded !== null && argument.trails ? AfterSpace : 0;
    for (let i = start; i < end; i++) {
      const flags = list.flags[i] as number;
      arena.push(
        list.kind[i] as number,
        i === start ? (flags & ~AfterSpace) | lead : flags,
        list.spelling[i] as number,
        0,
        0,
      );
    }
  }

  /** left ## right, where left is already the arena's last token; gives the index of the last body token used. */
  #paste(macro: Macro, operator: number, args: readonly Argument[]): number {
    const { body, parameterOf } = macro;
    const arena = this.arena;
    const right = operator + 1;
    const before = arena.length;
    const isVaArgs = macro.isVariadic && parameterOf[right] === (macro.parameters as readonly number[]).length - 1;
    const leftIsComma = body.spelling[operator - 1] === comma && parameterOf[operator - 1] === -1;
    if (isVaArgs && leftIsComma) {
      // GNU: `, ## args` drops the comma where there are no args, and pastes nothing where there are (libcpp/macro.cc, collect_args).
      const argument = args[parameterOf[right] as number] as Argument;
      if (argument.omitted) arena.length = before - 1;
      else this.#copy(macro, right, args, true);
      return right;
    }
    const leftIsEmpty = this.#isEmptyOperand(macro, operator - 1, args);
    if (
      body.spelling[right] === hash &&
      macro.parameters !== null &&
      right + 1 < body.length &&
      (parameterOf[right + 1] as number) >= 0
    ) {
      this.#stringify(args[parameterOf[right + 1] as number] as Argument, 0);
      this.#join(before, leftIsEmpty);
      return right + 1;
    }
    if (body.spelling[right] === vaOpt && macro.isVariadic) {
      const last = this.#vaOpt(macro, right, args);
      this.#join(before, leftIsEmpty);
      return last;
    }
    this.#copy(macro, right, args, true);
    this.#join(before, leftIsEmpty);
    return right;
  }

  /** Did the operand at `at` put nothing into the arena, so that what stands there now belongs to something else? */
  #isEmptyOperand(macro: Macro, at: number, args: readonly Argument[]): boolean {
    const parameter = macro.parameterOf[at] as number;
    if (parameter < 0) return false;
    const argument = args[parameter] as Argument;
    if (argument.start !== argument.end) return false;
    // a ## <empty> ## b: the left side is what was pasted before.
    return !(at >= 2 && macro.body.spelling[at - 1] === paste && !this.#isEmptyOperand(macro, at - 2, args));
  }

  /** Joins arena tokens `at - 1` and `at`, unless a side is empty or the two make no token. */
  #join(at: number, leftIsEmpty: boolean): void {
    const arena = this.arena;
    if (leftIsEmpty || at === 0 || arena.length === at) return;
    const left = at - 1;
    const joined = joinedToken(
      arena.kind[left] as number,
      arena.spelling[left] as number,
      arena.kind[at] as number,
      arena.spelling[at] as number,
    );
    if (joined === null) return;
    const counted = ((arena.flags[left] as number) | (arena.flags[at] as number)) & Counted;
    if (counted !== 0) this.#counted.join(this.#side(left), this.#side(at), joined.spelling);
    arena.kind[left] = joined.kind;
    arena.spelling[left] = joined.spelling;
    arena.flags[left] = ((arena.flags[left] as number) & ~Painted) | counted;
    arena.kind.copyWithin(at, at + 1, arena.length);
    arena.spelling.copyWithin(at, at + 1, arena.length);
    arena.flags.copyWithin(at, at + 1, arena.length);
    arena.length--;
  }

  #side(at: number): CountedSide {
    return {
      spelling: this.arena.spelling[at] as number,
      isCounted: ((this.arena.flags[at] as number) & Counted) !== 0,
    };
  }

  #stringify({ start, end }: Argument, flags: number): void {
    const { kind, spelling, flags: flagsOf } = this.arena;
    let text = '';
    let counted = 0;
    for (let at = start; at < end && text.length < 1_000_000; at++) {
      if (at > start && ((flagsOf[at] as number) & AfterSpace) !== 0) text += ' ';
      const spelled = textOf(spelling[at] as number);
      counted |= (flagsOf[at] as number) & Counted;
      text +=
        kind[at] === Text || spelled.startsWith("'") || spelled.startsWith("L'")
          ? spelled.replace(/["\\]/g, '\\$&')
          : spelled;
    }
    this.arena.push(Text, (flags & AfterSpace) | this.trail | counted, spellingOf(`"${text}"`), 0, 0);
    this.trail = 0;
  }

  /** __VA_OPT__ ( tokens ): they count only where there are variable arguments. Gives the index of its last body token. */
  #vaOpt(macro: Macro, at: number, args: readonly Argument[]): number {
    const { body } = macro;
    let end = at + 1;
    for (let depth = 0; end < body.length; end++) {
      if (body.spelling[end] === open) depth++;
      else if (body.spelling[end] === close && --depth === 0) break;
    }
    const variable = args.at(-1) as Argument;
    const isEmpty = (variable.expanded?.length ?? variable.end - variable.start) === 0;
    if (isEmpty) this.trail |= (body.flags[at] as number) & AfterSpace;
    for (let i = at + 2; i < end && !isEmpty; i++) {
      if (body.spelling[i] === paste && i > at + 2) i = this.#paste(macro, i, args);
      else this.#copy(macro, i, args, isOperand(macro, i));
    }
    return end;
  }
}

/** Does body token `at` stand beside `##`, so that its argument is not expanded? */
export function isOperand({ body, hasOperators }: Macro, at: number): boolean {
  if (!hasOperators) return false;
  const before = at > 0 ? body.spelling[at - 1] : 0;
  return before === paste || (at + 1 < body.length && body.spelling[at + 1] === paste) || before === hash;
}

const joinedTokens = new Map<string, { kind: number; spelling: number } | null>();

/** The one token that two make when written together, or null. */
function joinedToken(
  leftKind: number,
  left: number,
  rightKind: number,
  right: number,
): { kind: number; spelling: number } | null {
  const text = textOf(left) + textOf(right);
  if (leftKind === Identifier && (rightKind === Identifier || (rightKind === Numeral && /^\w+$/.test(textOf(right))))) {
    return { kind: Identifier, spelling: spellingOf(text) };
  }
  const known = joinedTokens.get(text);
  if (known !== undefined) return known;
  const tokens = tokenize(Buffer.from(text, 'latin1'));
  const isOne = tokens.length === 2 && textOf(tokens.spelling[0] as number) === text;
  const joined = isOne ? { kind: tokens.kind[0] as number, spelling: tokens.spelling[0] as number } : null;
  if (joinedTokens.size > 100_000) joinedTokens.clear();
  joinedTokens.set(text, joined);
  return joined;
}
