/** A unit of a tree as the command line names it (--tree, --build, --tu, --arch, --view), preprocessed. */
import { readFileSync } from 'node:fs';
import { predefinedMacros } from '../c/predefined.js';
import { type Preprocessed, preprocess, type Unit } from '../c/preprocess.js';
import { directoryTree } from '../disk/directory-tree.js';
import { KabiwatchError } from '../errors.js';
import { readConfig } from '../kernel/config.js';
import { builtTree } from '../kernel/generated.js';
import { unitsOf } from '../kernel/kbuild.js';
import { archDirectory, flaggedUnit, plainUnit, type View } from '../kernel/unit.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';

export interface UnitOptions {
  readonly tree?: string;
  readonly build?: readonly string[];
  readonly tu?: string;
  readonly predefined?: string;
  readonly arch: string;
  readonly view: View;
}

export function preprocessedUnit(options: UnitOptions): Preprocessed {
  const { tree: dir, tu: path, arch } = options;
  if (dir === undefined || path === undefined)
    throw new KabiwatchError('usage', { why: '--tree and --tu are needed', remedy: 'see --help for examples' });
  const source = directoryTree(dir);
  const archDir = archDirectory(source, arch);
  if (archDir === null) throw new KabiwatchError('tree-not-found', { path: dir, why: `it has no arch/ for ${arch}` });
  const builds = (options.build ?? []).map((build) => directoryTree(build));
  const tree = builtTree(source, builds.length === 0 ? null : unionTree(builds), archDir, null);
  if (tree.read(path) === null)
    throw new KabiwatchError('file-unreadable', {
      path,
      why: `not in ${dir}`,
      remedy: 'give --tu as a path of the tree',
    });
  return preprocess(unitIn(tree, path, archDir, options), tree);
}

function unitIn(tree: SourceTree, path: string, archDir: string, { arch, view, predefined }: UnitOptions): Unit {
  const macros = predefined === undefined ? predefinedMacros(arch) : textFrom(predefined);
  if (macros === null)
    throw new KabiwatchError('usage', { why: `no macros are known for ${arch}`, remedy: 'give --predefined FILE' });
  const plain = plainUnit(tree, path, arch, macros, view);
  // Only the makefiles know a unit's own macros and directories.
  const config = tree.read('.config');
  const values = config === null ? new Map<string, string>() : readConfig(Buffer.from(config).toString('latin1'));
  const unquoted = new Map([...values].map(([name, value]) => [name, value.replace(/^"(.*)"$/, '$1')]));
  const unit = unitsOf(tree, unquoted, archDir).units.find(({ source }) => source === path);
  if (unit !== undefined) return flaggedUnit(path, unit, unit.flags, macros, view);
  if (plain === null) throw new KabiwatchError('usage', { why: `the config builds no ${path}` });
  return plain;
}

function textFrom(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new KabiwatchError('file-unreadable', { path }, { cause });
  }
}
