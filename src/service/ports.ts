/**
 * What the service needs from the world. Adapters (imap/, smtp/, github/, patchwork/) implement these; tests have the second
 * implementation. Types only: nothing here runs.
 */
import type { Architecture, Review } from '../kabi/review.js';
import type { TargetLine } from '../report/github.js';
import type { Meeting } from './store/meetings.js';

/** Time as a value, so that a test can move it. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** One mail as a server handed it over. */
export interface FetchedMail {
  readonly uid: number;
  /** When the server took it in (IMAP INTERNALDATE), not what the sender wrote. */
  readonly receivedAt: Date;
  /** Bytes on the server. */
  readonly size: number;
  /** The whole mail; null when it is over the size ceiling and was not fetched. */
  readonly raw: Uint8Array | null;
}

/** Where reading stands in one mailbox: the key is (host, mailbox), the value names the last UID that is stored. */
export interface Cursor {
  readonly host: string;
  readonly mailbox: string;
  readonly uidValidity: number;
  readonly lastUid: number;
  /** Where reading began, by the day: when UIDVALIDITY changes, mail from before is not read. null reads all. */
  readonly since: Date | null;
}

/** Mails in the order of their UIDs, and the cursor to store with them in one transaction. `mails` may be empty. */
export interface MailBatch {
  readonly mails: readonly FetchedMail[];
  readonly cursor: Cursor;
}

/** Where to begin in a mailbox that was never read. */
export type Start =
  | { readonly kind: 'now' }
  | { readonly kind: 'all' }
  | { readonly kind: 'date'; readonly date: Date }
  | { readonly kind: 'uid'; readonly uid: number };

/** What a part of the service is doing, for people, `/healthz` and `/metrics`. */
export interface PartState {
  readonly ok: boolean;
  readonly detail: string;
}

export interface MailSource {
  /** `user@host/mailbox`, for logs and leases: sources of one name are one mailbox. */
  readonly name: string;

  /**
   * Follows the mailbox until the signal is aborted; reconnects on its own and never rejects for what the server does.
   * `deliver` resolves when the batch is stored; while it rejects, the same mails come again.
   */
  watch(watcher: MailWatcher, signal: AbortSignal): Promise<void>;

  /** Is a mail with this Message-ID (no angle brackets) in the mailbox? Rejects when the server cannot be asked. */
  contains(messageId: string): Promise<boolean>;
}

export interface MailWatcher {
  cursors(host: string): Promise<readonly Cursor[]>;
  deliver(batch: MailBatch): Promise<void>;
  state(state: PartState): void;
}

/** A reply, ready to be sent; the Message-ID is fixed before the first attempt. Ids carry no angle brackets. */
export interface OutgoingMail {
  readonly messageId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** Envelope recipients that the headers do not show. */
  readonly bcc: readonly string[];
  readonly replyTo: string | null;
  readonly subject: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Plain text, lines of at most 72 columns. */
  readonly text: string;
}

export type SendResult =
  | { readonly kind: 'sent'; readonly response: string; readonly rejected: readonly string[] }
  /** Nothing was taken; the same mail may be offered again. */
  | { readonly kind: 'retry'; readonly why: string }
  /** Refused for good. */
  | { readonly kind: 'failed'; readonly why: string }
  /** The answer was lost after the text was on its way: the mail may or may not have been taken. */
  | { readonly kind: 'unsure'; readonly why: string };

export interface MailSink {
  readonly name: string;
  /** Never rejects for what the server does. */
  send(mail: OutgoingMail): Promise<SendResult>;
}

/** A review's result as a tracker of patches shows it. */
export interface Check {
  /** Message-IDs of the series' patches, no angle brackets. */
  readonly patches: readonly string[];
  readonly state: 'success' | 'warning' | 'fail';
  /** One line. */
  readonly description: string;
  readonly url: string | null;
}

