/**
 * A set of small whole numbers as text: units that read a file, units that hash a type. Base64 of a bitmap where it is dense, of the
 * distances between its numbers (7 bits a byte, the high bit goes on) where it is sparse; the first letter says which.
 */

/** `numbers` ascending, each once. */
export function packNumbers(numbers: readonly number[]): string {
  const distances = distancesOf(numbers);
  const most = (numbers.at(-1) ?? -1) + 1;
  const bitmapBytes = (most + 7) >> 3;
  if (distances.length <= bitmapBytes) return `d${Buffer.from(distances).toString('base64')}`;
  const bitmap = new Uint8Array(bitmapBytes);
  for (const one of numbers) bitmap[one >> 3] = (bitmap[one >> 3] as number) | (1 << (one & 7));
  return `b${Buffer.from(bitmap).toString('base64')}`;
}

function distancesOf(numbers: readonly number[]): number[] {
  const bytes: number[] = [];
  let last = -1;
  for (const one of numbers) {
    let distance = one - last - 1;
    last = one;
    for (; distance > 127; distance >>>= 7) bytes.push((distance & 127) | 128);
    bytes.push(distance);
  }
  return bytes;
}

export function unpackNumbers(text: string): number[] {
  const bytes = Buffer.from(text.slice(1), 'base64');
  return text[0] === 'b' ? ofBitmap(bytes) : ofDistances(bytes);
}

/** Those of a packed set that are among some few, ascending: what the set has besides is not looked at. */
export function unpackAmong(text: string, few: readonly number[]): number[] {
  const bytes = Buffer.from(text.slice(1), 'base64');
  if (text[0] === 'b') return few.filter((one) => (((bytes[one >> 3] ?? 0) >> (one & 7)) & 1) === 1);
  const numbers = new Set(ofDistances(bytes));
  return few.filter((one) => numbers.has(one));
}

function ofBitmap(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  bytes.forEach((byte, at) => {
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) numbers.push(at * 8 + bit);
  });
  return numbers;
}

function ofDistances(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let [last, distance, shift] = [-1, 0, 0];
  for (const byte of bytes) {
    distance += (byte & 127) * 2 ** shift;
    shift += 7;
    if (byte > 127) continue;
    last += distance + 1;
    numbers.push(last);
    [distance, shift] = [0, 0];
  }
  return numbers;
}
