/** The lines of a mail that tools write for tools: the base, what must be applied first, what ties the versions of a series together. */
export interface Trailers {
  /** `base-commit:`, or null. */
  readonly base: string | null;
  /** `prerequisite-patch-id:` and `prerequisite-change-id:` values. */
  readonly prerequisites: readonly string[];
  /** Message-IDs of `Depends-on:`, `prerequisite-message-id:` and `Based-on:`. */
  readonly dependsOn: readonly string[];
  /** b4's `change-id:`, the same in every version. */
  readonly changeId: string | null;
  /** `Reviewed-by`, `Fixes` and their kin, as written. */
  readonly followUps: readonly string[];
}

const maxTrailers = 200;
const trailer =
  /^[ \t]*(base-commit|prerequisite-patch-id|prerequisite-change-id|prerequisite-message-id|change-id|depends-on|based-on|(?:reviewed|acked|tested|reported|suggested|co-developed)-by|fixes|closes|link):[ \t]*(.{1,400})$/gim;

export function readTrailers(text: string): Trailers {
  let [base, changeId]: [string | null, string | null] = [null, null];
  const prerequisites: string[] = [];
  const dependsOn: string[] = [];
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
      case 'prerequisite-change-id':
        prerequisites.push(value);
        break;
      case 'prerequisite-message-id':
      case 'depends-on':
      case 'based-on':
        dependsOn.push(...messageIdIn(value));
        break;
      default:
        followUps.push(line.trim());
    }
  }
  return { base, prerequisites, dependsOn: [...new Set(dependsOn)], changeId, followUps };
}

/** An id, or an archive's address that ends in one. */
function messageIdIn(value: string): string[] {
  const [, id] =
    /<?https?:\/\/[^\s<>]+?\/([^\s<>/]+@[^\s<>/]+)\/?(?:[>\s]|$)/.exec(value) ??
    /<([^\s<>]+@[^\s<>]+)>/.exec(value) ??
    /^([^\s<>]+@[^\s<>]+\.[^\s<>]+|[^\s<>]+@[^\s<>]+)$/.exec(value) ??
    [];
  if (id === undefined) return [];
  try {
    return [decodeURIComponent(id)];
  } catch {
    return [id];
  }
}
