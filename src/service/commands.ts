/**
 * Commands by mail to the bot: a line of its own, written by a person (quoted lines do not count).
 *
 *   unsubscribe, subscribe               the sender's own series are not answered any more, or again
 *   mute this thread                     nothing more in this thread
 *   approve r12 CODE, withdraw r12 CODE  a held reply; the code stands in the mail that told the owner
 *
 * A command is obeyed when the mail answers a mail of ours or goes to our address. From lines can be forged, so a command without a code may
 * reach no more than silence, and where the mailbox's server checks senders it must vouch for this one.
 */
import type { ListConfig } from './config.js';
import type { Store } from './database.js';
import type { Log } from './log.js';
import type { Clock } from './ports.js';
import { decideHeld } from './store/deliveries.js';
import { optIn, optOut } from './store/reviews.js';
import { muteThread } from './store/threads.js';
import type { MailFacts } from './tasks.js';

export type Command =
  | { readonly kind: 'unsubscribe' | 'subscribe' | 'mute' }
  | { readonly kind: 'approve' | 'withdraw'; readonly review: number; readonly code: string };

export function readCommands(lines: readonly string[]): Command[] {
  return lines.flatMap((line): Command[] => {
    const text = line.trim().replace(/^kabi:\s*/i, '');
    const word = text.toLowerCase();
    if (word === 'unsubscribe' || word === 'subscribe') return [{ kind: word }];
    if (word === 'mute' || word === 'mute this thread') return [{ kind: 'mute' }];
    const [, kind, review, code] = /^(approve|withdraw) r(\d{1,15}) ([\w-]{8,40})$/i.exec(text) ?? [];
    if (kind === undefined || review === undefined || code === undefined) return [];
    return [{ kind: kind.toLowerCase() === 'approve' ? 'approve' : 'withdraw', review: Number(review), code }];
  });
}

export interface Obeying {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
}

export async function obeyMail({ store, log, clock }: Obeying, list: ListConfig, mail: MailFacts): Promise<void> {
  if (mail.automatic !== null || mail.series || !(mail.toBot || (await answersOurs(store, mail)))) return;
  for (const command of readCommands(mail.said)) {
    const about = { command: command.kind, from: mail.sender, list: list.name, messageId: mail.messageId };
    if (mail.vouched === false && !('code' in command)) {
      log.warn(about, 'not obeyed: nobody vouches for the sender');
      continue;
    }
    switch (command.kind) {
      case 'unsubscribe':
        await optOut(store, 'author', mail.sender);
        break;
      case 'subscribe':
        await optIn(store, 'author', mail.sender);
        break;
      case 'mute':
        await muteThread(store, mail.messageId);
        break;
      case 'approve':
      case 'withdraw': {
        const to = command.kind === 'approve' ? 'planned' : 'withdrawn';
        if (await decideHeld(store, { review: command.review, code: command.code, to }, clock.now())) break;
        log.warn(about, 'not obeyed: nothing is held under this code');
        continue;
      }
      default:
        command satisfies never;
    }
    log.info(about, 'command obeyed');
  }
}

async function answersOurs(store: Store, mail: MailFacts): Promise<boolean> {
  const rows = await store.query('select 1 from kabiwatch.delivery where message_id = any($1::text[])', [
    mail.ancestors.slice(0, 1),
  ]);
  return rows.length > 0;
}
