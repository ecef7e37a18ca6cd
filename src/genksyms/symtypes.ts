/** The `-T` dump of a unit: one line a symbol, `s#name words`, references with their letter. */
import { textOf } from '../c/spelling.js';
import { type GenksymsSymbol, nodeSpelling, nodeTag, tagLetters } from './symbol.js';

/** A line without its end; a blank ends it, as genksyms writes it. */
export function symtypeLine(symbol: GenksymsSymbol): string {
  const letter = tagLetters[symbol.tag];
  const prefix = letter === '' ? '' : `${letter}#`;
  return `${prefix}${textOf(symbol.name)} ${symbol.isExtern ? 'extern ' : ''}${symbolText(symbol)}`;
}

/** The words of a symbol's text, each with a blank behind. */
export function symbolText(symbol: GenksymsSymbol): string {
  let line = '';
  for (const node of symbol.text) {
    const letter = tagLetters[nodeTag(node)];
    line += `${letter === '' ? '' : `${letter}#`}${textOf(nodeSpelling(node))} `;
  }
  return line;
}

export function symtypesText(expanded: readonly GenksymsSymbol[]): string {
  return expanded.map((symbol) => `${symtypeLine(symbol)}\n`).join('');
}
