/**
 * The assertions that hold a layout where it was, as maintainers write them by hand: next to the type, hidden from genksyms, for each
 * architecture that was measured. Trees before 5.1 have no static_assert.
 */
import type { Architecture } from '../review.js';
import type { Extent, Row } from '../units/rows.js';

const conditions: Readonly<Record<Architecture, string>> = {
  x86_64: 'defined(CONFIG_X86_64)',
  i386: 'defined(CONFIG_X86_32)',
  aarch64: 'defined(CONFIG_ARM64)',
  arm: 'defined(CONFIG_ARM)',
  ppc64le: 'defined(CONFIG_PPC64) && defined(CONFIG_CPU_LITTLE_ENDIAN)',
  ppc64: 'defined(CONFIG_PPC64) && !defined(CONFIG_CPU_LITTLE_ENDIAN)',
  s390x: 'defined(CONFIG_64BIT) && defined(CONFIG_S390)',
  riscv64: 'defined(CONFIG_64BIT) && defined(CONFIG_RISCV)',
};

/** One type as it was measured on one architecture, the members that its pins name. */
export interface Pinned {
  readonly arch: Architecture;
  readonly extent: Extent;
  readonly members: readonly string[];
}

/** `name` as C spells it: `struct gen_pool`. Lines to put after the type; none where nothing was measured. */
export function pinsOf(name: string, pinned: readonly Pinned[]): string[] {
  const blocks = pinned.flatMap(({ arch, extent, members }) => {
    const offsets = members.flatMap((member) => {
      const row = extent.rows.find((one) => one.name === member);
      return row === undefined || !canPin(row)
        ? []
        : [`static_assert(offsetof(${name}, ${member}) == ${row.bitOffset / 8});`];
    });
    return [`#if ${conditions[arch]}`, `static_assert(sizeof(${name}) == ${extent.size});`, ...offsets, '#endif'];
  });
  if (blocks.length === 0) return [];
  return ['', '#ifndef __GENKSYMS__', '#include <linux/build_bug.h>', '#include <linux/stddef.h>', ...blocks, '#endif'];
}

function canPin(row: Row): boolean {
  return row.bitSize === 0 && row.bitOffset % 8 === 0;
}
