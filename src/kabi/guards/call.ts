/** What is said of one guard, and what it is said by. */
import type { SourceTree } from '../../tree/source-tree.js';
import type { ChangeSet } from '../changes.js';
import type { UseOf } from '../judge-source.js';
import type { RuleId } from '../rules/ids.js';

export interface Call {
  readonly honest: boolean | null;
  readonly rule: RuleId;
  readonly why: string;
}

/** What a guard is judged by. */
export interface GuardContext {
  readonly changes: ChangeSet;
  readonly useOf: UseOf;
  /** The tree's versions can be computed. */
  readonly hashes: boolean;
  readonly after: SourceTree;
  /** Line of the declaration of what a dump's key names, in a file after the series; 0 where it is not spelled. */
  readonly declarationLine: (file: string, key: string) => number;
  /** `struct x` whose own attributes the series changes: packing, alignment. */
  readonly attributed: ReadonlySet<string>;
  /** Every header and declaration around a file could be read. */
  readonly isWhole: (file: string) => boolean;
}
/** A lie outweighs what is not known, and that what is honest. */
export function worstCall(calls: readonly Call[]): Call | null {
  const weight = ({ honest }: Call): number => (honest === false ? 2 : honest === null ? 1 : 0);
  return [...calls].sort((one, other) => weight(other) - weight(one))[0] ?? null;
}

export const staleBranch: Call = {
  honest: false,
  rule: 'guard-stale-branch',
  why: 'genksyms does not see the old declaration: versions change all the same',
};
