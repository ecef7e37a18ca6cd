/**
 * CRC-32 as genksyms computes it (that of zlib: reflected, 0xEDB88320), fed with spellings: the bytes of each and one blank.
 */
import { textOf } from '../c/lex/spelling.js';

const table = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  table[byte] = crc;
}

/** Bytes of a spelling with the blank behind, by spelling. */
const wordBytes: (Uint8Array | undefined)[] = [];

function bytesOf(spelling: number): Uint8Array {
  const bytes = Buffer.from(`${textOf(spelling)} `, 'latin1');
  wordBytes[spelling] = bytes;
  return bytes;
}

export const crcStart = -1;

/** The checksum after one more word. */
export function crcOfWord(crc: number, spelling: number): number {
  const bytes = wordBytes[spelling] ?? bytesOf(spelling);
  let next = crc;
  for (let at = 0; at < bytes.length; at++)
    next = (table[(next ^ (bytes[at] as number)) & 0xff] as number) ^ (next >>> 8);
  return next;
}

/** The checksum after the bytes of a text, nothing behind them. */
export function crcOfBytes(crc: number, text: string): number {
  let next = crc;
  for (let at = 0; at < text.length; at++) next = (table[(next ^ text.charCodeAt(at)) & 0xff] as number) ^ (next >>> 8);
  return next;
}

/** As the tools print it: `0x` and eight hex digits. */
export function crcText(crc: number): string {
  return `0x${(crc >>> 0).toString(16).padStart(8, '0')}`;
}

export function finishCrc(crc: number): number {
  return (crc ^ -1) >>> 0;
}
