/**
 * Which sources spell a type and export something: whose symbols may carry its version. The tree's index tells it where there is one. It is
 * not made for this question alone: reading the text of the sources takes seconds, the index minutes.
 */
import type { NameIndex } from '../../kernel/names.js';
import type { SourceTree } from '../../tree/source-tree.js';

export function unitsSpelling(
  types: readonly string[],
  tree: SourceTree,
  /** Sources that the configuration builds. */
  sources: readonly string[],
  index: NameIndex | null,
): string[] {
  if (index === null) return sources.filter((path) => spells(tree.read(path), types));
  const spelling = new Set(
    types.flatMap((type) =>
      type.endsWith('()')
        ? []
        : type.endsWith('.h')
          ? index.filesIncluding(type.slice(type.lastIndexOf('/') + 1))
          : [...index.filesWithTag(type), ...index.filesWithType(type)],
    ),
  );
  const exporters = exportersOf(types, index);
  const around = sourcesAround([...spelling], tree, index);
  return sources.filter((path) => {
    if (around.has(path)) return true;
    if (!spelling.has(path) && !exporters.has(path)) return false;
    const bytes = tree.read(path);
    return (
      exportsSomething(bytes) && (spelling.has(path) || exportsOne(bytes as Uint8Array, exporters.get(path) ?? []))
    );
  });
}

/** Sources that include one of these sources, as kernel/sched/build_policy.c does, where that exports something. */
function sourcesAround(paths: readonly string[], tree: SourceTree, index: NameIndex): ReadonlySet<string> {
  const parts = paths.filter((path) => path.endsWith('.c') && exportsSomething(tree.read(path)));
  return new Set(parts.flatMap((path) => index.filesIncluding(path.slice(path.lastIndexOf('/') + 1))));
}

/** Sources that include a header which declares one of these, `f()`, with the names that are declared there: a source may export what another defines. */
function exportersOf(types: readonly string[], index: NameIndex): Map<string, string[]> {
  const byHeader = new Map<string, string[]>();
  for (const name of types.filter((type) => type.endsWith('()')).map((type) => type.slice(0, -2)))
    for (const header of index.filesDeclaring('object', name))
      byHeader.set(header, [...(byHeader.get(header) ?? []), name]);
  const found = new Map<string, string[]>();
  for (const [header, names] of byHeader)
    for (const path of index.filesIncluding(header.slice(header.lastIndexOf('/') + 1)))
      found.set(path, [...(found.get(path) ?? []), ...names]);
  return found;
}

function exportsOne(bytes: Uint8Array, names: readonly string[]): boolean {
  return (
    names.length > 0 &&
    new RegExp(`EXPORT_SYMBOL\\w*\\s*\\(\\s*(${names.join('|')})\\s*[,)]`).test(textOf(bytes).toString('latin1'))
  );
}

function spells(bytes: Uint8Array | null, types: readonly string[]): boolean {
  return bytes !== null && exportsSomething(bytes) && types.some((type) => hasWords(textOf(bytes), type));
}

function exportsSomething(bytes: Uint8Array | null): boolean {
  return bytes !== null && textOf(bytes).includes('EXPORT_SYMBOL');
}

/** `struct s` with one blank between, as kernel code spells it, and no longer name. */
function hasWords(text: Buffer, words: string): boolean {
  const isPart = (code: number | undefined): boolean => code !== undefined && /\w/.test(String.fromCharCode(code));
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1))
    if (!isPart(text[at - 1]) && !isPart(text[at + words.length])) return true;
  return false;
}

function textOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
