/** A review's text -> the mail that says it. The Message-ID is derived from series and engine, so that a repeat is recognised anywhere. */
import { createHash } from 'node:crypto';
import type { OutgoingMail } from './ports.js';
import type { SeriesResult } from './tasks.js';

export interface Bot {
  readonly name: string;
  readonly address: string;
  readonly replyTo: string | null;
  readonly archive: string | null;
}

export function replyId(
  series: { readonly messageId: string; readonly version: number },
  engine: string,
  bot: Bot,
): string {
  const digest = createHash('sha256')
    .update(`${series.messageId}\0${series.version}\0${engine}`)
    .digest('hex')
    .slice(0, 32);
  return `kabi-${digest}@${bot.address.replace(/^.*@/, '')}`;
}

export function composeReply(
  series: SeriesResult,
  review: number,
  engine: string,
  bot: Bot,
  about: {
    readonly to: readonly string[];
    readonly cc: readonly string[];
    /** Where else the same change was reviewed, a line each. */
    readonly elsewhere: readonly string[];
  },
): OutgoingMail {
  return {
    messageId: replyId(series, engine, bot),
    from: `${bot.name} <${bot.address}>`,
    to: about.to,
    cc: about.cc,
    bcc: bot.archive === null ? [] : [bot.archive],
    replyTo: bot.replyTo,
    subject: /^re:/i.test(series.subject) ? oneLine(series.subject) : `Re: ${oneLine(series.subject)}`,
    inReplyTo: series.messageId,
    // RFC 5322 lets a long References lose its middle: the root and the nearest matter.
    references:
      series.references.length > 20
        ? [...series.references.slice(0, 1), ...series.references.slice(-19)]
        : series.references,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Kabi-Review': `r${review}; verdict=${series.review.verdict}; engine=${engine}`,
    },
    text: `${[series.reply.trimEnd(), ...(about.elsewhere.length === 0 ? [] : [about.elsewhere.join('\n')])].join('\n\n')}\n\n${signature(engine, bot)}`,
  };
}

/** The answer to a person's own question, to that person; its Message-ID follows from the question. */
export function composeAnswer(
  asked: {
    readonly id: string;
    readonly about: string;
    readonly ancestors: readonly string[];
    readonly subject: string;
  },
  review: { readonly id: number; readonly verdict: string },
  engine: string,
  bot: Bot,
  said: { readonly to: string; readonly cc: readonly string[]; readonly text: string },
): OutgoingMail {
  const digest = createHash('sha256').update(`${asked.id}\0${asked.about}`).digest('hex').slice(0, 32);
  const subject = oneLine(asked.subject);
  return {
    messageId: `kabi-${digest}@${bot.address.replace(/^.*@/, '')}`,
    from: `${bot.name} <${bot.address}>`,
    to: [said.to],
    cc: said.cc,
    bcc: bot.archive === null ? [] : [bot.archive],
    replyTo: bot.replyTo,
    subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
    inReplyTo: asked.id,
    references: [...asked.ancestors.slice(0, 19).toReversed(), asked.id],
    headers: {
      'Auto-Submitted': 'auto-replied',
      'X-Kabi-Review': `r${review.id}; verdict=${review.verdict}; engine=${engine}`,
    },
    text: `${said.text.trimEnd()}\n\n${signature(engine, bot)}`,
  };
}

function signature(engine: string, bot: Bot): string {
  return [
    '-- ',
    `${engine}, an automatic review. Wrong, or not wanted? Mail`,
    `${bot.replyTo ?? bot.address} with "unsubscribe" or "mute this thread".`,
    '',
  ].join('\n');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
