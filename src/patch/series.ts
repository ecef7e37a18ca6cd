/**
 * What somebody proposes: a series of patches, wherever it came from (mail thread, pull request, file).
 *
 * Worked example: the mail `[PATCH v2 1/2] mm: count users` with one hunk in include/linux/mm_types.h becomes
 *
 *   { subject: 'mm: count users', version: 2, rfc: false, messageId: null, base: null,
 *     patches: [{ n: 1, total: 2, messageId: '20070518@example.org', subject: 'mm: count users', author: 'A <a@example.org>',
 *                 damage: [],
 *                 files: [{ status: 'modified', before: 'include/linux/mm_types.h', after: 'include/linux/mm_types.h',
 *                           hunks: [{ beforeStart: 12, beforeLines: 6, afterStart: 12, afterLines: 7,
 *                                     heading: 'struct mm_struct {', lines: [' …', '+\tint users;', ' …'], place: 31 }],
 *                           binary: false, beforeBlob: null, afterBlob: null, beforeMode: null, afterMode: null, eol: {…} }] }] }
 */
export interface Series {
  readonly subject: string;
  readonly version: number;
  readonly rfc: boolean;
  /** Message-ID (no angle brackets) of the cover letter, or of the only patch, or null for a file or pull request. */
  readonly messageId: string | null;
  /** `base-commit:` trailer, or null. */
  readonly base: string | null;
  /** What must be applied first, in this order. */
  readonly needs?: readonly Need[];
  /** b4's `change-id:`, by which others may need this series. */
  readonly changeId?: string | null;
  /** `messageId` of the series that this one replaces, where that is known. */
  readonly supersedes?: string | null;
  /** In order of `n`; numbers may be missing. */
  readonly patches: readonly Patch[];
}

/** What a series names as its prerequisite. */
export type Need =
  /** `prerequisite-patch-id:`, 40 hex digits (patch-id.ts). */
  | { readonly kind: 'patch'; readonly id: string }
  /** `Depends-on:` and its kin: a Message-ID of any part of a series, without angle brackets. */
  | { readonly kind: 'message'; readonly id: string }
  /** b4's `prerequisite-change-id: ID:vN`; without a version the newest. */
  | { readonly kind: 'change'; readonly id: string; readonly version: number | null }
  /** Words that name no mail. */
  | { readonly kind: 'other'; readonly text: string };

export interface Patch {
  readonly n: number;
  readonly total: number;
  readonly messageId: string | null;
  readonly subject: string;
  readonly author: string | null;
  readonly files: readonly FilePatch[];
  /** What the mail software did to the diff; empty for a healthy patch. */
  readonly damage: readonly Damage[];
}

export interface FilePatch {
  readonly status: 'added' | 'deleted' | 'modified' | 'renamed' | 'copied';
  /** Path in the tree before, without `a/` or other prefix; null when added. Never absolute, never with `..`. */
  readonly before: string | null;
  /** Path in the tree after; null when deleted. */
  readonly after: string | null;
  readonly hunks: readonly Hunk[];
  readonly binary: boolean;
  /** Abbreviated blob ids of the `index` line. */
  readonly beforeBlob: string | null;
  readonly afterBlob: string | null;
  /** File modes as git writes them (`100644`), where the diff says. */
  readonly beforeMode: string | null;
  readonly afterMode: string | null;
}

export interface Hunk {
  /** Line numbers count from 1; 0 with a length of 0 for an empty side, as in diff. */
  readonly beforeStart: number;
  readonly beforeLines: number;
  readonly afterStart: number;
  readonly afterLines: number;
  /** The text after the second `@@`, often the enclosing declaration's first line. */
  readonly heading: string;
  /** Each line with its mark: ' ', '-', '+' or '\' (no newline at end of file). Latin-1, a character a byte. */
  readonly lines: readonly string[];
  /** Line of the `@@` in the text it was read from, from 1. */
  readonly place: number;
}

export interface Damage {
  readonly kind:
    | 'wrapped-lines'
    | 'tabs-to-spaces'
    | 'format-flowed'
    | 'truncated'
    | 'wrong-counts'
    | 'unsafe-path'
    | 'combined-diff'
    | 'too-large';
  /** Line in the text the patch was read from, from 1. */
  readonly line: number;
  readonly text: string;
}
