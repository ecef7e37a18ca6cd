/**
 * What many units say, put together: each text and each path once, with the units that have it. Thousands of units read the same headers, so
 * a unit is a few numbers here.
 *
 * Comes in: readings of units, in any order, from source or from an older reference. Goes out: the tables `types`, `inputs`, `exporting` and
 * `flags` of a reference.
 */
import type { UnitFlags } from './kbuild-flags.js';
import { packNumbers, unpackNumbers } from './number-set.js';
import { type ExportingUnit, type InputFile, type Reference, type TypeVariant, unitKey } from './reference.js';
import type { ReadText } from './unit-versions.js';

/** A unit with its texts and files by their numbers in one collection. */
export interface CollectedUnit {
  readonly unit: Omit<ExportingUnit, 'flags' | 'size'>;
  readonly flags: UnitFlags;
  readonly texts: readonly number[];
  readonly inputs: readonly number[];
}

export interface CollectedTables {
  readonly types: ReadonlyMap<string, readonly TypeVariant[]>;
  readonly inputs: ReadonlyMap<string, InputFile>;
  readonly declares: ReadonlyMap<string, readonly string[]>;
  readonly exporting: ReadonlyMap<string, ExportingUnit>;
  readonly flags: ReadonlyMap<string, UnitFlags>;
}

export class UnitCollection {
  readonly texts: ReadText[] = [];
  readonly paths: string[] = [];
  readonly units: CollectedUnit[] = [];
  readonly #textNumbers = new Map<string, number>();
  readonly #pathNumbers = new Map<string, number>();

  numberOfText(text: ReadText): number {
    const name = `${text.key}\0${text.text}`;
    const known = this.#textNumbers.get(name);
    if (known !== undefined) return known;
    this.#textNumbers.set(name, this.texts.length);
    return this.texts.push(text) - 1;
  }

  numberOfPath(path: string): number {
    const known = this.#pathNumbers.get(path);
    if (known !== undefined) return known;
    this.#pathNumbers.set(path, this.paths.length);
    return this.paths.push(path) - 1;
  }

  add(unit: CollectedUnit): void {
    this.units.push(unit);
  }

  /** `idOf` a path is its content's id; units are numbered by their names, whatever the order in which they were read. */
  tables(idOf: (path: string) => string | null): CollectedTables {
    const ordered = [...this.units].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    const ofText: number[][] = this.texts.map(() => []);
    const ofPath: number[][] = this.paths.map(() => []);
    const flags = new FlagsTable();
    const exporting = new Map<string, ExportingUnit>();
    ordered.forEach(({ unit, flags: own, texts, inputs }, number) => {
      for (const text of texts) (ofText[text] as number[]).push(number);
      for (const input of inputs) (ofPath[input] as number[]).push(number);
      exporting.set(unitKey(number), { ...unit, flags: flags.keyOf(own), size: inputs.length });
    });
    const types = this.#types(ofText);
    return {
      types,
      declares: declaredIn(types),
      inputs: new Map(
        this.paths.flatMap((path, at) => {
          const units = ofPath[at] as number[];
          const id = units.length === 0 ? null : idOf(path);
          return id === null ? [] : [[path, { id, units: packNumbers(units) }] as const];
        }),
      ),
      exporting,
      flags: flags.rows,
    };
  }

  /** The text that most units have comes first. */
  #types(ofText: readonly (readonly number[])[]): Map<string, TypeVariant[]> {
    const types = new Map<string, (TypeVariant & { readonly count: number })[]>();
    this.texts.forEach(({ key, text, file }, at) => {
      const units = ofText[at] as number[];
      if (units.length === 0) return;
      const variants = types.get(key) ?? [];
      types.set(key, variants);
      variants.push({ text, file, units: packNumbers(units), count: units.length });
    });
    const ordered = [...types].map(([key, variants]) => {
      variants.sort((one, other) => other.count - one.count || (one.text < other.text ? -1 : 1));
      return [key, variants.map(({ text, file, units }) => ({ text, file, units }))] as const;
    });
    return new Map(ordered);
  }
}

function declaredIn(types: ReadonlyMap<string, readonly TypeVariant[]>): Map<string, string[]> {
  const declares = new Map<string, string[]>();
  for (const [key, variants] of types)
    for (const file of new Set(variants.map((variant) => variant.file))) {
      if (file === null) continue;
      const keys = declares.get(file);
      if (keys === undefined) declares.set(file, [key]);
      else keys.push(key);
    }
  return declares;
}

export function nameOf({ unit }: { readonly unit: Pick<ExportingUnit, 'source' | 'module'> }): string {
  return `${unit.source} ${unit.module}`;
}

class FlagsTable {
  readonly rows = new Map<string, UnitFlags>();
  readonly #keys = new Map<string, string>();

  keyOf(flags: UnitFlags): string {
    const text = JSON.stringify(flags);
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    const key = String(this.rows.size).padStart(4, '0');
    this.#keys.set(text, key);
    this.rows.set(key, flags);
    return key;
  }
}

/** The units of a reference that was built before, in a collection of its own; and the content that each path had. */
export function collectionOf(reference: Reference): {
  readonly units: UnitCollection;
  readonly ids: ReadonlyMap<string, string>;
} {
  const collection = new UnitCollection();
  const ids = new Map<string, string>();
  const texts = new Map<number, number[]>();
  const inputs = new Map<number, number[]>();
  const note = (of: Map<number, number[]>, units: string, number: number): void => {
    for (const unit of unpackNumbers(units)) {
      const own = of.get(unit);
      if (own === undefined) of.set(unit, [number]);
      else own.push(number);
    }
  };
  for (const [key, variants] of reference.rows('types'))
    for (const { text, file, units } of variants) note(texts, units, collection.numberOfText({ key, text, file }));
  for (const [path, { id, units }] of reference.rows('inputs')) {
    ids.set(path, id);
    note(inputs, units, collection.numberOfPath(path));
  }
  for (const [key, { flags, size: _, ...unit }] of reference.rows('exporting')) {
    const own = reference.row('flags', flags);
    if (own === null) continue;
    collection.add({ unit, flags: own, texts: texts.get(Number(key)) ?? [], inputs: inputs.get(Number(key)) ?? [] });
  }
  return { units: collection, ids };
}
