/**
 * A set of messages -> the series in it, and for each which older one it replaces. A pure function of the set: the order of arrival
 * changes nothing. Never happens: a message in two series (but for the patches that a reroll keeps), a loop.
 */

import type { Need, Patch, Series } from '../patch/series.js';
import { type Group, groupParts } from './group.js';
import type { Message } from './message.js';
import { supersededBy } from './supersede.js';
import { byDate, parentsOf, uniqueMessages } from './thread.js';

export interface AssembledPatch {
  readonly n: number;
  readonly message: Message;
}

export interface AssembledSeries {
  /** The cover letter, or the first patch that is here. */
  readonly head: Message;
  readonly cover: Message | null;
  readonly version: number;
  readonly rfc: boolean;
  readonly total: number;
  /** Every number from 1 to the total is here. */
  readonly complete: boolean;
  /** In order of `n`, which may exceed the total. */
  readonly patches: readonly AssembledPatch[];
  /** Patches that were taken over from the series which this one rerolls in part. */
  readonly kept: readonly number[];
  /** Head of the series that this one replaces. */
  readonly supersedes: string | null;
  /** Message-IDs of what must be applied first; a change that is named stands for the head of its series, where that is here. */
  readonly dependsOn: readonly string[];
  /** Answers that are no part of a series, oldest first. */
  readonly comments: readonly string[];
}

export interface Assembly {
  /** Oldest first. */
  readonly series: readonly AssembledSeries[];
  /** Requests to pull: recognised, not reviewed. */
  readonly pulls: readonly Message[];
  /** What belongs to no series. */
  readonly others: readonly Message[];
}

export function assemble(messages: Iterable<Message>): Assembly {
  const all = uniqueMessages(messages);
  const isOurs = ({ automatic }: Message): boolean => automatic === 'kabiwatch' || automatic === 'our own mail';
  const parts = all.filter((one) => (one.kind === 'patch' || one.kind === 'cover') && !isOurs(one));
  const drafts = withRerolls(
    groupParts(parts)
      .map(draftOf)
      .sort((a, b) => byDate(a.head, b.head)),
  );
  const superseded = supersededBy(drafts);
  const { comments, others } = commentsOf(all, drafts);
  const changes = changesOf(drafts);
  return {
    series: drafts.map((draft) => ({
      ...draft,
      dependsOn: dependenciesOf(draft, changes),
      supersedes: superseded.get(draft.head.id) ?? null,
      comments: comments.get(draft.head.id) ?? [],
    })),
    pulls: all.filter(({ kind }) => kind === 'pull'),
    others: others.filter(({ kind }) => kind !== 'pull'),
  };
}

export type Draft = Omit<AssembledSeries, 'supersedes' | 'dependsOn' | 'comments'>;

function draftOf({ cover, patches }: Group): Draft {
  const [answer] = [...patches.values()].filter(({ tags }) => tags.reply);
  // "Re: [PATCH 2/3]" with a patch cut out for applying: one of its own, whatever number the subject quotes.
  if (answer !== undefined) return lone(answer);
  const numbered = [...patches].sort(([a], [b]) => a - b).map(([n, message]) => ({ n, message }));
  const members = [...(cover === null ? [] : [cover]), ...numbered.map(({ message }) => message)];
  const head = members[0] as Message;
  const total = Math.max(head.tags.total, ...(head.tags.total === 0 ? members.map(({ tags }) => tags.n) : []));
  return {
    head,
    cover,
    version: Math.max(...members.map(({ tags }) => tags.version)),
    rfc: members.some(({ tags }) => tags.rfc),
    total,
    complete: isComplete(numbered, total),
    patches: numbered,
    kept: [],
  };
}

function lone(message: Message): Draft {
  const { version, rfc } = message.tags;
  const patches = [{ n: 1, message }];
  return {
    head: message,
    cover: null,
    version,
    rfc,
    total: 1,
    complete: true,
    patches,
    kept: [],
  };
}

/** Series by b4's change-id, oldest first. */
function changesOf(drafts: readonly Draft[]): ReadonlyMap<string, readonly Draft[]> {
  const found = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const id = changeIdOf(membersOf(draft));
    if (id !== null) found.set(id, [...(found.get(id) ?? []), draft]);
  }
  return found;
}

function changeIdOf(members: readonly Message[]): string | null {
  return members.map(({ trailers }) => trailers.changeId).find((id) => id !== null) ?? null;
}

function dependenciesOf(draft: Draft, changes: ReadonlyMap<string, readonly Draft[]>): string[] {
  const ids = needsOf(membersOf(draft)).flatMap((need): string[] => {
    if (need.kind === 'message') return [need.id];
    if (need.kind !== 'change') return [];
    const { id, version } = need;
    const versions = changes.get(id) ?? [];
    const named = version === null ? versions.at(-1) : versions.findLast((one) => one.version === version);
    return named === undefined || named === draft ? [] : [named.head.id];
  });
  return [...new Set(ids)];
}

