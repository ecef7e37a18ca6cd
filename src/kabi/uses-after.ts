/**
 * Who touches a type in the files of a series as they are after it. The tree's index is of the tree before: it does not know a member that the
 * series adds, nor code that begins to use a type.
 */
import { type Use, usesIn } from '../c/uses.js';
import { anyConfiguration } from '../kernel/mentions.js';
import type { SourceTree } from '../tree/source-tree.js';
import { type ConsumerQuestion, linkUnitsIncluding } from './consumers.js';
import { isPublicHeader } from './public-header.js';
import { TreeNames } from './tree-names.js';

export interface UseAfter {
  /** `struct tag`, of a member in an untagged struct inside `struct tag/name`. */
  readonly base: string;
  readonly member: string;
  readonly file: string;
  /** `vmlinux` or modules; null for inline code of a public header, which is in every module that includes it. */
  readonly linkUnits: readonly string[] | null;
}

/** Accesses whose receiver has a type that the text tells. `archDirectory` as in the tree's index. */
export function usesAfter(
  after: SourceTree,
  files: readonly string[],
  question: ConsumerQuestion,
  archDirectory: string,
): UseAfter[] {
  const names = new TreeNames(after, question.index, anyConfiguration, archDirectory);
  return files.flatMap((file) => {
    if (after.read(file) === null) return [];
    const outline = names.read(file);
    const linkUnits = linkUnitsOfFile(file, question);
    return [...usesIn(outline, names.seenFrom(file, outline))].filter(isAccess).map(({ base, member }) => {
      return { base, member, file, linkUnits };
    });
  });
}

function isAccess(use: Use): use is Use & { base: string; member: string } {
  return use.base !== null && use.member !== null;
}

function linkUnitsOfFile(file: string, question: ConsumerQuestion): string[] | null {
  if (isPublicHeader(file)) return null;
  if (file.endsWith('.h')) return linkUnitsIncluding(file, question);
  const unit = question.placement.linkUnitOf(file);
  return unit === null ? [] : [unit];
}
