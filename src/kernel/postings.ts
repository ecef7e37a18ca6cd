/**
 * A sorted relation from numbers to pairs of numbers, as three flat arrays that can be written to a file and looked at in
 * place: `values[starts[i] … starts[i + 1])` belong to `keys[i]`; each value is two numbers.
 */
export interface Postings {
  readonly keys: Uint32Array;
  readonly starts: Uint32Array;
  readonly values: Uint32Array;
}

/** From triples key, first, second in one array; equal triples become one. */
export function makePostings(triples: Uint32Array): Postings {
  const count = triples.length / 3;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const at = (i: number, field: number) => triples[i * 3 + field] as number;
  order.sort((a, b) => at(a, 0) - at(b, 0) || at(a, 1) - at(b, 1) || at(a, 2) - at(b, 2));
  const keys: number[] = [];
  const starts: number[] = [];
  const values = new Uint32Array(count * 2);
  let used = 0;
  let last = -1;
  for (const i of order) {
    const isSame = last >= 0 && at(i, 0) === at(last, 0) && at(i, 1) === at(last, 1) && at(i, 2) === at(last, 2);
    if (isSame) continue;
    if (last < 0 || at(i, 0) !== at(last, 0)) {
      keys.push(at(i, 0));
      starts.push(used / 2);
    }
    values[used++] = at(i, 1);
    values[used++] = at(i, 2);
    last = i;
  }
  starts.push(used / 2);
  return { keys: Uint32Array.from(keys), starts: Uint32Array.from(starts), values: values.slice(0, used) };
}

/** The pairs of a key, in order. */
export function pairsOf(postings: Postings, key: number): { first: number; second: number }[] {
  let low = 0;
  let high = postings.keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((postings.keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  if (postings.keys[low] !== key) return [];
  const pairs = [];
  for (let i = postings.starts[low] as number; i < (postings.starts[low + 1] as number); i++) {
    pairs.push({ first: postings.values[2 * i] as number, second: postings.values[2 * i + 1] as number });
  }
  return pairs;
}
