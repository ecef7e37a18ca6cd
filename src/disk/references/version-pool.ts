/** Many units read on all processors: what each exports, or how it lays out what headers declare. */
import type { Layout } from '../../c/layout.js';
import type { ReadText } from '../../kernel/unit-versions.js';
import { type JobResult, onAllProcessors } from '../thread-pool.js';
import type { BuildPlace } from './build-world.js';
import type { UnitJob, WorkerReading } from './version-worker.js';

export interface PoolReading {
  readonly exports: WorkerReading['exports'];
  readonly types: readonly ReadText[];
  readonly inputs: readonly string[];
  readonly missing: readonly string[];
  readonly layouts: readonly Layout[];
}

export type UnitResult = JobResult<PoolReading>;

export async function readUnits<T extends UnitJob>(
  place: BuildPlace,
  jobs: readonly T[],
  onUnit: (job: T, result: UnitResult) => void,
): Promise<void> {
  const file = new URL('./version-worker.js', import.meta.url);
  await onAllProcessors({ file, data: place, reader: unnumbering }, jobs, onUnit);
}

/** The numbers of a thread's answer are places in all that it has sent. */
function unnumbering(): (answer: WorkerReading) => PoolReading {
  const sentTexts: ReadText[] = [];
  const sentPaths: string[] = [];
  return ({ exports, newTexts, texts, newPaths, inputs, missing, layouts }) => {
    sentTexts.push(...newTexts);
    sentPaths.push(...newPaths);
    return {
      exports,
      types: Array.from(texts, (at) => sentTexts[at] as ReadText),
      inputs: Array.from(inputs, (at) => sentPaths[at] as string),
      missing,
      layouts,
    };
  };
}
