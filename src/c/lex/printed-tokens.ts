/** Preprocessed tokens as a text that a compiler reads (`-x cpp-output`): the tokens' own lines, without line markers. */
import { textOf } from './spelling.js';
import { BeginsLine, End, Pragma, type TokenList } from './tokens.js';

export function printedTokens(tokens: TokenList): string {
  const words: string[] = [];
  for (let at = 0; at < tokens.length && tokens.kind[at] !== End; at++) {
    const text = textOf(tokens.spelling[at] as number);
    if (tokens.kind[at] === Pragma) words.push(`\n#pragma ${text}\n`);
    else words.push(((tokens.flags[at] as number) & BeginsLine) !== 0 ? `\n${text}` : ` ${text}`);
  }
  return words.join('');
}
