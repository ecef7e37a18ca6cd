/**
 * Spellings: every token text is a small number, the same number for the same text in all files and views, so that
 * comparing two identifiers, finding a macro and hashing a name are integer work.
 *
 * The table only grows. Kernels have some 1.5 million distinct spellings; a service that meets hostile text runs each
 * review in a worker thread that ends, and the table ends with it.
 */
const texts: string[] = [''];
const hashes: number[] = [0];
let buckets = new Int32Array(1 << 16);

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}

function sameText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at++) if (text.charCodeAt(at - start) !== bytes[at]) return false;
  return true;
}

function grow(): void {
  buckets = new Int32Array(buckets.length * 2);
  const mask = buckets.length - 1;
  for (let id = 1; id < texts.length; id++) {
    let slot = (hashes[id] as number) & mask;
    while (buckets[slot] !== 0) slot = (slot + 1) & mask;
    buckets[slot] = id;
  }
}

/** The spelling of `bytes[start, end)`, read as Latin-1: each byte is one character, so no byte is ever lost. */
export function spellingOfBytes(bytes: Uint8Array, start: number, end: number): number {
  const hash = hashBytes(bytes, start, end);
  const mask = buckets.length - 1;
  let slot = hash & mask;
  for (let id = buckets[slot] as number; id !== 0; id = buckets[slot] as number) {
    if (hashes[id] === hash && sameText(texts[id] as string, bytes, start, end)) return id;
    slot = (slot + 1) & mask;
  }
  const id = texts.length;
  let text = '';
  if (end - start < 4096) for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  else text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  texts.push(text);
  hashes.push(hash);
  buckets[slot] = id;
  if (texts.length * 2 > buckets.length) grow();
  return id;
}

/** The spelling of a text; characters above U+00FF are not expected (source is read as Latin-1). */
export function spellingOf(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return spellingOfBytes(bytes, 0, bytes.length);
}

export function textOf(spelling: number): string {
  return texts[spelling] as string;
}
