/** A tree of a few files on disk, with one unit that exports a function, for judging without a kernel. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unitsSpelling } from '../../src/disk/index/spelling-units.js';
import { type TreeInput, treeInput } from '../../src/disk/tree-input.js';
import type { ConsumerQuestion } from '../../src/kabi/consumers/consumers.js';
import { makeIndex } from '../../src/kabi/index/tree-index.js';
import type { Architecture, Review } from '../../src/kabi/review.js';
import { reviewByUnits } from '../../src/kabi/review-by-units.js';
import { type Configuration, reviewSeries } from '../../src/kabi/review-series.js';
import { typesReaching } from '../../src/kabi/series/reaching-types.js';
import { anyConfiguration } from '../../src/kernel/mentions.js';
import { filePatchBetween } from '../../src/patch/line-diff.js';
import type { Series } from '../../src/patch/series.js';
import { memoryTree } from '../../src/tree/memory.js';

const base = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n',
  '.config': 'CONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\nCONFIG_MODULES=y\n',
  'arch/x86/Makefile': '',
  'include/linux/export.h': [
    '#ifdef __GENKSYMS__',
    '#define EXPORT_SYMBOL(x) __GENKSYMS_EXPORT_SYMBOL(x)',
    '#else',
    '#define EXPORT_SYMBOL(x) extern int __x_##x',
    '#endif\n',
  ].join('\n'),
  'include/linux/build_bug.h': '#define static_assert(expr) _Static_assert(expr, #expr)\n',
  'include/linux/stddef.h': '#define offsetof(t, m) __builtin_offsetof(t, m)\n',
};

export type Files = Readonly<Record<string, string>>;

export class SmallTree {
  readonly dir = mkdtempSync(join(tmpdir(), 'kabiwatch-tree-'));
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
    for (const [path, text] of Object.entries({ ...base, ...files })) {
      mkdirSync(dirname(join(this.dir, path)), { recursive: true });
      writeFileSync(join(this.dir, path), text);
    }
  }

  input(arch: Architecture): Omit<TreeInput, 'whoUses'> {
    const { whoUses: _, ...known } = treeInput({ tree: this.dir, build: [], arch });
    return known;
  }

  /** One patch that leads from the tree's files to these. */
  series(after: Files): Series {
    const files = Object.entries(after).flatMap(
      ([path, text]) => filePatchBetween(path, this.#files[path] ?? '', text) ?? [],
    );
    const patch = { n: 1, total: 1, messageId: null, subject: 's', author: null, damage: [], files };
    return { subject: 's', version: 1, rfc: false, messageId: null, base: null, patches: [patch] };
  }

  review(
    after: Files,
    archs: readonly [Architecture, ...Architecture[]],
    units: readonly string[],
    advice = false,
  ): Review {
    const [source, ...also] = archs.map((arch): Configuration => ({ ...this.input(arch), arch, units })) as [
      Configuration,
      ...Configuration[],
    ];
    return reviewSeries({ series: this.series(after), arch: archs[0], source, also, advice });
  }

  reviewOf(series: Series): Review {
    return reviewSeries({ series, arch: 'x86_64', source: { ...this.input('x86_64'), units: [] } });
  }

  /** The same with the tree's users. */
  reviewWithUsers(after: Files, units: readonly string[]): Review {
    const source = { ...this.input('x86_64'), units, whoUses: () => this.#users() };
    return reviewSeries({ series: this.series(after), arch: 'x86_64', source });
  }

  /** As a command without `--unit` reviews it: at most `most` units that export something are read beside those that the series touches. */
  reviewByUnits(after: Files, most = 8): Review {
    const { index } = this.#users();
    const input = this.input('x86_64');
    const sources = Object.keys(this.#files).filter((file) => file.endsWith('.c'));
    const source = { ...input, units: null, whoUses: () => this.#users() };
    const known = {
      reference: null,
      spelling: (words: readonly string[]) => unitsSpelling(words, input.tree, sources, index),
      reaching: (types: readonly string[]) => typesReaching(types, input.tree, index),
    };
    return reviewByUnits({ series: this.series(after), arch: 'x86_64', source }, known, most);
  }

  /** A source under drivers/ is linked into the module of its folder, of drivers/none/ none is built, any other into vmlinux. */
  #users(): ConsumerQuestion {
    const sources = { ...base, ...this.#files };
    const linkOf = (file: string): string | null =>
      !file.endsWith('.c') || file.startsWith('drivers/none/')
        ? null
        : file.startsWith('drivers/')
          ? file.slice(0, file.lastIndexOf('/'))
          : 'vmlinux';
    const tree = memoryTree(this.dir, sources);
    const files = Object.keys(sources).filter((file) => /\.[ch]$/.test(file));
    const index = makeIndex({ tree, files, conditions: anyConfiguration, archDirectory: 'x86' }, linkOf);
    const placeOf = (file: string): 'builtin' | 'module' | 'possible' =>
      linkOf(file) === null ? 'possible' : linkOf(file) === 'vmlinux' ? 'builtin' : 'module';
    return { index, placement: { placeOf, linkUnitOf: linkOf } };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }
}
