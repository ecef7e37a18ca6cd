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
import { DirectoryFlags, type UnitFlags } from './kbuild-flags.js';
import { type ConfigValues, makeWorld, readTop, type Top } from './kbuild-top.js';
import { Make, MakeLimit, type MakeWorld, normalised } from './make/evaluate.js';
import { filterWords, wordsOf } from './make/words.js';

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

/** Lists that every makefile of a directory begins with (Makefile.build). */
const emptyLists = [
  ...[
    'obj-y',
    'obj-m',
    'lib-y',
    'lib-m',
    'always',
    'always-y',
    'always-m',
    'targets',
    'subdir-y',
    'subdir-m',
    'extra-y',
  ],
  ...['EXTRA_AFLAGS', 'EXTRA_CFLAGS', 'EXTRA_CPPFLAGS', 'EXTRA_LDFLAGS', 'asflags-y', 'ccflags-y', 'cppflags-y'],
  ...['ldflags-y', 'subdir-asflags-y', 'subdir-ccflags-y', 'hostprogs', 'hostprogs-y', 'hostprogs-m'],
];

const DIRECTORIES = 20_000;

/** Which directories a scope leads through, and which objects are in it. */
class Bounds {
  readonly #objects: ReadonlySet<string>;
  readonly #above = new Set<string>();
  readonly #folders: readonly string[];

  constructor({ sources, folders }: Scope) {
    this.#objects = new Set(sources.map((path) => path.replace(/\.[^./]*$/, '.o')));
    this.#folders = folders.map((folder) => `${folder}/`);
    for (const path of [...sources, ...this.#folders])
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
        this.#above.add(path.slice(0, at));
  }

  leadsThrough(dir: string): boolean {
    return dir === '.' || this.#above.has(dir) || this.#isBelow(dir);
  }

  has(object: string): boolean {
    return this.#objects.has(object) || this.#isBelow(object);
  }

  #isBelow(path: string): boolean {
    return this.#folders.some((folder) => path.startsWith(folder));
  }
}

type Environment = ReadonlyMap<string, string>;

class Descent {
  readonly #tree: SourceTree;
  readonly #config: ConfigValues;
  readonly #world: MakeWorld;
  readonly #arch: string;
  readonly #units = new Map<string, Unit>();
  readonly #modules = new Set<string>();
  readonly #missing = new Map<string, string>();
  readonly #visited = new Map<string, 'builtin' | 'modules'>();
  readonly #names = new Map<string, ReadonlySet<string>>();
  /** null where all is asked for. */
  readonly #bounds: Bounds | null;
  #top: Top | null = null;

  constructor(tree: SourceTree, config: ConfigValues, arch: string, bounds: Bounds | null) {
    this.#bounds = bounds;
    this.#tree = tree;
    this.#config = config;
    this.#arch = arch;
    this.#world = makeWorld(tree, (command) => this.#shell(command));
  }

