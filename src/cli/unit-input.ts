/** A unit of a tree as the command line names it (--tree, --build, --tu, --arch, --view), preprocessed. */
import { readFileSync } from 'node:fs';
import type { LexCache } from '../c/lex/lex-cache.js';
import { predefinedMacros } from '../c/predefined.js';
import type { Bodies } from '../c/preprocess/bodies.js';
import { type Preprocessed, preprocess } from '../c/preprocess/preprocess.js';
import { type TargetName, targets } from '../c/target.js';
import { directoryTree } from '../disk/trees/directory-tree.js';
import { openTree } from '../disk/trees/open-tree.js';
import { KabiwatchError } from '../errors.js';
import { readConfig } from '../kernel/config.js';
import { configFacts } from '../kernel/config-facts.js';
import { builtTree } from '../kernel/generated.js';
import { unitAt } from '../kernel/kbuild.js';
import { archDirectory, flaggedUnit, macrosForTree, plainUnit, type View } from '../kernel/unit.js';
import type { Series } from '../patch/series.js';
import { overlaySeries } from '../tree/overlay.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';

export interface UnitOptions {
  readonly tree?: string;
  readonly build?: readonly string[];
  readonly tu?: string;
  readonly predefined?: string;
  readonly arch: string;
  readonly view: View;
  /** Applied to the tree before anything is read. */
  readonly after?: readonly Series[];
}

/** Collects an option that may be given more than once; a variadic one would swallow the arguments behind it. */
export function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A tree with its build, opened once: its units by path and view. */
export interface UnitSource {
  readonly tree: SourceTree;
  readonly preprocessed: (path: string, view: View, bodies: Bodies) => Preprocessed;
}

/** The tree with every series on it, in order; a patch that does not apply is an error, not half a tree. */
function patched(base: SourceTree, series: readonly Series[]): SourceTree {
  return series.reduce((tree, one) => {
    const { after, failed } = overlaySeries(tree, one);
    const [first] = failed;
    if (first !== undefined)
      throw new KabiwatchError('usage', { patch: one.subject, file: first.file, line: first.at, why: first.why });
    return after;
  }, base);
}

/** A unit that is read for its types. */
export function preprocessedUnit(options: UnitOptions): Preprocessed {
  const { tree, tu } = options;
  if (tree === undefined || tu === undefined)
    throw new KabiwatchError('usage', { why: '--tree and --tu are needed', remedy: 'see --help for examples' });
  return openUnits({ ...options, tree }).preprocessed(tu, options.view, 'empty');
}

export type TreeOptions = Omit<UnitOptions, 'tree' | 'tu' | 'view'> & { readonly tree: string };

/** What --arch says, else the build's configuration, else x86_64. */
export function architectureOf({
  arch,
  tree,
  build,
}: Pick<UnitOptions, 'tree' | 'build'> & { readonly arch?: TargetName }): TargetName {
  if (arch !== undefined) return arch;
  const trees = [...(build ?? []).map((one) => directoryTree(one)), ...(tree === undefined ? [] : [openTree(tree)])];
  const config = trees.map((one) => one.read('.config')).find((bytes) => bytes !== null);
  const said = config == null ? null : configFacts(Buffer.from(config).toString('latin1')).arch;
  return said !== null && said in targets ? (said as TargetName) : 'x86_64';
}

/** With a cache where more than one unit, or view, will be asked for. */
export function openUnits(
  { tree: dir, build, arch, predefined, after }: TreeOptions,
  cache: LexCache | null = null,
): UnitSource {
  const base = openTree(dir);
  const source = after === undefined ? base : patched(base, after);
  const archDir = archDirectory(source, arch);
  if (archDir === null) throw new KabiwatchError('tree-not-found', { path: dir, why: `it has no arch/ for ${arch}` });
  const builds = (build ?? []).map((one) => directoryTree(one));
  const tree = builtTree(source, builds.length === 0 ? null : unionTree(builds), archDir, null);
  const known = predefinedMacros(arch);
  const macros = predefined !== undefined ? textFrom(predefined) : known === null ? null : macrosForTree(known, source);
  if (macros === null)
    throw new KabiwatchError('usage', { why: `no macros are known for ${arch}`, remedy: 'give --predefined FILE' });
  const config = tree.read('.config');
  const values = config === null ? new Map<string, string>() : readConfig(Buffer.from(config).toString('latin1'));
  const unquoted = new Map([...values].map(([name, value]) => [name, value.replace(/^"(.*)"$/, '$1')]));
  return {
    tree,
    preprocessed: (path, view, bodies) => {
      if (tree.read(path) === null)
        throw new KabiwatchError('file-unreadable', {
          path,
          why: `not in ${dir}`,
          remedy: 'give it as a path of the tree',
        });
      // Only the makefiles know a unit's own macros and directories.
      const built = unitAt(tree, unquoted, archDir, path);
      const unit =
        built === null
          ? plainUnit(tree, path, arch, macros, view)
          : flaggedUnit(path, built, built.flags, macros, view);
      if (unit === null) throw new KabiwatchError('usage', { why: `the config builds no ${path}` });
      return preprocess(unit, tree, cache, bodies);
    },
  };
}

function textFrom(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}
