/** Exports that came, went, or changed license or namespace in the files of a series: from the files before and after, with their lines. */
import { lexFile, lineAt } from '../../c/lex/lexed-file.js';
import { type Export, exportsOf } from '../../kernel/exports.js';
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { filesThatMatter } from './triage.js';

export interface PlacedExport extends Export {
  readonly file: string;
  readonly line: number;
}

export interface ExportChange {
  readonly name: string;
  /** One export a name, wherever it stands: one that moved to another file is the same export. */
  readonly before: PlacedExport | null;
  readonly after: PlacedExport | null;
}

export function exportChanges(series: Series, before: SourceTree, after: SourceTree): readonly ExportChange[] {
  const paths = new Set(filesThatMatter(series).flatMap((file) => [file.before, file.after]));
  const was = exportsIn(before, paths);
  const is = exportsIn(after, paths);
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name) => {
    const [one, other] = [was.get(name) ?? null, is.get(name) ?? null];
    const isSame = one !== null && other !== null && one.license === other.license && one.namespace === other.namespace;
    return isSame ? [] : [{ name, before: one, after: other }];
  });
}

function exportsIn(tree: SourceTree, paths: Iterable<string | null>): ReadonlyMap<string, PlacedExport> {
  const found = new Map<string, PlacedExport>();
  for (const file of paths) {
    const bytes = file === null ? null : tree.read(file);
    if (
      file === null ||
      bytes === null ||
      !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('EXPORT_')
    )
      continue;
    const lexed = lexFile(bytes);
    for (const one of exportsOf(lexed.tokens)) found.set(one.name, { ...one, file, line: lineAt(lexed, one.offset) });
  }
  return found;
}
