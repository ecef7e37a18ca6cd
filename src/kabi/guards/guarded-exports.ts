/**
 * Exports that a guard of the series shows to one reader alone. What only genksyms sees has a version and no entry in the kernel's symbol
 * table: modules that use it do not load. What only the compiler sees is exported without a version.
 */
import { tokenize } from '../../c/lex/tokenize.js';
import { exportsOf } from '../../kernel/exports.js';
import type { ChangeSet } from '../changes.js';
import type { GuardText } from '../diff/guard-text.js';

/** Where names were compared in the genksyms view: what the guards say of them. */
export function withGuardedExports(
  changes: ChangeSet,
  guards: readonly Pick<GuardText, 'shows' | 'hides'>[],
): ChangeSet {
  const shown = exportedIn(guards.flatMap(({ shows }) => shows));
  const hidden = exportedIn(guards.flatMap(({ hides }) => hides));
  const gone = [...shown].filter((name) => !hidden.has(name) && !changes.added.includes(name));
  const without = [...hidden].filter((name) => !shown.has(name) && !changes.removed.includes(name));
  if (shown.size + hidden.size === 0) return changes;
  return {
    ...changes,
    symbols: changes.symbols.filter(({ name }) => !gone.includes(name)),
    added: changes.added.filter((name) => !shown.has(name) || hidden.has(name)),
    removed: [...new Set([...changes.removed, ...gone])].sort(),
    unversioned: [...new Set([...changes.unversioned, ...without])].sort(),
  };
}

function exportedIn(lines: readonly string[]): ReadonlySet<string> {
  const text = lines.join('\n');
  if (!text.includes('EXPORT_')) return new Set();
  return new Set(exportsOf(tokenize(Buffer.from(text, 'latin1'))).map(({ name }) => name));
}
