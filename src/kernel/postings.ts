/**
 * A sorted relation from numbers to rows of numbers, as three flat arrays that can be written to a file and looked at in
 * place: rows `starts[i] … starts[i + 1]` belong to `keys[i]`; row r is `values[r * width … (r + 1) * width)`.
 */
export interface Postings {
  readonly width: number;
  readonly keys: Numbers;
  readonly starts: Numbers;
  readonly values: Numbers;
}

/** Numbers that may lie in a file: a Uint32Array is one. */
export interface Numbers {
  readonly length: number;
  at(place: number): number | undefined;
  slice(start: number, end: number): Uint32Array;
}

/** Key and row, one after the other, in an array that grows. */
export class RowList {
  readonly width: number;
  #array = new Uint32Array(1 << 10);
  #length = 0;

  constructor(width: number) {
    this.width = width;
  }

  push(key: number, row: ArrayLike<number>, at = 0): void {
    const end = this.#length + 1 + this.width;
    if (end > this.#array.length) {
      const larger = new Uint32Array(this.#array.length * 2);
      larger.set(this.#array);
      this.#array = larger;
    }
    this.#array[this.#length] = key;
    for (let i = 0; i < this.width; i++) this.#array[this.#length + 1 + i] = row[at + i] as number;
    this.#length = end;
  }

  /** Key, row, key, row, … */
  get numbers(): Uint32Array {
    return this.#array.subarray(0, this.#length);
  }
}

/** From keys (below `keyCount`) and rows in one array; equal rows of a key become one. */
export function makePostings(numbers: Uint32Array, width: number, keyCount: number): Postings {
  const step = width + 1;
  const next = new Uint32Array(keyCount + 1);
  for (let at = 0; at < numbers.length; at += step) bump(next, (numbers[at] as number) + 1);
  for (let key = 0; key < keyCount; key++) next[key + 1] = (next[key + 1] as number) + (next[key] as number);
  const places = new Uint32Array(numbers.length / step);
  const fill = next.slice();
  for (let at = 0; at < numbers.length; at += step) {
    const key = numbers[at] as number;
    places[fill[key] as number] = at;
    bump(fill, key);
  }
  return gather(numbers, width, next, places);
}

function bump(array: Uint32Array, at: number): void {
  array[at] = (array[at] as number) + 1;
}

function gather(numbers: Uint32Array, width: number, next: Uint32Array, places: Uint32Array): Postings {
  const compare = (a: number, b: number): number => {
    for (let i = 1; i <= width; i++) {
      const difference = (numbers[a + i] as number) - (numbers[b + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const keys: number[] = [];
  const starts: number[] = [];
  const values = new Uint32Array(places.length * width);
  let rows = 0;
  for (let key = 0; key + 1 < next.length; key++) {
    const [start, end] = [next[key] as number, next[key + 1] as number];
    if (start === end) continue;
    keys.push(key);
    starts.push(rows);
    const own = places.subarray(start, end);
    if (end - start > 1) own.sort(compare);
    for (let i = 0; i < own.length; i++) {
      const place = own[i] as number;
      if (i > 0 && compare(own[i - 1] as number, place) === 0) continue;
      for (let j = 0; j < width; j++) values[rows * width + j] = numbers[place + 1 + j] as number;
      rows++;
    }
  }
  starts.push(rows);
  return {
    width,
    keys: Uint32Array.from(keys),
    starts: Uint32Array.from(starts),
    values: values.subarray(0, rows * width),
  };
}

/** The rows of a key, one after the other, in order. */
export function rowsOf(postings: Postings, key: number): Uint32Array {
  let low = 0;
  let high = postings.keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((postings.keys.at(middle) as number) < key) low = middle + 1;
    else high = middle;
  }
  if (postings.keys.at(low) !== key) return new Uint32Array();
  const { width, starts, values } = postings;
  return values.slice((starts.at(low) as number) * width, (starts.at(low + 1) as number) * width);
}
