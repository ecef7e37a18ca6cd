/**
 * What the service needs from the world. Adapters (imap/, smtp/, github/, patchwork/) implement these; tests have the second
 * implementation. Types only: nothing here runs.
 */

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
  /** `host/mailbox`, for logs. */
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

/** Where a result is posted besides mail: a forge's check, Patchwork's check. Posting the same key twice must be harmless. */
export interface CheckOutlet {
  readonly name: string;
  post(check: {
    readonly messageId: string;
    readonly verdict: string;
    readonly summary: string;
    readonly url: string | null;
  }): Promise<SendResult>;
}
