/** One macro call, substituted: no rescanning, which the reader of the result does where it meets another call. */
import type { MacroText } from './conditions.js';
import { splitByCommas } from './outline.js';
import { spellingOf, textOf } from './spelling.js';
import { Identifier, Text, TokenList } from './tokens.js';

const hash = spellingOf('#');
const paste = spellingOf('##');
/** A call that grows past this is a macro bomb; what is asked is only its type. */
const most = 20_000;

/** The body of `macro` with the arguments in `tokens[start, end)`, which is ignored for an object-like macro. */
export function expandMacro(macro: MacroText, tokens: TokenList, start: number, end: number): TokenList {
  const given = macro.parameters === null ? [] : splitByCommas(tokens, start, end);
  const ranges = new Map<string, { start: number; end: number }>();
  const names = macro.parameters ?? [];
  names.forEach((name, i) => {
    const last = macro.isVariadic && i === names.length - 1;
    ranges.set(name, { start: given[i]?.start ?? end, end: last ? end : (given[i]?.end ?? end) });
  });
  const { body } = macro;
  const out = new TokenList(Math.max(16, body.length * 2));
  for (let at = 0; at < body.length && out.length < most; at++) {
    const spelling = body.spelling[at] as number;
    if (spelling === hash && macro.parameters !== null) {
      out.push(Text, 0, spellingOf('""'), 0, 0);
      at++;
    } else if (body.spelling[at + 1] === paste && at + 2 < body.length) at = pasted(body, at, ranges, tokens, out);
    else append(body, at, ranges, tokens, out);
  }
  return out;
}

function append(
  body: TokenList,
  at: number,
  ranges: Map<string, { start: number; end: number }>,
  tokens: TokenList,
  out: TokenList,
): void {
  const range = body.kind[at] === Identifier ? ranges.get(textOf(body.spelling[at] as number)) : undefined;
  if (range === undefined) {
    out.push(body.kind[at] as number, body.flags[at] as number, body.spelling[at] as number, 0, 0);
    return;
  }
  for (let i = range.start; i < range.end && out.length < most; i++) {
    out.push(tokens.kind[i] as number, tokens.flags[i] as number, tokens.spelling[i] as number, 0, 0);
  }
}

/** a ## b ## c: appends all of them, the neighbours joined; gives the index of the last one. */
function pasted(
  body: TokenList,
  start: number,
  ranges: Map<string, { start: number; end: number }>,
  tokens: TokenList,
  out: TokenList,
): number {
  append(body, start, ranges, tokens, out);
  let at = start;
  while (body.spelling[at + 1] === paste && at + 2 < body.length) {
    at += 2;
    const before = out.length;
    append(body, at, ranges, tokens, out);
    if (before === 0 || out.length === before || out.kind[before - 1] !== Identifier) continue;
    out.spelling[before - 1] = spellingOf(
      textOf(out.spelling[before - 1] as number) + textOf(out.spelling[before] as number),
    );
    out.spelling.copyWithin(before, before + 1, out.length);
    out.kind.copyWithin(before, before + 1, out.length);
    out.flags.copyWithin(before, before + 1, out.length);
    out.length--;
  }
  return at;
}
