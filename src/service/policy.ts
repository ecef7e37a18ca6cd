/**
 * Whether anything is said, and to whom: a table over a review, the list's settings and what was said before. Pure; it sends nothing and
 * reads no clock. Silence is the default, and always has a reason that can be looked up.
 */
import type { Review } from '../kabi/review.js';
import type { ListConfig, Posting } from './config.js';
import type { History } from './store/reviews.js';
import type { SeriesResult } from './tasks.js';

export interface Occasion {
  readonly series: SeriesResult;
  readonly list: ListConfig;
  /** Why the first mail of the series must not be answered, or null. */
  readonly automatic: string | null;
  /** When the server took the series in. */
  readonly receivedAt: Date;
  readonly muted: boolean;
  readonly history: History;
  readonly posting: Posting;
  readonly now: Date;
}

export type Decision =
  | { readonly kind: 'silent'; readonly why: string }
  | {
      readonly kind: 'reply';
      readonly outlet: 'dry-run' | 'mail';
      readonly to: readonly string[];
      readonly cc: readonly string[];
      readonly held: string | null;
    };

export function decide(occasion: Occasion): Decision {
  const { series, list, history, posting } = occasion;
  const silent = (why: string): Decision => ({ kind: 'silent', why });
  if (list.mode === 'off') return silent('the list is off');
  if (occasion.automatic !== null) return silent(`not answered: ${occasion.automatic}`);
  if (list.reply === 'findings' && !worthSaying(series.review, list.promise)) return silent('nothing to say');
  if (occasion.muted) return silent('the thread is muted');
  if (history.optedOut) return silent('the author or the list opted out');
  if (!isAddress(series.author.address)) return silent('the author has no usable address');
  if (list.mode === 'dry-run') {
    return { kind: 'reply', outlet: 'dry-run', ...recipients(series, list), held: null };
  }
  if (history.answeredByOther) return silent('a kabiwatch has answered in this thread');
  if (occasion.now.getTime() - occasion.receivedAt.getTime() > list.answerWithin)
    return silent('the series is too old to be answered');
  if (history.thread >= posting.perThread)
    return silent(`the thread has ${history.thread} answers of this week already`);
  const held = list.moderation
    ? 'waits for approval'
    : history.burst >= posting.breakerBursts
      ? `${history.burst} answers within an hour: held for the owner`
      : null;
  return { kind: 'reply', outlet: 'mail', ...recipients(series, list), held };
}

/** Upstream promises nothing, so a break there is information; a guard that lies is worth a mail anywhere. */
export function worthSaying(review: Review, promise: ListConfig['promise']): boolean {
  if (review.verdict === 'silent-break') return true;
  if (promise === 'advisory') return review.findings.some((finding) => finding.severity === 'error');
  return (
    review.verdict === 'crc-break' ||
    review.verdict === 'conditional' ||
    review.findings.some((finding) => finding.severity !== 'info')
  );
}

/** The author first; the list only in its own mode; nobody is guessed. Mode dry-run shows what mode list would send. */
function recipients(series: SeriesResult, list: ListConfig): { to: readonly string[]; cc: readonly string[] } {
  const to = [series.author.address];
  const wanted = list.mode === 'author' ? [] : [list.address, ...list.cc];
  return { to, cc: [...new Set(wanted)].filter((address) => !to.includes(address)) };
}

export function isAddress(text: string): boolean {
  return /^[^\s@<>,;:"()[\]\\]{1,64}@[A-Za-z0-9.-]{1,255}$/.test(text);
}
