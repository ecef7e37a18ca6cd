/** Questions to a whole reference: answered in slices, so that other requests are served between them, and kept while the file is the same. */
import type { Layout, MemberLayout } from '../c/layout.js';
import { isReservedName } from '../kabi/diff/idioms.js';
import type { Reference } from '../kernel/reference.js';
import { TypeGraph } from '../kernel/type-graph.js';

/** References by name, as the service has them. */
export interface Shelf {
  readonly names: () => readonly string[];
  /** null where there is none of that name, or it cannot be read. Open until the process ends or the file is another. */
  readonly open: (name: string) => Reference | null;
}

export interface Overview {
  /** Keys of all layouts, sorted: `struct mm_struct`. */
  readonly keys: readonly string[];
  readonly known: ReadonlySet<string>;
  readonly versions: { readonly equal: number; readonly different: number; readonly unknown: number };
}

const overviews = new WeakMap<Reference, Promise<Overview>>();

/** Once for each opened reference. */
export function overviewOf(reference: Reference): Promise<Overview> {
  const known = overviews.get(reference) ?? readOverview(reference);
  overviews.set(reference, known);
  return known;
}

async function readOverview(reference: Reference): Promise<Overview> {
  const keys = new Set<string>();
  for (const table of ['shipped', 'layouts'] as const)
    for await (const [key] of sliced(reference.rows(table))) keys.add(key);
  const versions = { equal: 0, different: 0, unknown: 0 };
  for await (const [, rows] of sliced(reference.rows('symbols'))) {
    for (const { shipped, computed } of rows)
      versions[shipped === null || computed === null ? 'unknown' : shipped === computed ? 'equal' : 'different']++;
  }
  return { keys: [...keys].sort(), known: keys, versions };
}

/** Exported symbols whose expansion holds the type, by name; `more` where the search ended at `most`. */
export async function symbolsReaching(
  reference: Reference,
  key: string,
  most: number,
): Promise<{ readonly names: readonly string[]; readonly more: boolean }> {
  const [kind = '', tag = ''] = key.split(' ');
  const wanted = `${kind[0]}#${tag}`;
  const graph = new TypeGraph(reference);
  const names = new Set<string>();
  for await (const unit of sliced(graph.unitsWith(wanted))) {
    for (const [name] of graph.unit(unit)?.exports ?? []) {
      let reaches = false;
      graph.versionOf(unit, name, new Map(), (node) => {
        reaches ||= node.key === wanted;
      });
      if (!reaches) continue;
      if (names.size === most) return { names: [...names].sort(), more: true };
      names.add(name);
    }
  }
  return { names: [...names].sort(), more: false };
}

const slice = 16;

async function* sliced<T>(rows: Iterable<T>): AsyncGenerator<T> {
  let count = 0;
  for (const row of rows) {
    if (++count % slice === 0) await new Promise((resolve) => setImmediate(resolve));
    yield row;
  }
}

/** Bytes that no member uses, in the order of their place; offsets in bits from the start of the struct. */
export interface Hole {
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly after: string | null;
}

export function holesOf(layout: Layout): Hole[] {
  if (layout.kind === 'union') return [];
  const holes: Hole[] = [];
  let end = 0;
  let last: string | null = null;
  const close = (next: number): void => {
    if (next > end) holes.push({ bitOffset: end, bitSize: next - end, after: last });
  };
  for (const member of layout.members.toSorted((one, other) => one.bitOffset - other.bitOffset)) {
    close(member.bitOffset);
    end = Math.max(end, member.bitOffset + widthOf(member));
    last = member.name ?? last;
  }
  close(layout.size * 8);
  return holes;
}

function widthOf({ bitSize, size }: MemberLayout): number {
  return bitSize > 0 ? bitSize : size * 8;
}

/** Members kept for later, by the names that distributions give them; in anonymous members too. */
export function reservedIn(layout: Layout): string[] {
  return layout.members.flatMap((member) =>
    member.name === null
      ? member.inner === null
        ? []
        : reservedIn(member.inner)
      : isReservedName(member.name)
        ? [member.name]
        : [],
  );
}
