/** Which units of a reference read which files. */

import type { SourceTree } from '../tree/source-tree.js';
import { unpackAmong, unpackNumbers } from './number-set.js';
import type { Reference } from './reference.js';

/** Units that read the file, ascending; none where the reference does not know it. */
export function readersOf(reference: Reference, path: string): readonly number[] {
  const row = reference.row('inputs', path);
  return row === null ? [] : unpackNumbers(row.units);
}

/**
 * Units that may read a file that was not there before: those that read one of the same name, which a search may now find second. A new name is
 * read only by what was touched to include it.
 */
export function readersOfName(reference: Reference, path: string): readonly number[] {
  const tail = path.slice(path.lastIndexOf('/'));
  const found = new Set<number>();
  for (const [other, { units }] of reference.rows('inputs'))
    if (other !== path && other.endsWith(tail) && sharesTail(other, path))
      for (const unit of unpackNumbers(units)) found.add(unit);
  return [...found].sort((a, b) => a - b);
}

/** Found under another directory by the same `#include <dir/name>`: equal after some `include/`, or in one folder. */
function sharesTail(one: string, other: string): boolean {
  const tails = (path: string): string[] =>
    Array.from(path.matchAll(/(?:^|\/)include\/(?:uapi\/|generated\/(?:uapi\/)?)*/g), ({ index, 0: found }) =>
      path.slice(index + found.length),
    );
  const own = new Set([...tails(one), one.slice(one.lastIndexOf('/') + 1)]);
  return [...tails(other), other.slice(other.lastIndexOf('/') + 1)].some((tail) => own.has(tail));
}

/** Units of which any input has another content than the reference's; `idOf` a path as the reference's build computed it. */
export function unitsThatDiffer(
  reference: Reference,
  units: ReadonlySet<number>,
  idOf: (path: string) => string | null,
): ReadonlySet<number> {
  const differ = new Set<number>();
  let same = [...units].sort((a, b) => a - b);
  for (const [path, { id, units: packed }] of reference.rows('inputs')) {
    const readers = unpackAmong(packed, same);
    if (readers.length === 0 || idOf(path) === id) continue;
    for (const unit of readers) differ.add(unit);
    same = same.filter((unit) => !differ.has(unit));
  }
  return differ;
}

/** Among the files that units of a reference read, those whose text defines a struct, union or enum of a name; each file is read once. */
export function definitionsIn(reference: Reference, tree: SourceTree): (tag: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (tag) => {
    let files = known.get(tag);
    if (files === undefined) {
      const defines = new RegExp(
        `\\b(?:struct|union|enum)\\s+(?:\\w+\\s+)*${tag.replaceAll('$', '\\$')}\\b[^;(){}*]*\\{`,
      );
      files = Array.from(reference.rows('inputs'), ([path]) => path).filter((path) => {
        const bytes = tree.read(path);
        if (bytes === null) return false;
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return text.includes(tag) && defines.test(text.toString('latin1'));
      });
      known.set(tag, files);
    }
    return files;
  };
}
