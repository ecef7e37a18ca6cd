/**
 * Which units' exports to version for a series that changes types in headers: those that export a symbol which the reference knows to
 * reach a changed type, else those that spell a changed type and export something. A first review says which types change; the units named
 * here are read for a second one.
 */
import type { NameIndex } from '../kernel/names.js';
import { unpackNumbers } from '../kernel/number-set.js';
import { type Reference, unitKey } from '../kernel/reference.js';
import type { SourceTree } from '../tree/source-tree.js';
import { dumpKey } from './judge-symbols.js';
import type { Review } from './review.js';

export interface ExportingUnits {
  /** Source files, sorted; at most as many as asked for. */
  readonly units: readonly string[];
  /** How many more there are. */
  readonly left: number;
}

type Types = Review['types'];

export function exportingUnits(
  types: Types,
  tree: SourceTree,
  known: { readonly reference: Reference | null; readonly index: () => NameIndex },
  most: number,
): ExportingUnits {
  const reached = known.reference === null ? [] : unitsInReference(types, known.reference);
  const found = reached.length > 0 ? reached : unitsSpelling(types, tree, known.index());
  const sorted = [...new Set(found)].sort();
  return { units: sorted.slice(0, most), left: Math.max(0, sorted.length - most) };
}

function unitsInReference(types: Types, reference: Reference): string[] {
  const numbers = new Set(
    types.flatMap(({ kind, name }) =>
      (reference.row('types', dumpKey(`${kind} ${name}`)) ?? []).flatMap(({ units }) => unpackNumbers(units)),
    ),
  );
  return [...numbers].flatMap((number) => reference.row('exporting', unitKey(number))?.source ?? []);
}

function unitsSpelling(types: Types, tree: SourceTree, index: NameIndex): string[] {
  const spelled = types.map(({ kind, name }) => (kind === 'typedef' ? name : `${kind} ${name}`));
  const files = new Set(spelled.flatMap((name) => [...index.filesWithTag(name), ...index.filesWithType(name)]));
  return [...files].filter((file) => file.endsWith('.c') && exportsSomething(tree.read(file)));
}

function exportsSomething(bytes: Uint8Array | null): boolean {
  return bytes !== null && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('EXPORT_SYMBOL');
}
