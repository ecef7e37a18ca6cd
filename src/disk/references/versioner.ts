/** Which tool versions a tree's symbols, as its configuration says. */
import { dialectOf } from '../../genksyms/dialect.js';
import { dwarfVersions } from '../../kabi/units/dwarf-versions.js';
import { genksymsVersions } from '../../kabi/units/genksyms-versions.js';
import type { Versioner } from '../../kabi/units/program.js';

/** null: the configuration is not known. */
export type CrcMode = 'genksyms' | 'gendwarfksyms' | 'none' | null;

/** `release`: the kernel's version. null where nothing is versioned. */
export function versionerOf(mode: CrcMode, release: string): Versioner | null {
  if (mode === 'none') return null;
  return mode === 'gendwarfksyms' ? dwarfVersions : genksymsVersions(dialectOf(release));
}
