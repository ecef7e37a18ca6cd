/**
 * `Re: [list] [RFC PATCH net-next v2 3/7] mm: count users` -> what the tags say. Git's, mercurial's (`3 of 7`) and Patchwork's
 * (`[net,v2,3/7]`) ways to write them; several brackets count as one.
 */
export interface SubjectTags {
  /** As it was sent, blanks folded. */
  readonly subject: string;
  /** Without answers' prefixes and tags. */
  readonly title: string;
  readonly reply: boolean;
  readonly version: number;
  /** A version is written; without one it is 1. */
  readonly versioned: boolean;
  /** Place in the series, 0 for the cover letter; 1 of 1 where no number is written. */
  readonly n: number;
  /** 0 where none is written: `3/n`. */
  readonly total: number;
  readonly numbered: boolean;
  readonly rfc: boolean;
  /** Releases that a tag names (`[PATCH 5.15 3/7]`): the same change for another one is no other version of it. */
  readonly releases: readonly string[];
  readonly resend: boolean;
  /** Some tag says that this is a patch. */
  readonly tagged: boolean;
  /** `[GIT PULL]` and its kin. */
  readonly pull: boolean;
}

/** `Re:`, and `Re [PATCH]` of those who lost the colon. */
const answer = /^(?:(?:re|aw|sv|vs|antw|fwd?|wg|tr)(?:\[\d+\]|\^\d+)?\s*:\s*|re\s+(?=\[))/i;

export function readSubject(raw: string): SubjectTags {
  const subject = raw.replace(/\s+/g, ' ').trim().slice(0, 1000);
  let rest = subject;
  let reply = false;
  const tags: string[] = [];
  for (;;) {
    const prefix = answer.exec(rest);
    const bracket = /^\[([^[\]]{0,200})\]:?\s*/.exec(rest) ?? openTag.exec(rest);
    if (prefix !== null) {
      reply = true;
      rest = rest.slice(prefix[0].length);
    } else if (bracket !== null) {
      tags.push(bracket[1] as string);
      rest = rest.slice(bracket[0].length);
    } else break;
  }
  const text = tags.join(' ');
  const number = /(?:^|[\s,:+(]|PATCH|RFC|RESEND)(\d{1,4})\s*(?:\/|\s+of\s+)\s*(\d{1,4}|[nNxX])\b/i.exec(text);
  const version =
    /(?:^|[\s,_-]|PATCH|RFC|RESEND)v(\d{1,4})\b/i.exec(text.replace(number?.[0] ?? '', ' ')) ?? versionIn(rest);
  const n = number === null ? 1 : Number(number[1]);
  const total = number === null ? 1 : Number(number[2]);
  return {
    subject,
    title: rest,
    reply,
    version: version === null ? 1 : Math.max(1, Number(version[1])),
    versioned: version !== null,
    n,
    total: Number.isFinite(total) ? total : 0,
    numbered: number !== null,
    rfc: /(?:^|[^a-z])rfc/i.test(text),
    releases: [...text.matchAll(/(?:^|[\s,-])(\d+\.\d+(?:\.\d+|\.y)?)(?=$|[\s,-])/g)]
      .map(([, name = '']) => name)
      .sort(),
    resend: /\b(?:resend|repost)/i.test(text),
    tagged: /patch|(?:^|[^a-z])rfc/i.test(text) || number !== null,
    pull: /\bpull\b/i.test(text) || /^(?:git pull|pull request)\b/i.test(rest),
  };
}

/** `PATCH V2 3/4] title`: the bracket that opens it was lost. */
const openTag = /^((?:RFC )?PATCH[^[\]]{0,60})\]:?\s*/i;

/** `title (v3)`, as Patchwork reads it. */
function versionIn(title: string): RegExpExecArray | null {
  return /\(v(\d{1,4})\)/i.exec(title);
}
