/** One unit read before and after, and what differs in it: the part of a review that units can have done apart from each other. */
import { overlayFiles } from '../../tree/overlay.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { Missing } from '../review.js';
import { headerOf } from './header-unit.js';
import { type ProgramReader, type ReadProgram, readProgram } from './program.js';
import { nothingSeen, type Seen, type UnitChange, unitChange } from './unit-change.js';

export interface UnitQuestion {
  readonly path: string;
  /** Of a header's own unit, which no tree has; null: the unit is a file. */
  readonly text: string | null;
  /** Genksyms has nothing new to see in a header that the series does not touch. */
  readonly views: 'both' | 'compiler';
}

export interface ComparedUnit {
  /** null: one version does not have it. */
  readonly change: UnitChange | null;
  readonly seen: Seen;
  readonly missing: readonly Missing[];
}

export interface TwoTrees {
  readonly before: SourceTree;
  readonly after: SourceTree;
}

export function keyOf({ path, text }: UnitQuestion): string {
  return `${path}\n${text ?? ''}`;
}

/** `before`: where the unit was read already. */
export function compareUnit(
  question: UnitQuestion,
  trees: TwoTrees,
  reader: ProgramReader,
  before: ReadProgram = readOne(question, trees.before, reader),
): ComparedUnit {
  const after = readOne(question, trees.after, reader);
  const [was, is] = [before.units[0], after.units[0]];
  const seen = nothingSeen();
  const change = was === undefined || is === undefined ? null : unitChange(was, is, seen);
  return { change, seen, missing: [...before.missing, ...after.missing] };
}

export function readOne({ path, text, views }: UnitQuestion, tree: SourceTree, reader: ProgramReader): ReadProgram {
  if (text === null) return readProgram(tree, [path], reader);
  // A header that one version does not have has no unit there.
  if (tree.contentId(headerOf(path)) === null) return { units: [], missing: [] };
  const over = overlayFiles(tree, new Map([[path, Buffer.from(text)]]), tree.id);
  return readProgram(over, [path], views === 'both' ? reader : { ...reader, versions: null });
}
