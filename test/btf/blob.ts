/** BTF made by hand, for what no compiler on this machine writes: old bit-fields, the other byte order, lies. */
import type { Btf } from '../../src/btf/read.js';

export interface Record {
  readonly kind: number;
  readonly flag?: boolean;
  readonly name: string;
  /** The size or the type, by kind. */
  readonly extra: number;
  /** Plain words after the common ones. */
  readonly body?: readonly number[];
  /** name, type, offset */
  readonly members?: readonly (readonly [string, number, number])[];
  /** name, low, high */
  readonly values?: readonly (readonly [string, number, number])[];
  /** name, type */
  readonly parameters?: readonly (readonly [string, number])[];
  /** type, offset, size */
  readonly sections?: readonly (readonly [number, number, number])[];
}

export function blob(
  records: readonly Record[],
  { order = 'little', below }: { order?: 'little' | 'big'; below?: Btf } = {},
): Uint8Array {
  const first = below === undefined ? 0 : below.strings.first + below.strings.bytes.length;
  let strings = below === undefined ? '\0' : '';
  const name = (text: string): number => {
    if (text === '') return 0;
    strings += `${text}\0`;
    return first + strings.length - text.length - 1;
  };
  const words: number[] = [];
  for (const record of records) {
    const rows = record.members ?? record.values ?? record.parameters ?? record.sections ?? [];
    const info = ((record.flag === true ? 1 << 31 : 0) | (record.kind << 24) | rows.length) >>> 0;
    words.push(name(record.name), info, record.extra, ...(record.body ?? []));
    for (const row of rows) for (const cell of row) words.push(typeof cell === 'string' ? name(cell) : cell);
  }
  const bytes = Buffer.alloc(24 + words.length * 4 + strings.length);
  const put = (word: number, at: number): void =>
    void (order === 'little' ? bytes.writeUInt32LE(word >>> 0, at) : bytes.writeUInt32BE(word >>> 0, at));
  if (order === 'little') bytes.writeUInt16LE(0xeb9f, 0);
  else bytes.writeUInt16BE(0xeb9f, 0);
  bytes[2] = 1;
  for (const [i, word] of [24, 0, words.length * 4, words.length * 4, strings.length].entries()) put(word, 4 + 4 * i);
  for (const [i, word] of words.entries()) put(word, 24 + 4 * i);
  bytes.write(strings, 24 + words.length * 4, 'latin1');
  return bytes;
}
