/**
 * Which older series each series replaces. Tied by b4's change-id; or by an answer to the older one; or, sent apart, by sender and
 * title. Of several the newest version below wins; a series sent again without a new number replaces the one before it.
 */
import type { Draft } from './assemble.js';

/** Heads of the newer -> heads of the older. `drafts` are oldest first. */
export function supersededBy(drafts: readonly Draft[]): Map<string, string> {
  const index = new Map<string, Posting[]>();
  const found = new Map<string, string>();
  for (const draft of drafts) {
    const newer = postingOf(draft);
    const keys = keysOf(draft);
    const older = new Set(keys.own.concat(keys.answered).flatMap((key) => (index.get(key) ?? []).slice(-mostOlder)));
    let best: Draft | null = null;
    for (const one of older)
      if (isOlder(one.draft, draft) && isSame(one, newer) && (best === null || rank(one.draft) >= rank(best)))
        best = one.draft;
    if (best !== null) found.set(draft.head.id, best.head.id);
    for (const key of keys.own) {
      const postings = index.get(key);
      if (postings === undefined) index.set(key, [newer]);
      else postings.push(newer);
    }
  }
  return found;
}

/** Of the older ones under one title or change-id, so many are looked at, the latest: anybody may post a title as often as they like. */
const mostOlder = 64;

/** What is compared of a draft, made once. */
interface Posting {
  readonly draft: Draft;
  readonly changes: ReadonlySet<string>;
  readonly titles: ReadonlySet<string>;
  readonly members: ReadonlySet<string>;
}

function postingOf(draft: Draft): Posting {
  const { head, patches } = draft;
  const members = [head, ...patches.map(({ message }) => message)];
  const titled = patches.length === 0 ? [head] : patches.map(({ message }) => message);
  return {
    draft,
    changes: new Set(members.flatMap(({ trailers }) => trailers.changeId ?? [])),
    titles: new Set(titled.map(({ tags }) => titleKey(tags.title))),
    members: new Set(members.map(({ id }) => id)),
  };
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

function isSame(before: Posting, after: Posting): boolean {
  const [older, newer] = [before.draft, after.draft];
  // A patch in an answer may replace the patch, not a whole series; a backport to another release is no new version.
  if (newer.head.tags.reply && older.total > 1) return false;
  if (older.head.tags.releases.join() !== newer.head.tags.releases.join()) return false;
  if (shared(before.changes, after.changes) > 0) return true;
  // A new version may leave patches out; without a new number, a part sent again replaces no whole.
  const [few, many] = [before.titles.size, after.titles.size].sort((one, other) => one - other) as [number, number];
  const enough = newer.version > older.version ? few : many;
  const isAlike =
    titleKey(older.head.tags.title) === titleKey(newer.head.tags.title) ||
    shared(before.titles, after.titles) * 2 >= enough ||
    // Respelt titles count where the version says that it is one; something else ties the two already.
    (newer.version > older.version && respelt(before.titles, after.titles) * 2 >= enough);
  // A version of its own, in answer to the older one, by the same sender: the titles may all have changed.
  const answers = newer.version > older.version && newer.head.ancestors.some((id) => before.members.has(id));
  return (isAlike || answers) && older.head.sender.address === newer.head.sender.address;
}

function shared(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let count = 0;
  for (const value of other) if (one.has(value)) count++;
  return count;
}

/** Titles are looked at in pairs: so many of each series. */
const mostTitles = 40;
const alike = 0.75;

/** How many of the later titles are one of the earlier, but for a word or two. */
function respelt(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  const older = [...before].slice(0, mostTitles).map((title) => new Set(title.split(' ')));
  return [...after].slice(0, mostTitles).filter((title) => {
    const words = new Set(title.split(' '));
    return older.some((others) => (2 * shared(words, others)) / (words.size + others.size) >= alike);
  }).length;
}

/** What two versions' titles have in common, whatever their case and punctuation. */
export function titleKey(title: string): string {
  return title
    .toLowerCase()
    .replace(/\(v\d+\)/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
