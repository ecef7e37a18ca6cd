/**
 * Module.symvers: a line for every exported symbol of a build (Documentation/kbuild/modules.rst, "Symbols and module
 * versioning"). Four layouts have been written by kernels, told apart by where the export macro stands:
 *
 *   0x1c4659d0  free_task  vmlinux  EXPORT_SYMBOL_GPL  NS     since 5.5 (the namespace may be empty)
 *   0x1c4659d0  free_task  NS  vmlinux  EXPORT_SYMBOL_GPL     5.4
 *   0x1c4659d0  free_task  vmlinux  EXPORT_SYMBOL_GPL         2.6.14 to 5.3
 *   0x1c4659d0  free_task  vmlinux                            before
 */

/** Who may use a symbol. `unused` was for symbols about to go (2.6.18 to 5.11); `gpl-future` warned (2.6.17 to 5.11). */
export type ExportLicense = 'any' | 'gpl' | 'gpl-future' | 'unused' | 'unused-gpl' | 'unknown';

/** Example: { name: 'free_task', crc: 0x1c4659d0, module: 'vmlinux', license: 'any', namespace: null } */
export interface SymbolVersion {
  readonly name: string;
  /** null where the build had no CRC: written as 0, as modpost does. */
  readonly crc: number | null;
  /** `vmlinux`, or the module's path without `.ko`; before 5.8 it may end in `.ko` or be absolute in an external build. */
  readonly module: string;
  readonly license: ExportLicense;
  readonly namespace: string | null;
}

export interface Symvers {
  readonly symbols: readonly SymbolVersion[];
  /** Lines that are none of the layouts. */
  readonly bad: readonly { readonly line: number; readonly text: string }[];
}

export const licenseOfMacro: ReadonlyMap<string, ExportLicense> = new Map([
  ['EXPORT_SYMBOL', 'any'],
  ['EXPORT_SYMBOL_NS', 'any'],
  ['EXPORT_SYMBOL_GPL', 'gpl'],
  ['EXPORT_SYMBOL_NS_GPL', 'gpl'],
  ['EXPORT_SYMBOL_GPL_FUTURE', 'gpl-future'],
  ['EXPORT_UNUSED_SYMBOL', 'unused'],
  ['EXPORT_UNUSED_SYMBOL_GPL', 'unused-gpl'],
]);

const macroOfLicense: Readonly<Record<ExportLicense, string>> = {
  any: 'EXPORT_SYMBOL',
  gpl: 'EXPORT_SYMBOL_GPL',
  'gpl-future': 'EXPORT_SYMBOL_GPL_FUTURE',
  unused: 'EXPORT_UNUSED_SYMBOL',
  'unused-gpl': 'EXPORT_UNUSED_SYMBOL_GPL',
  unknown: 'unknown',
};

export function readSymvers(text: string): Symvers {
  const symbols: SymbolVersion[] = [];
  const bad: { line: number; text: string }[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const symbol = symbolIn(line.replace(/\r$/, ''));
    if (symbol === null) bad.push({ line: i + 1, text: line.slice(0, 200) });
    else symbols.push(symbol);
  }
  return { symbols, bad };
}

function symbolIn(line: string): SymbolVersion | null {
  const columns = line.includes('\t') ? line.split('\t') : line.trim().split(/ +/);
  const [crc = '', name = '', third = '', fourth = '', fifth = ''] = columns;
  if (!/^0x[0-9a-fA-F]{1,16}$/.test(crc) || name === '' || third + fourth === '' || columns.length > 5) return null;
  const value = Number(BigInt(crc) & 0xffffffffn);
  const version = { name, crc: value === 0 ? null : value };
  if (isMacro(fifth)) return { ...version, module: fourth, license: licenseOf(fifth), namespace: third || null };
  if (fourth === '' && columns.length <= 4) return { ...version, module: third, license: 'unknown', namespace: null };
  return isMacro(fourth) ? { ...version, module: third, license: licenseOf(fourth), namespace: fifth || null } : null;
}

function isMacro(column: string): boolean {
  return column.startsWith('EXPORT_') || column === 'unknown' || column === '(unknown)';
}

function licenseOf(macro: string): ExportLicense {
  return licenseOfMacro.get(macro) ?? 'unknown';
}

/** In the layout of 5.5 and later. */
export function writeSymvers(symbols: readonly SymbolVersion[]): string {
  return symbols
    .map(({ name, crc, module, license, namespace }) =>
      [
        `0x${(crc ?? 0).toString(16).padStart(8, '0')}`,
        name,
        module,
        macroOfLicense[license],
        `${namespace ?? ''}\n`,
      ].join('\t'),
    )
    .join('');
}
