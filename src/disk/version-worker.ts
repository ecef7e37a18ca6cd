/** A thread of version-pool.ts: a unit comes in, the versions of its exports go out. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Unit } from '../kernel/kbuild.js';
import { unitVersions } from '../kernel/unit-versions.js';
import { type BuildPlace, openBuild } from './build-world.js';

const world = openBuild(workerData as BuildPlace);
parentPort?.on('message', (unit: Unit & { readonly source: string }) => {
  parentPort?.postMessage(unitVersions(unit, world));
});
