/** The walk that kbuild makes over a kernel's directories, each with the variables that those above it export. */
import type { SourceTree } from '../tree/source-tree.js';
import type { Kbuild, Scope, Unit } from './kbuild.js';
import { DirectoryRead } from './kbuild-directory.js';
import { type ConfigValues, makeWorld, readTop, type Top } from './kbuild-top.js';
import { Make, MakeLimit, type MakeWorld } from './make/evaluate.js';
import { shellAnswer } from './make/shell.js';
import { normalised } from './make/words.js';

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
export class Bounds {
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

export type Environment = ReadonlyMap<string, string>;

/** The walk over the directories, and what it has come to: units, modules, what could not be read. */
export class Descent {
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

  #shell(command: string): string {
    const text = command.trim();
    const answer = shellAnswer(text, this.#arch);
    if (answer === null) this.#missing.set(`$(shell ${text.slice(0, 120)})`, 'no command is run');
    return answer ?? '';
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
