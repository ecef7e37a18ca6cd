/**
 * One list of members before and after, and the least that tells them apart. Members are matched by name; of those in both,
 * the longest run that keeps its order stayed, the others moved. A member that left and one that came at the same place with
 * the same type is one that was renamed.
 */
import type { Declared } from './members.js';

export interface Delta {
  readonly change: 'added' | 'removed' | 'moved' | 'retyped' | 'renamed';
  readonly before: Declared | null;
  readonly after: Declared | null;
  /** The members around it in the text after (before, for one that was removed), where they are seen. */
  readonly preceding: Declared | null;
  readonly following: Declared | null;
}

export function deltasOf(before: readonly Declared[], after: readonly Declared[]): Delta[] {
  const left = keyed(before);
  const right = keyed(after);
  const stayed = longestCommonOrder(...beside(left, right));
  const deltas: Delta[] = [];
  for (const [key, member] of right) {
    const was = left.get(key);
    const around = neighbours(after, member);
    if (was === undefined) deltas.push({ change: 'added', before: null, after: member, ...around });
    else if (was.type !== member.type || was.width !== member.width) {
      deltas.push({ change: 'retyped', before: was, after: member, ...around });
    } else if (!stayed.has(key)) deltas.push({ change: 'moved', before: was, after: member, ...around });
  }
  for (const [key, member] of left) {
    if (!right.has(key)) deltas.push({ change: 'removed', before: member, after: null, ...neighbours(before, member) });
  }
  return joinRenamed(deltas);
}

/**
 * The keys of both lists that may have stayed: lines that the diff leaves alone did, and of the others those that stand between the same two of
 * them before and after.
 */
function beside(left: ReadonlyMap<string, Declared>, right: ReadonlyMap<string, Declared>): [string[], string[]] {
  const isAnchor = (key: string): boolean => left.get(key)?.changed === false && right.get(key)?.changed === false;
  const gapsOf = (keys: Iterable<string>): Map<string, number> => {
    let gap = 0;
    return new Map([...keys].map((key) => [key, isAnchor(key) ? ++gap : gap]));
  };
  const [was, is] = [gapsOf(left.keys()), gapsOf(right.keys())];
  const may = (key: string): boolean => was.get(key) === is.get(key);
  return [[...left.keys()].filter(may), [...right.keys()].filter(may)];
}

function keyed(members: readonly Declared[]): Map<string, Declared> {
  const map = new Map<string, Declared>();
  for (const member of members) {
    let key = member.name;
    // One name under two conditions, or several unnamed bit-fields: each is its own.
    for (let again = 2; map.has(key); again++) key = `${member.name} ${again}`;
    map.set(key, member);
  }
  return map;
}

function neighbours(
  list: readonly Declared[],
  member: Declared,
): { preceding: Declared | null; following: Declared | null } {
  const at = list.indexOf(member);
  return { preceding: list[at - 1] ?? null, following: list[at + 1] ?? null };
}

/** The keys of a longest common subsequence of two lists of distinct keys (patience: an increasing run of positions). */
function longestCommonOrder(left: readonly string[], right: readonly string[]): Set<string> {
  const place = new Map(left.map((key, at) => [key, at]));
  const common = right.filter((key) => place.has(key));
  const tails: number[] = [];
  const back: number[] = [];
  common.forEach((key, at) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((place.get(common[tails[middle] as number] as string) as number) < (place.get(key) as number))
        low = middle + 1;
      else high = middle;
    }
    back[at] = low > 0 ? (tails[low - 1] as number) : -1;
    tails[low] = at;
  });
  const kept = new Set<string>();
  for (let at = tails.at(-1) ?? -1; at >= 0; at = back[at] as number) kept.add(common[at] as string);
  return kept;
}

function joinRenamed(deltas: readonly Delta[]): Delta[] {
  const gone = deltas.filter((delta) => delta.change === 'removed');
  const joined = new Set<Delta>();
  const renamed: Delta[] = [];
  for (const came of deltas.filter((delta) => delta.change === 'added')) {
    const was = gone.find(
      (one) =>
        !joined.has(one) &&
        one.before?.type === came.after?.type &&
        one.before?.width === came.after?.width &&
        sameNeighbour(one, came),
    );
    if (was === undefined) continue;
    joined.add(was).add(came);
    renamed.push({ ...came, change: 'renamed', before: was.before });
  }
  return [...deltas.filter((delta) => !joined.has(delta)), ...renamed];
}

/** Both stand beside the same member, or are alone. */
function sameNeighbour(one: Delta, other: Delta): boolean {
  const before = one.preceding?.name === other.preceding?.name;
  const after = one.following?.name === other.following?.name;
  return before && after;
}
