/** A build on disk as its units see it. */

import { LexCache } from '../c/lex-cache.js';
import { predefinedMacros } from '../c/predefined.js';
import { KabiwatchError } from '../errors.js';
import { DeclarationCache } from '../genksyms/declaration-cache.js';
import { dialectOf } from '../genksyms/dialect.js';
import { builtTree } from '../kernel/generated.js';
import { archDirectory, macrosForTree } from '../kernel/unit.js';
import type { BuildWorld } from '../kernel/unit-versions.js';
import { directoryTree } from './directory-tree.js';

/** Plain values: they cross to worker threads. */
export interface BuildPlace {
  readonly tree: string;
  /** null: generated headers are made in memory, as far as they follow from the config. */
  readonly build: string | null;
  readonly config: string;
  readonly arch: string;
  readonly version: string;
}

export function openBuild(place: BuildPlace): BuildWorld {
  const source = directoryTree(place.tree);
  const dir = archDirectory(source, place.arch);
  const predefined = predefinedMacros(place.arch);
  if (dir === null || predefined === null)
    throw new KabiwatchError('tree-not-found', { path: place.tree, why: `it has no architecture ${place.arch}` });
  const build = place.build === null ? null : directoryTree(place.build);
  return {
    tree: builtTree(source, build, dir, place.config),
    predefined: macrosForTree(predefined, source),
    dialect: dialectOf(place.version),
    cache: new LexCache(),
    declarations: new DeclarationCache(),
  };
}
