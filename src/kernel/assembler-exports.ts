/**
 * What an assembler source exports. The kernel asks its preprocessor (scripts/Makefile.build, getasmexports, to 6.4) or its object
 * (`__export_symbol_NAME`, since 6.5); both come from the macros of linux/export.h, which other macros may call for it, as
 * arch/x86/lib/retpoline.S does for each register.
 */

import { spellingOf, textOf } from '../c/lex/spelling.js';
import { Identifier, type TokenList } from '../c/lex/tokens.js';
import { preprocess, type Unit } from '../c/preprocess/preprocess.js';
import { memoryTree } from '../tree/memory.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';
import { exportsOf } from './exports.js';
import type { BuildWorld } from './unit-versions.js';

/**
 * The C file that kbuild makes up for a source's versions (cmd_gensymtypes_S): it includes asm/asm-prototypes.h and exports each symbol.
 * `asked` is the source in the genksyms view; `read` are the files that tell which symbols these are.
 */
export function assemblerExports(
  asked: Unit,
  { tree, cache }: BuildWorld,
): { readonly unit: Unit; readonly tree: SourceTree; readonly read: readonly string[] } {
  const defines = asked.defines.filter((define) => !/^(__ASSEMBLY__|__GENKSYMS__)\b/.test(define));
  const assembled: Unit = {
    ...asked,
    defines: [...defines, '__ASSEMBLY__', '__ASSEMBLER__'],
    forced: asked.forced.filter((file) => !file.endsWith('compiler_types.h')),
  };
  const { tokens, files } = preprocess(assembled, tree, cache);
  const path = `${asked.path}.exports.c`;
  const text = [
    '#include <linux/kernel.h>',
    '#include <asm/asm-prototypes.h>',
    ...exportedNames(tokens).map((name) => `EXPORT_SYMBOL(${name});`),
  ].join('\n');
  const unit = { ...asked, path, defines: [...defines, '__GENKSYMS__'] };
  return { unit, tree: unionTree([memoryTree(path, { [path]: `${text}\n` }), tree]), read: files.slice(1) };
}

const label = '__export_symbol_';
const colon = spellingOf(':');
const gasMacro = spellingOf('___EXPORT_SYMBOL');
/** `.macro ___EXPORT_SYMBOL name, …` defines it. */
const macroWord = spellingOf('macro');

/** The labels of 6.5 and later, the assembler macro's first argument before, and what no header has expanded. */
function exportedNames(tokens: TokenList): readonly string[] {
  const names = new Set(exportsOf(tokens).map(({ name }) => name));
  for (let at = 0; at + 1 < tokens.length; at++) {
    if (tokens.kind[at] !== Identifier) continue;
    const isUse = tokens.spelling[at] === gasMacro && tokens.spelling[at - 1] !== macroWord;
    if (isUse && tokens.kind[at + 1] === Identifier) names.add(textOf(tokens.spelling[at + 1] as number));
    if (tokens.spelling[at + 1] !== colon) continue;
    const text = textOf(tokens.spelling[at] as number);
    if (text.startsWith(label)) names.add(text.slice(label.length));
  }
  return [...names];
}
