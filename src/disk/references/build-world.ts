/** A build on disk as its units see it. */

import { LexCache } from '../../c/lex/lex-cache.js';
import { predefinedMacros } from '../../c/predefined.js';
import { KabiwatchError } from '../../errors.js';
import { DeclarationCache } from '../../genksyms/declaration-cache.js';
import { dialectOf } from '../../genksyms/dialect.js';
import { builtTree } from '../../kernel/generated.js';
import { archDirectory, macrosForTree } from '../../kernel/unit.js';
import type { BuildWorld } from '../../kernel/unit-versions.js';
import { overlayFiles } from '../../tree/overlay.js';
import { unionTree } from '../../tree/union.js';
import { directoryTree } from '../trees/directory-tree.js';
import { openTree } from '../trees/open-tree.js';

/** Plain values: they cross to worker threads. */
export interface BuildPlace {
  /** A directory, or DIR@REVISION of a git repository. */
  readonly tree: string;
  /** The first that has a file wins. None: generated headers are made in memory, as far as they follow from the config. */
  readonly builds: readonly string[];
  readonly config: string;
  readonly arch: string;
  readonly version: string;
  /** What a series, and what it needs, makes of the tree's files; null for one that is removed. */
  readonly changed?: ReadonlyMap<string, Uint8Array | null>;
}

export function openBuild(place: BuildPlace): BuildWorld {
  const under = openTree(place.tree);
  const source = place.changed === undefined ? under : overlayFiles(under, place.changed, `a series on ${place.tree}`);
  const dir = archDirectory(source, place.arch);
  const predefined = predefinedMacros(place.arch);
  if (dir === null || predefined === null)
    throw new KabiwatchError('tree-not-found', { path: place.tree, why: `it has no architecture ${place.arch}` });
  const build = place.builds.length === 0 ? null : unionTree(place.builds.map((one) => directoryTree(one)));
  return {
    tree: builtTree(source, build, dir, place.config),
    predefined: macrosForTree(predefined, source),
    dialect: dialectOf(place.version),
    cache: new LexCache(),
    declarations: new DeclarationCache(),
  };
}
