/**
 * A reference in one file, opened lazily: rows sorted by key, in blocks that are unpacked when a row of them is asked for.
 *
 *   "kabiwatch reference\n"  20 bytes
 *   format                   uint32, little-endian: FORMAT
 *   header length            uint32
 *   SHA-256 of the header    32 bytes
 *   header                   gzip of JSON: meta, and for each table its blocks [first key, offset, length]
 *   blocks                   gzip of JSON [[key, row], …]; gzip's own checksum tells damage
 *
 * A file is written beside its place and renamed, so a reader never sees half of one.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { KabiwatchError } from '../../errors.js';
import {
  type Reference,
  type ReferenceMeta,
  type ReferenceTables,
  type TableName,
  tableNames,
} from '../../kernel/reference.js';

const MAGIC = 'kabiwatch reference\n';
/** Raised too where units have other exports or versions than before: what a series is said to change is held against them. */
const FORMAT = 3;
const FIXED = MAGIC.length + 8 + 32;
/** Bytes of JSON in a block: one row's price is unpacking this much. */
const BLOCK = 1 << 16;
const LIMIT = 1 << 28;
/** Unpacked blocks that are kept; a review asks for neighbours. */
const KEPT = 256;

const Meta = z.strictObject({
  name: z.string(),
  arch: z.string(),
  version: z.string().nullable(),
  source: z.string().nullable(),
  build: z.string().nullable(),
  crcMode: z.enum(['genksyms', 'gendwarfksyms', 'none']),
});
const Block = z.tuple([z.string(), z.number().int().nonnegative(), z.number().int().nonnegative()]);
const Table = z.strictObject({ count: z.number().int().nonnegative(), blocks: z.array(Block) });
const Header = z.strictObject({
  meta: Meta,
  tables: z.record(z.enum(tableNames), Table),
});
type Header = z.infer<typeof Header>;

type Tables = { readonly [T in TableName]?: ReadonlyMap<string, ReferenceTables[T]> };

/** Throws `file-unreadable`, `reference-foreign` (not ours, or of another format) and `reference-damaged`. */
export function openReference(path: string): Reference & { close(): void } {
  const file = open(path);
  try {
    const { header, start } = readHeader(path, file);
    return new OpenFile(path, file, header, start);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}

function readHeader(path: string, file: number): { readonly header: Header; readonly start: number } {
  const fixed = readAt(file, 0, FIXED);
  if (fixed.length < FIXED || fixed.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new KabiwatchError('reference-foreign', { path, why: 'it does not begin as a reference does' });
  const format = fixed.readUInt32LE(MAGIC.length);
  if (format !== FORMAT)
    throw new KabiwatchError('reference-foreign', {
      path,
      why: `it has format ${format}, this version reads ${FORMAT}: build it again`,
    });
  const length = fixed.readUInt32LE(MAGIC.length + 4);
  const packed = length > LIMIT ? Buffer.alloc(0) : readAt(file, FIXED, length);
  const sum = createHash('sha256').update(packed).digest();
  if (packed.length !== length || !sum.equals(fixed.subarray(MAGIC.length + 8)))
    throw new KabiwatchError('reference-damaged', { path, where: 'the header' });
  const parsed = Header.safeParse(unpack(packed));
  if (!parsed.success) throw new KabiwatchError('reference-damaged', { path, where: 'the header' });
  const end = Math.max(
    0,
    ...Object.values(parsed.data.tables).flatMap(({ blocks }) => blocks.map(([, at, size]) => at + size)),
  );
  if (FIXED + length + end > fstatSync(file).size)
    throw new KabiwatchError('reference-damaged', { path, where: 'it is cut short' });
  return { header: parsed.data, start: FIXED + length };
}

function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, at));
}

/** null where the bytes are damaged. */
function unpack(bytes: Buffer): unknown {
  try {
    return JSON.parse(gunzipSync(bytes, { maxOutputLength: LIMIT }).toString('utf8'));
  } catch {
    return null;
  }
}

class OpenFile implements Reference {
  readonly meta: ReferenceMeta;
  readonly #path: string;
  readonly #file: number;
  readonly #tables: Header['tables'];
  readonly #start: number;
  readonly #kept = new Map<number, ReadonlyMap<string, unknown>>();

