/**
 * `kabiwatch review --reference` on a small tree: which exports change, to which version. The versions come from Debian's own genksyms over
 * the compiler's preprocessor, before and after.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';
import { skipped } from '../truth/kernel.js';

const main = join(process.cwd(), 'dist/cli/main.js');
const genksyms = '/usr/lib/linux-kbuild-6.1/scripts/genksyms/genksyms';
const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-reference-'));
afterAll(() => rmSync(dir, { recursive: true }));

const tree: Readonly<Record<string, string>> = {
  Makefile:
    'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nLINUXINCLUDE := -I$(srctree)/include\nKBUILD_CFLAGS_MODULE := -DMODULE\ninclude arch/$(SRCARCH)/Makefile\n',
  Kbuild: 'obj-y += init/\nobj-y += drivers/\n',
  'arch/x86/Makefile': '',
  'init/Makefile': 'obj-y := main.o other.o far.o\nobj-y += first.o\n',
  'drivers/Makefile': 'obj-$(CONFIG_DRIVER) += driver.o\n',
  'drivers/Kconfig': 'config DRIVER\n\ttristate "driver"\n',
  'include/linux/pool.h': `#ifndef POOL
#define POOL
#define EXPORT_SYMBOL(name) __GENKSYMS_EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name) EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_NS(name, ns) EXPORT_SYMBOL(name)
#define SLOTS 4
struct opaque;
struct pool {
	int lock;
	struct opaque *o;
	int slots[SLOTS];
};
struct holder {
	struct pool pool;
};
#ifdef MODULE
struct mode { int module; };
#else
struct mode { int builtin; };
#endif
int pool_add(struct pool *p, int n);
#endif
`,
  'include/linux/late.h': 'struct opaque { int inside; };\nstruct late { long l; };\n',
  'init/main.c':
    '#include <linux/pool.h>\nint pool_add(struct pool *p, int n) { return 0; }\nEXPORT_SYMBOL(pool_add);\n',
  'init/other.c':
    '#include <linux/pool.h>\nint hold(struct holder *h, struct mode *m) { return 0; }\nEXPORT_SYMBOL(hold);\nint plain(int n) { return 0; }\nEXPORT_SYMBOL(plain);\n',
  'init/far.c':
    '#include <linux/pool.h>\n#include <linux/late.h>\nint far(struct pool *p) { return 0; }\nEXPORT_SYMBOL(far);\n',
  'init/first.c': '#include <linux/pool.h>\nint first(void) { return 0; }\n',
  'drivers/driver.c':
    '#include <linux/pool.h>\nint drive(struct pool *p, struct mode *m) { return 0; }\nEXPORT_SYMBOL(drive);\n',
};
const units = ['init/main.c', 'init/other.c', 'init/far.c', 'drivers/driver.c'];
const config = '# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\nCONFIG_DRIVER=m\n';

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const full = join(dir, root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
}

/** By genksyms itself. */
function versionsOf(files: Readonly<Record<string, string>>, sources = units): Record<string, string> {
  write('truth', files);
  const versions: Record<string, string> = {};
  for (const unit of sources) {
    const module = unit.startsWith('drivers/') ? ['-DMODULE'] : [];
    const text = execFileSync('gcc', [
      '-E',
      '-D__GENKSYMS__',
      ...module,
      `-I${join(dir, 'truth/include')}`,
      join(dir, 'truth', unit),
    ]);
    const out = execFileSync(genksyms, { input: text }).toString();
    for (const [, name, crc] of out.matchAll(/__crc_(\w+) = (0x[0-9a-f]+)|#SYMVER (\w+) (0x[0-9a-f]+)/g))
      if (name !== undefined && crc !== undefined) versions[name] = crc;
    for (const [, name, crc] of out.matchAll(/#SYMVER (\w+) (0x[0-9a-f]+)/g)) versions[name as string] = crc as string;
  }
  return versions;
}

function diffOf(changes: readonly Readonly<Record<string, string>>[]): string {
  let before = tree;
  return changes
    .map((change, at) => {
      for (const side of ['a', 'b']) rmSync(join(dir, side), { recursive: true, force: true });
      write('a', before);
      before = { ...before, ...change };
      write('b', before);
      const { stdout } = spawnSync('git', ['diff', '--no-index', '--no-prefix', 'a', 'b'], {
        cwd: dir,
        encoding: 'utf8',
      });
      // Of a new file `--no-prefix` says the new name twice.
      const diff = stdout.replaceAll('diff --git b/', 'diff --git a/');
      const count = changes.length > 1 ? ` ${at + 1}/${changes.length}` : '';
      const ids = at === 0 ? '' : `In-Reply-To: <p1@example.org>\nReferences: <p1@example.org>\n`;
      return `From mail Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nMessage-ID: <p${at + 1}@example.org>\n${ids}Date: Mon, 1 Jan 2024 00:00:0${at} +0000\nSubject: [PATCH${count}] pool: step ${at + 1}\n\n---\n${diff}\n-- \n2.40\n\n`;
    })
    .join('');
}

function kabiwatch(...args: readonly string[]) {
  const env = { ...process.env, XDG_DATA_HOME: join(dir, 'data') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

function review(changes: readonly Readonly<Record<string, string>>[], ...options: readonly string[]): Review {
  writeFileSync(join(dir, 'series.mbox'), diffOf(changes));
  const { out, err } = kabiwatch('review', '--reference', 'small', '--json', ...options, join(dir, 'series.mbox'));
  if (out === '') throw new Error(err);
  return JSON.parse(out);
}

const header = 'include/linux/pool.h';
const edit = (path: string, from: string, to: string): Readonly<Record<string, string>> => {
  const text = tree[path] as string;
  if (!text.includes(from)) throw new Error(`${from} is not in ${path}`);
  return { [path]: text.replace(from, to) };
};

const skip = !existsSync(genksyms);
if (skip) skipped('linux-kbuild-6.1 is not installed');

(skip ? describe.skip : describe)('kabiwatch review --reference', () => {
  beforeAll(() => {
    if (!existsSync(main)) execFileSync('npm', ['run', 'build', '--silent']);
    write('tree', tree);
    write('build', { '.config': config });
    const shipped = Object.entries(versionsOf(tree)).map(([name, crc]) => {
      const module = name === 'drive' ? 'drivers/driver' : 'vmlinux';
      return `${crc}\t${name}\t${module}\tEXPORT_SYMBOL\t\n`;
    });
    write('build', { 'Module.symvers': shipped.join('') });
    const built = kabiwatch('reference', 'build', 'small', '--tree', join(dir, 'tree'), '--build', join(dir, 'build'));
    expect(built.err).toBe('');
    expect(kabiwatch('reference', 'verify', 'small').out).toContain('symbol versions: 5 equal, 0 different');
  }, 60_000);

  test.each<[string, Readonly<Record<string, string>>, number]>([
    ['a member', edit(header, '\tint lock;\n', '\tint lock;\n\tint count;\n'), 4],
    [
      'a member of a type that was opaque, and is not everywhere',
      edit(header, 'int slots[SLOTS];', 'struct late *late;'),
      4,
    ],
    ['the value of a macro', edit(header, 'SLOTS 4', 'SLOTS 5'), 4],
    [
      'an include that makes a type visible',
      edit('init/main.c', '#include <linux/pool.h>\n', '#include <linux/pool.h>\n#include <linux/late.h>\n'),
      1,
    ],
    ['a type that modules see otherwise', edit(header, 'int module;', 'long module;'), 1],
    ['a prototype', { ...edit(header, 'int n);', 'long n);'), ...edit('init/main.c', 'int n)', 'long n)') }, 1],
    ['the spelling of a type', edit(header, '\tint lock;', '\tsigned int lock;'), 4],
    ['a body', edit('init/main.c', 'return 0;', 'return 1;'), 0],
    ['a guarded member', edit(header, '\tint lock;\n', '\tint lock;\n#ifndef __GENKSYMS__\n\tint count;\n#endif\n'), 0],
  ])('%s: the versions are those of genksyms', (_, change, count) => {
    const [before, after] = [versionsOf(tree), versionsOf({ ...tree, ...change })];
    const wanted = Object.keys(before).filter((name) => before[name] !== after[name]);
    const { symbols, evidence, findings } = review([change]);
    expect(wanted).toHaveLength(count);
    expect(Object.fromEntries(symbols.changed.map((one) => [one.name, [one.before, one.after]]))).toEqual(
      Object.fromEntries(wanted.map((name) => [name, [before[name], after[name]]])),
    );
    expect([evidence, symbols.exported]).toEqual(['reference', 5]);
    if (count > 0) expect(findings.some(({ verified }) => verified)).toBe(true);
  });

  describe('units that a series makes, drops or compiles otherwise', () => {
    const objects = (text: string) => edit('init/Makefile', 'main.o other.o far.o', text);
    const moved = {
      ...edit('init/main.c', 'int pool_add(struct pool *p, int n) { return 0; }\nEXPORT_SYMBOL(pool_add);\n', ''),
      'init/add.c':
        '#include <linux/late.h>\n#include <linux/pool.h>\nint pool_add(struct pool *p, int n) { return 0; }\nEXPORT_SYMBOL(pool_add);\nint fresh(void) { return 0; }\nEXPORT_SYMBOL(fresh);\n',
    };

    test('an export that moves to a new source has the version that it has there', () => {
      const change = { ...moved, ...objects('main.o other.o far.o add.o') };
      const [before, after] = [versionsOf(tree), versionsOf({ ...tree, ...change }, [...units, 'init/add.c'])];
      const { symbols } = review([change]);
      expect(before.pool_add).not.toBe(after.pool_add);
      expect(symbols.changed.map((one) => [one.name, one.before, one.after])).toEqual([
        ['pool_add', before.pool_add, after.pool_add],
      ]);
      expect(symbols.changed[0]?.because).toEqual(['pool_add', 'struct pool', 'struct opaque: became defined']);
      expect([symbols.added, symbols.removed]).toEqual([['fresh'], []]);
    });

    test('a new source that no makefile builds exports nothing', () => {
      const { symbols } = review([moved]);
      expect([symbols.changed, symbols.added, symbols.removed]).toEqual([[], [], ['pool_add']]);
    });

    test('a makefile alone takes exports away', () => {
      const { symbols, findings } = review([objects('main.o far.o')]);
      expect(symbols.removed).toEqual(['hold', 'plain']);
      expect(findings.map(({ rule, symbol, file }) => [rule, symbol, file])).toEqual([
        ['export-removed', 'hold', 'init/other.c'],
        ['export-removed', 'plain', 'init/other.c'],
      ]);
      const driver = { 'drivers/Makefile': 'obj-$(CONFIG_OTHER) += driver.o\n' };
      expect(review([driver]).symbols.removed).toEqual(['drive']);
    });

    test('what an option that the series adds decides is told as missing, and no export as removed', () => {
      const { symbols, missing, verdict } = review([
        {
          'drivers/Makefile': 'obj-$(CONFIG_NEWER) += driver.o\n',
          'drivers/Kconfig': 'config NEWER\n\ttristate "driver"\n',
        },
      ]);
      expect([symbols.removed, verdict]).toEqual([[], 'none']);
      expect(missing).toEqual([
        { what: 'whether drivers/driver.o is built', why: 'CONFIG_NEWER is new with the series' },
      ]);
    });

    test('a flag that a makefile changes is a macro of its units', () => {
      const change = { 'drivers/Makefile': 'obj-$(CONFIG_DRIVER) += driver.o\nccflags-y := -DSLOTS=9\n' };
      const guarded = edit(header, '#define SLOTS 4', '#ifndef SLOTS\n#define SLOTS 4\n#endif');
      const { symbols } = review([{ ...guarded, ...change }]);
      expect(symbols.changed.map(({ name }) => name)).toEqual(['drive']);
      // Nothing is read for a warning.
      const warning = { 'drivers/Makefile': 'obj-$(CONFIG_DRIVER) += driver.o\nccflags-y := -Wno-unused\n' };
      expect(review([warning])).toMatchObject({ verdict: 'none', missing: [] });
    });

    test('an export that only genksyms sees is none, and no advice hides one', () => {
      const plain = 'int plain(int n) { return 0; }\nEXPORT_SYMBOL(plain);\n';
      const seen = (condition: string) => edit('init/other.c', plain, `${condition}\n${plain}#endif\n`);
      const { symbols, verdict, fixes } = review([seen('#ifdef __GENKSYMS__')]);
      expect([symbols.removed, symbols.changed, verdict]).toEqual([['plain'], [], 'crc-break']);
      expect(fixes).toEqual([]);
      expect(review([edit('init/other.c', plain, '')]).fixes).toEqual([]);
      expect(review([seen('#ifndef __GENKSYMS__')]).symbols.removed).toEqual(['plain']);
    });

    test('the first export of a source', () => {
      const change = edit('init/first.c', 'return 0; }\n', 'return 0; }\nEXPORT_SYMBOL(first);\n');
      expect(review([change]).symbols.added).toEqual(['first']);
    });
  });

  test('what a series depends on is applied before it: versions before are with it, versions after with both', () => {
    const first = edit(header, '\tint lock;\n', '\tint lock;\n\tint count;\n');
    const both = { [header]: (first[header] as string).replace('int builtin;', 'long builtin;') };
    const [one = '', two = ''] = diffOf([first, both]).split(/(?<=-- \n2\.40\n\n)/);
    const alone = (mail: string, depends: string): string =>
      mail
        .replace(/^(?:In-Reply-To|References): .*\n/gm, '')
        .replace(/ \d\/2\]/, ']')
        .replace('\n---\n', `\n${depends}\n---\n`);
    writeFileSync(join(dir, 'needed.mbox'), alone(one, ''));
    writeFileSync(join(dir, 'needs.mbox'), alone(two, 'Depends-on: <p1@example.org>'));
    const files = [join(dir, 'needed.mbox'), join(dir, 'needs.mbox')];
    const { out } = kabiwatch('review', '--reference', 'small', '--json', ...files);
    const reviews: Review[] = JSON.parse(out);
    const found = reviews.find(({ series }) => series.messageId === 'p2@example.org');
    const [before, after] = [versionsOf({ ...tree, ...first }), versionsOf({ ...tree, ...both })];
    const wanted = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(wanted).toHaveLength(1);
    expect(Object.fromEntries(found?.symbols.changed.map((row) => [row.name, [row.before, row.after]]) ?? [])).toEqual(
      Object.fromEntries(wanted.map((name) => [name, [before[name], after[name]]])),
    );
  });

  test('a patch that heals an earlier one is told, and the sum is harmless', () => {
    const inserted = edit(header, '\tint lock;\n', '\tint lock;\n\tint count;\n');
    const guarded = edit(header, '\tint lock;\n', '\tint lock;\n#ifndef __GENKSYMS__\n\tint count;\n#endif\n');
    const { symbols, verdict, findings } = review([inserted, guarded]);
    expect([symbols.changed, verdict]).toEqual([[], 'guarded']);
    const healed = findings.filter(({ rule }) => rule === 'crc-changed');
    expect(healed).toEqual([
      expect.objectContaining({ severity: 'info', patch: 1, type: 'struct pool', file: header, line: 8 }),
    ]);
    expect(healed[0]?.text).toContain('patch 2 heals it');
  });

  test('each cause names its own patch, file and line, and the way to it what happened there', () => {
    const first = edit(header, '\tint lock;\n', '\tint lock;\n\tint count;\n');
    const text = (first[header] as string).replace('int builtin;', 'long builtin;');
    const { symbols } = review([first, { [header]: text }]);
    expect(symbols.causes.map(({ text: what, file, line, patch }) => [what, file, line, patch])).toEqual(
      expect.arrayContaining([
        ['struct pool', header, 8, 1],
        ['struct mode', header, 20, 2],
      ]),
    );
    expect(symbols.changed.find(({ name }) => name === 'pool_add')?.because).toEqual([
      'pool_add',
      'struct pool: member added',
    ]);
  });

  test('an include that makes a type visible is named with its line', () => {
    const { symbols, findings } = review([
      edit('init/main.c', '#include <linux/pool.h>\n', '#include <linux/pool.h>\n#include <linux/late.h>\n'),
    ]);
    expect(symbols.causes).toEqual([
      {
        text: 'struct opaque became defined through `#include <linux/late.h>`',
        file: 'init/main.c',
        line: 2,
        patch: 1,
        cosmetic: true,
        count: 1,
      },
    ]);
    expect(findings.map(({ rule, file, line }) => [rule, file, line])).toContainEqual([
      'type-became-defined',
      'init/main.c',
      2,
    ]);
  });

  test('exports that go, come, or change license or namespace stand at their line', () => {
    const { symbols, findings } = review([
      edit('init/main.c', 'EXPORT_SYMBOL(pool_add)', 'EXPORT_SYMBOL_GPL(pool_add)'),
      edit('init/other.c', 'EXPORT_SYMBOL(plain);\n', ''),
      edit(
        'init/far.c',
        'EXPORT_SYMBOL(far);\n',
        'EXPORT_SYMBOL_NS(far, POOL);\nint near(void) { return 0; }\nEXPORT_SYMBOL(near);\n',
      ),
    ]);
    expect([symbols.changed, symbols.added, symbols.removed]).toEqual([[], ['near'], ['plain']]);
    expect(findings.map(({ rule, symbol, file, line, patch }) => [rule, symbol, file, line, patch])).toEqual(
      expect.arrayContaining([
        ['export-license-changed', 'pool_add', 'init/main.c', 3, 1],
        ['export-removed', 'plain', 'init/other.c', 5, 2],
        ['export-namespace-changed', 'far', 'init/far.c', 4, 3],
        ['export-added', 'near', 'init/far.c', 6, 3],
      ]),
    );
  });

  test('a comparison of two references says why versions differ', () => {
    const next = { ...tree, ...edit(header, '\tint lock;\n', '\tint lock;\n\tint count;\n') };
    write('next', next);
    expect(
      kabiwatch('reference', 'build', 'next', '--tree', join(dir, 'next'), '--build', join(dir, 'build')).status,
    ).toBe(0);
    const symvers = Object.entries(versionsOf(next)).map(
      ([name, crc]) => `${crc}\t${name}\t${name === 'drive' ? 'drivers/driver' : 'vmlinux'}\tEXPORT_SYMBOL\t\n`,
    );
    write('', { 'next.symvers': symvers.join('') });
    kabiwatch('reference', 'add', 'next', '--symvers', join(dir, 'next.symvers'));
    const compared = JSON.parse(kabiwatch('compare', 'small', 'next', '--json').out);
    expect(compared.causes).toEqual([{ name: 'struct pool', file: header, count: 4 }]);
    const hold = compared.symbols.find(({ name }: { name: string }) => name === 'hold');
    expect([hold.changes, hold.because]).toEqual([['crc'], ['hold', 'struct holder', 'struct pool']]);
  });

  test('types written as symtypes give a reference without source the same versions', () => {
    const { out } = kabiwatch('reference', 'symtypes', 'small');
    expect(out).toMatch(/^\/\* drivers\/driver\.symtypes \*\/\n/);
    write('', { 'kernel.symtypes': out });
    const shipped = ['--config', join(dir, 'build/.config'), '--symvers', join(dir, 'build/Module.symvers')];
    kabiwatch('reference', 'build', 'shipped', ...shipped);
    kabiwatch('reference', 'add', 'shipped', '--symtypes', join(dir, 'kernel.symtypes'));
    expect(kabiwatch('reference', 'verify', 'shipped').out).toContain('symbol versions: 5 equal, 0 different');
    expect(kabiwatch('reference', 'symtypes', 'shipped').out).toBe(out);
  });

  test('names what does not fit the reference', () => {
    writeFileSync(join(dir, 'series.mbox'), diffOf([edit(header, 'int lock;', 'long lock;')]));
    const fails = (...args: readonly string[]) => {
      const { status, err } = kabiwatch('review', '--reference', 'small', ...args, join(dir, 'series.mbox'));
      return [status, err];
    };
    expect(fails('--arch', 's390x')).toEqual([2, expect.stringContaining('for x86_64, --arch says s390x')]);
    write('other', { '.config': `${config}CONFIG_SMP=y\n` });
    expect(fails('--build', join(dir, 'other'))).toEqual([2, expect.stringContaining('CONFIG_SMP: not set, y')]);
    write('newer', { ...tree, Makefile: (tree.Makefile as string).replace('PATCHLEVEL = 1', 'PATCHLEVEL = 2') });
    expect(fails('--tree', join(dir, 'newer'))).toEqual([2, expect.stringContaining('is for 6.1, this is 6.2')]);
    write('', { 'no.kabiref': 'text' });
    const foreign = kabiwatch('review', '--reference', join(dir, 'no.kabiref'), join(dir, 'series.mbox'));
    expect([foreign.status, foreign.err]).toEqual([
      2,
      expect.stringContaining('it does not begin as a reference does'),
    ]);
  });
});
