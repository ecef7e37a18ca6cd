/** The length that an array without one has from its initialiser: `int a[] = { [4] = 1, 2 }` has six elements. */
import type { Cursor } from './cursor.js';
import { sign } from './keywords.js';

/** Longer arrays are hostile. */
export const mostElements = 1n << 50n;

/** How many elements the list in braces at the cursor has; null where it cannot be told. `index` reads a designator's constant. */
export function elementsOfList(cursor: Cursor, index: () => bigint | null): number | null {
  const end = cursor.closing(cursor.at);
  let next = 0n;
  let most = 0n;
  cursor.at++;
  while (cursor.at < end) {
    if (cursor.is(sign.openBracket)) {
      const designated = lastDesignated(cursor, index);
      if (designated === null) return null;
      next = designated;
    }
    while (cursor.at < end && !cursor.is(sign.comma)) {
      if (cursor.isOpening()) cursor.skipGroup();
      else cursor.at++;
    }
    next++;
    if (next > most) most = next;
    cursor.accept(sign.comma);
  }
  return most > mostElements ? null : Number(most);
}

/** designator: `[index]`, or GNU's `[first ... last]`. */
function lastDesignated(cursor: Cursor, index: () => bigint | null): bigint | null {
  const close = cursor.closing(cursor.at);
  cursor.at++;
  let last = index();
  if (cursor.accept(sign.ellipsis)) last = index();
  if (last === null || cursor.at !== close) return null;
  cursor.at = close + 1;
  return last;
}
