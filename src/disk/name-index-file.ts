/**
 * The name index of a tree as one file: a JSON head with the places of its parts, then flat arrays that are looked at where
 * they lie. Names are kept as text with offsets and compared by bytes, so that opening costs no decoding.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { KabiwatchError } from '../errors.js';
import { type NameList, type NameTables, postingNames } from '../kernel/names.js';
import type { Postings } from '../kernel/postings.js';

const format = 'kabiwatch.names/1';

interface Head {
  readonly format: string;
  /** What the index was made from, for the owner to compare. */
  readonly source: string;
  readonly files: readonly string[];
  /** part name -> [byte offset after the head, length in elements] */
  readonly parts: Readonly<Record<string, readonly [number, number]>>;
}

export function writeNameIndex(path: string, source: string, tables: NameTables): void {
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
  const texts: string[] = [];
  const offsets = new Uint32Array(tables.names.length + 1);
  let at = 0;
  for (let i = 0; i < tables.names.length; i++) {
    const name = tables.names.at(i) as string;
    texts.push(name);
    offsets[i] = at;
    at += name.length;
  }
  offsets[tables.names.length] = at;
  put('names', Buffer.from(texts.join(''), 'latin1'));
  put('nameOffsets', offsets);
  for (const relation of postingNames) {
    put(`${relation}.keys`, tables[relation].keys);
    put(`${relation}.starts`, tables[relation].starts);
    put(`${relation}.values`, tables[relation].values);
  }
  const head = Buffer.from(JSON.stringify({ format, source, files: tables.files, parts } satisfies Head));
  const size = Buffer.alloc(8);
  size.writeUInt32LE(head.length);
  const padded = Buffer.concat([size, head, Buffer.alloc((4 - (head.length % 4)) % 4)]);
  // Written aside and renamed: a reader never sees half a file.
  writeFileSync(`${path}.new`, Buffer.concat([padded, ...chunks]));
  renameSync(`${path}.new`, path);
}

/** Reads an index, or null where the file is absent, of another format or made from another source. */
export function readNameIndex(path: string, source: string): NameTables | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return null;
  }
  const head = readHead(path, bytes);
  if (head === null || head.source !== source) return null;
  const start = 8 + Math.ceil(bytes.readUInt32LE(0) / 4) * 4;
  const array = (name: string): Uint32Array => {
    const [offset, length] = head.parts[name] as readonly [number, number];
    return new Uint32Array(bytes.buffer, bytes.byteOffset + start + offset, length);
  };
  const [namesAt, namesLength] = head.parts.names as readonly [number, number];
  const names = namesIn(bytes.subarray(start + namesAt, start + namesAt + namesLength), array('nameOffsets'));
  const postings = postingNames.map((relation): [string, Postings] => [
    relation,
    { keys: array(`${relation}.keys`), starts: array(`${relation}.starts`), values: array(`${relation}.values`) },
  ]);
  return { files: head.files, names, ...Object.fromEntries(postings) } as NameTables;
}

function readHead(path: string, bytes: Buffer): Head | null {
  try {
    const length = bytes.readUInt32LE(0);
    const head = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Head;
    return head.format === format ? head : null;
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path, why: 'no name index; delete it, it is made again' }, { cause });
  }
}

function namesIn(text: Buffer, offsets: Uint32Array): NameList {
  return {
    length: offsets.length - 1,
    at: (place) =>
      place < offsets.length - 1 ? text.toString('latin1', offsets[place], offsets[place + 1]) : undefined,
  };
}
