/**
 * What a series says must be applied first, and the series that are at hand -> the patches of it, in order, or what is missing. Series that a
 * prerequisite needs itself come before it. Never happens: a patch twice, a patch of the series itself, a loop without end.
 */
import { patchId } from './patch-id.js';
import type { Need, Patch, Series } from './series.js';

export interface Prerequisites {
  /** In the order in which they are to be applied. */
  readonly patches: readonly Patch[];
  readonly missing: readonly MissingNeed[];
}

/** One line for people: what is needed, and why it is not there. */
export interface MissingNeed {
  readonly what: string;
  readonly why: string;
}

/** Series that may be needed, to be asked for many times. */
export interface KnownSeries {
  byPatchId(id: string): Patch | undefined;
  byMessageId(id: string): Series | undefined;
  /** null: the newest. */
  byChangeId(id: string, version: number | null): Series | undefined;
}

/** More than a series ever needed. */
const mostPatches = 1000;

export function knownSeries(all: readonly Series[]): KnownSeries {
  // What costs a digest a patch is made when a series asks for it.
  let patches: Map<string, Patch> | null = null;
  const heads = new Map<string, Series>();
  const members = new Map<string, Series>();
  const changes = new Map<string, Series[]>();
  for (const series of all) {
    if (series.messageId !== null) heads.set(series.messageId, series);
    // A reroll keeps patches of the version before: they are that version's.
    for (const { messageId } of series.patches)
      if (messageId !== null && !members.has(messageId)) members.set(messageId, series);
    if (series.changeId != null) changes.set(series.changeId, [...(changes.get(series.changeId) ?? []), series]);
  }
  return {
    byPatchId(id) {
      patches ??= patchesById(all);
      return patches.get(id);
    },
    byMessageId: (id) => heads.get(id) ?? members.get(id),
    byChangeId(id, version) {
      const versions = changes.get(id) ?? [];
      if (version !== null) return versions.findLast((one) => one.version === version);
      return versions.reduce<Series | undefined>(
        (best, one) => (best && best.version > one.version ? best : one),
        undefined,
      );
    },
  };
}

function patchesById(all: readonly Series[]): Map<string, Patch> {
  const found = new Map<string, Patch>();
  for (const { patches } of all) {
    for (const patch of patches) {
      const id = patchId(patch.files);
      if (id !== null) found.set(id, patch);
    }
  }
  return found;
}

export function prerequisitesOf(series: Series, known: KnownSeries): Prerequisites {
  const missing = new Map<string, MissingNeed>();
  if (series.needs === undefined || series.needs.length === 0) return { patches: [], missing: [] };
  const own = new Set(series.patches.map(({ files }) => patchId(files)));
  const ownMails = new Set([series.messageId, ...series.patches.map(({ messageId }) => messageId)]);
  const isOwn = (need: Need): boolean => {
    if (need.kind === 'patch') return own.has(need.id);
    if (need.kind === 'message') return ownMails.has(need.id);
    return need.kind === 'change' && need.id === series.changeId && (need.version ?? series.version) === series.version;
  };
  const taken = new Map<string, Patch>();
  const seen = new Set<Series>([series]);
  const lack = (what: string, why: string): void => void missing.set(what, { what, why });

  const take = (patch: Patch): void => {
    const id = patchId(patch.files);
    if (id !== null && !own.has(id) && !taken.has(id) && taken.size < mostPatches) taken.set(id, patch);
  };
  const follow = ({ needs = [] }: Series): void => {
    for (const need of needs) {
      if (isOwn(need)) continue;
      const found = need.kind === 'patch' ? known.byPatchId(need.id) : seriesFor(need, known);
      if (found === undefined) lack(nameOf(need), whyUnknown(need));
      else if ('patches' in found) add(found, nameOf(need));
      else take(found);
    }
  };
  const add = (one: Series, name: string): void => {
    // The asking series by another object is the same series.
    if (seen.has(one) || seen.size > mostPatches || (one.messageId !== null && one.messageId === series.messageId))
      return;
    seen.add(one);
    const { total = 0 } = one.patches[0] ?? {};
    if (one.patches.length < Math.max(total, 1)) {
      lack(name, `${one.patches.length} of its ${total} patches were read`);
      return;
    }
    follow(one);
    for (const patch of one.patches) take(patch);
  };
  follow(series);
  return { patches: [...taken.values()], missing: [...missing.values()] };
}

function seriesFor(need: Exclude<Need, { kind: 'patch' }>, known: KnownSeries): Series | undefined {
  switch (need.kind) {
    case 'message':
      return known.byMessageId(need.id);
    case 'change':
      return known.byChangeId(need.id, need.version);
    case 'other':
      return undefined;
  }
}

function nameOf(need: Need): string {
  switch (need.kind) {
    case 'patch':
      return `prerequisite patch ${need.id.slice(0, 12)}`;
    case 'message':
      return `prerequisite ${need.id}`;
    case 'change':
      return `prerequisite change ${need.id}${need.version === null ? '' : ` v${need.version}`}`;
    case 'other':
      return `prerequisite "${need.text}"`;
  }
}

function whyUnknown({ kind }: Need): string {
  return kind === 'other' ? 'it names no mail' : 'it is in no mail that was read';
}
