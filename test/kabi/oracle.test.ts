/**
 * Whole reviews from source against the toolchain: for any folder of the oracle's form (case.json, patches, base/, truth.json) the
 * review must name each changed type and enumeration with its members, each changed version with both values, and a verdict that the class
 * allows. Needs Debian's kernel; KABIWATCH_CASES names another folder of cases, KABIWATCH_CASE one of them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type TreeInput, treeInput } from '../../src/disk/tree-input.js';
import { Review, type TypeChange } from '../../src/kabi/review.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import { overlayFiles } from '../../src/tree/overlay.js';
import type { SourceTree } from '../../src/tree/source-tree.js';
import { debianKernel, sharedData } from '../truth/kernel.js';
import { seriesFromDiffs } from './series.js';

const kernel = debianKernel();
const folder = process.env.KABIWATCH_CASES ?? sharedData('oracle/cases');
/** One case a kind by default: the whole folder takes minutes. */
const few = [
  'h02-insert-middle',
  'r71-linux-lsm-hooks-50-53',
  'h06-guard-fill-hole',
  'h07-guard-middle',
  'h09-guard-end-embedded',
  'h16-guard-inverted',
  'h18-guard-in-header-not-in-c',
  'h25-macro-use-slot',
  's01-add-then-move-to-hole',
];
const ids = process.env.KABIWATCH_CASE?.split(',') ?? (process.env.KABIWATCH_CASES === undefined ? few : null);

interface Truth {
  readonly changed_structs?: Readonly<Record<string, TruthStruct>>;
  readonly changed_enums?: Readonly<Record<string, unknown>>;
  readonly crc: Readonly<Record<string, { changed: Readonly<Record<string, [string | null, string | null]>> }>>;
  readonly summary: { readonly class: string };
}

interface TruthStruct {
  readonly only?: string;
  readonly size: readonly [number, number];
  readonly added?: readonly { name: string }[];
  readonly removed?: readonly { name: string }[];
  readonly replaced_in_place?: readonly string[];
  readonly moved?: readonly { name: string; bit_from: number; bit_to: number }[];
  readonly retyped?: readonly { name: string }[];
}

function filesBelow(dir: string, prefix = ''): [string, Uint8Array][] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry): [string, Uint8Array][] => {
    const path = prefix + entry.name;
    return entry.isDirectory()
      ? filesBelow(join(dir, entry.name), `${path}/`)
      : [[path, readFileSync(join(dir, entry.name))]];
  });
}

const probe = 'kabiwatch-unit/probe.c';

function caseTree(tree: SourceTree, dir: string, headers: readonly string[]): SourceTree {
  const includes = headers
    .map((name) => (name.startsWith('/') ? `#include "${name.slice(1)}"\n` : `#include <${name}>\n`))
    .join('');
  return overlayFiles(tree, new Map([...filesBelow(join(dir, 'base')), [probe, Buffer.from(includes)]]), 'case');
}

function reviewCase(input: TreeInput, dir: string): Review {
  const spec = JSON.parse(readFileSync(join(dir, 'case.json'), 'utf8'));
  const patches: string[] = spec.patches ?? [spec.patch ?? 'change.patch'];
  const series = seriesFromDiffs(patches.map((name) => readFileSync(join(dir, name), 'latin1')));
  const units = [
    ...spec.tus,
    ...(spec.probe === null ? [] : [probe]),
    ...(spec.layout_tu === null ? [] : [spec.layout_tu]),
  ];
  // The oracle knows no users, and an index of each case's tree would cost a minute.
  const { whoUses: _, ...known } = input;
  const source = { ...known, tree: caseTree(input.tree, dir, spec.probe ?? []), units };
  return Review.parse(reviewSeries({ series, arch: input.arch, source }));
}

/** Which verdicts the mechanical class of a case allows; who uses what moved is not the oracle's to say. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'hidden-layout-break': ['silent-break', 'conditional', 'unknown', 'none'],
  'hidden-layout-compatible': ['guarded'],
  'hidden-no-layout-change': ['none', 'guarded', 'silent-break'],
};

const names = (list: readonly { name: string }[] | undefined): string[] => (list ?? []).map((one) => one.name).sort();
const changed = (type: TypeChange | undefined, ...kinds: string[]): string[] =>
  names(type?.members.filter((one) => kinds.includes(one.change)));

(kernel === null || folder === null ? describe.skip : describe)('the oracle, reviewed from source', () => {
  const input = kernel === null ? null : treeInput({ tree: kernel.source, build: [kernel.build], arch: 'x86_64' });
  test.each(ids ?? readdirSync(folder as string))(
    '%s',
    (id) => {
      const dir = join(folder as string, id);
      const truth: Truth = JSON.parse(readFileSync(join(dir, 'truth.json'), 'utf8'));
      const review = reviewCase(input as TreeInput, dir);
      for (const [name, wanted] of Object.entries(truth.changed_structs ?? {})) {
        if (wanted.only !== undefined) continue;
        const type = review.types.find((one) => `${one.kind} ${one.name}` === name);
        expect([name, type?.before?.size, type?.after?.size]).toEqual([name, ...wanted.size]);
        expect(changed(type, 'added', 'renamed')).toEqual(names(wanted.added));
        expect(
          type?.members
            .filter((one) => one.change === 'moved')
            .map((one) => [one.name, one.before?.bitOffset, one.after?.bitOffset]),
        ).toEqual((wanted.moved ?? []).map((one) => [one.name, one.bit_from, one.bit_to]));
        expect(changed(type, 'retyped')).toEqual(names(wanted.retyped));
        expect(changed(type, 'removed').length + changed(type, 'renamed').length).toBe(
          (wanted.removed ?? []).length + (wanted.replaced_in_place ?? []).length,
        );
      }
      for (const name of Object.keys(truth.changed_enums ?? {}))
        expect(review.types.map((one) => one.name)).toContain(name);
      const versions = Object.values(truth.crc).flatMap((unit) =>
        Object.entries(unit.changed).filter(([, [was, is]]) => was !== null && is !== null),
      );
      const mine = review.symbols.changed.map((one) => [one.name, [one.before, one.after]] as const);
      expect(Object.fromEntries(mine)).toEqual(Object.fromEntries(versions));
      const { class: kind } = truth.summary;
      expect(kind.startsWith('loud') ? ['crc-break'] : allowed[kind]).toContain(review.verdict);
    },
    120_000,
  );
});
