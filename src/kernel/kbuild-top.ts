/**
 * The kernel's top Makefile, evaluated as `make vmlinux modules` would for an architecture: which directories the kernel is
 * made of, and the flags that every directory inherits.
 */
import type { SourceTree } from '../tree/source-tree.js';
import { Make, type MakeWorld } from './make/evaluate.js';
import { normalised, wordsOf } from './make/words.js';

/** The values of a `.config`: `CONFIG_SMP` is `y`, a string without its quotes. What is not set is absent. */
export type ConfigValues = ReadonlyMap<string, string>;

export interface Top {
  /** What a directory's makefile finds set: the exported variables. */
  readonly environment: ReadonlyMap<string, string>;
  /** The directories to begin in, in link order: `.` where the tree has a top Kbuild that names the others. */
  readonly roots: readonly string[];
  /** Directories whose lib.a is linked into vmlinux. */
  readonly libraries: ReadonlySet<string>;
  readonly sourceArchitecture: string;
}

/** ARCH as make is told it, and the directory under arch/; a tree older than the merged directory has the second one. */
const architectures: Readonly<Record<string, readonly [arch: string, dir: string, older: string]>> = {
  x86_64: ['x86_64', 'x86', 'x86_64'],
  i386: ['i386', 'x86', 'i386'],
  aarch64: ['arm64', 'arm64', 'arm64'],
  arm: ['arm', 'arm', 'arm'],
  ppc64le: ['powerpc', 'powerpc', 'ppc64'],
  ppc64: ['powerpc', 'powerpc', 'ppc64'],
  s390x: ['s390', 's390', 's390'],
  riscv64: ['riscv', 'riscv', 'riscv'],
};

export function makeWorld(tree: SourceTree, shell: (command: string) => string): MakeWorld {
  return {
    // The config is answered for by its values; Kbuild.include's functions by ours (make/functions.ts).
    read: (path) => {
      if (/^include\/config\/auto\.conf|^scripts\/(Kbuild\.include|Makefile\.compiler)$/.test(path)) return '';
      const bytes = tree.read(path);
      return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    },
    wildcard: (pattern) => wildcard(tree, pattern),
    shell,
  };
}

function wildcard(tree: SourceTree, pattern: string): string {
  const path = normalised(pattern);
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const dir = path.slice(0, Math.max(0, slash));
  const isPattern = /[*?[]/.test(name);
  // Most often a file is asked for by its name: listing its folder costs more.
  if (!isPattern && tree.contentId(path) !== null) return pattern;
  const names = tree.list(dir).map((entry) => entry.replace(/\/$/, ''));
  if (!isPattern) return names.includes(name) ? pattern : '';
  const parts = name.split(/([*?])/).map((part) => (part === '*' ? '[^/]*' : part === '?' ? '[^/]' : escaped(part)));
  const expression = new RegExp(`^${parts.join('')}$`);
  const prefix = pattern.slice(0, pattern.lastIndexOf('/') + 1);
  return names
    .filter((entry) => expression.test(entry))
    .map((entry) => prefix + entry)
    .join(' ');
}

function escaped(text: string): string {
  return text.replace(/[.+^${}()|\\]/g, '\\$&');
}

/** Variables that a build's command line, or its environment, has given before the top Makefile is read. */
function presets(arch: string, dir: string): Readonly<Record<string, string>> {
  return {
    ARCH: arch,
    SRCARCH: dir,
    SUBARCH: arch,
    UTS_MACHINE: arch,
    srctree: '.',
    objtree: '.',
    abs_srctree: '.',
    abs_objtree: '.',
    VPATH: '',
    CURDIR: '.',
    TOPDIR: '.',
    MAKE_VERSION: '4.3',
    MAKECMDGOALS: 'vmlinux modules',
    MAKEFLAGS: '',
    KBUILD_SRC: '',
    KBUILD_EXTMOD: '',
    KBUILD_BUILTIN: '1',
    KBUILD_MODULES: '1',
    sub_make_done: '1',
    'need-sub-make': '',
    CC: 'gcc',
    HOSTCC: 'gcc',
    LLVM: '',
  };
}

export function readTop(tree: SourceTree, config: ConfigValues, arch: string, world: MakeWorld): Top {
  const [name, merged, older] = architectures[arch] ?? [arch, arch, arch];
  const dir = tree.list(`arch/${merged}`).includes('Makefile') ? merged : older;
  const make = new Make(world, (symbol) => config.get(symbol) ?? null);
  const given = presets(dir === merged ? name : dir, dir);
  for (const [variable, text] of Object.entries(given)) make.set(variable, text, 'command line');
  make.include('Makefile');
  for (const variable of ['KBUILD_CFLAGS_MODULE', 'KBUILD_CFLAGS_KERNEL', 'LINUXINCLUDE']) make.exported.add(variable);
  const environment = new Map([...Object.entries(given), ...make.environment()]);
  for (const directory of ['KBUILD_BUILTIN', 'KBUILD_MODULES']) environment.delete(directory);
  environment.set('KBUILD_BUILTIN', '1');
  environment.set('KBUILD_MODULES', '1');
  const hasTopKbuild = /^\s*obj-y\s*\+?:?=\s*init\//m.test(world.read('Kbuild') ?? '');
  return {
    environment,
    roots: hasTopKbuild ? ['.'] : directoriesOf(make),
    libraries: new Set(wordsOf(make.value('libs-y')).map(directoryOfLibrary)),
    sourceArchitecture: dir,
  };
}

/** `vmlinux-dirs` is set before the lists become names of archives; what is not there is not part of the kernel. */
function directoriesOf(make: Make): string[] {
  return wordsOf(make.value('vmlinux-dirs')).map(normalised);
}

/** `lib/`, or already `lib/lib.a`. */
function directoryOfLibrary(word: string): string {
  return normalised(word.replace(/\/(lib\.a|built-in\.[ao])$/, '/'));
}
