/** Judging a pull request in a worker: what it is told besides the request are places on this machine, never what a repository wrote. */
import type { Pool } from './pool.js';
import type { Judge } from './ports.js';

export interface JudgeSettings {
  /** Folders with .config and generated headers of the mirrored kernel, for each architecture its own. */
  readonly build: readonly string[];
  /** Milliseconds. The first review on a new tree also makes its index, about a minute for a kernel. */
  readonly timeMs: number;
  /** The references there are now: file by name. */
  readonly references: () => Readonly<Record<string, string>>;
}

export function judgeIn(pool: Pool, { build, timeMs, references }: JudgeSettings): Judge {
  return (source, settings) =>
    pool.run({ kind: 'pull', source, settings, build, references: references() }, { timeMs });
}
