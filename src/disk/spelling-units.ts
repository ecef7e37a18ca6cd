/**
 * Which sources spell a type and export something: whose symbols may carry its version. The tree's index tells it where there is one. It is
 * not made for this question alone: reading the text of the sources takes seconds, the index minutes.
 */
import type { NameIndex } from '../kernel/names.js';
import type { SourceTree } from '../tree/source-tree.js';

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
      type.endsWith('.h')
        ? index.filesIncluding(type.slice(type.lastIndexOf('/') + 1))
        : [...index.filesWithTag(type), ...index.filesWithType(type)],
    ),
  );
  return sources.filter((path) => spelling.has(path) && exportsSomething(tree.read(path)));
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
