/** Where types, prototypes and exports stand in the files of a series, and which of its patches changed them. */

import { type LexedFile, lexFile, lineAt } from '../../c/lex/lexed-file.js';
import { type DeclaredLetter, findDeclaration } from '../../c/outline/find-declaration.js';
import type { Series } from '../../patch/series.js';
import type { SourceTree } from '../../tree/source-tree.js';
import type { AddedInclude } from '../judge-source.js';

/** The tree before a series, and after each of its patches. */
export interface Versions {
  readonly before: SourceTree;
  readonly steps: readonly SourceTree[];
}

export class DeclaredPlaces {
  readonly #series: Series;
  readonly #versions: Versions;
  readonly #lexed = new Map<Uint8Array, LexedFile>();

  constructor(series: Series, versions: Versions) {
    this.#series = series;
    this.#versions = versions;
  }

  /** Line of what a dump's key names (`s#mm_struct`, `free_task`) in a file after the series, else before; 0 where it is not spelled. */
  lineOf(file: string, key: string): number {
    const { before, steps } = this.#versions;
    for (const tree of [steps.at(-1) ?? before, before]) {
      const lexed = this.#file(tree, file);
      const found = lexed === null ? null : findDeclaration(lexed, ...letterAndName(key));
      if (lexed !== null && found !== null) return lineAt(lexed, lexed.tokens.offset[found.start] as number);
    }
    return 0;
  }

  /**
   * The first patch after which the declaration reads otherwise; where its text is not found, or never differs, the first that touches the file;
   * where none does, the first of all.
   */
  patchOf(file: string, key: string | null): number {
    const { patches } = this.#series;
    const touching = patches.filter((patch) => patch.files.some((one) => one.before === file || one.after === file));
    if (touching.length < 2 || key === null) return (touching[0] ?? patches[0])?.n ?? 0;
    let was = this.#text(this.#versions.before, file, key);
    for (const [at, patch] of patches.entries()) {
      const tree = this.#versions.steps[at];
      if (tree === undefined || !touching.includes(patch)) continue;
      const is = this.#text(tree, file, key);
      if (is !== was) return patch.n;
      was = is;
    }
    return touching[0]?.n ?? 0;
  }

  /** The `#include` that a patch adds to the unit, or to another touched file, and that names the file or may lead to it. */
  includeOf(unit: string, file: string): AddedInclude | null {
    const paths = new Set([
      unit,
      ...this.#series.patches.flatMap(({ files }) => files.flatMap(({ after }) => after ?? [])),
    ]);
    const added = [...paths].flatMap((path) => this.#addedIncludes(path));
    const names = (one: AddedInclude): boolean => {
      const name = /["<]([^">]*)[">]/.exec(one.text)?.[1];
      return name !== undefined && `/${file}`.endsWith(`/${name}`);
    };
    return added.find(names) ?? added.find((one) => one.file === unit) ?? added[0] ?? null;
  }

  #addedIncludes(path: string): AddedInclude[] {
    const was = new Set(includesIn(this.#file(this.#versions.before, path)).map(({ text }) => text));
    let found: AddedInclude[] = [];
    for (const [at, tree] of this.#versions.steps.entries()) {
      const patch = this.#series.patches[at]?.n ?? 0;
      const news = includesIn(this.#file(tree, path)).filter(({ text }) => !was.has(text));
      found = news.map((one) => ({
        ...one,
        file: path,
        patch: found.find(({ text }) => text === one.text)?.patch ?? patch,
      }));
    }
    return found;
  }

  #text(tree: SourceTree, file: string, key: string): string | null {
    const lexed = this.#file(tree, file);
    const found = lexed === null ? null : findDeclaration(lexed, ...letterAndName(key));
    return lexed === null || found === null ? null : lexed.tokens.spelling.subarray(found.start, found.end).join(' ');
  }

  #file(tree: SourceTree, path: string): LexedFile | null {
    const bytes = tree.read(path);
    if (bytes === null) return null;
    let lexed = this.#lexed.get(bytes);
    if (lexed === undefined) {
      lexed = lexFile(bytes);
      this.#lexed.set(bytes, lexed);
    }
    return lexed;
  }
}

function includesIn(file: LexedFile | null): { readonly text: string; readonly line: number }[] {
  if (file === null) return [];
  const { tokens, bytes } = file;
  return file.directives.flatMap(({ name, at, end }) => {
    if (name !== 'include') return [];
    const start = tokens.offset[at] as number;
    const text = Buffer.from(bytes.subarray(start, tokens.offset[end])).toString('latin1').split('\n')[0] as string;
    return [{ text: text.replace(/\s*\/[*/].*$/, '').trim(), line: lineAt(file, start) }];
  });
}

function letterAndName(key: string): [DeclaredLetter, string] {
  const [, letter, name] = /^([suetE])#(.*)$/.exec(key) ?? [];
  if (letter === undefined || name === undefined) return ['', key];
  // An enumerator is looked for by its own name, which no statement at top level has.
  return [letter === 'E' ? '' : (letter as DeclaredLetter), name];
}
