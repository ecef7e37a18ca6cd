/** One directory of a kernel: what the lists of its makefile make of its files (Makefile.lib). */
import type { Unit } from './kbuild.js';
import type { Descent, Environment } from './kbuild-descent.js';
import { DirectoryFlags } from './kbuild-flags.js';
import type { Make } from './make/evaluate.js';
import { filterWords, normalised, wordsOf } from './make/words.js';

export class DirectoryRead {
  readonly #make: Make;
  readonly #dir: string;
  readonly #flags: DirectoryFlags;
  readonly #objY: readonly string[];
  readonly #objM: readonly string[];
  #owners: ReadonlyMap<string, readonly string[]> | null = null;

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

  /** modname-multi: all composite objects, built in or not, that the part is linked into. */
  #ownersOf(part: string): readonly string[] {
    this.#owners ??= this.#readOwners();
    return this.#owners.get(part) ?? [];
  }

  #readOwners(): ReadonlyMap<string, readonly string[]> {
    const owners = new Map<string, string[]>();
    const objects = [...new Set([...this.#objY, ...this.#objM])].filter((name) => name.endsWith('.o')).sort();
    for (const name of objects) {
      const stem = name.slice(0, -'.o'.length);
      for (const part of this.#partsOf(name, ['-objs', '-y', '-m']) ?? []) {
        const list = owners.get(part) ?? [];
        if (!list.includes(stem)) owners.set(part, [...list, stem]);
      }
    }
    return owners;
  }
}
