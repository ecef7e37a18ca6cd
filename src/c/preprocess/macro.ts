/** Macro definitions: the `#define` line as it stands, and what it says, read when the macro is first used; most never are. */
import { spellingOf } from '../lex/spelling.js';
import { AfterSpace, BeginsLine, Identifier, TokenList } from '../lex/tokens.js';

export interface Definition {
  /** Spelling. */
  readonly name: number;
  /** The line's tokens from the name on: tokens[at, end). */
  readonly tokens: TokenList;
  readonly at: number;
  readonly end: number;
  /** What the line says; undefined until it is asked for, null where it is malformed. */
  macro: Macro | null | undefined;
  /** For bodies.ts, which computes it once. */
  isOdd: boolean | undefined;
}

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

/** `NAME(params) body` in tokens[at, end); null where no name stands there. */
export function definitionAt(tokens: TokenList, at: number, end: number): Definition | null {
  if (at >= end || tokens.kind[at] !== Identifier) return null;
  return { name: tokens.spelling[at] as number, tokens, at, end, macro: undefined, isOdd: undefined };
}

export function macroOf(definition: Definition): Macro | null {
  if (definition.macro === undefined) definition.macro = readDefinition(definition);
  return definition.macro;
}

function readDefinition({ tokens, at, end }: Definition): Macro | null {
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

export function builtinMacro(name: string): Definition {
  const spelling = spellingOf(name);
  const tokens = new TokenList(1);
  const macro = {
    name: spelling,
    parameters: null,
    isVariadic: false,
    body: tokens,
    parameterOf: new Int16Array(0),
    hasOperators: false,
    builtin: name,
  };
  return { name: spelling, tokens, at: 0, end: 0, macro, isOdd: false };
}
