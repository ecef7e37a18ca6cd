/** `--tree`, `--build` and `--arch` -> the tree that a series is judged on, and how its units are compiled. */
import { predefinedMacros } from '../c/predefined.js';
import { targets } from '../c/target.js';
import { KabiwatchError } from '../errors.js';
import { dialectOf } from '../genksyms/dialect.js';
import { headerUnitFolder } from '../kabi/header-unit.js';
import type { Build, Versioner } from '../kabi/program.js';
import { type Architecture, architectures } from '../kabi/review.js';
import { genksymsVersions } from '../kabi/versions.js';
import { type ConfigFacts, configFacts } from '../kernel/config-facts.js';
import { builtTree } from '../kernel/generated.js';
import { type Unit as KbuildUnit, unitsOf } from '../kernel/kbuild.js';
import { archDirectory, flaggedUnit, plainUnit } from '../kernel/unit.js';
import type { SourceTree } from '../tree/source-tree.js';
import { unionTree } from '../tree/union.js';
import { directoryTree } from './directory-tree.js';
import { gitPlace, gitTree } from './git-tree.js';

export interface TreeOptions {
  readonly tree: string;
  readonly build: readonly string[];
  /** null: the build's. */
  readonly arch: Architecture | null;
}

export interface TreeInput {
  readonly tree: SourceTree;
  readonly build: Build;
  readonly arch: Architecture;
  readonly crcMode: 'genksyms' | 'gendwarfksyms' | 'none' | null;
  /** null where the tree's versions are not made by genksyms. */
  readonly versions: Versioner | null;
}

export function treeInput(options: TreeOptions): TreeInput {
  const place = gitPlace(options.tree);
  const source = place === null ? directoryTree(options.tree) : gitTree(place.dir, place.revision);
  const builds = options.build.map((dir) => directoryTree(dir));
  const config = [...builds, source].map((tree) => tree.read('.config')).find((bytes) => bytes !== null) ?? null;
  const facts = config === null ? null : configFacts(Buffer.from(config).toString('latin1'));
  const arch = options.arch ?? architectures.find((one) => one === facts?.arch) ?? 'x86_64';
  const archDir = archDirectory(source, arch);
  if (archDir === null)
    throw new KabiwatchError('tree-not-found', { path: options.tree, why: `it has no arch/ for ${arch}` });
  const built = builtTree(source, builds.length === 0 ? null : unionTree(builds), archDir, null);
  const tree: SourceTree = { ...built, id: options.tree };
  const crcMode = facts?.crcMode ?? null;
  const versions =
    crcMode === 'genksyms' || crcMode === null ? genksymsVersions(dialectOf(releaseOf(tree, facts))) : null;
  return { tree, build: buildOf(tree, arch, archDir, facts), arch, crcMode, versions };
}

function buildOf(tree: SourceTree, arch: Architecture, archDir: string, facts: ConfigFacts | null): Build {
  const macros = predefinedMacros(arch) ?? '';
  let known: ReadonlyMap<string, KbuildUnit> | null = null;
  const unitsByPath = (): ReadonlyMap<string, KbuildUnit> => {
    const made =
      known ??
      new Map(
        unitsOf(tree, facts?.values ?? new Map(), archDir).units.flatMap((unit) =>
          unit.source === null ? [] : [[unit.source, unit] as const],
        ),
      );
    known = made;
    return made;
  };
  return {
    target: targets[arch],
    msExtensions: false,
    unitOf: (path) => {
      // Only the makefiles know a unit's own macros and directories; a header's own unit is in no makefile.
      const unit = path.startsWith(headerUnitFolder) ? undefined : unitsByPath().get(path);
      return unit === undefined
        ? plainUnit(tree, path, arch, macros, 'compiler')
        : flaggedUnit(path, unit, unit.flags, macros, 'compiler');
    },
  };
}

/** `6.1.192`, of the config's head line or of the top Makefile. */
function releaseOf(tree: SourceTree, facts: ConfigFacts | null): string {
  if (facts?.version != null) return facts.version;
  const text = Buffer.from(tree.read('Makefile') ?? '').toString('latin1');
  const part = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(text)?.[1] ?? '0';
  return `${part('VERSION')}.${part('PATCHLEVEL')}.${part('SUBLEVEL')}`;
}
