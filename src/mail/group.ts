/**
 * Numbered parts -> groups that belong together, one a posting. References say it best; among the parts that a mail answers, the
 * nearest whose tags agree and that has no such number yet. Where references say nothing: sender, version, total and a short time.
 *
 * Independent of the order of arrival: parts are looked at oldest first, and what a part answers is placed before it.
 */
import type { Message } from './message.js';
import { byDate } from './thread.js';

export interface Group {
  /** Cover letters and patches; the number of each is its own. */
  readonly cover: Message | null;
  readonly patches: ReadonlyMap<number, Message>;
}

interface OpenGroup {
  readonly cover: Message | null;
  readonly patches: Map<number, Message>;
  readonly members: Message[];
}

/** Tools send a series at once; what comes without references counts as one series for this long. Patchwork's figure. */
export const windowMs = 20 * 60 * 1000;
const maxChain = 400;
/** Whoever forges a sender or an ancestor can open as many groups as they like; so many of them, the latest, are looked at for a part. */
const mostGroups = 64;
const mostMembers = 64;

export function groupParts(parts: readonly Message[]): Group[] {
  return new Grouping(parts).run();
}

/** One run over one set of parts. */
class Grouping {
  readonly #parts: readonly Message[];
  readonly #byId: ReadonlyMap<string, Message>;
  readonly #groups: OpenGroup[] = [];
  readonly #owner = new Map<string, OpenGroup>();
  /** Ancestors that are no parts, and the groups without a cover letter that have them in common. */
  readonly #shared = new Map<string, OpenGroup[]>();
  /** By sender, version and time: see slotsOf. */
  readonly #sent = new Map<string, OpenGroup[]>();
  readonly #placing = new Set<string>();

  constructor(parts: readonly Message[]) {
    this.#parts = parts.toSorted(byDate);
    this.#byId = new Map(parts.map((part) => [part.id, part]));
  }

  run(): Group[] {
    for (const part of this.#parts) if (part.kind === 'cover') this.#open(part);
    for (const part of this.#parts) this.#place(part);
    return this.#groups;
  }

  #place(part: Message): void {
    if (this.#owner.has(part.id) || this.#placing.has(part.id)) return;
    this.#placing.add(part.id);
    if (this.#placing.size < maxChain) {
      for (const id of part.ancestors) {
        const ancestor = this.#byId.get(id);
        if (ancestor !== undefined) this.#place(ancestor);
      }
    }
    this.#placing.delete(part.id);
    if (this.#owner.has(part.id)) return;
    const group = part.tags.numbered && !part.tags.reply ? this.#groupFor(part) : null;
    if (group === null) this.#open(part);
    else this.#join(group, part);
  }

  #groupFor(part: Message): OpenGroup | null {
    const lacking = (group: OpenGroup): boolean => !group.patches.has(part.tags.n);
    for (const id of part.ancestors) {
      const group = this.#owner.get(id);
      const answered = this.#byId.get(id);
      if (group !== undefined && answered !== undefined && lacking(group) && agree(part, answered)) return group;
    }
    for (const id of part.ancestors) {
      const found = nearest(
        part,
        (this.#shared.get(id) ?? []).slice(-mostGroups).filter((group) => lacking(group) && agrees(part, group)),
      );
      if (found !== null) return found;
    }
    // A cover letter says v3 and its patches say nothing, or the other way round.
    for (const id of part.ancestors) {
      const group = this.#owner.get(id);
      const cover = group?.cover;
      if (group === undefined || cover == null || cover.id !== id || !lacking(group)) continue;
      const isLoose = !part.tags.versioned || !cover.tags.versioned;
      if (isLoose && part.tags.total === cover.tags.total && apart(part, cover) <= windowMs) return group;
    }
    const sent = new Set(slotsOf(part).flatMap((slot) => (this.#sent.get(slot) ?? []).slice(-mostGroups)));
    return nearest(
      part,
      [...sent].filter((group) => lacking(group) && agrees(part, group) && near(part, group)),
    );
  }

  #open(part: Message): void {
    const group = { cover: part.kind === 'cover' ? part : null, patches: new Map(), members: [] };
    this.#groups.push(group);
    this.#join(group, part);
  }

  #join(group: OpenGroup, part: Message): void {
    this.#owner.set(part.id, group);
    group.members.push(part);
    if (part.kind !== 'cover') group.patches.set(part.tags.n, part);
    if (part.tags.numbered && !part.tags.reply) enter(this.#sent, slotsOf(part)[0], group);
    if (group.cover !== null || !part.tags.numbered) return;
    for (const id of part.ancestors) enter(this.#shared, id, group);
  }
}

function enter(index: Map<string, OpenGroup[]>, key: string, group: OpenGroup): void {
  const groups = index.get(key);
  if (groups === undefined) index.set(key, [group]);
  else if (groups.at(-1) !== group) groups.push(group);
}

/** Where a part is kept, and beside it where parts sent within the window may be. */
function slotsOf({ sender, date, tags }: Message): [string, string, string] {
  const slot = Math.floor(date / windowMs);
  const key = (at: number): string => `${at} ${tags.version} ${sender.address}`;
  return [key(slot), key(slot - 1), key(slot + 1)];
}

/** Same posting by what the tags say; `3/n` agrees with any total. */
function agree({ tags: one }: Message, { tags: other }: Message): boolean {
  if (!one.numbered || !other.numbered) return false;
  const isSameTotal = one.total === other.total || one.total === 0 || other.total === 0;
  return isSameTotal && one.version === other.version && one.resend === other.resend;
}

function agrees(part: Message, group: OpenGroup): boolean {
  return recent(group).some((member) => agree(part, member) && part.tags.rfc === member.tags.rfc);
}

/** Parts come oldest first: the nearest are the last. */
function recent({ members }: OpenGroup): readonly Message[] {
  return members.length > mostMembers ? members.slice(-mostMembers) : members;
}

function apart(one: Message, other: Message): number {
  return Math.abs(one.date - other.date);
}

function near(part: Message, group: OpenGroup): boolean {
  return recent(group).some((member) => apart(part, member) <= windowMs);
}

function nearest(part: Message, groups: readonly OpenGroup[]): OpenGroup | null {
  let best: OpenGroup | null = null;
  let distance = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    const here = Math.min(...recent(group).map((member) => apart(part, member)));
    if (here < distance) [best, distance] = [group, here];
  }
  return best;
}
