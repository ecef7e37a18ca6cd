/**
 * What a reference build has read so far, beside the file that it will become: a build that was killed goes on where it was. One line of JSON a
 * unit, each text and path in the line of the first unit that has it; a line that is cut short ends it.
 */
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { KabiwatchError } from '../../errors.js';
import type { CollectedUnit } from '../../kernel/unit-collection.js';
import { UnitCollection } from '../../kernel/unit-collection.js';
import type { ReadText } from '../../kernel/unit-versions.js';

/** The head line; another version's journal is not read. */
const format = 'kabiwatch build journal 1';

interface Line {
  readonly texts: readonly ReadText[];
  readonly paths: readonly (readonly [path: string, id: string | null])[];
  readonly unit: CollectedUnit;
}

export class BuildJournal {
  readonly #path: string;
  readonly #collection: UnitCollection;
  #file: number | null = null;
  #texts = 0;
  #paths = 0;

  /** Lines are about what is added to `collection` from now on. */
  constructor(path: string, collection: UnitCollection) {
    this.#path = path;
    this.#collection = collection;
  }

  /** Writes the unit that was added last. Throws `file-unwritable`. */
  write(unit: CollectedUnit, idOf: (path: string) => string | null): void {
    const { texts, paths } = this.#collection;
    const line: Line = {
      texts: texts.slice(this.#texts),
      paths: paths.slice(this.#paths).map((path) => [path, idOf(path)]),
      unit,
    };
    [this.#texts, this.#paths] = [texts.length, paths.length];
    try {
      if (this.#file === null) {
        this.#file = openSync(this.#path, 'w');
        writeSync(this.#file, `${format}\n`);
      }
      writeSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw new KabiwatchError('file-unwritable', { path: this.#path }, { cause });
    }
  }

  /** The reference is written: nothing is left to go on with. */
  remove(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    rmSync(this.#path, { force: true });
  }
}

/** What a killed build left; null where there is nothing. */
export function readJournal(path: string): { units: UnitCollection; ids: ReadonlyMap<string, string> } | null {
  if (!existsSync(path)) return null;
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines[0] !== format) return null;
  const units = new UnitCollection();
  const ids = new Map<string, string>();
  // The last piece is empty, or a line that the kill cut.
  for (const text of lines.slice(1, -1)) {
    const line = lineIn(text);
    if (line === null) break;
    for (const one of line.texts) units.numberOfText(one);
    for (const [name, id] of line.paths) {
      units.numberOfPath(name);
      if (id !== null) ids.set(name, id);
    }
    units.add(line.unit);
  }
  return units.units.length === 0 ? null : { units, ids };
}

function lineIn(text: string): Line | null {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null;
  }
}
