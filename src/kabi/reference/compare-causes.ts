/** Why versions differ between two releases: the nearest text that differs on the way from each export, where both references hold the types. */
import type { Reference } from '../../kernel/reference.js';
import { TypeGraph } from '../../kernel/type-graph.js';
import { readable } from '../judge-symbols.js';

export interface ComparedCause {
  /** `struct task_struct`, or an export whose own declaration differs. */
  readonly name: string;
  /** Declares it in the kernel after; null where no reference says. */
  readonly file: string | null;
  readonly count: number;
}

export interface ComparedCauses {
  readonly causes: readonly ComparedCause[];
  /** By name and module, `free_task vmlinux`: the way to its cause, and which cause it is. */
  readonly becauseOf: ReadonlyMap<string, { readonly cause: number; readonly because: readonly string[] }>;
}

/** `changed`: names with their modules in the kernel after. */
export function compareCauses(before: Reference, after: Reference, changed: ReadonlySet<string>): ComparedCauses {
  const found = new Map<string, { key: string; path: readonly string[]; file: string | null }>();
  const [was, is] = [new TypeGraph(before), new TypeGraph(after)];
  const olds = new Map(unitsOf(before));
  for (const [name, number] of unitsOf(after)) {
    const unit = is.unit(number);
    const old = olds.get(name);
    if (unit === null || old === undefined) continue;
    const names = unit.exports.flatMap(([one]) => (changed.has(`${one} ${unit.module}`) ? [one] : []));
    if (names.length === 0) continue;
    const { reached } = is.nearest(number, names, new Set(), new Map());
    const differs = [...reached].filter((key) => {
      const text = was.nodeIn(old, key)?.text;
      return text !== undefined && text !== is.nodeIn(number, key)?.text;
    });
    for (const [one, path] of is.nearest(number, names, new Set(differs), new Map()).paths) {
      const key = path.at(-1) as string;
      found.set(`${one} ${unit.module}`, { key, path, file: is.nodeIn(number, key)?.file ?? null });
    }
  }
  return grouped(found);
}

/** Units by source and module. */
function* unitsOf(reference: Reference): Generator<[string, number]> {
  for (const [key, { source, module }] of reference.rows('exporting')) yield [`${source} ${module}`, Number(key)];
}

function grouped(
  found: ReadonlyMap<string, { key: string; path: readonly string[]; file: string | null }>,
): ComparedCauses {
  const counts = new Map<string, { file: string | null; count: number }>();
  for (const { key, file } of found.values()) {
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { file, count: 1 });
    else known.count++;
  }
  const order = [...counts].sort(([one, { count: a }], [other, { count: b }]) => b - a || (one < other ? -1 : 1));
  const index = new Map(order.map(([key], at) => [key, at]));
  return {
    causes: order.map(([key, { file, count }]) => ({ name: readable(key), file, count })),
    becauseOf: new Map(
      [...found].map(([name, { key, path }]) => [
        name,
        { cause: index.get(key) as number, because: path.map(readable) },
      ]),
    ),
  };
}
