/** A thread of version-pool.ts: a unit comes in, what it says of its exports or of its types goes out; each text and path is sent once a thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Layout } from '../../c/layout.js';
import { type TargetName, targets } from '../../c/target.js';
import { unitLayouts } from '../../kernel/unit-layouts.js';
import { type CompiledUnit, type ReadText, readUnit } from '../../kernel/unit-versions.js';
import { type BuildPlace, openBuild } from './build-world.js';

/** What is asked of a unit: its exports, or the layouts of what these headers declare. */
export type UnitJob =
  | { readonly kind: 'exports'; readonly unit: CompiledUnit }
  | { readonly kind: 'layouts'; readonly unit: CompiledUnit; readonly headers: readonly string[] };

/** Texts and paths are numbered by the thread in the order in which it sends them. */
export interface WorkerReading {
  readonly exports: readonly (readonly [name: string, crc: number | null])[];
  readonly newTexts: readonly ReadText[];
  readonly texts: Int32Array;
  readonly newPaths: readonly string[];
  readonly inputs: Int32Array;
  readonly missing: readonly string[];
  readonly layouts: readonly Layout[];
}

class Numbering<T> {
  readonly #numbers = new Map<string, number>();
  news: T[] = [];

  numberOf(name: string, one: T): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.news.push(one);
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

const place = workerData as BuildPlace;
const world = openBuild(place);
const allTexts = new Numbering<ReadText>();
const allPaths = new Numbering<string>();

function answer(job: UnitJob): WorkerReading {
  [allTexts.news, allPaths.news] = [[], []];
  if (job.kind === 'layouts') {
    const layouts = unitLayouts(job.unit, world, targets[place.arch as TargetName], new Set(job.headers));
    const none = new Int32Array();
    return { exports: [], newTexts: [], texts: none, newPaths: [], inputs: none, missing: [], layouts };
  }
  const { versions, types, inputs, missing } = readUnit(job.unit, world);
  return {
    exports: versions,
    texts: Int32Array.from(types, (one) => allTexts.numberOf(`${one.key}\0${one.text}`, one)),
    inputs: Int32Array.from(inputs, (path) => allPaths.numberOf(path, path)),
    missing,
    layouts: [],
    newTexts: allTexts.news,
    newPaths: allPaths.news,
  };
}

parentPort?.on('message', (job: UnitJob) => parentPort?.postMessage(answer(job)));
