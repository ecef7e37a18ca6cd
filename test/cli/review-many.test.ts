/**
 * A series that touches more headers than one thread reads: they are compared on all processors, and say what they say alone. Sizes come from
 * the compiler.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Review } from '../../src/kabi/review.js';

const main = join(process.cwd(), 'dist/cli/main.js');
const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-many-'));
afterAll(() => rmSync(dir, { recursive: true }));

const count = 60;
const numbers = Array.from({ length: count }, (_, n) => n);
/** Those of every seventh cannot be read alone: what declares `word` is left to whoever includes them. */
const headerOf = (n: number): string => (n % 7 === 3 ? `drivers/lean/part${n}.h` : `drivers/part${n}.h`);
const textOf = (n: number, member: string): string =>
  `struct part${n} {\n\tchar head[${n + 1}];\n${n % 7 === 3 ? '\tword w;\n' : ''}${member}\tstruct pool pool;\n};\n`;

const common = { 'include/linux/pool.h': 'struct pool {\n\tint lock;\n};\nint take(struct pool *p);\n' };
const files = (member: string): Readonly<Record<string, string>> => ({
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nLINUXINCLUDE := -I$(srctree)/include\n',
  Kbuild: 'obj-y += init/\n',
  'arch/x86/Makefile': '',
  'init/Makefile': 'obj-y := main.o\n',
  'init/main.c':
    '#include <linux/pool.h>\n#define EXPORT_SYMBOL(name) __GENKSYMS_EXPORT_SYMBOL(name)\nint take(struct pool *p) { return 0; }\nEXPORT_SYMBOL(take);\n',
  ...common,
  'drivers/lean/all.h': `typedef long word;\n#include <linux/pool.h>\n${numbers.flatMap((n) => (n % 7 === 3 ? [`#include "part${n}.h"\n`] : [])).join('')}`,
  ...Object.fromEntries(
    numbers.map((n) => [headerOf(n), `${n % 7 === 3 ? '' : '#include <linux/pool.h>\n'}${textOf(n, member)}`]),
  ),
});

function write(root: string, tree: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(tree)) {
    const full = join(dir, root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
}

/** `sizeof` of each struct, as gcc has it. */
function sizesOf(member: string): readonly number[] {
  const structs = numbers.map((n) => textOf(n, member)).join('');
  const sizes = numbers.map((n) => `sizeof(struct part${n})`).join(', ');
  const text = `typedef long word;\n${common['include/linux/pool.h']}${structs}unsigned long sizes[] = { ${sizes} };\n`;
  const assembler = execFileSync('gcc', ['-x', 'c', '-S', '-o', '-', '-'], { input: text, encoding: 'utf8' });
  return [...assembler.matchAll(/\.quad\s+(\d+)/g)].map(([, size]) => Number(size));
}

function kabiwatch(...args: readonly string[]): string {
  const env = { ...process.env, XDG_DATA_HOME: join(dir, 'data'), XDG_CACHE_HOME: join(dir, 'cache') };
  const { stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return stdout;
}

beforeAll(() => {
  if (!existsSync(main)) execFileSync('npm', ['run', 'build', '--silent']);
}, 60_000);

test('sixty headers: before and after each struct is as large as gcc says', () => {
  const [before, after] = [files(''), files('\tlong added;\n')];
  write('tree', before);
  write('build', { '.config': '# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\n' });
  write('a', before);
  write('b', after);
  const { stdout } = spawnSync('git', ['diff', '--no-index', '--no-prefix', 'a', 'b'], { cwd: dir, encoding: 'utf8' });
  writeFileSync(join(dir, 'many.patch'), stdout);
  kabiwatch('reference', 'build', 'many', '--tree', join(dir, 'tree'), '--build', join(dir, 'build'));
  const review: Review = JSON.parse(
    kabiwatch('review', '--reference', 'many', '--json', '--no-advice', join(dir, 'many.patch')),
  );
  const told = new Map(review.types.map(({ name, before, after }) => [name, [before?.size, after?.size]]));
  const [was, is] = [sizesOf(''), sizesOf('\tlong added;\n')];
  expect(was).toHaveLength(count);
  expect(Object.fromEntries(numbers.map((n) => [n, told.get(`part${n}`)]))).toEqual(
    Object.fromEntries(numbers.map((n) => [n, [was[n], is[n]]])),
  );
  expect(review.missing.filter(({ what }) => what.startsWith('a declaration'))).toEqual([]);
}, 60_000);
