/** Symbol types that a distribution ships, as tables of a reference: its texts are what the kernel's own build hashed. And back, as one consolidated file. */
import { type SymtypesSection, sectionVersions } from '../genksyms/symtypes-files.js';
import { unpackNumbers } from './number-set.js';
import { type Reference, type ReferenceSymbol, unitKey } from './reference.js';
import { type CollectedTables, UnitCollection } from './unit-collection.js';

const noFlags = { defines: [], includes: [], preincludes: [], options: [] };

/** `symbols` say which module an export is in; nothing is known of files and flags. */
export function tablesOfSymtypes(
  sections: Iterable<SymtypesSection>,
  symbols: ReadonlyMap<string, readonly ReferenceSymbol[]>,
): { readonly tables: CollectedTables; readonly units: UnitCollection['units'] } {
  const collection = new UnitCollection();
  for (const section of sections) {
    const exports = sectionVersions(section);
    const [first = ''] = exports[0] ?? [];
    const module = symbols.get(first)?.[0]?.module ?? 'vmlinux';
    const source = section.name.replace(/\.symtypes$/, '.c');
    const basename = source.slice(source.lastIndexOf('/') + 1).replace(/\.c$/, '');
    collection.add({
      unit: {
        ...{ source, language: 'c', module, place: module === 'vmlinux' ? 'builtin' : 'module' },
        ...{ basename, modname: basename, modfile: module, exports, missing: [] },
      },
      flags: noFlags,
      texts: Array.from(section.types, ([key, text]) => collection.numberOfText({ key, text, file: null })),
      inputs: [],
    });
  }
  return { tables: collection.tables(() => null), units: collection.units };
}

/** One section for each unit of a reference. */
export function sectionsOf(reference: Reference): readonly SymtypesSection[] {
  const types = new Map<number, Map<string, string>>();
  for (const [key, variants] of reference.rows('types'))
    for (const { text, units } of variants)
      for (const unit of unpackNumbers(units)) {
        const own = types.get(unit);
        if (own === undefined) types.set(unit, new Map([[key, text]]));
        else own.set(key, text);
      }
  return [...types].map(([unit, own]) => {
    const source = reference.row('exporting', unitKey(unit))?.source ?? String(unit);
    return { name: `${source.replace(/\.[cS]$/, '')}.symtypes`, types: own };
  });
}