  constructor(path: string, file: number, header: Header, start: number) {
    this.meta = header.meta;
    this.#path = path;
    this.#file = file;
    this.#tables = header.tables;
    this.#start = start;
  }

  readonly count = (table: TableName): number => this.#tables[table]?.count ?? 0;

  readonly row = <T extends TableName>(table: T, key: string): ReferenceTables[T] | null => {
    const blocks = this.#tables[table]?.blocks ?? [];
    let [low, high] = [0, blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((blocks[middle] as (typeof blocks)[0])[0] <= key) low = middle + 1;
      else high = middle;
    }
    const block = blocks[low - 1];
    return block === undefined ? null : ((this.#block(block).get(key) as ReferenceTables[T] | undefined) ?? null);
  };

  readonly rows = function* <T extends TableName>(
    this: OpenFile,
    table: T,
  ): Generator<readonly [string, ReferenceTables[T]]> {
    for (const block of this.#tables[table]?.blocks ?? [])
      yield* this.#block(block) as ReadonlyMap<string, ReferenceTables[T]>;
  };

  #block([, at, length]: z.infer<typeof Block>): ReadonlyMap<string, unknown> {
    const kept = this.#kept.get(at);
    if (kept !== undefined) {
      this.#kept.delete(at);
      this.#kept.set(at, kept);
      return kept;
    }
    const rows = unpack(readAt(this.#file, this.#start + at, length));
    if (!Array.isArray(rows))
      throw new KabiwatchError('reference-damaged', { path: this.#path, where: `byte ${this.#start + at}` });
    const block = new Map(rows as [string, unknown][]);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(at, block);
    return block;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Writes a whole reference; tables that are not given are empty. */
export function writeReference(path: string, meta: ReferenceMeta, tables: Tables): void {
  const blocks: Buffer[] = [];
  const header: { meta: ReferenceMeta; tables: Record<string, { count: number; blocks: [string, number, number][] }> } =
    { meta, tables: {} };
  let at = 0;
  for (const name of tableNames) {
    const rows = [...(tables[name] ?? new Map<string, unknown>())].sort(([a], [b]) => (a < b ? -1 : 1));
    const places: [string, number, number][] = [];
    for (const { first, bytes } of packed(rows)) {
      places.push([first, at, bytes.length]);
      blocks.push(bytes);
      at += bytes.length;
    }
    header.tables[name] = { count: rows.length, blocks: places };
  }
  writeWhole(path, [...headBytes(header), ...blocks]);
}

function headBytes(header: object): readonly Buffer[] {
  const packedHeader = gzipSync(JSON.stringify(header));
  const fixed = Buffer.alloc(FIXED);
  fixed.write(MAGIC, 'latin1');
  fixed.writeUInt32LE(FORMAT, MAGIC.length);
  fixed.writeUInt32LE(packedHeader.length, MAGIC.length + 4);
  createHash('sha256')
    .update(packedHeader)
    .digest()
    .copy(fixed, MAGIC.length + 8);
  return [fixed, packedHeader];
}

function* packed(
  rows: readonly (readonly [string, unknown])[],
): Generator<{ readonly first: string; readonly bytes: Buffer }> {
  let [texts, size, first]: [string[], number, string] = [[], 0, ''];
  for (const row of rows) {
    if (texts.length === 0) first = row[0];
    const text = JSON.stringify(row);
    texts.push(text);
    size += text.length;
    if (size < BLOCK) continue;
    yield { first, bytes: gzipSync(`[${texts.join(',')}]`) };
    [texts, size] = [[], 0];
  }
  if (texts.length > 0) yield { first, bytes: gzipSync(`[${texts.join(',')}]`) };
}

function writeWhole(path: string, parts: readonly Buffer[]): void {
  const beside = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(beside, 'w');
    try {
      for (const part of parts) writeSync(file, part);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new KabiwatchError('file-unwritable', { path }, { cause });
  }
}

/** The tables of an open reference, to write it again with some of them replaced. */
export function allTables(reference: Reference): Tables {
  return Object.fromEntries(tableNames.map((name) => [name, new Map(reference.rows(name))])) as Tables;
}
