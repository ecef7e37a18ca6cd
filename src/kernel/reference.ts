/**
 * A reference: one released kernel for one architecture and flavour, what its distribution shipped and what was computed
 * from its source, in tables that are read a row at a time.
 *
 * Shipped facts (`shipped`, from Module.symvers and BTF) and computed ones (`computed`) stand side by side and are never
 * mixed: where both are there, `verify` compares them, and a finding whose *before* equals the shipped one is verified.
 */
import type { Layout } from '../c/layout.js';
import type { CrcMode } from './config-facts.js';
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
  /** Keys of table `types`, in the order of the expansion. */
  readonly types: readonly string[];
}

export interface ReferenceUnit {
  readonly object: string;
  readonly source: string | null;
  readonly place: 'builtin' | 'module';
  readonly module: string | null;
}

/** A file that was read for a unit, by content: what decides whether a new release must read the unit again. */
export interface UnitInputs {
  readonly source: string;
  /** One id over the flags and all files read. */
  readonly key: string;
}

/**
 * The tables, each from a key to a row:
 *   symbols   name -> exports of that name (more than one only where two modules export it)
 *   shipped   `struct NAME`, `union NAME`, `typedef NAME` -> layouts that the kernel's BTF has
 *   layouts   the same -> layouts computed from source
 *   embeds    a type as it is spelled, `struct list_head` or `atomic_t` -> keys of the types that hold it by value
 *   types     variant of a type, `s#task_struct` or `s#task_struct@2` -> its genksyms text
 *   units     object -> what it is part of
 *   inputs    source -> what was read
 *   files     `config`, `list/NAME` -> text as given
 */
export interface ReferenceTables {
  readonly symbols: readonly ReferenceSymbol[];
  readonly shipped: readonly Layout[];
  readonly layouts: readonly Layout[];
  readonly embeds: readonly string[];
  readonly types: string;
  readonly units: readonly ReferenceUnit[];
  readonly inputs: UnitInputs;
  readonly files: string;
}

export const tableNames = ['symbols', 'shipped', 'layouts', 'embeds', 'types', 'units', 'inputs', 'files'] as const;
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
