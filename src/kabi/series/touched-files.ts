/** The files of a series that can change a declaration or a macro, and how: from the files before and after alone. */
import { lexFile } from '../../c/lex/lexed-file.js';
import { differenceBetween } from '../../c/outline/skeleton.js';
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { filesThatMatter } from './triage.js';

/** Example: { path: 'include/linux/genalloc.h', how: 'declarations' } for a member that was added. */
export interface TouchedFile {
  readonly path: string;
  /** As skeleton.ts has it, or the file came or went. */
  readonly how: 'declarations' | 'macros' | 'added' | 'removed';
}

/** Files in which only bodies, comments or blanks differ are left out. */
export function touchedFiles(series: Series, before: SourceTree, after: SourceTree): readonly TouchedFile[] {
  const paths = new Set(filesThatMatter(series).flatMap(({ before: was, after: is }) => [was, is]));
  return [...paths].flatMap((path): TouchedFile[] => {
    if (path === null) return [];
    const [was, is] = [before.read(path), after.read(path)];
    if (was === null && is === null) return [];
    if (was === null) return [{ path, how: 'added' }];
    if (is === null) return [{ path, how: 'removed' }];
    const how = differenceBetween(lexFile(was), lexFile(is));
    return how === 'bodies' ? [] : [{ path, how }];
  });
}