/** Where a result is posted besides mail. Posting the same check twice must be harmless: a lost answer is simply tried again. */
export interface CheckOutlet {
  readonly name: string;
  /** Never rejects for what the server does. */
  post(check: Check): Promise<SendResult>;
}

/** What an event of a forge asks for. It only marks a pull request: what to do is found by looking at the forge, so order and repeats do not matter. */
export interface PullNotice {
  /** `owner/name`. */
  readonly repo: string;
  readonly number: number;
  readonly installation: number;
  /** A person asked for a new judgement of what was judged already. */
  readonly again: boolean;
  /** A person asked to see the fix. */
  readonly fix: boolean;
}

/** A pull request that is due, in the hands of one holder until its lease ends. */
export interface DuePull extends PullNotice {
  readonly id: number;
  /** The number of the review that it becomes, where there is something new to judge. */
  readonly review: number;
  /** Raised by each notice: a pull that was marked while it was worked on stays due. */
  readonly marks: number;
  readonly holder: string;
  readonly failures: number;
}

/** A branch got commits: where to begin looking. */
export interface PushNotice {
  /** `owner/name`. */
  readonly repo: string;
  readonly cloneUrl: string;
  /** Without `refs/heads/`. */
  readonly branch: string;
  readonly installation: number;
  /** A commit, or its parent as `COMMIT^`, behind which everything is new. */
  readonly from: string;
}

/** A branch that is due, in the hands of one holder until its lease ends. */
export interface DueBranch {
  readonly id: number;
  readonly repo: string;
  readonly cloneUrl: string;
  readonly branch: string;
  readonly installation: number;
  /** Where each push since began, and what was looked at last. */
  readonly from: readonly string[];
  readonly marks: number;
  readonly holder: string;
  readonly failures: number;
}

/** By what a commit is known again. */
export interface CommitMarks {
  readonly commit: string;
  readonly patchId: string | null;
  /** Message-IDs that its text names. */
  readonly links: readonly string[];
}

/** A reviewed series that came onto a branch, and the last of its commits there. */
export interface Landed {
  readonly series: number;
  readonly commit: string;
  /** All of its commits that were found, oldest first. */
  readonly commits: readonly string[];
  /** So many of them are the very patches that were reviewed; the others name a mail of the series. */
  readonly same: number;
  readonly subject: string;
  /** The list, or the repository. */
  readonly list: string;
  readonly pull: number | null;
  readonly review: Review;
  readonly reviewId: number;
}

/** What is remembered of watched branches. Every write is one transaction and may be repeated. */
export interface BranchStore {
  take(holder: string, leaseMs: number): Promise<DueBranch | null>;
  hold(branch: DueBranch, leaseMs: number): Promise<boolean>;
  /** Looked at up to this commit. */
  settle(branch: DueBranch, tip: string): Promise<void>;
  postpone(branch: DueBranch, why: string, ms: number): Promise<void>;
  /** Nobody watches it: nothing of it is kept. */
  forget(branch: DueBranch): Promise<void>;
  /** All that are known, for catching up. */
  markAll(): Promise<void>;
  /** Notes which reviewed series these commits are, each once a branch and for good, before anything is said of it. */
  note(branch: DueBranch, commits: readonly CommitMarks[]): Promise<void>;
  /** Noted, and not said yet. */
  unsaid(branch: DueBranch): Promise<readonly Landed[]>;
  said(branch: DueBranch, series: readonly number[]): Promise<void>;
}

/** A pull request that was made due, and the review that it becomes. */
export interface MarkedPull {
  readonly repo: string;
  readonly number: number;
  readonly review: number;
}

/** A judgement of one head, kept so that a repeated round computes nothing. */
export interface PullReview {
  readonly review: Review;
  readonly targets: readonly TargetLine[];
  readonly id: number;
  readonly head: string;
}

/** The review of the worst architecture or reference, and the verdict of each. */
export interface PullJudgement {
  readonly review: Review;
  readonly targets: readonly TargetLine[];
  /** Of its commits, as far as they change something. */
  readonly patchIds: readonly string[];
}

