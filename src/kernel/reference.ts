/**
 * A reference: one released kernel for one architecture and flavour, what its distribution shipped and what was computed
 * from its source, in tables that are read a row at a time.
 *
 * Shipped facts (`shipped`, from Module.symvers and BTF) and computed ones (`computed`) stand side by side and are never
 * mixed: where both are there, `verify` compares them, and a finding whose *before* equals the shipped one is verified.
 */
import type { Layout } from '../c/layout.js';
import type { CrcMode } from './config-facts.js';
import type { UnitFlags } from './kbuild-flags.js';
import type { ExportLicense } from './symvers.js';

export interface ReferenceMeta {
  /** `debian-6.1.0-56-amd64` */
  readonly name: string;
  readonly arch: string;
  /** `6.1.192`, of the source's Makefile or the config; null where neither was given. */
  readonly version: string | null;
  /** A directory, or `repository@revision`; null where the reference holds shipped facts alone. */
  readonly source: string | null;
  readonly build: string | null;
  readonly crcMode: CrcMode;
}

/** Example: row `free_task` is [{ module: 'vmlinux', license: 'any', …, shipped: 0x1c4659d0, computed: 0x1c4659d0 }] */
export interface ReferenceSymbol {
  readonly name: string;
  readonly module: string;
  readonly license: ExportLicense;
  readonly namespace: string | null;
  /** The CRC in Module.symvers; null where there is none. */
  readonly shipped: number | null;
  /** The CRC from source; null where it was not computed, or the version tool could not version the symbol. */
  readonly computed: number | null;
  /** The file that exports it. */
  readonly source: string | null;
}

export interface ReferenceUnit {
  readonly object: string;
  readonly source: string | null;
  readonly place: 'builtin' | 'module';
  readonly module: string | null;
}

/** A unit that was read for its exports: how it is compiled, and what it exports. Its number is its key in table `exporting`. */
export interface ExportingUnit {
  readonly source: string;
  readonly language: 'c' | 'asm';
  /** `vmlinux` or the module's path. */
  readonly module: string;
  readonly place: 'builtin' | 'module';
  readonly basename: string;
  readonly modname: string;
  readonly modfile: string;
  /** Key of table `flags`. */
  readonly flags: string;
  /** Names with their computed versions; null where the version tool would leave the export without one. */
  readonly exports: readonly (readonly [name: string, crc: number | null])[];
  /** What the preprocessor asked for and could not have. */
  readonly missing: readonly string[];
  /** Files that it reads. */
  readonly size: number;
}

/**
 * One text that genksyms has of a type or of an exported symbol, and the units in which it is that. Two units may see different definitions of
 * one struct: then its row has two of these.
 */
export interface TypeVariant {
  /** As in a `-T` dump, references with their letter: `struct list_head { s#list_head * next , * prev ; }` */
  readonly text: string;
  /** The file that declares it; null where nothing does (`UNKNOWN`). */
  readonly file: string | null;
  /** Numbers of table `exporting`, packed by number-set.ts. */
  readonly units: string;
}

/** A file that units read. */
export interface InputFile {
  /** Git's blob id; of autoconf.h, an id of the values that a type can depend on. */
  readonly id: string;
  /** Numbers of table `exporting`, packed by number-set.ts. */
  readonly units: string;
}

/**
 * The tables, each from a key to a row:
 *   symbols    name -> exports of that name (more than one only where two modules export it)
 *   shipped    `struct NAME`, `union NAME`, `typedef NAME` -> layouts that the kernel's BTF has
 *   layouts    the same -> layouts computed from source
 *   embeds     a type as it is spelled, `struct list_head` or `atomic_t` -> keys of the types that hold it by value
 *   types      `s#task_struct`, `t#u32`, and an exported symbol by its name -> the texts it has
 *   units      object -> what it is part of
 *   exporting  number of five digits -> a unit that was read for its exports
 *   flags      a short id -> compiler flags that units share
 *   inputs     path -> a file that was read, and for which units
 *   declares   path -> keys of table `types` that the file declares
 *   files      `config`, `list/NAME` -> text as given
 */
