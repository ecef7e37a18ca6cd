/** Units before and after, compared on all processors: a release's difference shows in hundreds of them. */
import { type ComparedUnit, keyOf, type UnitQuestion } from '../../kabi/units/compare-unit.js';
import { nothingSeen } from '../../kabi/units/unit-change.js';
import { onAllProcessors } from '../thread-pool.js';
import type { CompareJob, ComparePlace } from './compare-worker.js';

/** A unit on which a thread fails is one that neither version has, and says why. */
export async function compareUnits(
  place: ComparePlace,
  jobs: readonly CompareJob[],
): Promise<ReadonlyMap<string, ComparedUnit>> {
  const compared = new Map<string, ComparedUnit>();
  const file = new URL('./compare-worker.js', import.meta.url);
  const reader = (): ((answer: ComparedUnit) => ComparedUnit) => (answer) => answer;
  await onAllProcessors({ file, data: place, reader }, jobs, ({ question }: CompareJob, result) => {
    compared.set(keyOf(question), result.ok ? result.reading : failed(question, result.why));
  });
  return compared;
}

function failed({ path }: UnitQuestion, why: string): ComparedUnit {
  return { change: null, seen: nothingSeen(), missing: [{ what: `unit ${path}`, why }] };
}
