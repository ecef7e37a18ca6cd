/**
 * Several lists in one mailbox: which of them a mail came over. By List-Id, which each list writes into what it sends; else by whom the mail
 * was sent to; else it is no list's mail (one to the bot itself), and counts for one that is off, or the first.
 */
import type { ListConfig } from './config.js';
import type { MailFacts } from './tasks.js';

/** `lists`: those of one mailbox, at least one. */
export function listOf(lists: readonly ListConfig[], mail: Pick<MailFacts, 'lists' | 'recipients'>): ListConfig {
  const [first] = lists;
  if (first === undefined) throw new Error('a mailbox without a list');
  if (lists.length === 1) return first;
  return (
    lists.find((list) => mail.lists.includes(listIdOf(list))) ??
    lists.find(({ address }) => mail.recipients.includes(address.toLowerCase())) ??
    lists.find(({ mode }) => mode === 'off') ??
    first
  );
}

function listIdOf({ listId, address }: ListConfig): string {
  return (listId ?? address.replace('@', '.')).toLowerCase();
}

/** Lists by their mailbox, in the order of the configuration. */
export function listsByMailbox(
  lists: readonly ListConfig[],
  mailboxOf: (list: ListConfig) => string,
): readonly (readonly ListConfig[])[] {
  const shared = new Map<string, ListConfig[]>();
  for (const list of lists) {
    const others = shared.get(mailboxOf(list));
    if (others === undefined) shared.set(mailboxOf(list), [list]);
    else others.push(list);
  }
  return [...shared.values()];
}
