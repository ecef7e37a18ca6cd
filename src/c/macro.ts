/** A macro definition, read once from its `#define` line. */
import { spellingOf, textOf } from './spelling.js';
import { AfterSpace, BeginsLine, Identifier, TokenList } from './tokens.js';

export interface Macro {
  readonly name: number;
  /** Spellings of the parameters, the variable one last; null for an object-like macro. */
  readonly parameters: readonly number[] | null;
  readonly isVariadic: boolean;
  readonly body: TokenList;
  /** For each body token: the parameter it names, or -1. */
  readonly parameterOf: Int16Array;
  /** Has `#`, `##` or `__VA_OPT__`: substitution must look at operators. */
  readonly hasOperators: boolean;
  /** Computed at each use: `__LINE__` and its kin. */
  readonly builtin: string | null;
}

const open = spellingOf('(');
const close = spellingOf(')');
const comma = spellingOf(',');
const dots = spellingOf('...');
const hash = spellingOf('#');
export const paste = spellingOf('##');
export const vaArgs = spellingOf('__VA_ARGS__');
export const vaOpt = spellingOf('__VA_OPT__');

/** Reads `NAME(params) body` from tokens[at, end); null where it is no definition. */
export function readDefinition(tokens: TokenList, at: number, end: number): Macro | null {
  if (at >= end || tokens.kind[at] !== Identifier) return null;
  const name = tokens.spelling[at] as number;
  let from = at + 1;
  let parameters: number[] | null = null;
  let isVariadic = false;
  const touches = from < end && tokens.spelling[from] === open && ((tokens.flags[from] as number) & AfterSpace) === 0;
  if (touches) {
    const read = readParameters(tokens, from + 1, end);
    if (read === null) return null;
    ({ parameters, isVariadic, next: from } = read);
  }
  const body = new TokenList(Math.max(1, end - from));
  const parameterOf = new Int16Array(Math.max(0, end - from));
  let hasOperators = false;
  for (let i = from; i < end; i++) {
    const spelling = tokens.spelling[i] as number;
    const flags = i === from ? 0 : (tokens.flags[i] as number) & ~BeginsLine;
    parameterOf[i - from] = parameters !== null && tokens.kind[i] === Identifier ? parameters.indexOf(spelling) : -1;
    if (spelling === paste || (spelling === hash && parameters !== null) || (spelling === vaOpt && isVariadic))
      hasOperators = true;
    body.push(tokens.kind[i] as number, flags, spelling, 0, tokens.offset[i] as number);
  }
  return { name, parameters, isVariadic, body, parameterOf, hasOperators, builtin: null };
}

function readParameters(tokens: TokenList, start: number, end: number) {
  const parameters: number[] = [];
  let isVariadic = false;
  for (let at = start; at < end; at++) {
    const spelling = tokens.spelling[at] as number;
    if (spelling === close) return { parameters, isVariadic, next: at + 1 };
    if (spelling === comma) continue;
    if (spelling === dots) {
      isVariadic = true;
      // GNU: `args...` names the variable part; C: `...` alone, called __VA_ARGS__.
      if (at === start || tokens.spelling[at - 1] === comma) parameters.push(vaArgs);
    } else if (tokens.kind[at] === Identifier) parameters.push(spelling);
    else return null;
  }
  return null;
}

export function builtinMacro(name: string): Macro {
  const body = new TokenList(1);
  const parameterOf = new Int16Array(0);
  return {
    name: spellingOf(name),
    parameters: null,
    isVariadic: false,
    body,
    parameterOf,
    hasOperators: false,
    builtin: name,
  };
}

/** The same definition, as C11 6.10.3p1 wants it for a harmless redefinition: parameters and body tokens. */
export function sameDefinition(a: Macro, b: Macro): boolean {
  if (a.body.length !== b.body.length || a.isVariadic !== b.isVariadic) return false;
  if (String(a.parameters) !== String(b.parameters)) return false;
  for (let i = 0; i < a.body.length; i++) if (a.body.spelling[i] !== b.body.spelling[i]) return false;
  return true;
}

export function macroText(macro: Macro): string {
  let text = '';
  for (let i = 0; i < macro.body.length; i++) {
    const spaced = i > 0 && ((macro.body.flags[i] as number) & AfterSpace) !== 0;
    text += (spaced ? ' ' : '') + textOf(macro.body.spelling[i] as number);
  }
  return text;
}
