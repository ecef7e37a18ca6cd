/**
 * The macros that are defined at a point of a unit, by spelling; and, for segment.ts, which of them a stretch of text asked for
 * before it set them itself. One table serves run after run: it is emptied by what was written, not made anew.
 */
import type { Definition } from './macro.js';

/** Names and what they meant: undefined for no macro. */
export interface MacroFacts {
  readonly names: Int32Array;
  readonly macros: readonly (Definition | undefined)[];
}

export interface DefinitionFollower {
  define(name: number, macro: Definition | undefined): void;
}

export class MacroTable {
  readonly #macros: (Definition | undefined)[] = new Array(1 << 16).fill(undefined);
  /** By spelling: the stretch that last read or wrote it. */
  #stamps = new Int32Array(1 << 16);
  #stretch = 0;
  #follower: DefinitionFollower | null = null;
  #read: number[] = [];
  #found: (Definition | undefined)[] = [];
  #written: number[] = [];
  /** Every spelling written since `clear`. */
  readonly #everWritten: number[] = [];

  /** `follower` is told of every definition until the next `clear`. */
  clear(follower: DefinitionFollower | null): void {
    this.#follower = follower;
    for (const spelling of this.#everWritten) this.#macros[spelling] = undefined;
    this.#everWritten.length = 0;
    this.begin();
  }

  /** Every macro that is defined. */
  *defined(): Iterable<readonly [number, Definition]> {
    for (const name of new Set(this.#everWritten)) {
      const macro = this.#macros[name];
      if (macro !== undefined) yield [name, macro];
    }
  }

  /** A new stretch of text: what it reads and writes is noted from here on. */
  begin(): void {
    this.#stretch++;
    this.#read = [];
    this.#found = [];
    this.#written = [];
  }

  get(spelling: number): Definition | undefined {
    if (this.#stamps[spelling] !== this.#stretch) this.#note(spelling);
    return this.#macros[spelling];
  }

  set(spelling: number, macro: Definition | undefined): void {
    if (spelling >= this.#stamps.length) this.#grow(spelling);
    this.#stamps[spelling] = this.#stretch;
    this.#macros[spelling] = macro;
    this.#follower?.define(spelling, macro);
    this.#written.push(spelling);
    this.#everWritten.push(spelling);
  }

  /** What the stretch asked for that it had not set itself. */
  get reads(): MacroFacts {
    return { names: new Int32Array(this.#read), macros: this.#found };
  }

  /** What the stretch has set, as it is now. */
  get writes(): MacroFacts {
    // A name that was written twice stands here twice, with its last meaning.
    const names = new Int32Array(this.#written);
    const macros = new Array<Definition | undefined>(names.length);
    for (let i = 0; i < names.length; i++) macros[i] = this.#macros[names[i] as number];
    return { names, macros };
  }

  /** Would text that read this find the same again? */
  agrees({ names, macros }: MacroFacts): boolean {
    for (let i = 0; i < names.length; i++) if (this.#macros[names[i] as number] !== macros[i]) return false;
    return true;
  }

  apply({ names, macros }: MacroFacts): void {
    for (let i = 0; i < names.length; i++) this.set(names[i] as number, macros[i]);
  }

  #note(spelling: number): void {
    if (spelling >= this.#stamps.length) this.#grow(spelling);
    this.#stamps[spelling] = this.#stretch;
    this.#read.push(spelling);
    this.#found.push(this.#macros[spelling]);
  }

  #grow(spelling: number): void {
    const stamps = new Int32Array(Math.max(spelling + 1, this.#stamps.length * 2));
    stamps.set(this.#stamps);
    this.#stamps = stamps;
    // Without holes: an array with holes this large would become a hash table.
    while (this.#macros.length < stamps.length) this.#macros.push(undefined);
  }
}
