/**
 * Many units read on all processors: each thread takes the next unit when it has done one. A unit on which a thread fails, or takes too long,
 * is reported as failed, a new thread goes on with the next, and the rest is not lost.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Layout } from '../c/layout.js';
import type { ReadText } from '../kernel/unit-versions.js';
import type { BuildPlace } from './build-world.js';
import type { UnitJob, WorkerReading } from './version-worker.js';

export interface PoolReading {
  readonly exports: WorkerReading['exports'];
  readonly types: readonly ReadText[];
  readonly inputs: readonly string[];
  readonly missing: readonly string[];
  readonly layouts: readonly Layout[];
}

export type UnitResult =
  | { readonly ok: true; readonly reading: PoolReading }
  | { readonly ok: false; readonly why: string };

/** No unit of a kernel takes a minute; one that does hangs or swaps. */
const unitMs = 120_000;
const workerHeapMb = 3_000;

/** What a thread has sent before: the numbers of its later readings are places here. */
interface Sent {
  readonly texts: ReadText[];
  readonly paths: string[];
}

export async function readUnits<T extends UnitJob>(
  place: BuildPlace,
  jobs: readonly T[],
  onUnit: (job: T, result: UnitResult) => void,
): Promise<void> {
  let next = 0;
  const runThread = async (): Promise<void> => {
    while (next < jobs.length) await untilFailure(place, () => jobs[next++], onUnit);
  };
  const threads = Math.min(availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: threads }, runThread));
}

/** One thread until there is nothing left for it, or until it fails. */
function untilFailure<T extends UnitJob>(
  place: BuildPlace,
  take: () => T | undefined,
  onUnit: (job: T, result: UnitResult) => void,
): Promise<void> {
  const worker = new Worker(new URL('./version-worker.js', import.meta.url), {
    workerData: place,
    resourceLimits: { maxOldGenerationSizeMb: workerHeapMb },
  });
  const sent: Sent = { texts: [], paths: [] };
  let current: T | undefined;
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve, reject) => {
    let isDone = false;
    const end = (why: string | null): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (current !== undefined && why !== null) onUnit(current, { ok: false, why });
      worker.terminate().then(() => resolve(), reject);
    };
    const give = (): void => {
      clearTimeout(timer);
      current = take();
      if (current === undefined) {
        end(null);
        return;
      }
      timer = setTimeout(() => end(`it took more than ${unitMs / 1000} s`), unitMs);
      worker.postMessage(current);
    };
    worker.on('message', (reading: WorkerReading) => {
      if (isDone || current === undefined) return;
      const unit = current;
      current = undefined;
      onUnit(unit, { ok: true, reading: unnumbered(reading, sent) });
      give();
    });
    worker.on('error', (error: Error) => end(error.message.split('\n')[0] ?? ''));
    worker.on('exit', () => end('its thread ended'));
    give();
  });
}

function unnumbered(answer: WorkerReading, sent: Sent): PoolReading {
  const { exports, newTexts, texts, newPaths, inputs, missing, layouts } = answer;
  sent.texts.push(...newTexts);
  sent.paths.push(...newPaths);
  return {
    exports,
    types: Array.from(texts, (at) => sent.texts[at] as ReadText),
    inputs: Array.from(inputs, (at) => sent.paths[at] as string),
    missing,
    layouts,
  };
}
