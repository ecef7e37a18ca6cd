import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { blob } from '../btf/blob.js';

const main = join(process.cwd(), 'dist/cli/main.js');
const dir = mkdtempSync(join(tmpdir(), 'kabiwatch-cli-'));
afterAll(() => rmSync(dir, { recursive: true }));

function write(path: string, content: string | Uint8Array): string {
  const full = join(dir, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  return full;
}

function kabiwatch(...args: readonly string[]): {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
} {
  const env = { ...process.env, XDG_DATA_HOME: join(dir, 'data') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

const config = '# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_X86_64=y\nCONFIG_MODVERSIONS=y\nCONFIG_DRIVER=m\n';
const symvers =
  '0x1c4659d0\tfree_task\tvmlinux\tEXPORT_SYMBOL\t\n0x00000abc\tdrive\tdrivers/driver\tEXPORT_SYMBOL_GPL\tDRIVE\n';
const tree = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\ninclude arch/$(SRCARCH)/Makefile\n',
  Kbuild: 'obj-y += init/\nobj-y += drivers/\n',
  'arch/x86/Makefile': '',
  'init/Makefile': 'obj-y := main.o',
  'init/main.c': 'EXPORT_SYMBOL(free_task);',
  'drivers/Makefile': 'obj-$(CONFIG_DRIVER) += driver.o',
  'drivers/driver.c': 'EXPORT_SYMBOL_NS_GPL(drive, DRIVE);',
};
const btf = blob([
  {
    kind: 4,
    name: 'list_head',
    extra: 16,
    members: [
      ['next', 2, 0],
      ['prev', 2, 64],
    ],
  },
  { kind: 2, name: '', extra: 1 },
  { kind: 4, name: 'holder', extra: 16, members: [['list', 1, 0]] },
]);

/** genksyms itself says 0xe44d0d98 for this prototype. */
const versioned = `
#define EXPORT_SYMBOL(name) __GENKSYMS_EXPORT_SYMBOL(name)
struct foo;
int f(struct foo *a, int b) { return 0; }
EXPORT_SYMBOL(f);
`;

describe('kabiwatch reference', () => {
  if (!existsSync(main)) execFileSync('npm', ['run', 'build', '--silent']);
  for (const [path, text] of Object.entries(tree)) write(`tree/${path}`, text);
  write('build/.config', config);
  write('build/Module.symvers', symvers);
  const btfFile = write('vmlinux.btf', btf);
  const list = write('stablelist', '[list]\nfree_task\nno_more\n');

  test('builds, shows, adds, lists and compares', () => {
    const built = kabiwatch(
      'reference',
      'build',
      'old',
      '--tree',
      join(dir, 'tree'),
      '--build',
      join(dir, 'build'),
      '--list',
      list,
    );
    expect(built.err).toBe('');
    expect(built.out).toMatch(
      /old: x86_64, Linux 6\.1\.7, symbol versions by genksyms[\s\S]*symbols +2[\s\S]*units +2/,
    );
    expect(built.out).toContain('stablelist:3: no_more');

    const shown = JSON.parse(kabiwatch('reference', 'show', 'old', 'drive').out);
    expect(shown.symbols).toEqual([
      expect.objectContaining({
        module: 'drivers/driver',
        license: 'gpl',
        namespace: 'DRIVE',
        shipped: '0x00000abc',
        source: 'drivers/driver.c',
      }),
    ]);

    const newer = write('new.symvers', symvers.replace('0x1c4659d0', '0x11111111'));
    expect(
      kabiwatch('reference', 'build', 'new', '--config', join(dir, 'build/.config'), '--symvers', newer).status,
    ).toBe(0);
    expect(kabiwatch('reference', 'add', 'old', '--btf', btfFile).out).toMatch(/shipped +2/);
    expect(kabiwatch('reference', 'add', 'new', '--btf', btfFile).status).toBe(0);
    const held = JSON.parse(kabiwatch('reference', 'show', 'new', 'struct list_head').out);
    expect(held.embeddedIn).toEqual(['struct holder']);

    const compared = kabiwatch('compare', 'old', 'new');
    expect(compared.status).toBe(1);
    expect(compared.out).toMatch(
      /promised symbols changed or removed: 1\n +free_task +vmlinux +0x1c4659d0 -> 0x11111111 +promised/,
    );
    expect(kabiwatch('compare', 'old', 'old').status).toBe(0);
    expect(JSON.parse(kabiwatch('compare', 'old', 'new', '--json', '--promised').out).symbols).toHaveLength(1);
    expect(kabiwatch('reference', 'list').out).toMatch(/new +x86_64 +6\.1\.7 +2 symbols[\s\S]*old /);
  });

  test('names what does not fit', () => {
    const wrongArch = kabiwatch('reference', 'build', 'x', '--build', join(dir, 'build'), '--arch', 'aarch64');
    expect([wrongArch.status, wrongArch.err]).toEqual([
      2,
      expect.stringContaining('the config is for x86_64, --arch says aarch64'),
    ]);
    write('other/.config', config.replace('6.1.7', '6.12.1'));
    const wrongTree = kabiwatch('reference', 'build', 'x', '--build', join(dir, 'other'), '--tree', join(dir, 'tree'));
    expect([wrongTree.status, wrongTree.err]).toEqual([
      2,
      expect.stringContaining('the config is for 6.12.1, the tree is 6.1.7'),
    ]);
    expect(kabiwatch('reference', 'show', 'absent').err).toContain('no reference of this name');
    expect(kabiwatch('reference', 'show', list).err).toContain('it does not begin as a reference does');
    expect(kabiwatch('reference', 'build', 'x').err).toContain('.config');
  });

  test('computes versions from the source and holds them against the shipped ones', () => {
    for (const [path, text] of Object.entries({ ...tree, 'init/main.c': versioned })) write(`tree2/${path}`, text);
    const shipped = (crc: string): string => write('f.symvers', `${crc}\tf\tvmlinux\tEXPORT_SYMBOL\t\n`);
    const build = (crc: string) =>
      kabiwatch(
        'reference',
        'build',
        'f',
        '--tree',
        join(dir, 'tree2'),
        '--build',
        join(dir, 'build'),
        '--symvers',
        shipped(crc),
      );
    expect(build('0xe44d0d98').status).toBe(0);
    const right = kabiwatch('reference', 'verify', 'f');
    expect([right.status, right.out]).toEqual([
      0,
      expect.stringContaining('symbol versions: 1 equal, 0 different, 0 not'),
    ]);
    expect(build('0x12345678').status).toBe(0);
    const wrong = kabiwatch('reference', 'verify', 'f');
    expect([wrong.status, wrong.out]).toEqual([
      1,
      expect.stringContaining('f (vmlinux): computed 0xe44d0d98, shipped 0x12345678'),
    ]);
  });

  test('`running` takes what a distribution has installed', () => {
    const release = '6.1.7-1-amd64';
    write(`root/boot/config-${release}`, config);
    write(`root/boot/symvers-${release}.gz`, gzipSync(symvers));
    write('root/sys/kernel/btf/vmlinux', btf);
    const built = kabiwatch('reference', 'running', '--release', release, '--root', join(dir, 'root'));
    expect(built.out).toMatch(/running: x86_64[\s\S]*symbols +2[\s\S]*shipped +2/);
    expect(kabiwatch('compare', 'running', 'running').out).toContain('2 unchanged');
    expect(kabiwatch('reference', 'running', '--release', 'none', '--root', join(dir, 'root')).err).toContain(
      'its config is in none',
    );
  });
});
