/**
 * The view that gendwarfksyms hashes, as facts: the texts of dwarf-dump.ts and, for each export, a mark that is another one where any text that
 * it reaches is. The texts are gcc's debug information; another compiler's has other words for the same types, so that a tree's own versions
 * are not told, only which of them change.
 */

import { textOf } from '../../c/lex/spelling.js';
import { tokenize } from '../../c/lex/tokenize.js';
import { Text, type TokenList } from '../../c/lex/tokens.js';
import { readDeclarations } from '../../c/parse/declarations.js';
import { preprocess } from '../../c/preprocess/preprocess.js';
import { crcText } from '../../genksyms/crc.js';
import { dwarfDump, dwarfTypes, dwarfVersion } from '../../genksyms/dwarf-dump.js';
import { dwarfRules } from '../../genksyms/dwarf-rules.js';
import { exportsOf } from '../../kernel/exports.js';
import type { SymbolFacts } from './facts.js';
import type { Versioner } from './program.js';

export const dwarfVersions: Versioner = (unit, tree, { build, cache }): SymbolFacts => {
  const { tokens, files, msExtensions } = preprocess(unit, tree, cache);
  const declared = readDeclarations(tokens, { target: build.target, msExtensions });
  const source = tree.read(unit.path);
  const exported = labelled(tokens);
  if (exported.size === 0 && source !== null) for (const { name } of exportsOf(tokenize(source))) exported.add(name);
  const names = [...exported].filter((name) => declared.functions.has(name) || declared.variables.has(name));
  const isPrivate = (token: number): boolean => fileAt(token)?.endsWith('.c') === true;
  const fileAt = (token: number): string | undefined => files[declared.tokens.file[token] as number];
  const view = { unit: declared, rules: dwarfRules(tokens), isPrivate };
  const dump = names.length > 0 ? dwarfDump(names, view) : dwarfTypes(view);
  const fileOf = (key: string): string | null => {
    const [letter, tag] = key.split('#');
    const kind = { s: 'struct', u: 'union' }[letter ?? ''];
    const first =
      kind === undefined
        ? letter === 'e'
          ? declared.enums.get(tag ?? key)?.[0]?.first
          : (letter === 't' ? declared.typedefs : declared.functions).get(tag ?? key)?.first
        : declared.records.get(`${kind} ${tag}`)?.[0]?.first;
    return first === undefined ? null : (fileAt(first) ?? null);
  };
  return {
    symbols: new Map(names.map((name) => [name, `mark ${crcText(dwarfVersion(name, dump))}`])),
    dump,
    declared: () => new Map([...dump].map(([key, text]) => [key, { text, file: fileOf(key) }])),
    fileOf,
    inputs: files,
  };
};

/** EXPORT_SYMBOL is a label in an `asm` by now (linux/export.h since 6.5), whichever macro said it. */
function labelled({ kind, spelling, length }: TokenList): Set<string> {
  const names = new Set<string>();
  for (let at = 0; at < length; at++) {
    if (kind[at] !== Text) continue;
    const [, name] = /\b__export_symbol_([\w$.]+):/.exec(textOf(spelling[at] as number)) ?? [];
    if (name !== undefined) names.add(name);
  }
  return names;
}
