/** `kabiwatch reference verify`: what was computed from source against what was shipped, each difference listed. */
import type { Layout } from '../c/layout.js';
import { openNamedReference } from '../disk/references/references.js';

/** Exits 1 where a computed fact is not the shipped one. */
export function verify(nameOrFile: string): void {
  const reference = openNamedReference(nameOrFile);
  const wrong: string[] = [];
  const symbols = { equal: 0, different: 0, unknown: 0 };
  for (const [name, rows] of reference.rows('symbols'))
    for (const { shipped, computed, module } of rows) {
      if (shipped === null || computed === null) symbols.unknown++;
      else if (shipped === computed) symbols.equal++;
      else {
        symbols.different++;
        wrong.push(`${name} (${module}): computed ${hex(computed)}, shipped ${hex(shipped)}`);
      }
    }
  const layouts = { equal: 0, different: 0, unknown: 0 };
  for (const [key, shipped] of reference.rows('shipped')) {
    const computed = reference.row('layouts', key);
    if (computed === null) layouts.unknown += shipped.length;
    for (const one of computed === null ? [] : shipped)
      if (computed?.some((other) => sameLayout(one, other)) === true) layouts.equal++;
      else {
        layouts.different++;
        wrong.push(`${key}: computed size ${computed?.[0]?.size}, shipped ${one.size}`);
      }
  }
  console.log(
    `symbol versions: ${symbols.equal} equal, ${symbols.different} different, ${symbols.unknown} not computed or not shipped`,
  );
  console.log(
    `layouts:         ${layouts.equal} equal, ${layouts.different} different, ${layouts.unknown} not computed`,
  );
  for (const line of wrong) console.log(`  ${line}`);
  reference.close();
  if (wrong.length > 0) process.exitCode = 1;
}

export function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}

function sameLayout(a: Layout, b: Layout): boolean {
  if (a.size !== b.size || a.members.length !== b.members.length) return false;
  return a.members.every((member, i) => {
    const other = b.members[i];
    const same = other !== undefined && member.name === other.name && member.bitOffset === other.bitOffset;
    return (
      same &&
      member.bitSize === other.bitSize &&
      (member.inner === null || other.inner === null || sameLayout(member.inner, other.inner))
    );
  });
}
