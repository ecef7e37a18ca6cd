/** The versions of many units, on all processors: each thread takes the next unit when it has done one. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Unit } from '../kernel/kbuild.js';
import type { UnitVersions } from '../kernel/unit-versions.js';
import type { BuildPlace } from './build-world.js';

export async function computeVersions(
  place: BuildPlace,
  units: readonly (Unit & { readonly source: string })[],
  onUnit: () => void,
): Promise<readonly UnitVersions[]> {
  const found: UnitVersions[] = [];
  let next = 0;
  const runWorker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./version-worker.js', import.meta.url), { workerData: place });
      const give = (): void => {
        const unit = units[next++];
        if (unit === undefined) worker.terminate().then(() => resolve(), reject);
        else worker.postMessage(unit);
      };
      worker.on('message', (versions: UnitVersions) => {
        found.push(versions);
        onUnit();
        give();
      });
      worker.on('error', reject);
      give();
    });
  const threads = Math.min(availableParallelism(), units.length);
  await Promise.all(Array.from({ length: threads }, runWorker));
  return found;
}
