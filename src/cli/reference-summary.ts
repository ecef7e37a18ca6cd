/** A reference in a dozen lines: what it is, how much of each fact, and which promises of its lists are about nothing. */
import { openNamedReference } from '../disk/references/references.js';
import { readPolicyList, unusedRules } from '../kernel/lists.js';
import { type Reference, tableNames } from '../kernel/reference.js';

export function summarize(nameOrFile: string): void {
  const reference = openNamedReference(nameOrFile);
  const { meta } = reference;
  console.log(
    `${meta.name}: ${meta.arch}, Linux ${meta.version ?? '(version not known)'}, symbol versions by ${meta.crcMode}`,
  );
  console.log(`  file    ${nameOrFile}`);
  if (meta.source !== null) console.log(`  source  ${meta.source}`);
  for (const table of tableNames) {
    const count = reference.count(table);
    if (count > 0) console.log(`  ${table.padEnd(8)}${count}`);
  }
  for (const [key, text] of reference.rows('files'))
    if (key.startsWith('list/')) tellUnused(reference, key.slice(5), text);
  reference.close();
}

/** Rules that nothing of this kernel matches any more: promises about nothing. */
function tellUnused(reference: Reference, name: string, text: string): void {
  const { list } = readPolicyList(name, text);
  const unused = unusedRules(list, Array.from(reference.rows('symbols'), ([, rows]) => rows).flat());
  if (unused.length === 0) return;
  console.log(`  ${name}: ${unused.length} rules match nothing of this kernel`);
  for (const { line, text: rule } of unused.slice(0, 10)) console.log(`    ${name}:${line}: ${rule}`);
  if (unused.length > 10) console.log(`    and ${unused.length - 10} more`);
}
