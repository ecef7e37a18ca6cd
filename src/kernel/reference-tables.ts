/** Facts to the rows of a reference's tables: what Module.symvers, a tree's makefiles and its exports say, each alone or joined. */
import { tokenize } from '../c/lex/tokenize.js';
import type { SourceTree } from '../tree/source-tree.js';
import { type Export, exportsOf } from './exports.js';
import type { Unit } from './kbuild.js';
import { normalised } from './make/words.js';
import type { ExportingUnit, ReferenceSymbol, ReferenceUnit } from './reference.js';
import type { SymbolVersion } from './symvers.js';

/** An export as a source file has it, and where that file's code ends up. */
export interface LocatedExport extends Export {
  readonly source: string;
  /** `vmlinux` or the module's path. */
  readonly module: string;
}

/** Every export of every unit, of the sources that a unit includes too (`#include "core.c"`). */
export function locateExports(tree: SourceTree, units: readonly Unit[]): readonly LocatedExport[] {
  const read = new Map<string, readonly Export[]>();
  return units.flatMap((unit) => {
    if (unit.source === null || unit.language === 'rust') return [];
    const source = unit.source;
    const given = unit.flags.defines.find(([name]) => name === 'DEFAULT_SYMBOL_NAMESPACE')?.[1] ?? null;
    return exportsIn(tree, source, given, read).map((found) => ({
      ...found,
      source,
      module: unit.module ?? 'vmlinux',
    }));
  });
}

function exportsIn(
  tree: SourceTree,
  path: string,
  given: string | null,
  read: Map<string, readonly Export[]>,
): readonly Export[] {
  const key = `${path}\0${given}`;
  const known = read.get(key);
  if (known !== undefined) return known;
  read.set(key, []); // for a file that includes itself
  const bytes = tree.read(path);
  if (bytes === null) return [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = text.includes('EXPORT_') ? [...exportsOf(tokenize(bytes), given)] : [];
  if (text.includes('.c"')) {
    const dir = path.slice(0, path.lastIndexOf('/') + 1);
    for (const [, name] of text.toString('latin1').matchAll(/^#\s*include\s+"([^"]+\.c)"/gm))
      found.push(...exportsIn(tree, normalised(dir + name), given, read));
  }
  read.set(key, found);
  return found;
}

/**
 * Shipped symbols, each with the file that exports it. Where nothing was shipped, the exports of the source stand for
 * themselves; conditionals were not evaluated then, so a few of another configuration are among them.
 */
export function symbolRows(
  shipped: readonly SymbolVersion[] | null,
  exports: readonly LocatedExport[],
): ReadonlyMap<string, readonly ReferenceSymbol[]> {
  const byName = new Map<string, LocatedExport[]>();
  for (const found of exports) {
    const list = byName.get(found.name);
    if (list === undefined) byName.set(found.name, [found]);
    else if (!list.some(({ module }) => module === found.module)) list.push(found);
  }
  const rows = new Map<string, ReferenceSymbol[]>();
  const add = (row: ReferenceSymbol): void => void rows.set(row.name, [...(rows.get(row.name) ?? []), row]);
  for (const { crc, ...symbol } of shipped ?? []) {
    const source = byName.get(symbol.name)?.find(({ module }) => module === symbol.module)?.source ?? null;
    add({ ...symbol, shipped: crc, computed: null, source });
  }
  if (shipped === null)
    for (const { name, module, license, namespace, source } of [...byName.values()].flat())
      add({ name, module, license, namespace, shipped: null, computed: null, source });
  return rows;
}

export function unitRows(units: readonly Unit[]): ReadonlyMap<string, readonly ReferenceUnit[]> {
  const rows = new Map<string, ReferenceUnit[]>();
  for (const { object, source, place, module } of units)
    rows.set(object, [...(rows.get(object) ?? []), { object, source, place, module }]);
  return rows;
}

/** The same rows with the CRCs of another Module.symvers; symbols that are new in it are added, none is taken away. */
export function withShipped(
  rows: ReadonlyMap<string, readonly ReferenceSymbol[]>,
  shipped: readonly SymbolVersion[],
): ReadonlyMap<string, readonly ReferenceSymbol[]> {
  const merged = new Map(rows);
  for (const { crc, ...symbol } of shipped) {
    const known = merged.get(symbol.name) ?? [];
    const own = known.find(({ module }) => module === symbol.module);
    const row = { computed: null, source: null, ...own, ...symbol, shipped: crc };
    merged.set(symbol.name, [...known.filter((other) => other !== own), row]);
  }
  return merged;
}

/** The same rows with computed versions; an export that nothing shipped or located is not added. */
export function withComputed(
  rows: ReadonlyMap<string, readonly ReferenceSymbol[]>,
  units: readonly Pick<ExportingUnit, 'source' | 'module' | 'exports'>[],
): ReadonlyMap<string, readonly ReferenceSymbol[]> {
  const found = new Map<string, { readonly crc: number | null; readonly source: string }>();
  for (const { source, module, exports } of units)
    for (const [name, crc] of exports) found.set(`${name}\0${module}`, { crc, source });
  const merged = [...rows].map(([name, known]) => {
    const own = known.map((row) => {
      const version = found.get(`${name}\0${row.module}`);
      return version === undefined ? row : { ...row, computed: version.crc, source: row.source ?? version.source };
    });
    return [name, own] as const;
  });
  return new Map(merged);
}
