/**
 * Which source files a kernel is made of, in which place, with which flags: its Kbuild makefiles evaluated for a config, as
 * scripts/Makefile.build and Makefile.lib do (Documentation/kbuild/makefiles.rst). No make is run.
 *
 * Comes in: a tree, the values of its config, an architecture. Goes out: a unit for every object that is linked into vmlinux
 * or a module. The descent is a walk over directories: what a makefile's `obj-y` and `obj-m` name ending in `/` is visited
 * next, with the variables that it exports. An object reached only through a directory of `obj-m` is never linked into
 * vmlinux, even when its makefile says `obj-y`.
 */
import type { SourceTree } from '../tree/source-tree.js';
import { Bounds, Descent } from './kbuild-descent.js';
import type { UnitFlags } from './kbuild-flags.js';
import type { ConfigValues, Top } from './kbuild-top.js';

/**
 * One object and what it is part of. An object that two modules share comes once for each.
 *
 * Example: { object: 'fs/ext4/inode.o', source: 'fs/ext4/inode.c', language: 'c', place: 'module', module: 'fs/ext4/ext4',
 *            basename: 'inode', modname: 'ext4', modfile: 'fs/ext4/ext4', flags: … }
 */
export interface Unit {
  readonly object: string;
  /** null where the file is made during the build. */
  readonly source: string | null;
  readonly language: 'c' | 'asm' | 'rust';
  readonly place: 'builtin' | 'module';
  /** The module as Module.symvers writes it, a path without `.ko`; null where the object is built in. */
  readonly module: string | null;
  /** KBUILD_BASENAME, before it is made a string. */
  readonly basename: string;
  /** KBUILD_MODNAME: the module it is, or would be if it were one. */
  readonly modname: string;
  /** KBUILD_MODFILE: that module's path; modules.builtin lists these. */
  readonly modfile: string;
  readonly flags: UnitFlags;
}

export interface Kbuild {
  readonly units: readonly Unit[];
  /** All modules in the order of modules.order, paths without `.ko`. */
  readonly modules: readonly string[];
  readonly missing: readonly { readonly what: string; readonly why: string }[];
}

export function unitsOf(tree: SourceTree, config: ConfigValues, arch: string): Kbuild {
  return new Descent(tree, config, arch, null).run();
}

/** A part of a kernel, by paths without a `/` at their end. */
export interface Scope {
  readonly sources: readonly string[];
  /** With all that is below them; `.` is the whole kernel. */
  readonly folders: readonly string[];
}

/**
 * Those of `unitsOf` that are in the scope, as the makefiles of its directories and of those above name them: an object that only another
 * directory's makefile names (virt/kvm/kvm_main.o is named by arch/x86/kvm alone) is not among them.
 */
export function unitsWithin(tree: SourceTree, config: ConfigValues, arch: string, scope: Scope): readonly Unit[] {
  const all = scope.folders.includes('.');
  return new Descent(tree, config, arch, all ? null : new Bounds(scope)).run().units;
}

/**
 * The unit that `unitsOf` would give first for a source file, or null where the config builds none from it. All makefiles are read only where
 * kbuild does not come to it through that of the file's directory.
 */
export function unitAt(tree: SourceTree, config: ConfigValues, arch: string, path: string): Unit | null {
  const named = ({ units }: Pick<Kbuild, 'units'>): Unit | undefined => units.find(({ source }) => source === path);
  const near = named({ units: unitsWithin(tree, config, arch, { sources: [path], folders: [] }) });
  if (near !== undefined || isNamedBeside(tree, path)) return near ?? null;
  return named(unitsOf(tree, config, arch)) ?? null;
}

/**
 * Whether kbuild comes to a source's object through the makefile beside it, built or not: that lists objects, this one among them, and the
 * makefile above lists the directory. Another directory can build the source only where its makefile is a fragment (amdgpu's) or the way is another.
 */
export function isNamedBeside(tree: SourceTree, path: string): boolean {
  const dir = path.slice(0, path.lastIndexOf('/'));
  const above = dir.slice(0, dir.lastIndexOf('/') + 1);
  const words = (folder: string): readonly string[] =>
    ['Kbuild', 'Makefile'].flatMap((name) =>
      Buffer.from(tree.read(folder + name) ?? '')
        .toString('latin1')
        .split(/\s+/),
    );
  const own = words(`${dir}/`);
  const object = path.slice(dir.length + 1).replace(/\.[^.]*$/, '.o');
  return (
    own.includes(object) &&
    own.some((word) => word.startsWith('obj-')) &&
    words(above).includes(`${dir.slice(above.length)}/`)
  );
}

/** What the top makefiles hand to all others; null where they cannot be evaluated within bounds. */
export function topOf(tree: SourceTree, config: ConfigValues, arch: string): Top | null {
  return new Descent(tree, config, arch, null).top();
}

/** The macros that kbuild defines for one unit (modname_flags), after those of `flags`. */
export function nameDefines(unit: Unit): readonly (readonly [string, string])[] {
  const token = (text: string): string => text.replaceAll(/[-,]/g, '_');
  return [
    ['KBUILD_BASENAME', `"${token(unit.basename)}"`],
    ['KBUILD_MODNAME', `"${token(unit.modname)}"`],
    ['__KBUILD_MODNAME', `kmod_${token(unit.modname)}`],
    ...(unit.place === 'builtin' ? [['KBUILD_MODFILE', `"${unit.modfile}"`] as const] : []),
  ];
}
