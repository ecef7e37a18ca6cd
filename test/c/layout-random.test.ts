/**
 * Random declarations are laid out as gcc does, on each target with a compiler here. `npm run verify:layout-random` runs
 * 20,000 a target; RANDOM_STRUCTS and RANDOM_SEED repeat a run.
 */
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type FlatMember, flatMembers } from '../../src/c/layout.js';
import { tokenize } from '../../src/c/lex/tokenize.js';
import { readDeclarations } from '../../src/c/parse/declarations.js';
import { type TargetName, targets } from '../../src/c/target.js';
import { table } from '../../src/report/table.js';
import { type CompiledLayout, compiledLayouts, hasCompiler } from '../truth/gcc-layouts.js';
import { prelude, type RandomRecord, randomRecords } from './random-structs.js';

const wanted = Number(process.env.RANDOM_STRUCTS ?? 1000);
const seed = Number(process.env.RANDOM_SEED ?? 20250101);
const batch = 500;
const rows: string[][] = [['target', 'declarations', 'equal', 'different']];

/** `A<name>` holds the type after one byte: its alignment is where the member stands. */
function textOf(records: readonly RandomRecord[]): string {
  const used = records.map(({ kind, name }) => `struct A${name} { char c; ${kind} ${name} s; } v${name};`);
  return `${prelude}\n${records.map(({ text }) => text).join('\n')}\n${used.join('\n')}\n`;
}

function spelled(layout: CompiledLayout, around: CompiledLayout): string {
  const members = layout.members.map(({ name, bitOffset, bitSize }: FlatMember) => `${name} ${bitOffset}:${bitSize}`);
  const at = around.members.find(({ name }) => name === 's')?.bitOffset;
  return `size ${layout.size} align ${(at ?? 0) / 8}; ${members.join('; ')}`;
}

function differences(records: readonly RandomRecord[], target: TargetName): string[] {
  const text = textOf(records);
  const truth = compiledLayouts(text, target);
  const unit = readDeclarations(tokenize(Buffer.from(text, 'latin1')), { target: targets[target] });
  if (unit.missing.length > 0) return unit.missing.map(({ why }) => `not read: ${why}`);
  const laidOut = (name: string) => {
    const record = (unit.records.get(`struct ${name}`) ?? unit.records.get(`union ${name}`))?.[0];
    if (record === undefined) throw new Error(`${name} was not read`);
    const layout = unit.layouts.of(record);
    if ('why' in layout) throw new Error(`${name}: ${layout.why}`);
    return { size: layout.size, members: flatMembers(layout) };
  };
  return records.flatMap(({ name, text: written }) => {
    const [own, around] = [truth.get(name), truth.get(`A${name}`)];
    if (own === undefined || around === undefined) return [`${name} is not in the compiler's output`];
    const expected = spelled(own, around);
    const made = spelled(laidOut(name), laidOut(`A${name}`));
    return made === expected ? [] : [`${written}\n  gcc  ${expected}\n  ours ${made}`];
  });
}

describe.each(['x86_64', 'i386', 'aarch64', 's390x', 'arm', 'ppc64le', 'riscv64'] as const)('on %s', (target) => {
  test(`random structs and unions are laid out as gcc does (seed ${seed})`, () => {
    if (!hasCompiler(target)) return console.log(`skipped: no gcc for ${target}, or no pahole`);
    const runs = Math.max(1, Math.round(wanted / batch));
    const batches = fc.sample(randomRecords(batch), { numRuns: runs, seed });
    const found = batches.flatMap((records) => differences(records, target));
    rows.push([target, String(runs * batch), String(runs * batch - found.length), String(found.length)]);
    expect(found.slice(0, 3).join('\n')).toBe('');
  }, 3_600_000);
});

afterAll(() => console.log(table(rows).join('\n')));
