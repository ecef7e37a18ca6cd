/**
 * The name index of a tree as one file: a JSON head with the places of its parts, then flat arrays. Only the head is read when it is
 * opened; of the arrays, some 200 MB, a question reads the few blocks that it needs. An index that is a layer names the one below it, and
 * holds only what that one does not tell.
 */
import { closeSync, openSync, readSync, renameSync, utimesSync, writeSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { KabiwatchError } from '../../errors.js';
import { type NameList, type NameTables, type Relation, relationNames, relations } from '../../kernel/names.js';
import type { Numbers, Postings } from '../../kernel/postings.js';

/** A file with other relations is of another format: it may be one that an older version kept. */
const format = `kabiwatch.names/4 ${relationNames.join(' ')}`;

interface Head {
  readonly format: string;
  /** What the index was made from, for the owner to compare. */
  readonly source: string;
  /** The same for trees that are read in the same way. */
  readonly family: string;
  readonly layer: KeptLayer | null;
  readonly files: readonly string[];
  readonly links: readonly (string | null)[];
  /** part name -> [byte offset after the head, length in elements] */
  readonly parts: Readonly<Record<string, readonly [number, number]>>;
}

export interface KeptLayer {
  /** `source` of the index below, which is whole. */
  readonly below: string;
  readonly hidden: readonly string[];
}

/** What is kept beside the tables. */
export interface IndexIdentity {
  readonly source: string;
  readonly family: string;
  readonly layer: KeptLayer | null;
}

/** Of a whole index: what another is made from. */
export interface IndexContents {
  /** Two numbers a file, of a hash of its content. */
  readonly hashes: Uint32Array;
  /** By number of a file. */
  readonly headerText: (file: number) => Uint8Array | null;
}

export interface OpenedIndex {
  readonly tables: NameTables;
  readonly family: string;
  readonly layer: KeptLayer | null;
  /** null of a layer. */
  readonly contents: IndexContents | null;
}

export function writeNameIndex(
  path: string,
  { source, family, layer }: IndexIdentity,
  tables: NameTables,
  contents: IndexContents | null,
): void {
  const chunks: Uint8Array[] = [];
  const parts: Record<string, [number, number]> = {};
  let offset = 0;
  const put = (name: string, array: Uint32Array | Uint8Array) => {
    parts[name] = [offset, array.length];
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const padding = (4 - (bytes.length % 4)) % 4;
    chunks.push(bytes, new Uint8Array(padding));
    offset += bytes.length + padding;
  };
  const { text, offsets } = textOf(tables.names);
  put('names', text);
  put('nameOffsets', offsets);
  for (const relation of relationNames)
    for (const part of ['keys', 'starts', 'values'] as const) {
      const numbers = tables[relation][part];
      put(`${relation}.${part}`, numbers instanceof Uint32Array ? numbers : numbers.slice(0, numbers.length));
    }
  const { files, links } = tables;
  if (contents !== null) {
    const texts = files.map((_, file) => {
      const text = contents.headerText(file);
      return text === null ? new Uint8Array() : deflateRawSync(text, { level: 1 });
    });
    const offsets = new Uint32Array(texts.length + 1);
    texts.forEach((text, file) => {
      offsets[file + 1] = (offsets[file] as number) + text.length;
    });
    put('texts', Buffer.concat(texts));
    put('textOffsets', offsets);
    put('hashes', contents.hashes);
  }
  const head = Buffer.from(JSON.stringify({ format, source, family, layer, files, links, parts } satisfies Head));
  const size = Buffer.alloc(8);
  size.writeUInt32LE(head.length);
  // Written aside and renamed: a reader never sees half a file.
  const file = openSync(`${path}.new`, 'w');
  try {
    for (const chunk of [size, head, new Uint8Array((4 - (head.length % 4)) % 4), ...chunks]) writeWhole(file, chunk);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, 1 << 26));
}

function textOf(names: NameList): { text: Uint8Array; offsets: Uint32Array } {
  const texts: Buffer[] = [];
  const offsets = new Uint32Array(names.length + 1);
  let at = 0;
  for (let start = 0; start < names.length; start += 10_000) {
    const some: string[] = [];
    for (let i = start; i < Math.min(names.length, start + 10_000); i++) {
      const name = names.at(i) as string;
      some.push(name);
      offsets[i] = at;
      at += name.length;
    }
    texts.push(Buffer.from(some.join(''), 'latin1'));
  }
  offsets[names.length] = at;
  return { text: Buffer.concat(texts), offsets };
}