/** What a person decided about a review, for as long as its findings stay the same. */
export interface Acceptance {
  readonly who: string;
  readonly reason: string;
}

/** What a forge's adapter remembers between processes. Every write is one transaction and may be repeated. */
export interface ForgeStore {
  readonly branches: BranchStore;
  /** Stores a delivery once and marks due what it names; null when this delivery was stored before. */
  receive(
    delivery: { readonly id: string; readonly event: string },
    notices: readonly PullNotice[],
    push?: PushNotice,
  ): Promise<readonly MarkedPull[] | null>;
  /** Which of these deliveries are stored. */
  received(deliveries: readonly string[]): Promise<readonly string[]>;
  /** True for one of all processes within `ms`. */
  alone(what: string, ms: number): Promise<boolean>;
  /** Marks pulls due without a delivery, for catching up. */
  mark(notices: readonly PullNotice[]): Promise<readonly MarkedPull[]>;
  /** Takes one due pull that nobody holds, or whose holder's lease ended. */
  take(holder: string, leaseMs: number): Promise<DuePull | null>;
  /** Prolongs the lease; false when the pull is in other hands by now. */
  hold(pull: DuePull, leaseMs: number): Promise<boolean>;
  /** Done. Where it was marked again meanwhile, the number of the next review; else null. */
  settle(pull: DuePull): Promise<number | null>;
  /** Due again after a while, with the reason. */
  postpone(pull: DuePull, why: string, ms: number): Promise<void>;

  /** The latest review whose key (head, base, settings) begins so, by this engine, or null. */
  judged(pull: DuePull, key: string): Promise<PullReview | null>;
  keep(
    pull: DuePull,
    judged: {
      readonly key: string;
      readonly head: string;
      readonly title: string;
      readonly judgement: PullJudgement;
      readonly links: readonly string[];
      readonly ms: number;
    },
  ): Promise<PullReview>;
  /** The latest review of another head. */
  previous(pull: DuePull, head: string): Promise<PullReview | null>;

  /** Was this command carried out? */
  obeyed(comment: number): Promise<boolean>;
  /** Notes that a command was carried out; an acceptance holds for the review with this digest. */
  obey(
    pull: DuePull,
    command: { readonly comment: number; readonly who: string; readonly text: string; readonly accepts: string | null },
  ): Promise<void>;
  accepted(pull: DuePull, digest: string): Promise<Acceptance | null>;
  /** Reviews of the same change on lists and other mirrors. */
  elsewhere(pull: DuePull): Promise<readonly Meeting[]>;
}

/** Commits of a pull request with their diffs, oldest first, and where the tree can be read. */
export interface PullSource {
  readonly repo: string;
  readonly number: number;
  readonly title: string;
  readonly patches: readonly {
    readonly commit: string;
    readonly subject: string;
    readonly author: string;
    /** As `git diff-tree -p` prints it. */
    readonly diff: string;
  }[];
  /** A bare repository that holds `before`; null when only the diff is known. */
  readonly tree: { readonly gitDir: string; readonly before: string } | null;
  /** Message-IDs, no angle brackets, that its commits and its text name. */
  readonly links: readonly string[];
  /** Why less is known than could be, for `missing`. */
  readonly missing: readonly { readonly what: string; readonly why: string }[];
}

export interface PullSettings {
  readonly architectures: readonly Architecture[];
  readonly references: readonly string[];
}

/**
 * Judges in a worker; what broke the worker is named in `missing`, and less is judged. What failed without breaking it may do better later, so
 * that is thrown, unless this is the `last` try.
 */
export type Judge = (
  source: PullSource,
  settings: PullSettings,
  how?: { readonly last: boolean },
) => Promise<PullJudgement>;

/** `git patch-id --stable` of each diff, found in a worker; null where it changes nothing or cannot be read. */
export type PatchIds = (diffs: readonly string[]) => Promise<readonly (string | null)[]>;
