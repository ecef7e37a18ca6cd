/**
 * Which older series each series replaces. Tied by b4's change-id; or by an answer to the older one; or, sent apart, by sender and
 * title. Of several the newest version below wins; a series sent again without a new number replaces the one before it.
 */
import type { Draft } from './assemble.js';

/** Heads of the newer -> heads of the older. `drafts` are oldest first. */
export function supersededBy(drafts: readonly Draft[]): Map<string, string> {
  const index = new Map<string, Draft[]>();
  const found = new Map<string, string>();
  for (const draft of drafts) {
    const keys = keysOf(draft);
    const older = [...new Set(keys.own.concat(keys.answered).flatMap((key) => index.get(key) ?? []))];
    const best = older
      .filter((one) => isOlder(one, draft) && isSame(one, draft))
      .reduce<Draft | null>((top, one) => (top === null || rank(one) >= rank(top) ? one : top), null);
    if (best !== null) found.set(draft.head.id, best.head.id);
    for (const key of keys.own) index.set(key, [...(index.get(key) ?? []), draft]);
  }
  return found;
}

function keysOf({ head, cover, patches, kept }: Draft): { own: string[]; answered: string[] } {
  const members = [
    ...(cover === null ? [] : [cover]),
    ...patches.filter(({ n }) => !kept.includes(n)).map((one) => one.message),
  ];
  const changes = members.flatMap(({ trailers }) =>
    trailers.changeId === null ? [] : [`change ${trailers.changeId}`],
  );
  const titles = members.map(({ tags }) => `title ${head.sender.address} ${titleKey(tags.title)}`);
  return {
    own: [...new Set([...changes, ...titles, ...members.map(({ id }) => `id ${id}`)])],
    answered: [...new Set(members.flatMap(({ ancestors }) => ancestors.slice(0, 20).map((id) => `id ${id}`)))],
  };
}

/** RFC before the real thing, then by version. */
function rank({ version, rfc }: Draft): number {
  return version + (rfc ? 0 : 0.5);
}

function isOlder(older: Draft, newer: Draft): boolean {
  if (older.head.id === newer.head.id) return false;
  if (older.rfc !== newer.rfc) return older.rfc && !newer.rfc;
  return older.version <= newer.version;
}

function isSame(older: Draft, newer: Draft): boolean {
  const changes = (draft: Draft): (string | null)[] =>
    [draft.head, ...draft.patches.map(({ message }) => message)].map(({ trailers }) => trailers.changeId);
  const own = changes(newer).filter((id) => id !== null);
  if (own.length > 0 && changes(older).some((id) => id !== null && own.includes(id))) return true;
  const [before, after] = [titlesOf(older), titlesOf(newer)];
  const common = [...after].filter((title) => before.has(title)).length;
  const isAlike =
    titleKey(older.head.tags.title) === titleKey(newer.head.tags.title) ||
    common * 2 >= Math.min(before.size, after.size);
  // A version of its own, in answer to the older one, by the same sender: the titles may all have changed.
  const answers = newer.version > older.version && newer.head.ancestors.some((id) => membersOf(older).has(id));
  return (isAlike || answers) && older.head.sender.address === newer.head.sender.address;
}

function membersOf({ head, patches }: Draft): Set<string> {
  return new Set([head.id, ...patches.map(({ message }) => message.id)]);
}

function titlesOf({ patches, head }: Draft): Set<string> {
  return new Set(
    patches.length === 0 ? [titleKey(head.tags.title)] : patches.map(({ message }) => titleKey(message.tags.title)),
  );
}

/** What two versions' titles have in common, whatever their case and punctuation. */
export function titleKey(title: string): string {
  return title
    .toLowerCase()
    .replace(/\(v\d+\)/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
