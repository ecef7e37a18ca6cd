/**
 * Commands by mail to the bot: a line of its own, written by a person (quoted lines do not count).
 *
 *   unsubscribe, subscribe        the sender's own series are not answered any more, or again
 *   mute this thread              nothing more in this thread
 *
 * A command is obeyed when the mail answers a mail of ours or goes to our address. From lines can be forged, so no command may reach
 * more than silence. Do not add one that makes the bot speak.
 */
import type { ListConfig } from './config.js';
import type { Store } from './database.js';
import type { Log } from './log.js';
import { optIn, optOut } from './store/reviews.js';
import { muteThread } from './store/threads.js';
import type { MailFacts } from './tasks.js';

export type Command = 'unsubscribe' | 'subscribe' | 'mute';

export function readCommands(lines: readonly string[]): Command[] {
  return lines.flatMap((line): Command[] => {
    const text = line
      .trim()
      .toLowerCase()
      .replace(/^kabi:\s*/, '');
    if (text === 'unsubscribe' || text === 'subscribe') return [text];
    return text === 'mute' || text === 'mute this thread' ? ['mute'] : [];
  });
}

export interface Obeying {
  readonly store: Store;
  readonly log: Log;
}

export async function obeyMail({ store, log }: Obeying, list: ListConfig, mail: MailFacts): Promise<void> {
  if (mail.automatic !== null || mail.series || !(mail.toBot || (await answersOurs(store, mail)))) return;
  for (const command of readCommands(mail.said)) {
    switch (command) {
      case 'unsubscribe':
        await optOut(store, 'author', mail.sender);
        break;
      case 'subscribe':
        await optIn(store, 'author', mail.sender);
        break;
      case 'mute':
        await muteThread(store, mail.messageId);
        break;
      default:
        command satisfies never;
    }
    log.info({ command, from: mail.sender, list: list.name, messageId: mail.messageId }, 'command obeyed');
  }
}

async function answersOurs(store: Store, mail: MailFacts): Promise<boolean> {
  const rows = await store.query('select 1 from kabiwatch.delivery where message_id = any($1::text[])', [
    mail.ancestors.slice(0, 1),
  ]);
  return rows.length > 0;
}
