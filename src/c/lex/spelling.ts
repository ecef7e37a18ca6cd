/**
 * Spellings: every token text is a small number, the same number for the same text in all files and views, so that
 * comparing two identifiers, finding a macro and hashing a name are integer work.
 *
 * The table only grows. Kernels have some 1.5 million distinct spellings; a service that meets hostile text runs each
 * review in a worker thread that ends, and the table ends with it. Their bytes lie one after the other in a pool; the text of one is
 * made when it is first asked for, which for most it never is.
 */
let pool = Buffer.alloc(1 << 21);
let used = 0;
/** By spelling: where its bytes begin in the pool; one more entry tells where the last ends. */
let starts = new Int32Array(1 << 17);
let hashes = new Int32Array(1 << 17);
let buckets = new Int32Array(1 << 18);
/** Spelling 0 is the empty text. */
let count = 1;
const texts: (string | undefined)[] = [''];

export const hashStart = 0x811c9dc5 | 0;

/** FNV-1a; the tokenizer computes it while it looks for the end of a word. */
export function hashedByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashStart;
  for (let at = start; at < end; at++) hash = hashedByte(hash, bytes[at] as number);
  return hash;
}

function isSpelled(id: number, bytes: Uint8Array, start: number, end: number): boolean {
  let from = starts[id] as number;
  if ((starts[id + 1] as number) - from !== end - start) return false;
  for (let at = start; at < end; at++) if (pool[from++] !== bytes[at]) return false;
  return true;
}

function growBuckets(): void {
  buckets = new Int32Array(buckets.length * 2);
  const mask = buckets.length - 1;
  for (let id = 1; id < count; id++) {
    let slot = (hashes[id] as number) & mask;
    while (buckets[slot] !== 0) slot = (slot + 1) & mask;
    buckets[slot] = id;
  }
}

function larger(array: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}

/** The spelling of `bytes[start, end)`, read as Latin-1: each byte is one character, so no byte is ever lost. */
export function spellingOfBytes(bytes: Uint8Array, start: number, end: number): number {
  return spellingOfHashed(bytes, start, end, hashBytes(bytes, start, end));
}

/** The same where the hash of the bytes is known. */
export function spellingOfHashed(bytes: Uint8Array, start: number, end: number, hash: number): number {
  if (start === end) return 0;
  const mask = buckets.length - 1;
  let slot = hash & mask;
  for (let id = buckets[slot] as number; id !== 0; id = buckets[slot] as number) {
    if (hashes[id] === hash && isSpelled(id, bytes, start, end)) return id;
    slot = (slot + 1) & mask;
  }
  buckets[slot] = count;
  return added(bytes, start, end, hash);
}

function added(bytes: Uint8Array, start: number, end: number, hash: number): number {
  const id = count++;
  if (count >= starts.length) {
    starts = larger(starts);
    hashes = larger(hashes);
  }
  while (used + end - start > pool.length) pool = Buffer.concat([pool, Buffer.alloc(pool.length)]);
  pool.set(bytes.subarray(start, end), used);
  starts[id] = used;
  used += end - start;
  starts[id + 1] = used;
  hashes[id] = hash;
  if (count * 2 > buckets.length) growBuckets();
  return id;
}

/** The spelling of a text; characters above U+00FF are not expected (source is read as Latin-1). */
export function spellingOf(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return spellingOfBytes(bytes, 0, bytes.length);
}

export function textOf(spelling: number): string {
  return texts[spelling] ?? madeText(spelling);
}

function madeText(spelling: number): string {
  const text = pool.toString('latin1', starts[spelling], starts[spelling + 1]);
  while (texts.length <= spelling) texts.push(undefined);
  texts[spelling] = text;
  return text;
}
