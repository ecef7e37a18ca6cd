/** What the name index of a tree is made of, found again from words alone: another process makes it. */
import type { Conditions } from '../../c/outline/conditions.js';
import { predefinedMacros } from '../../c/predefined.js';
import { KabiwatchError } from '../../errors.js';
import type { IndexedTree } from '../../kabi/index/indexed-tree.js';
import { concernsArch } from '../../kabi/index/tree-index.js';
import type { Architecture } from '../../kabi/review.js';
import { type ConfigFacts, configFacts } from '../../kernel/config-facts.js';
import { builtTree } from '../../kernel/generated.js';
import { unitsOf } from '../../kernel/kbuild.js';
import { anyConfiguration } from '../../kernel/mentions.js';
import { archDirectory } from '../../kernel/unit.js';
import { memoryTree } from '../../tree/memory.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { openTree } from '../trees/open-tree.js';

export interface IndexSpec {
  /** A directory, or DIR@REVISION. */
  readonly tree: string;
  readonly arch: Architecture;
  /** Text of the .config. */
  readonly config: string | null;
}

/** Folders that hold nothing of the kernel itself. */
const besides = /^(Documentation|tools|scripts|samples|usr|\.git)\//;

export function indexedTree(spec: IndexSpec, source: SourceTree = openTree(spec.tree)): IndexedTree {
  const directory = archDirectoryOf(spec, source);
  const facts = spec.config === null ? null : configFacts(spec.config);
  return {
    tree: source,
    files: sourceFiles(source, directory),
    conditions: conditionsOf(facts, definedByCompiler(spec.arch)),
    archDirectory: directory,
  };
}

function archDirectoryOf({ tree, arch }: IndexSpec, source: SourceTree): string {
  const directory = archDirectory(source, arch);
  if (directory === null)
    throw new KabiwatchError('tree-not-found', { path: tree, why: `it has no arch/ for ${arch}` });
  return directory;
}

/** By source: the module that it is linked into, or `vmlinux`; a module where it is part of both. */
export function linksIn(spec: IndexSpec, source: SourceTree): Map<string, string> {
  const links = new Map<string, string>();
  if (spec.config === null) return links;
  const tree = builtTree(
    source,
    memoryTree('configuration', { '.config': spec.config }),
    archDirectoryOf(spec, source),
    null,
  );
  const { units } = unitsOf(tree, configFacts(spec.config).values, archDirectoryOf(spec, source));
  for (const { source: path, module } of units)
    if (path !== null && (links.get(path) ?? 'vmlinux') === 'vmlinux') links.set(path, module ?? 'vmlinux');
  return links;
}

/** Every .c and .h of the kernel proper, other architectures left out. */
function sourceFiles(tree: SourceTree, directory: string): string[] {
  const found: string[] = [];
  const walk = (dir: string): void => {
    for (const name of tree.list(dir)) {
      const path = dir === '' ? name : `${dir}/${name}`;
      if (!name.endsWith('/')) {
        if (/\.[ch]$/.test(name)) found.push(path);
      } else if (!besides.test(path) && (path === 'arch/' || concernsArch(path, directory))) walk(path.slice(0, -1));
    }
  };
  walk('');
  return found;
}

/** Names of the macros that the compiler itself defines. */
function definedByCompiler(arch: Architecture): ReadonlySet<string> {
  const lines = (predefinedMacros(arch) ?? '').split('\n');
  // The kernel is always optimised.
  return new Set(['__OPTIMIZE__', ...lines.flatMap((line) => /^#define (\w+)/.exec(line)?.[1] ?? [])]);
}

/** What the compiler's view of this configuration has defined; null for what a file alone does not tell. */
function conditionsOf(facts: ConfigFacts | null, compilers: ReadonlySet<string>): Conditions {
  return {
    defined: (name) => {
      if (compilers.has(name)) return true;
      if (!name.startsWith('CONFIG_')) return anyConfiguration.defined(name);
      if (facts === null) return null;
      if (!name.endsWith('_MODULE')) return isSet(facts.values.get(name));
      return facts.values.get(name.slice(0, -7)) === 'm';
    },
    value: (name) => {
      const text = facts?.values.get(name) ?? '';
      if (!name.startsWith('CONFIG_') || !/^(y|0x[0-9a-f]+|-?\d+)$/i.test(text)) return null;
      return text === 'y' ? 1 : Number(text);
    },
  };
}

/** CONFIG_X itself: set for y, strings and numbers; m defines CONFIG_X_MODULE instead. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== 'n' && value !== 'm';
}