function membersOf({ head, patches }: Pick<Draft, 'head' | 'patches'>): Message[] {
  return [...new Set([head, ...patches.map(({ message }) => message)])];
}

function needsOf(members: readonly Message[]): Need[] {
  return members.flatMap(({ trailers }) => trailers.needs);
}

function isComplete(patches: readonly AssembledPatch[], total: number): boolean {
  const here = new Set(patches.map(({ n }) => n));
  for (let n = 1; n <= total; n++) if (!here.has(n)) return false;
  return here.size > 0;
}

/** `[PATCH v2 3/7]` in answer to 3/7 of v1 replaces that patch alone: v2 is v1 with it. */
function withRerolls(drafts: readonly Draft[]): Draft[] {
  const owner = new Map<string, Draft[]>();
  for (const draft of drafts)
    for (const { message } of draft.patches) owner.set(message.id, [...(owner.get(message.id) ?? []), draft]);
  const done: Draft[] = [];
  for (const draft of drafts) {
    const base = draft.cover === null && !draft.complete && draft.total > 1 ? rerolled(draft, owner) : null;
    if (base === null) {
      done.push(draft);
      continue;
    }
    const fresh = new Set(draft.patches.map(({ n }) => n));
    const kept = base.patches.filter(({ n }) => !fresh.has(n));
    const patches = [...kept, ...draft.patches].sort((a, b) => a.n - b.n);
    const merged = { ...draft, patches, kept: kept.map(({ n }) => n), complete: isComplete(patches, draft.total) };
    for (const { message } of draft.patches) owner.set(message.id, [merged]);
    for (const { message } of kept) owner.set(message.id, [...(owner.get(message.id) ?? []), merged]);
    done.push(merged);
  }
  return done;
}

/** The newest older version that has every number of this one, where each patch here answers its own number there. */
function rerolled(draft: Draft, owner: ReadonlyMap<string, readonly Draft[]>): Draft | null {
  const bases = draft.patches.map(({ n, message }) => {
    for (const id of message.ancestors) {
      const answered = (owner.get(id) ?? []).filter(
        (one) => one.version < draft.version && one.total === draft.total && one.complete,
      );
      const own = answered.filter((one) => one.patches.some((patch) => patch.n === n && patch.message.id === id));
      if (answered.length > 0) return own.toSorted((a, b) => b.version - a.version)[0] ?? null;
    }
    return null;
  });
  const [base] = bases;
  return base != null && bases.every((one) => one === base) ? base : null;
}

/** Whatever answers a part, directly or through other answers. */
function commentsOf(
  all: readonly Message[],
  drafts: readonly Draft[],
): { comments: Map<string, string[]>; others: Message[] } {
  const home = new Map<string, string>();
  for (const { head, cover, patches, kept } of drafts) {
    if (cover !== null) home.set(cover.id, head.id);
    for (const { n, message } of patches) if (!kept.includes(n)) home.set(message.id, head.id);
  }
  const above = seriesAbove(home, parentsOf(all));
  const comments = new Map<string, string[]>();
  const others: Message[] = [];
  for (const message of all) {
    if (home.has(message.id)) continue;
    // An id that is not here may still be one that a part names: References reach over what is lost.
    const series = above(message.id) ?? home.get(message.ancestors.find((id) => home.has(id)) ?? '');
    if (series === undefined) others.push(message);
    else if (comments.get(series)?.push(message.id) === undefined) comments.set(series, [message.id]);
  }
  return { comments, others };
}

/** The series that a message hangs below; each way up is gone once, since somebody may send a thread as deep as a list is long. */
function seriesAbove(
  home: ReadonlyMap<string, string>,
  parents: ReadonlyMap<string, string>,
): (id: string) => string | undefined {
  const known = new Map<string, string | undefined>(home);
  return (id) => {
    const way: string[] = [];
    let at: string | undefined = id;
    while (at !== undefined && !known.has(at)) {
      way.push(at);
      at = parents.get(at);
    }
    const series = at === undefined ? undefined : known.get(at);
    for (const passed of way) known.set(passed, series);
    return series;
  };
}

/** For the engine: the series as patches, wherever they came from. */
export function seriesOf(assembled: AssembledSeries): Series {
  const { head, version, rfc, patches, total } = assembled;
  const members = membersOf(assembled);
  return {
    subject: head.tags.subject,
    version,
    rfc,
    messageId: head.id,
    base: members.map(({ trailers }) => trailers.base).find((base) => base !== null) ?? null,
    needs: needsOf(members),
    changeId: changeIdOf(members),
    supersedes: assembled.supersedes,
    patches: patches.map(({ n, message }) => patchOf(n, total, message)),
  };
}

function patchOf(n: number, total: number, message: Message): Patch {
  const { name, address } = message.author;
  return {
    n,
    total,
    messageId: message.id,
    subject: message.tags.subject,
    author: `${name} <${address}>`.trim(),
    files: message.patch.files,
    damage: message.patch.damage,
  };
}
