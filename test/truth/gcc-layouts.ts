/**
 * What a compiler makes of C text: the text is compiled with debug information, and readelf prints it. (pahole refuses some
 * unions of bit-fields.) Bit offsets of a big-endian target count from the most significant bit, as DWARF's do.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlatMember } from '../../src/c/layout.js';
import type { TargetName } from '../../src/c/target.js';

/** The command and its options, for each target that Debian has a compiler for. */
export const compilers: Readonly<Record<TargetName, readonly string[]>> = {
  x86_64: ['gcc'],
  i386: ['gcc', '-m32'],
  aarch64: ['aarch64-linux-gnu-gcc'],
  arm: ['arm-linux-gnueabihf-gcc'],
  ppc64le: ['powerpc64le-linux-gnu-gcc', '-Wno-psabi'],
  ppc64: ['powerpc64-linux-gnu-gcc'],
  s390x: ['s390x-linux-gnu-gcc'],
  riscv64: ['riscv64-linux-gnu-gcc'],
};

export interface CompiledLayout {
  readonly size: number;
  readonly members: readonly FlatMember[];
}

export function hasCompiler(target: TargetName): boolean {
  try {
    execFileSync(compilers[target][0] as string, ['--version'], { stdio: 'ignore' });
    execFileSync('readelf', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The layouts of the named structs and unions of a C text, by name. */
export function compiledLayouts(
  text: string,
  target: TargetName,
  options: readonly string[] = [],
): ReadonlyMap<string, CompiledLayout> {
  const folder = mkdtempSync(join(tmpdir(), 'kabiwatch-gcc-'));
  try {
    const [source, object] = [join(folder, 'a.c'), join(folder, 'a.o')];
    writeFileSync(source, text);
    const [command, ...own] = compilers[target];
    const flags = ['-w', '-g', '-gdwarf-5', '-c', '-o', object, source];
    execFileSync(command as string, [...own, ...options, ...flags], { stdio: 'pipe' });
    const dump = execFileSync('readelf', ['--debug-dump=info', object], { maxBuffer: 1 << 30, stdio: 'pipe' });
    return namedLayouts(entriesOf(dump.toString('latin1')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Entry {
  readonly id: string;
  readonly tag: string;
  readonly facts: Record<string, string>;
  readonly children: Entry[];
}

function entriesOf(dump: string): Map<string, Entry> {
  const all = new Map<string, Entry>();
  const open: Entry[] = [];
  let entry: Entry | null = null;
  for (const line of dump.split('\n')) {
    const begins = /^ *<([0-9a-f]+)><([0-9a-f]+)>: Abbrev Number: \d+ \((\w+)\)/.exec(line);
    if (begins !== null) {
      const depth = Number.parseInt(begins[1] as string, 16);
      entry = { id: begins[2] as string, tag: begins[3] as string, facts: {}, children: [] };
      open.length = depth;
      open[depth] = entry;
      open[depth - 1]?.children.push(entry);
      all.set(entry.id, entry);
      continue;
    }
    const fact = /^ *<[0-9a-f]+> +(DW_AT_\w+) *: (.*)$/.exec(line);
    if (fact !== null && entry !== null)
      entry.facts[fact[1] as string] = (fact[2] as string).replace(/^\(.*\): /, '').trim();
  }
  return all;
}

function isRecord(entry: Entry): boolean {
  return entry.tag === 'DW_TAG_structure_type' || entry.tag === 'DW_TAG_union_type';
}

function namedLayouts(all: Map<string, Entry>): Map<string, CompiledLayout> {
  const found = new Map<string, CompiledLayout>();
  for (const entry of all.values()) {
    const { DW_AT_name: name, DW_AT_byte_size: size } = entry.facts;
    if (!isRecord(entry) || name === undefined || size === undefined) continue;
    found.set(name, { size: Number(size), members: membersOf(entry, 0, all) });
  }
  return found;
}

function membersOf(record: Entry, start: number, all: Map<string, Entry>): FlatMember[] {
  return record.children.flatMap((child) => {
    if (child.tag !== 'DW_TAG_member') return [];
    const { DW_AT_name: name, DW_AT_bit_size: width, DW_AT_data_bit_offset: bits } = child.facts;
    const bitOffset =
      start + (bits === undefined ? 8 * Number(child.facts.DW_AT_data_member_location ?? 0) : Number(bits));
    if (name !== undefined) return [{ name, bitOffset, bitSize: Number(width ?? 0) }];
    const type = all.get(/<0x([0-9a-f]+)>/.exec(child.facts.DW_AT_type ?? '')?.[1] ?? '');
    return type !== undefined && isRecord(type) ? membersOf(type, bitOffset, all) : [];
  });
}
