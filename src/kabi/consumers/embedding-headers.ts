/** The headers that hold a type by value, for a type with another size: those of this configuration, and what shows each to the compiler. */

import { roleOf } from '../series/triage.js';
import { type ConsumerQuestion, holdersOf } from './consumers.js';

/** A header of a driver that this configuration does not build is nobody's; a public one, any module may include. */
export function headersHolding(types: readonly string[], question: ConsumerQuestion): string[] {
  const headers = holdersOf(types, question).filter((file) => file.endsWith('.h'));
  return headers.filter((header) => roleOf(header) !== 'private' || builtReader(header, question) !== null);
}

/** Includes of includes that are followed. */
const mostHeaders = 200;

/** A source that is built and reads the header, through others perhaps: the nearest, by what the files beside it include. */
export function builtReader(header: string, { index, placement }: ConsumerQuestion): string | null {
  const met = new Set([header]);
  for (const one of met) {
    const slash = one.lastIndexOf('/') + 1;
    const includers = index.filesIncluding(one.slice(slash));
    // Many folders have a header of this name; those who mean this one mostly stand beside it.
    const beside = includers.filter((file) => file.startsWith(one.slice(0, slash)));
    for (const file of beside.length > 0 ? beside : includers) {
      if (file.endsWith('.c') && placement.placeOf(file) !== 'possible') return file;
      if (file.endsWith('.h') && met.size < mostHeaders) met.add(file);
    }
  }
  return null;
}