/** Opens an index, or null where the file is absent, of another format or made from another source than is asked for. It stays open. */
export function openNameIndex(path: string, source: string | null): OpenedIndex | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  const { head, start } = readHead(path, file);
  if (head === null || (source !== null && head.source !== source)) {
    closeSync(file);
    return null;
  }
  // The newest are kept when there are too many.
  utimesSync(path, new Date(), new Date());
  const blocks = new Blocks(file);
  const part = (name: string): Numbers => {
    const [offset, length] = head.parts[name] as readonly [number, number];
    return new FileNumbers(blocks, start + offset, length);
  };
  const [namesAt] = head.parts.names as readonly [number, number];
  const names = new FileNames(blocks, start + namesAt, part('nameOffsets'));
  const postings = relationNames.map((relation): [string, Postings] => [
    relation,
    {
      width: relations[relation],
      keys: part(`${relation}.keys`),
      starts: part(`${relation}.starts`),
      values: part(`${relation}.values`),
    },
  ]);
  const { files, links, family, layer } = head;
  const tables = { files, links, names, ...(Object.fromEntries(postings) as Record<Relation, Postings>) };
  return {
    tables,
    family,
    layer,
    contents: head.parts.texts === undefined ? null : contentsIn(blocks, head, start, part),
  };
}

function contentsIn(blocks: Blocks, { parts }: Head, start: number, part: (name: string) => Numbers): IndexContents {
  const [textsAt] = parts.texts as readonly [number, number];
  const [offsets, hashes] = [part('textOffsets'), part('hashes')];
  return {
    hashes: hashes.slice(0, hashes.length),
    headerText: (file) => {
      const [from, to] = [offsets.at(file) ?? 0, offsets.at(file + 1) ?? 0];
      return from === to ? null : inflateRawSync(blocks.read(start + textsAt + from, to - from));
    },
  };
}

function readHead(path: string, file: number): { head: Head | null; start: number } {
  try {
    const size = Buffer.alloc(8);
    readSync(file, size, 0, 8, 0);
    const length = size.readUInt32LE(0);
    const text = Buffer.alloc(length);
    if (readSync(file, text, 0, length, 8) !== length) throw new Error('it ends in its head');
    const head = JSON.parse(text.toString('utf8')) as Head;
    return { head: head.format === format ? head : null, start: 8 + Math.ceil(length / 4) * 4 };
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path, why: 'no name index; delete it, it is made again' }, { cause });
  }
}

const blockSize = 1 << 16;
/** 16 MB of blocks. */
const keptBlocks = 256;

/** A file's bytes, read in blocks when they are asked for. */
class Blocks {
  readonly #file: number;
  readonly #blocks = new Map<number, Buffer>();

  constructor(file: number) {
    this.#file = file;
  }

  read(start: number, length: number): Buffer {
    const first = Math.floor(start / blockSize);
    if (start + length <= (first + 1) * blockSize)
      return this.#block(first).subarray(start % blockSize, (start % blockSize) + length);
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, length, start);
    return bytes;
  }

  #block(number: number): Buffer {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const bytes = Buffer.alloc(blockSize);
    readSync(this.#file, bytes, 0, blockSize, number * blockSize);
    if (this.#blocks.size >= keptBlocks) this.#blocks.delete(this.#blocks.keys().next().value as number);
    this.#blocks.set(number, bytes);
    return bytes;
  }
}

class FileNumbers implements Numbers {
  readonly length: number;
  readonly #blocks: Blocks;
  readonly #start: number;

  constructor(blocks: Blocks, start: number, length: number) {
    this.#blocks = blocks;
    this.#start = start;
    this.length = length;
  }

  at(place: number): number | undefined {
    return place < this.length ? this.#blocks.read(this.#start + place * 4, 4).readUInt32LE(0) : undefined;
  }

  slice(start: number, end: number): Uint32Array {
    const bytes = this.#blocks.read(this.#start + start * 4, (end - start) * 4);
    return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }
}

class FileNames implements NameList {
  readonly length: number;
  readonly #blocks: Blocks;
  readonly #start: number;
  readonly #offsets: Numbers;

  constructor(blocks: Blocks, start: number, offsets: Numbers) {
    this.#blocks = blocks;
    this.#start = start;
    this.#offsets = offsets;
    this.length = offsets.length - 1;
  }

  at(place: number): string | undefined {
    const end = this.#offsets.at(place + 1);
    if (end === undefined) return undefined;
    const start = this.#offsets.at(place) as number;
    return this.#blocks.read(this.#start + start, end - start).toString('latin1');
  }
}
