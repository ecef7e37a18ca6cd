/** A comparison of two releases as text to read, and as JSON (schema `kabiwatch.compare/1`). */
import {
  type Comparison,
  crcOf,
  type SymbolDifference,
  type TypeDifference,
} from '../kabi/reference/compare-references.js';
import type { Row } from '../kabi/units/rows.js';

function crcText(crc: number | null): string | null {
  return crc === null ? null : `0x${crc.toString(16).padStart(8, '0')}`;
}

const licenseText: Readonly<Record<string, string>> = {
  any: 'EXPORT_SYMBOL',
  gpl: 'EXPORT_SYMBOL_GPL',
  'gpl-future': 'EXPORT_SYMBOL_GPL_FUTURE',
  unused: 'EXPORT_UNUSED_SYMBOL',
  'unused-gpl': 'EXPORT_UNUSED_SYMBOL_GPL',
};

export function comparisonText(comparison: Comparison): string {
  const { before, after, counts, symbols, types, unversioned, unused } = comparison;
  const having = (change: SymbolDifference['changes'][number]): SymbolDifference[] =>
    symbols.filter(({ changes }) => changes.includes(change));
  const broken = symbols.filter(({ promised, changes }) => promised && !changes.includes('added'));
  const lines = [
    `${before.name} (${before.arch}, ${before.version ?? '-'}) -> ${after.name} (${after.arch}, ${after.version ?? '-'})`,
    '',
    `symbols: ${counts.before} before, ${counts.after} after, ${counts.equal} unchanged`,
    ...(unversioned > 0 ? [`  ${unversioned} without a version on one side: not compared`] : []),
    ...section('promised symbols changed or removed', broken.map(symbolRow)),
    ...section('removed', having('removed').map(symbolRow)),
    ...section('why versions changed', comparison.causes.map(causeRow)),
    ...section('changed version', having('crc').map(symbolRow)),
    ...section('changed license, namespace or module', symbols.filter(hasMoved).map(symbolRow)),
    ...section('added', having('added').map(symbolRow)),
  ];
  const incompatible = types.filter((type) => type.incompatible.length > 0);
  lines.push(
    '',
    `types: ${comparison.typesEqual} equal, ${types.length} laid out otherwise, ${incompatible.length} of them incompatible`,
  );
  for (const type of types) lines.push(...typeLines(type));
  lines.push(
    ...comparison.typesRemoved.map((name) => `  ${name}: gone`),
    ...comparison.typesAdded.map((name) => `  ${name}: new`),
  );
  if (unused.length > 0)
    lines.push('', 'rules that match nothing:', ...unused.map(({ list, line, text }) => `  ${list}:${line}: ${text}`));
  return `${lines.join('\n')}\n`;
}

function hasMoved({ changes }: SymbolDifference): boolean {
  return changes.includes('license') || changes.includes('namespace') || changes.includes('module');
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const widths = [0, 1].map((column) => Math.min(40, Math.max(...rows.map((row) => (row[column] ?? '').length))));
  const told = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return ['', `${title}: ${rows.length}`, ...told.map((row) => `  ${row}`.trimEnd())];
}

function causeRow({ name, file, count }: Comparison['causes'][number]): string[] {
  return [name, file ?? '', `${count} symbols`];
}

function symbolRow({ name, module, before, after, changes, promised, why }: SymbolDifference): string[] {
  const told: string[] = [];
  if (changes.includes('crc')) told.push(`${crcText(crcOf(before as never))} -> ${crcText(crcOf(after as never))}`);
  if (changes.includes('license'))
    told.push(`${licenseText[before?.license ?? '']} -> ${licenseText[after?.license ?? '']}`);
  if (changes.includes('namespace'))
    told.push(`namespace ${before?.namespace ?? 'none'} -> ${after?.namespace ?? 'none'}`);
  if (changes.includes('module')) told.push(`was in ${before?.module}`);
  return [
    name,
    module,
    told.join(', '),
    promised ? 'promised' : '',
    why === null ? '' : why.because.slice(1).join(' -> '),
  ];
}

function typeLines({ name, change, incompatible }: TypeDifference): string[] {
  const size =
    change.before.size === change.after.size
      ? `size ${change.after.size}`
      : `size ${change.before.size} -> ${change.after.size}`;
  const at = ({ bitOffset }: Row): string =>
    `${Math.floor(bitOffset / 8)}${bitOffset % 8 === 0 ? '' : `:${bitOffset % 8}`}`;
  const moved = change.moved.length > 8 ? change.moved.slice(0, 7) : change.moved;
  return [
    `  ${name}: ${size}${incompatible.length > 0 ? ', incompatible' : ''}`,
    ...change.added.map((row) => `    + ${row.type} ${row.name} at ${at(row)}`),
    ...change.removed.map((row) => `    - ${row.type} ${row.name} at ${at(row)}`),
    ...change.renamed.map((pair) => `    ~ ${pair.before.name} is now ${pair.after.name}`),
    ...change.retyped.map(
      ({ before, after }) => `    ~ ${after.name}: ${typeText(before, after)} -> ${typeText(after, before)}`,
    ),
    ...moved.map((pair) => `    > ${pair.after.name}: ${at(pair.before)} -> ${at(pair.after)}`),
    ...(moved.length < change.moved.length ? [`    > and ${change.moved.length - moved.length} more moved`] : []),
  ];
}

/** The type's name, and where the other has the same name, how large it is. */
function typeText(row: Row, other: Row): string {
  if (row.type !== other.type) return row.type;
  return row.bitSize > 0 ? `${row.type} : ${row.bitSize}` : `${row.type} (${row.size} bytes)`;
}

export function comparisonJson(comparison: Comparison): string {
  const { before, after, counts, symbols, types, unversioned, unused } = comparison;
  const place = (row: Row): object => ({ bitOffset: row.bitOffset, bitSize: row.bitSize, type: row.type });
  const side = (symbol: SymbolDifference['before']): object | null =>
    symbol === null
      ? null
      : { crc: crcText(crcOf(symbol)), license: symbol.license, namespace: symbol.namespace, module: symbol.module };
  const members = ({ change }: TypeDifference): object[] => [
    ...change.added.map((row) => ({ name: row.name, change: 'added', before: null, after: place(row) })),
    ...change.removed.map((row) => ({ name: row.name, change: 'removed', before: place(row), after: null })),
    ...(['moved', 'retyped', 'renamed'] as const).flatMap((kind) =>
      change[kind].map((pair) => ({
        name: pair.after.name,
        change: kind,
        before: place(pair.before),
        after: place(pair.after),
      })),
    ),
  ];
  const extent = ({ size, align }: { size: number; align: number }): object => ({ size, align });
  return `${JSON.stringify(
    {
      schema: 'kabiwatch.compare/1',
      ...{ before, after, counts, unversioned, causes: comparison.causes },
      symbols: symbols.map((one) => ({
        ...{ name: one.name, module: one.module, changes: one.changes, promised: one.promised },
        ...{ before: side(one.before), after: side(one.after) },
        ...{ cause: one.why?.cause ?? null, because: one.why?.because ?? [] },
      })),
      types: types.map((type) => ({
        name: type.name,
        before: extent(type.change.before),
        after: extent(type.change.after),
        ...{ incompatible: type.incompatible, members: members(type) },
      })),
      ...{
        typesEqual: comparison.typesEqual,
        typesAdded: comparison.typesAdded,
        typesRemoved: comparison.typesRemoved,
        unused,
      },
    },
    null,
    2,
  )}\n`;
}
