/** The layouts of the records that one unit takes from given headers: the compiler's view, as kbuild compiles the unit. */

import type { Layout } from '../c/layout.js';
import { readDeclarations } from '../c/parse/declarations.js';
import { preprocess } from '../c/preprocess/preprocess.js';
import type { Target } from '../c/target.js';
import type { RecordType } from '../c/type.js';
import { flaggedUnit } from './unit.js';
import type { BuildWorld, CompiledUnit } from './unit-versions.js';

export function unitLayouts(
  unit: CompiledUnit,
  world: BuildWorld,
  target: Target,
  headers: ReadonlySet<string>,
): readonly Layout[] {
  const read = preprocess(
    flaggedUnit(unit.source, unit, unit.flags, world.predefined, 'compiler'),
    world.tree,
    world.cache,
  );
  const declared = readDeclarations(read.tokens, { target, msExtensions: read.msExtensions });
  const found: Layout[] = [];
  const add = (record: RecordType, typedef: string | null): void => {
    if (record.members === null || record.local) return;
    const file = read.files[declared.tokens.file[record.first] as number];
    if (file === undefined || !headers.has(file)) return;
    const layout = declared.layouts.of(record, typedef);
    if (!('why' in layout)) found.push(layout);
  };
  for (const records of declared.records.values()) for (const record of records) add(record, null);
  for (const [name, { type }] of declared.typedefs)
    if ((type.kind === 'struct' || type.kind === 'union') && type.tag === null) add(type, name);
  return found;
}

/**
 * Few units that together read all these headers: each next one is that which reads most of those that are left (the greedy cover). `readsOf`
 * a unit are numbers of headers; a header that no unit reads is left out.
 */
export function coveringUnits(readsOf: readonly (readonly number[])[]): readonly number[] {
  const left = new Set(readsOf.flat());
  const open = readsOf.map((reads, unit) => ({ unit, reads, gain: reads.length })).sort((a, b) => b.gain - a.gain);
  const chosen: number[] = [];
  while (left.size > 0 && open.length > 0) {
    // Gains only fall, so the first whose gain is still the highest when counted again is the best of all.
    const best = open[0] as (typeof open)[number];
    best.gain = best.reads.filter((one) => left.has(one)).length;
    if (best.gain === 0) {
      open.shift();
      continue;
    }
    if (best.gain < (open[1]?.gain ?? 0)) {
      open.shift();
      let [low, high] = [0, open.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((open[middle] as (typeof open)[number]).gain > best.gain) low = middle + 1;
        else high = middle;
      }
      open.splice(low, 0, best);
      continue;
    }
    chosen.push(best.unit);
    for (const one of best.reads) left.delete(one);
    open.shift();
  }
  return chosen;
}
