/** The lines of a mail that tools write for tools: the base, what must be applied first, what ties the versions of a series together. */
import type { Need } from '../patch/series.js';

export interface Trailers {
  /** `base-commit:`, or null. */
  readonly base: string | null;
  /** Of `prerequisite-patch-id:`, `prerequisite-change-id:`, `prerequisite-message-id:`, `Depends-on:`, `Based-on:`; in their order. */
  readonly needs: readonly Need[];
  /** b4's `change-id:`, the same in every version. */
  readonly changeId: string | null;
  /** `Reviewed-by`, `Fixes` and their kin, as written. */
  readonly followUps: readonly string[];
}

const maxTrailers = 200;
/** At a line's beginning: an indented one is a line of context in a diff. */
const trailer =
  /^(base-commit|prerequisite-patch-id|prerequisite-change-id|prerequisite-message-id|change-id|depends-on|based-on|(?:reviewed|acked|tested|reported|suggested|co-developed)-by|fixes|closes|link):[ \t]*(.{1,400})$/gim;

export function readTrailers(text: string): Trailers {
  let [base, changeId]: [string | null, string | null] = [null, null];
  const needs: Need[] = [];
  const followUps: string[] = [];
  let seen = 0;
  for (const [line, key = '', written = ''] of text.matchAll(trailer)) {
    if (++seen > maxTrailers) break;
    const value = written.trim();
    switch (key.toLowerCase()) {
      case 'base-commit':
        base ??= /^[0-9a-f]{7,64}\b/.exec(value)?.[0] ?? null;
        break;
      case 'change-id':
        changeId ??= /^[\w.-]{8,200}$/.exec(value)?.[0] ?? null;
        break;
      case 'prerequisite-patch-id':
        if (/^[0-9a-f]{40}$/.test(value)) needs.push({ kind: 'patch', id: value });
        break;
      case 'prerequisite-change-id':
        needs.push(changeNeed(value));
        break;
      case 'prerequisite-message-id':
      case 'depends-on':
      case 'based-on':
        needs.push(messageNeed(value));
        break;
      default:
        followUps.push(line.trim());
    }
  }
  return { base, needs, changeId, followUps };
}

/** `20240131-box-0123456789ab:v2` */
function changeNeed(value: string): Need {
  const [, id, version] = /^([\w.-]{8,200}?)(?::v(\d{1,4}))?$/.exec(value) ?? [];
  if (id === undefined) return { kind: 'other', text: value };
  return { kind: 'change', id, version: version === undefined ? null : Number(version) };
}

/** An id, or an archive's address that ends in one. */
function messageNeed(value: string): Need {
  const [, id] =
    /<?https?:\/\/[^\s<>]+?\/([^\s<>/]+@[^\s<>/]+)\/?(?:[>\s]|$)/.exec(value) ??
    /<([^\s<>]+@[^\s<>]+)>/.exec(value) ??
    /^([^\s<>]+@[^\s<>]+)$/.exec(value) ??
    [];
  return id === undefined ? { kind: 'other', text: value } : { kind: 'message', id: unescaped(id) };
}

function unescaped(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
