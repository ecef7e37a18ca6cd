/** Exports that came, went, have no version or other terms -> what a reviewer calls it. */

import type { Telling } from '../judge-symbols.js';
import type { ExportChange } from '../series/export-changes.js';
import type { RuleId } from './ids.js';

/** A name that only text adds or removes, of another configuration, did not come or go. */
export function tellExports(exports: readonly ExportChange[], { changes, origin, add }: Telling): void {
  const byName = new Map(exports.map((one) => [one.name, one]));
  for (const name of changes.removed) {
    // A makefile alone can take an export away: its file is untouched.
    const place = byName.get(name)?.before ?? { file: changes.removedFrom.get(name) ?? '', line: 0 };
    const patch = origin.patchOf(place.file, null);
    const text = `\`${name}\` is no longer exported: modules that use it do not load`;
    add('export-removed', { file: place.file, line: place.line }, text, { symbol: name, patch });
  }
  const tellNew = (rule: RuleId, name: string, text: string): void => {
    const { file = '', line = 0 } = byName.get(name)?.after ?? {};
    add(rule, { file, line }, text, { symbol: name, patch: origin.patchOf(file, null) });
  };
  for (const name of changes.added) {
    const isGpl = byName.get(name)?.after?.license.startsWith('gpl') === true;
    tellNew('export-added', name, `\`${name}\` is exported${isGpl ? ' (GPL only)' : ''}`);
  }
  for (const name of changes.unversioned) {
    const text = `\`${name}\` would have no version: genksyms sees no declaration of it that it can read`;
    tellNew('export-unversioned', name, text);
  }
  for (const one of exports) tellTerms(one, tellNew);
}

/** On other terms than before, where it was exported before. */
function tellTerms(
  { name, before, after }: ExportChange,
  tell: (rule: RuleId, name: string, text: string) => void,
): void {
  if (before === null || after === null) return;
  if (before.license !== after.license)
    tell('export-license-changed', name, `\`${name}\` is ${after.license === 'gpl' ? 'now' : 'no longer'} GPL only`);
  if (before.namespace !== after.namespace) {
    const words = [before.namespace, after.namespace].map((one) => one ?? '(none)');
    tell('export-namespace-changed', name, `\`${name}\` moves from namespace ${words.join(' to ')}`);
  }
}
