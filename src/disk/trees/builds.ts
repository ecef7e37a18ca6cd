/** Which of the configured folders make a build for one architecture: a folder's .config says whose it is, one without serves all. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from '../../kabi/review.js';
import { configFacts } from '../../kernel/config-facts.js';

/** null where none of them is configured for it: another architecture's configuration would give wrong numbers. */
export function buildFor(folders: readonly string[], arch: Architecture): readonly string[] | null {
  const found = folders.map((folder) => ({ folder, arch: archOf(folder) }));
  return found.some((one) => one.arch === arch)
    ? found.filter((one) => one.arch === arch || one.arch === null).map(({ folder }) => folder)
    : null;
}

function archOf(folder: string): string | null {
  const path = join(folder, '.config');
  return existsSync(path) ? configFacts(readFileSync(path, 'latin1')).arch : null;
}
