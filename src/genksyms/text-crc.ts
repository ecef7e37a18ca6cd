/**
 * Symbol versions from texts, as a `-T` dump has them, instead of from a unit's tokens: what genksyms feeds to its checksum follows from the
 * texts alone. A text is cut at its references once; between two references the checksum moves on in one step whatever the length, because a
 * CRC is linear: the state after n bytes is the state moved over n zero bytes, exclusive-or what the bytes give from zero.
 */

import { spellingOf } from '../c/lex/spelling.js';
import { crcOfWord, crcStart, finishCrc } from './crc.js';
import { tagLetters, tagWords } from './symbol.js';

/** Words that are fed as they are. */
interface Piece {
  /** Bytes, the blank behind each word counted. */
  readonly length: number;
  /** The checksum's state after them, from a state of 0. */
  readonly raw: number;
}

/** `s#list_head` in a text. */
export interface TextReference {
  /** `s`, `u`, `e`, `t`, `E` */
  readonly letter: string;
  readonly name: string;
  /** What is fed where it is not expanded: `struct list_head`, or the name alone. */
  readonly unexpanded: Piece;
}

/** A text cut at its references: pieces[i] stands before references[i], the last piece at the end. */
export interface CutText {
  readonly pieces: readonly Piece[];
  readonly references: readonly TextReference[];
}

const words = new Map(tagLetters.map((letter, tag) => [letter as string, tagWords[tag] as string]));

/** `extern` in front says where a symbol came from; it is not hashed. */
export function cutText(text: string): CutText {
  const pieces: Piece[] = [];
  const references: TextReference[] = [];
  let open: string[] = [];
  for (const word of text.replace(/^extern /, '').split(' ')) {
    const [, letter, name] = /^([stueE])#(.+)$/.exec(word) ?? [];
    if (letter === undefined || name === undefined) {
      if (word !== '') open.push(word);
      continue;
    }
    pieces.push(pieceOf(open));
    open = [];
    const plain = letter === 't' || letter === 'E' ? [name] : [...(words.get(letter) ?? '').split(' '), name];
    references.push({ letter, name, unexpanded: pieceOf(plain) });
  }
  return { pieces: [...pieces, pieceOf(open)], references };
}

/** The keys that a reference can mean, the likeliest first: tags share one name space, so one to a struct finds the union of that name. */
export function keysMeant({ letter, name }: Pick<TextReference, 'letter' | 'name'>): readonly string[] {
  const tags = ['s', 'u', 'e'];
  if (!tags.includes(letter)) return [`${letter}#${name}`];
  return [letter, ...tags.filter((one) => one !== letter)].map((one) => `${one}#${name}`);
}

/** What genksyms writes of a tag that nothing declares; null for a key of anything else. */
export function undeclaredText(key: string): string | null {
  const [, letter, name] = /^([sue])#(.+)$/s.exec(key) ?? [];
  return letter === undefined ? null : `${words.get(letter)} ${name} { UNKNOWN }`;
}

function pieceOf(spelled: readonly string[]): Piece {
  let raw = 0;
  let length = 0;
  for (const word of spelled) {
    raw = crcOfWord(raw, spellingOf(word));
    length += Buffer.byteLength(word, 'latin1') + 1;
  }
  return { length, raw };
}

/** A text in a unit: its own pieces, and what each reference means there; null: nothing, and it stays as it is. */
export interface TextNode {
  readonly cut: CutText;
  /** Changes with each symbol: the last one whose expansion has met this text. */
  met: number;
}

export type Resolve = (node: TextNode, reference: number) => TextNode | null;

let turn = 0;

/** The version of the symbol whose text `root` is. `onMet` is told each text that the expansion meets, in order, the root not. */
export function crcOfText(root: TextNode, resolve: Resolve, onMet?: (node: TextNode, from: TextNode) => void): number {
  const mark = ++turn;
  root.met = mark;
  const expand = (node: TextNode, start: number): number => {
    const { pieces, references } = node.cut;
    let crc = moved(start, pieces[0] as Piece);
    for (let at = 0; at < references.length; at++) {
      const named = resolve(node, at);
      if (named === null || named.met === mark) crc = moved(crc, (references[at] as TextReference).unexpanded);
      else {
        named.met = mark;
        onMet?.(named, node);
        crc = expand(named, crc);
      }
      crc = moved(crc, pieces[at + 1] as Piece);
    }
    return crc;
  };
  return finishCrc(expand(root, crcStart));
}

function moved(crc: number, { length, raw }: Piece): number {
  if (length === 0) return crc;
  const shift = shifts[length] ?? shiftOver(length);
  return (
    (shift[crc & 255] as number) ^
    (shift[256 + ((crc >>> 8) & 255)] as number) ^
    (shift[512 + ((crc >>> 16) & 255)] as number) ^
    (shift[768 + (crc >>> 24)] as number) ^
    raw
  );
}

/** By number of zero bytes: what each byte of the state becomes, four tables of 256. */
const shifts: (Int32Array | undefined)[] = [];

function shiftOver(length: number): Int32Array {
  const tables = new Int32Array(1024);
  for (let bit = 0; bit < 32; bit++) {
    const image = overZeros(1 << bit, length);
    const start = (bit >> 3) * 256;
    const own = 1 << (bit & 7);
    for (let value = 0; value < 256; value++)
      if (value & own) tables[start + value] = (tables[start + value] as number) ^ image;
  }
  shifts[length] = tables;
  return tables;
}

function overZeros(state: number, length: number): number {
  let crc = state;
  for (let at = 0; at < length; at++) crc = crcOfZero(crc);
  return crc;
}

function crcOfZero(crc: number): number {
  let byte = crc & 255;
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte ^ (crc >>> 8);
}
