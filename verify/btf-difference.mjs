/** Which named structs and unions two kernels' own BTF lays out differently. */
import { layoutsOf } from '../dist/btf/layouts.js';
import { flatMembers } from '../dist/c/layout.js';
import { readBtfFile } from '../dist/disk/references/btf-file.js';

/** By `struct x`: the layouts of that name as text; a kernel can have several. */
function layoutsIn(file) {
  const found = new Map();
  for (const layout of layoutsOf(readBtfFile(file))) {
    if (layout.name === null || layout.typedef) continue;
    const key = `${layout.kind} ${layout.name}`;
    const members = flatMembers(layout).map(({ name, bitOffset, bitSize }) => `${name} ${bitOffset}:${bitSize}`);
    found.set(key, [...(found.get(key) ?? []), `${layout.size}; ${members.join('; ')}`]);
  }
  return found;
}

/** `both`: in both kernels; `differ`: of those, laid out otherwise: size, names, bit offsets and bit sizes of members. */
export function btfDifference(before, after) {
  const [was, is] = [layoutsIn(before), layoutsIn(after)];
  const both = new Set([...was.keys()].filter((key) => is.has(key)));
  const text = (layouts, key) => [...new Set(layouts.get(key))].sort().join('\n');
  return { both, differ: new Set([...both].filter((key) => text(was, key) !== text(is, key))) };
}

/** The types of a review of which the same can be said, by the names that BTF gives: a member of a member is not its own. */
export function typesLaidOutOtherwise({ types }) {
  const moves = ({ name, change, before, after }) =>
    !name.includes('.') &&
    (change !== 'retyped' || before.bitOffset !== after.bitOffset || before.bitSize !== after.bitSize);
  return types.filter(
    ({ kind, before, after, members }) =>
      (kind === 'struct' || kind === 'union') &&
      before !== null &&
      after !== null &&
      (before.size !== after.size || members.some(moves)),
  );
}