  top(): Top | null {
    try {
      return readTop(this.#tree, this.#config, this.#arch, this.#world);
    } catch (error) {
      if (!(error instanceof MakeLimit)) throw error;
      this.#missing.set('Makefile', error.message);
      return null;
    }
  }

  run(): Kbuild {
    this.#top = this.top();
    for (const root of this.#top?.roots ?? []) this.#visit(root, this.#top?.environment ?? new Map(), 'builtin');
    const missing = [...this.#missing].map(([what, why]) => ({ what, why }));
    return { units: [...this.#units.values()], modules: [...this.#modules], missing };
  }

  /** The few commands of the kernel's makefiles that have an answer without running anything. */
  #shell(command: string): string {
    const text = command.trim();
    const test = /^(?:test|\[) (-?\d+) -(lt|le|gt|ge|eq|ne) (-?\d+)\s*\]?\s*(;\s*echo \$\?|&&\s*echo (\S+))/.exec(text);
    if (test !== null) {
      const [a, b] = [Number(test[1]), Number(test[3])];
      const holds = { lt: a < b, le: a <= b, gt: a > b, ge: a >= b, eq: a === b, ne: a !== b }[test[2] as 'lt'];
      if (test[5] !== undefined) return holds ? test[5] : '';
      return holds ? '0' : '1';
    }
    if (text === 'uname -m') return this.#arch;
    if (/^(mkdir|rm|ln|touch)\b/.test(text)) return '';
    if (text !== '') this.#missing.set(`$(shell ${text.slice(0, 120)})`, 'no command is run');
    return '';
  }

  #visit(dir: string, environment: Environment, reach: 'builtin' | 'modules'): void {
    const before = this.#visited.get(dir);
    if (before === reach || before === 'builtin' || this.#visited.size > DIRECTORIES) return;
    if (this.#bounds?.leadsThrough(dir) === false) return;
    this.#visited.set(dir, reach);
    try {
      const make = this.#evaluate(dir, environment);
      if (make !== null) new DirectoryRead(make, dir).descend(this, environment, reach);
    } catch (error) {
      if (!(error instanceof MakeLimit)) throw error;
      this.#missing.set(`${dir}/Makefile`, error.message);
    }
  }

  /** The makefile of a directory, read; Kbuild goes before Makefile. */
  #evaluate(dir: string, environment: Environment): Make | null {
    const make = new Make(this.#world, (symbol) => this.#config.get(symbol) ?? null);
    for (const [name, text] of environment) make.set(name, text, 'environment');
    for (const name of emptyLists) make.set(name, '');
    make.set('obj', dir);
    make.set('src', dir);
    const found = ['Kbuild', 'Makefile'].some((name) => make.include(normalised(`${dir}/${name}`)));
    if (!found) this.#missing.set(`${dir}/Makefile`, 'no such file');
    return found ? make : null;
  }

  isLibrary(dir: string): boolean {
    return this.#top?.libraries.has(dir) ?? false;
  }

  descend(dir: string, environment: Environment, reach: 'builtin' | 'modules'): void {
    this.#visit(dir, environment, reach);
  }

  /** Whether anybody asks for the object; its flags cost more than its name. */
  wants(object: string): boolean {
    return this.#bounds?.has(object) ?? true;
  }

  addModule(path: string): void {
    this.#modules.add(path);
  }

  add(object: string, unit: Omit<Unit, 'object' | 'source' | 'language' | 'basename'>): void {
    const key = `${object} ${unit.module ?? ''}`;
    if (this.#units.has(key)) return;
    const stem = object.replace(/\.o$/, '');
    const extension = this.#extensionOf(stem);
    if (extension === null) this.#missing.set(`the source of ${object}`, 'it is made during the build');
    this.#units.set(key, {
      object,
      source: extension === null ? null : stem + extension,
      language: extension === '.S' ? 'asm' : extension === '.rs' ? 'rust' : 'c',
      basename: stem.slice(stem.lastIndexOf('/') + 1),
      ...unit,
    });
  }

  /** In the order of Makefile.build's rules. */
  #extensionOf(stem: string): string | null {
    const slash = stem.lastIndexOf('/');
    const dir = stem.slice(0, Math.max(0, slash));
    let names = this.#names.get(dir);
    if (names === undefined) {
      names = new Set(this.#tree.list(dir));
      this.#names.set(dir, names);
    }
    const name = stem.slice(slash + 1);
    return ['.c', '.S', '.rs', '.c_shipped', '.S_shipped'].find((extension) => names.has(name + extension)) ?? null;
  }
}

/** One directory's lists, after its makefile has been read (Makefile.lib). */
class DirectoryRead {
  readonly #make: Make;
  readonly #dir: string;
  readonly #flags: DirectoryFlags;
  readonly #objY: readonly string[];
  readonly #objM: readonly string[];

  constructor(make: Make, dir: string) {
    this.#make = make;
    this.#dir = dir;
    this.#flags = new DirectoryFlags(make, dir);
    this.#objY = [...new Set(wordsOf(make.value('obj-y')))];
    const objM = filterWords(make.value('obj-y'), make.value('obj-m'), 'others');
    this.#objM = [...new Set(wordsOf(objM))];
  }

  descend(descent: Descent, environment: Environment, reach: 'builtin' | 'modules'): void {
    const below = this.#environmentBelow(environment);
    const path = (name: string): string => normalised(`${this.#dir}/${name}`);
    for (const name of this.#objY) if (name.endsWith('/')) descent.descend(path(name), below, reach);
    if (reach === 'builtin') for (const name of this.#builtin(descent)) this.#addBuiltin(descent, name);
    for (const name of this.#objM) {
      if (name.endsWith('/')) descent.descend(path(name), below, 'modules');
      else if (name.endsWith('.o')) this.#addModule(descent, name);
    }
  }

  /** A sub-make gets the exported variables; those that came from above stay exported. */
  #environmentBelow(environment: Environment): Environment {
    const below = new Map<string, string>();
    for (const name of environment.keys()) below.set(name, this.#make.value(name));
    for (const [name, text] of this.#make.environment()) below.set(name, text);
    const inherited = this.#make.value('subdir-ccflags-y');
    const name = below.has('KBUILD_CFLAGS') ? 'KBUILD_CFLAGS' : 'CFLAGS';
    if (inherited !== '') below.set(name, `${below.get(name) ?? ''} ${inherited}`);
    return below;
  }

  #builtin(descent: Descent): readonly string[] {
    const objects = this.#objY.filter((name) => name.endsWith('.o'));
    const library = descent.isLibrary(this.#dir)
      ? wordsOf(`${this.#make.value('lib-y')} ${this.#make.value('lib-m')}`)
      : [];
    // Start-up code stands in extra-y: it is linked first, by name.
    const head = this.#dir.startsWith('arch/') ? wordsOf(this.#make.value('extra-y')) : [];
    return [...objects, ...[...library, ...head].filter((name) => name.endsWith('.o'))];
  }

  /** The objects that a composite object is linked from, or null where it is compiled from one source. */
  #partsOf(name: string, suffixes: readonly string[]): readonly string[] | null {
    const stem = name.slice(0, -'.o'.length);
    const parts = suffixes.flatMap((suffix) => wordsOf(this.#make.value(stem + suffix)));
    // `foo-` lists what is left out; that there is any makes foo.o composite.
    const isComposite = parts.length > 0 || this.#make.value(`${stem}-`).trim() !== '';
    return isComposite ? parts : null;
  }

  #addBuiltin(descent: Descent, name: string): void {
    const parts = this.#partsOf(name, ['-objs', '-y']);
    for (const part of parts ?? [name])
      if (part.endsWith('.o')) this.#add(descent, part, { place: 'builtin', module: null });
  }

  #addModule(descent: Descent, name: string): void {
    const module = normalised(`${this.#dir}/${name.slice(0, -'.o'.length)}`);
    descent.addModule(module);
    const parts = this.#partsOf(name, ['-objs', '-y', '-m']);
    for (const part of parts ?? [name]) if (part.endsWith('.o')) this.#add(descent, part, { place: 'module', module });
  }

  #add(descent: Descent, part: string, where: Pick<Unit, 'place' | 'module'>): void {
    const object = normalised(`${this.#dir}/${part}`);
    if (!descent.wants(object)) return;
    const stem = part.slice(0, -'.o'.length);
    const owners = this.#ownersOf(part);
    const modnames = owners.length > 0 ? owners : [stem.slice(stem.lastIndexOf('/') + 1)];
    descent.add(object, {
      ...where,
      modname: modnames.join(':'),
      modfile: normalised(`${this.#dir}/${modnames[0]}`),
      flags: this.#flags.of(stem, where.place),
    });
  }

  #owners: ReadonlyMap<string, readonly string[]> | null = null;

  /** modname-multi: all composite objects, built in or not, that the part is linked into. */
  #ownersOf(part: string): readonly string[] {
    if (this.#owners === null) {
      const owners = new Map<string, string[]>();
      for (const name of [...new Set([...this.#objY, ...this.#objM])].sort()) {
        if (!name.endsWith('.o')) continue;
        for (const owned of this.#partsOf(name, ['-objs', '-y', '-m']) ?? []) {
          const list = owners.get(owned) ?? [];
          if (!list.includes(name.slice(0, -2))) owners.set(owned, [...list, name.slice(0, -2)]);
        }
      }
      this.#owners = owners;
    }
    return this.#owners.get(part) ?? [];
  }
}
