/**
 * Judging a pull request in a worker: what it is told besides the request are places on this machine, never what a repository wrote. A check
 * that was begun must conclude: where the tree is too much for a worker the diff alone is judged, and where that is too much `unknown` is said.
 */
import { type Pool, TaskFailed, WorkerLost } from './pool.js';
import type { Judge, PatchIds, PullSource } from './ports.js';
import { reviewPull } from './pull-review.js';

export interface JudgeSettings {
  /** Folders with .config and generated headers of the mirrored kernel, for each architecture its own. */
  readonly build: readonly string[];
  /** Milliseconds. The first review on a new tree also makes its index, about a minute for a kernel. */
  readonly timeMs: number;
  /** The references there are now: file by name. */
  readonly references: () => Readonly<Record<string, string>>;
}

export function judgeIn(pool: Pool, { build, timeMs, references }: JudgeSettings): Judge {
  return async (source, settings, { last } = { last: false }) => {
    const task = { kind: 'pull', settings, build, references: references() } as const;
    let lost = '';
    if (source.tree !== null) {
      try {
        return await againIfKilled(() => pool.run({ ...task, source }, { timeMs }));
      } catch (error) {
        if (!givesUp(error, last)) throw error;
        lost = reason(error);
      }
    }
    const alone = lost === '' ? source : lessKnown(source, 'the tree', lost);
    try {
      return await againIfKilled(() => pool.run({ ...task, source: alone }, { timeMs, suspect: lost !== '' }));
    } catch (error) {
      if (!givesUp(error, last)) throw error;
      // Nothing of the diff is parsed here, where it would break the service: only what is missing is said.
      return reviewPull(
        { ...lessKnown(alone, 'the diff', reason(error)), patches: [] },
        { ...settings, references: [] },
      );
    }
  };
}

function givesUp(error: unknown, last: boolean): boolean {
  return error instanceof WorkerLost || (last && error instanceof TaskFailed);
}

/** Read by strangers: what a program said of its failure, with places on this machine, is for the log. */
function reason(error: unknown): string {
  return error instanceof WorkerLost ? error.message : 'it failed again and again';
}

/** Once: a worker that was killed from outside says nothing of its task, but what is killed again and again does. */
async function againIfKilled<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WorkerLost && error.killed)) throw error;
    return run();
  }
}

/** One that breaks the worker has no id, nor have those that were asked with it: they are known by their links alone. */
export function patchIdsIn(pool: Pool): PatchIds {
  return async (diffs) => {
    try {
      return await pool.run({ kind: 'patch-ids', diffs });
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      return diffs.map(() => null);
    }
  };
}

function lessKnown(source: PullSource, what: string, why: string): PullSource {
  return { ...source, tree: null, missing: [...source.missing, { what, why: `judging it was given up: ${why}` }] };
}
