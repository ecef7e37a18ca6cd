/**
 * The view that gendwarfksyms hashes, as facts: the texts of dwarf-rules.ts and, for each export, a mark that is another one where any text that
 * it reaches is. No version follows from these texts, so a changed symbol is told without values.
 */
import { readDeclarations } from '../c/declarations.js';
import { preprocess } from '../c/preprocess.js';
import { spellingOf } from '../c/spelling.js';
import { tokenize } from '../c/tokenize.js';
import { crcOfWord, crcStart } from '../genksyms/crc.js';
import { dwarfDump, dwarfRules } from '../genksyms/dwarf-rules.js';
import { exportsOf } from '../kernel/exports.js';
import { pathsFrom } from './changes.js';
import type { SymbolFacts } from './facts.js';
import type { Versioner } from './program.js';

export const dwarfVersions: Versioner = (unit, tree, { build, cache }): SymbolFacts => {
  const { tokens, files } = preprocess(unit, tree, cache);
  const declared = readDeclarations(tokens, { target: build.target, msExtensions: build.msExtensions });
  const source = tree.read(unit.path);
  const exported = source === null ? [] : exportsOf(tokenize(source)).map(({ name }) => name);
  const names = [...new Set(exported)].filter((name) => declared.functions.has(name) || declared.variables.has(name));
  const dump = dwarfDump(declared, names, dwarfRules(tokens));
  const fileOf = (key: string): string | null => {
    const [letter, tag] = key.split('#');
    const kind = { s: 'struct', u: 'union' }[letter ?? ''];
    const first =
      kind === undefined
        ? (letter === 't' ? declared.typedefs : letter === 'e' ? null : declared.functions)?.get(tag ?? key)?.first
        : declared.records.get(`${kind} ${tag}`)?.[0]?.first;
    return first === undefined ? null : (files[declared.tokens.file[first] as number] ?? null);
  };
  return {
    symbols: new Map(names.map((name) => [name, markOf(name, dump)])),
    dump,
    declared: () => new Map([...dump].map(([key, text]) => [key, { text, file: fileOf(key) }])),
    fileOf,
    inputs: files,
  };
};

/** Over everything that the export reaches, in the order in which it is reached. */
function markOf(name: string, dump: ReadonlyMap<string, string>): string {
  let mark = crcStart;
  for (const key of pathsFrom(name, dump).keys()) {
    for (const word of `${key} ${dump.get(key) ?? ''}`.split(' ')) mark = crcOfWord(mark, spellingOf(word));
  }
  return `mark ${(mark >>> 0).toString(16)}`;
}
