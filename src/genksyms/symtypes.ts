/** The `-T` dump of a unit: one line a symbol, `s#name words`, references with their letter. */
import { textOf } from '../c/lex/spelling.js';
import { type GenksymsSymbol, nodeSpelling, nodeTag, tagLetters } from './symbol.js';

/** `s#task_struct`, `t#u32`, `E#PAGE_SIZE`, an export by its name. */
function symtypeKey({ tag, name }: GenksymsSymbol): string {
  const letter = tagLetters[tag];
  return letter === '' ? textOf(name) : `${letter}#${textOf(name)}`;
}

/** What stands behind the key: words, each with a blank behind. */
function symtypeText({ isExtern, text }: GenksymsSymbol): string {
  let words = isExtern ? 'extern ' : '';
  for (const node of text) {
    const letter = tagLetters[nodeTag(node)];
    words += `${letter === '' ? '' : `${letter}#`}${textOf(nodeSpelling(node))} `;
  }
  return words;
}

/** A line as key and text, without the last blank. */
export function symtypeEntry(symbol: GenksymsSymbol): [key: string, text: string] {
  return [symtypeKey(symbol), symtypeText(symbol).trimEnd()];
}

export function symtypesText(expanded: readonly GenksymsSymbol[]): string {
  return expanded.map((symbol) => `${symtypeKey(symbol)} ${symtypeText(symbol)}\n`).join('');
}
