/**
 * What the worker threads are asked and what they answer: the only way by which mail and C reach a parser. Plain data, since it travels
 * between threads.
 */
import type { Architecture, Missing, Review } from '../kabi/review.js';
import type { PullJudgement, PullSettings, PullSource } from './ports.js';
import type { ShownPatch } from './shown-patches.js';

/** What storing and threading need to know of a mail. Ids carry no angle brackets. */
export interface MailFacts {
  readonly messageId: string;
  /** What it answers, nearest first: In-Reply-To, then References from the last to the first. */
  readonly ancestors: readonly string[];
  /** Bare address of the sender, in lower case. */
  readonly sender: string;
  readonly subject: string;
  readonly version: number;
  /** Place in the series: 0 is the cover letter; 1 of 1 for a single patch. */
  readonly n: number;
  readonly total: number;
  /** A number is written: `2/3`. */
  readonly numbered: boolean;
  readonly reply: boolean;
  /** The subject without tags, in small letters, for finding other versions. */
  readonly title: string;
  /** b4's, or null. */
  readonly changeId: string | null;
  /** What must be applied before its series: `message ID`, `change ID`, `patch ID`. */
  readonly needs: readonly string[];
  /** Milliseconds since 1970 by its Date field; null where none can be read. */
  readonly sentAt: number | null;
  /** It carries a diff. */
  readonly patch: boolean;
  /** It is a part of a series: a patch or a cover letter, not a comment that quotes one. */
  readonly series: boolean;
  /** Why this mail must never be answered, `kabiwatch` for a reply of ours or of another kabiwatch; null for a person's. */
  readonly automatic: string | null;
  /** Does the mailbox's own server vouch for the sender? null where none is configured to be asked. */
  readonly vouched: boolean | null;
  /** By List-Id, or the list's address written so. */
  readonly lists: readonly string[];
  /** Bare addresses of To and Cc, in lower case. */
  readonly recipients: readonly string[];
  /** It was sent to the bot itself. */
  readonly toBot: boolean;
  /** First lines of the text that a person wrote, for commands; quotes left out. */
  readonly said: readonly string[];
}

export interface Identity {
  /** Bare address of the bot. */
  readonly address: string;
  /** Whose Authentication-Results count, or null. */
  readonly authentication: string | null;
}

export interface ReviewSettings {
  readonly arch: Architecture;
  readonly engine: string;
  /** Where kernel source is; null: the mails alone are judged. */
  readonly source: SourceSettings | null;
  /** Whose Authentication-Results count, or null. */
  readonly authentication: string | null;
  /** Why less is known than could be, for `missing` of every series. */
  readonly missing: readonly Missing[];
}

/** Places on this machine, from the configuration; never what a mail says. */
export interface SourceSettings {
  readonly tree: string;
  readonly branches: readonly string[];
  readonly build: readonly string[];
  readonly config: string | null;
  /** Name or file of a reference. */
  readonly reference: string | null;
}

/** One series of a thread, judged. */
export interface SeriesResult {
  /** Of the cover letter, or of the first patch that is there. */
  readonly messageId: string;
  readonly subject: string;
  readonly version: number;
  readonly complete: boolean;
  /** SHA-256 over the Message-IDs of its patches, and of those that were applied before them. */
  readonly patches: string;
  /** Message-ID of the series that this one replaces, and of the one that replaces it. */
  readonly supersedes: string | null;
  readonly supersededBy: string | null;
  /** Is the sender of its first mail vouched for, and that of the one which replaces it? Never true where no server is configured to be asked. */
  readonly vouched: boolean;
  readonly replacementVouched: boolean;
  readonly patchIds: readonly string[];
  readonly author: { readonly name: string; readonly address: string };
  /** References for an answer to it, oldest first, its own id last. */
  readonly references: readonly string[];
  readonly review: Review;
  /** For the page of the review. */
  readonly shown: readonly ShownPatch[];
  /** The reply's text, lines of at most 72 columns. */
  readonly reply: string;
  readonly ms: number;
}

export type Task =
  | { readonly kind: 'read'; readonly mails: readonly Uint8Array[]; readonly identity: Identity }
  | {
      readonly kind: 'review';
      readonly mails: readonly Uint8Array[];
      readonly settings: ReviewSettings;
      /** `messageId patches` of the series that this engine has judged already. */
      readonly known: readonly string[];
      /** Reviews of the thread's series that are stored, for what a new version changes. */
      readonly earlier: readonly { readonly messageId: string; readonly review: Review }[];
      /** Mails of other threads that carry what these series say must be applied first. */
      readonly prerequisites: readonly Uint8Array[];
    }
  | {
      readonly kind: 'pull';
      readonly source: PullSource;
      readonly settings: PullSettings;
      readonly build: readonly string[];
      /** Files of the references that may be named. */
      readonly references: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'patch-ids'; readonly diffs: readonly string[] };

export type ReadAnswer = readonly (
  | { readonly ok: true; readonly facts: MailFacts }
  | { readonly ok: false; readonly why: string }
)[];
export type ReviewAnswer = readonly SeriesResult[];

export type Answer<T extends Task> = T extends { kind: 'read' }
  ? ReadAnswer
  : T extends { kind: 'pull' }
    ? PullJudgement
    : T extends { kind: 'patch-ids' }
      ? readonly (string | null)[]
      : ReviewAnswer;
