/** What a `.config` says of the kernel it is for: values, architecture, version, how symbols are versioned. */
import { readConfig } from './config.js';
import type { ConfigValues } from './kbuild-top.js';

export type CrcMode = 'genksyms' | 'gendwarfksyms' | 'none';

export interface ConfigFacts {
  readonly values: ConfigValues;
  /** As kabiwatch names it, or null where the config names none that is known. */
  readonly arch: string | null;
  /** `6.1.192`, of the head line; null in files before 2.6.25, or where the line is gone. */
  readonly version: string | null;
  readonly crcMode: CrcMode;
}

export function configFacts(text: string): ConfigFacts {
  const values = new Map<string, string>();
  for (const [name, value] of readConfig(text))
    values.set(name, value.replace(/^"(.*)"$/, '$1').replaceAll('\\"', '"'));
  const head = /^# (?:Linux\/\S+ |Linux kernel version: )?(\d+\.\d+\S*)(?: Kernel Configuration)?\r?$/m.exec(
    text.slice(0, 1000),
  );
  return { values, arch: architectureOf(values), version: head?.[1] ?? null, crcMode: crcModeOf(values) };
}

function architectureOf(values: ConfigValues): string | null {
  const on = (name: string): boolean => values.get(`CONFIG_${name}`) === 'y';
  if (on('X86_64')) return 'x86_64';
  if (on('X86_32') || on('X86')) return 'i386';
  if (on('ARM64')) return 'aarch64';
  if (on('ARM')) return 'arm';
  if (on('PPC64')) return on('CPU_LITTLE_ENDIAN') ? 'ppc64le' : 'ppc64';
  if (on('S390') || on('ARCH_S390')) return 's390x';
  return on('RISCV') && on('64BIT') ? 'riscv64' : null;
}

/** Before 6.14 there is no choice: MODVERSIONS means genksyms. */
function crcModeOf(values: ConfigValues): CrcMode {
  if (values.get('CONFIG_MODVERSIONS') !== 'y') return 'none';
  return values.get('CONFIG_GENDWARFKSYMS') === 'y' ? 'gendwarfksyms' : 'genksyms';
}

/** `VERSION.PATCHLEVEL.SUBLEVEL` of a tree's top Makefile, or null. */
export function versionOfMakefile(text: string): string | null {
  const part = (name: string): string | undefined => new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(text)?.[1];
  const [version, patchlevel, sublevel] = [part('VERSION'), part('PATCHLEVEL'), part('SUBLEVEL')];
  return version === undefined || patchlevel === undefined ? null : `${version}.${patchlevel}.${sublevel ?? '0'}`;
}

/**
 * Options that two configurations set to different values, each `CONFIG_X: y, not set`. Strings and tool versions are left out: a
 * distribution's next build of one kernel has others.
 */
export function configDifferences(one: ConfigValues, other: ConfigValues): readonly string[] {
  const counts = (value: string | undefined): boolean =>
    value === undefined || /^([ymn]|-?\d+|0x[0-9a-fA-F]+)$/.test(value);
  const said = (value: string | undefined): string => (value === undefined || value === 'n' ? 'not set' : value);
  return [...new Set([...one.keys(), ...other.keys()])].sort().flatMap((name) => {
    const [first, second] = [one.get(name), other.get(name)];
    if (/_VERSION$|_VERSION_TEXT$/.test(name) || !counts(first) || !counts(second) || said(first) === said(second))
      return [];
    return [`${name}: ${said(first)}, ${said(second)}`];
  });
}