export interface ReferenceTables {
  readonly symbols: readonly ReferenceSymbol[];
  readonly shipped: readonly Layout[];
  readonly layouts: readonly Layout[];
  readonly embeds: readonly string[];
  readonly types: readonly TypeVariant[];
  readonly units: readonly ReferenceUnit[];
  readonly exporting: ExportingUnit;
  readonly flags: UnitFlags;
  readonly inputs: InputFile;
  readonly declares: readonly string[];
  readonly files: string;
}

export const tableNames = [
  ...(['symbols', 'shipped', 'layouts', 'embeds', 'types'] as const),
  ...(['units', 'exporting', 'flags', 'inputs', 'declares', 'files'] as const),
] as const;
export type TableName = (typeof tableNames)[number];

export interface Reference {
  readonly meta: ReferenceMeta;
  /** How many rows a table has. */
  readonly count: (table: TableName) => number;
  /** One row, or null. Reads no more of the file than the block that holds it. */
  readonly row: <T extends TableName>(table: T, key: string) => ReferenceTables[T] | null;
  /** All rows by ascending key. */
  readonly rows: <T extends TableName>(table: T) => Iterable<readonly [key: string, row: ReferenceTables[T]]>;
}

/** A unit's key in table `exporting`. */
export function unitKey(number: number): string {
  return String(number).padStart(5, '0');
}

/** The key of a layout's table; the name that C code uses. */
export function layoutKey(layout: Layout): string {
  return `${layout.typedef ? 'typedef' : layout.kind} ${layout.name}`;
}

/** Layouts by key, and who holds whom by value: the tables `shipped` and `embeds`. */
export function layoutTables(layouts: readonly Layout[]): {
  readonly layouts: ReadonlyMap<string, readonly Layout[]>;
  readonly embeds: ReadonlyMap<string, readonly string[]>;
} {
  const byKey = new Map<string, Layout[]>();
  const embeds = new Map<string, Set<string>>();
  for (const layout of layouts) {
    const key = layoutKey(layout);
    byKey.set(key, [...(byKey.get(key) ?? []), layout]);
    for (const held of heldByValue(layout)) {
      const holders = embeds.get(held);
      if (holders === undefined) embeds.set(held, new Set([key]));
      else holders.add(key);
    }
  }
  return { layouts: byKey, embeds: new Map([...embeds].map(([key, holders]) => [key, [...holders].sort()])) };
}

/** Types that are members as they are, under arrays and qualifiers, in unnamed structs too. */
function* heldByValue(layout: Layout): Generator<string> {
  for (const member of layout.members) {
    if (member.inner !== null) yield* heldByValue(member.inner);
    const [, type] = /^(?:(?:const|volatile) )*((?:struct |union )?\w+)(?:\[\d*\])*$/.exec(member.type) ?? [];
    if (type !== undefined && member.inner === null) yield type;
  }
}

/** Where a reference is not for this kernel: each a sentence that names both sides. */
export function mismatches(
  meta: ReferenceMeta,
  asked: { readonly arch?: string | null; readonly version?: string | null; readonly crcMode?: CrcMode | null },
): readonly string[] {
  const told: string[] = [];
  const compare = (what: string, theirs: string | null, ours: string | null | undefined): void => {
    if (theirs !== null && ours !== null && ours !== undefined && theirs !== ours)
      told.push(`${what}: the reference ${meta.name} is for ${theirs}, this is ${ours}`);
  };
  compare('architecture', meta.arch, asked.arch);
  compare('version', seriesOf(meta.version), seriesOf(asked.version ?? null));
  compare('symbol versions', meta.crcMode, asked.crcMode);
  return told;
}

/** Stable releases of one series are compared with each other; 6.1.190 and 6.1.192 are no mismatch. */
function seriesOf(version: string | null): string | null {
  return version === null ? null : version.split('.').slice(0, 2).join('.');
}
