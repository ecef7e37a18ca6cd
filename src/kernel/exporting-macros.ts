/**
 * Macros of headers that export what they define, under names that do not say so: `DECLARE_VM_GET_PAGE_PROT` (linux/pgtable.h),
 * `define_machine(powernv)` (powerpc's asm/machdep.h). A source that calls one exports something and says EXPORT nowhere.
 */
import type { SourceTree } from '../tree/source-tree.js';

/** Names in all public headers; those that have EXPORT_ in them are left out, for a source that has one says EXPORT. */
export function exportingMacros(tree: SourceTree): readonly string[] {
  const found = new Set<string>();
  const architectures = tree.list('arch').filter((name) => name.endsWith('/'));
  for (const dir of ['include/', ...architectures.map((name) => `arch/${name}include/`)])
    for (const header of headersBelow(tree, dir)) for (const name of macrosIn(tree.read(header))) found.add(name);
  return [...found].sort();
}

function* headersBelow(tree: SourceTree, dir: string): Generator<string> {
  for (const name of tree.list(dir.slice(0, -1))) {
    if (name.endsWith('/')) yield* headersBelow(tree, dir + name);
    else if (name.endsWith('.h')) yield dir + name;
  }
}

function macrosIn(bytes: Uint8Array | null): readonly string[] {
  if (bytes === null) return [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!text.includes('EXPORT_SYMBOL')) return [];
  return text
    .toString('latin1')
    .replaceAll(/\\\r?\n/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, name = '', body = ''] = /^\s*#\s*define\s+(\w+)(.*)/.exec(line) ?? [];
      return body.includes('EXPORT_SYMBOL') && !name.includes('EXPORT_') ? [name] : [];
    });
}
