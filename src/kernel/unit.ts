/**
 * How a file of a kernel tree is compiled: search order, forced includes and -D options as kbuild gives them. Where the
 * makefiles were evaluated (kbuild.ts), from their answer; else from what every unit of such a tree gets.
 */

import { withOptions } from '../c/predefined.js';
import type { Unit } from '../c/preprocess/preprocess.js';
import type { SourceTree } from '../tree/source-tree.js';
import { compilerFolder } from './generated.js';
import type { UnitFlags } from './kbuild-flags.js';

export type View = 'compiler' | 'genksyms';

/** Directories below arch/: today's, and those of trees that had one for each word size. */
const directories: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['x86', 'x86_64'],
  i386: ['x86', 'i386'],
  aarch64: ['arm64'],
  arm: ['arm'],
  ppc64le: ['powerpc', 'ppc64'],
  ppc64: ['powerpc', 'ppc64'],
  s390x: ['s390', 's390x'],
  riscv64: ['riscv'],
};

/** The directory of an architecture (`x86_64`, `aarch64`, …) below arch/ in this tree, or null where it has none. */
export function archDirectory(tree: SourceTree, arch: string): string | null {
  const names = new Set(tree.list('arch'));
  const known = Object.hasOwn(directories, arch) ? (directories[arch] as readonly string[]) : [];
  // 2.6.24 to 2.6.27 have arch/x86 and a second directory that holds no source: the first one that has headers or a Kconfig.
  return known.find((dir) => names.has(`${dir}/`)) ?? null;
}

/**
 * The compiler's macros as a compiler of the tree's age had them: kernels before 4.2 know each major release of gcc by a header
 * of its own and refuse any other.
 */
export function macrosForTree(macros: string, tree: SourceTree): string {
  const knows = (major: number): boolean => tree.contentId(`include/linux/compiler-gcc${major}.h`) !== null;
  if (!knows(4)) return macros;
  const [major, minor] = knows(5) ? [5, 4] : tree.contentId('include/linux/compiler-gcc.h') !== null ? [4, 1] : [4, 4];
  return (
    macros
      .replace(/^#define __GNUC__ \d+$/m, `#define __GNUC__ ${major}`)
      .replace(/^#define __GNUC_MINOR__ \d+$/m, `#define __GNUC_MINOR__ ${minor}`)
      // 4.1.0 and 4.1.1 are refused by trees that know their faults.
      .replace(/^#define __GNUC_PATCHLEVEL__ \d+$/m, '#define __GNUC_PATCHLEVEL__ 2')
  );
}

/** What the unit is called where it is built: KBUILD_BASENAME and the names of its module. */
export interface UnitNames {
  readonly basename: string;
  readonly modname: string;
  readonly modfile: string;
}

/** What a unit is called that is an object by itself. */
export function unitNames(path: string): UnitNames {
  const stem = path.replace(/\.[^./]*$/, '');
  const name = stem.slice(stem.lastIndexOf('/') + 1);
  return { basename: name, modname: name, modfile: stem };
}

/** The unit `path` without a look at its makefile; null where the tree has no such architecture. */
export function plainUnit(tree: SourceTree, path: string, arch: string, predefined: string, view: View): Unit | null {
  const dir = archDirectory(tree, arch);
  if (dir === null) return null;
  return {
    path,
    includePaths: includePathsOf(tree, dir, path),
    forced: forcedIn(tree),
    defines: ['__KERNEL__', ...viewDefines(view), ...nameDefines(unitNames(path))],
    predefined,
    msExtensions: hasMsExtensions(tree),
  };
}

/** The unit `path` as its makefile says. */
export function flaggedUnit(path: string, names: UnitNames, flags: UnitFlags, predefined: string, view: View): Unit {
  const undefined_ = flags.defines.filter(([, value]) => value === null).map(([name]) => `#undef ${name}\n`);
  return {
    path,
    includePaths: [...flags.includes, compilerFolder],
    forced: flags.preincludes,
    defines: [
      ...flags.defines.flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`])),
      ...viewDefines(view),
      ...nameDefines(names),
    ],
    predefined: withOptions(predefined, flags.options) + undefined_.join(''),
    msExtensions: flags.options.some((option) => msOption.test(option)),
  };
}

/** `struct { struct tagged; }` embeds the members of `struct tagged` with any of these. */
const msOption = /^-f(ms-extensions|ms-anonymous-structs|plan9-extensions)$/;

const msExtensions = new WeakMap<SourceTree, boolean>();

/** Linux 6.19 and later build everything so, by an option of the top Makefile or of the configuration. */
function hasMsExtensions(tree: SourceTree): boolean {
  let has = msExtensions.get(tree);
  if (has === undefined) {
    const makefile = Buffer.from(tree.read('Makefile') ?? '').toString('latin1');
    has = /^\w+\s*[:+]?=.*(-fms-extensions|\$\(CONFIG_CC_MS_EXTENSIONS\))/m.test(makefile);
    msExtensions.set(tree, has);
  }
  return has;
}

function viewDefines(view: View): string[] {
  return view === 'genksyms' ? ['__GENKSYMS__'] : [];
}

function nameDefines({ basename, modname, modfile }: UnitNames): string[] {
  const inC = (name: string): string => name.replace(/[-,]/g, '_');
  return [
    `KBUILD_MODFILE="${modfile}"`,
    `KBUILD_BASENAME="${inC(basename)}"`,
    `KBUILD_MODNAME="${inC(modname)}"`,
    `__KBUILD_MODNAME=kmod_${inC(modname)}`,
  ];
}

/** LINUXINCLUDE of the top Makefile. Directories that the tree lacks are left out: nothing is ever found there. */
function includePathsOf(tree: SourceTree, dir: string, path: string): string[] {
  const arch = `arch/${dir}/include`;
  const slash = path.lastIndexOf('/');
  const paths = [arch, `${arch}/generated`, 'include', `${arch}/uapi`, `${arch}/generated/uapi`, 'include/uapi'];
  paths.push('include/generated/uapi');
  // 2.6.18 to 2.6.27: the sub-architecture's headers, named by arch/i386/Makefile and its heirs.
  for (const older of ['include/asm-x86/mach-default', 'include/asm-i386/mach-default'])
    if (dir !== 'x86_64') paths.push(older);
  if (slash > 0) paths.push(path.slice(0, slash));
  paths.push(compilerFolder);
  return paths.filter((one) => tree.list(one).length > 0);
}

/** -include options: autoconf.h up to 3.0, kconfig.h since 3.1, compiler_types.h since 4.16, compiler-version.h since 5.13. */
function forcedIn(tree: SourceTree): string[] {
  const has = (path: string): boolean => tree.contentId(path) !== null;
  const config = ['include/linux/kconfig.h', 'include/linux/autoconf.h', 'include/generated/autoconf.h'].find(has);
  return [
    ...['include/linux/compiler-version.h'].filter(has),
    ...(config === undefined ? [] : [config]),
    ...['include/linux/compiler_types.h'].filter(has),
  ];
}
