/** A Message -> what storing, threading and commands need to know of it. */
import { isVouched } from '../mail/authentication.js';
import type { Message } from '../mail/message.js';
import { titleKey } from '../mail/supersede.js';
import type { Identity, MailFacts } from './tasks.js';

const maxAncestors = 30;
const maxTitle = 300;
const [maxLists, maxRecipients] = [10, 100];
const maxNeeds = 100;

export function mailFacts(message: Message, identity: Identity): MailFacts {
  const { id, ancestors, sender, tags, kind, automatic, recipients, lists, prose, trailers, date } = message;
  return {
    messageId: id,
    ancestors: ancestors.slice(0, maxAncestors),
    sender: sender.address,
    subject: tags.subject,
    version: tags.version,
    n: tags.n,
    total: Math.max(1, tags.total),
    numbered: tags.numbered,
    reply: tags.reply,
    title: titleKey(tags.title).slice(0, maxTitle),
    changeId: trailers.changeId,
    needs: trailers.needs
      .slice(0, maxNeeds)
      .flatMap((need) => (need.kind === 'other' ? [] : [`${need.kind} ${need.id}`])),
    sentAt: date > 0 ? date : null,
    patch: kind === 'patch',
    series: kind === 'patch' || kind === 'cover',
    automatic,
    vouched:
      identity.authentication === null ? null : isVouched(message.vouchings, identity.authentication, sender.address),
    lists: lists.slice(0, maxLists),
    recipients: recipients.slice(0, maxRecipients),
    toBot: recipients.includes(identity.address.toLowerCase()),
    said: (prose.split(/^---$/m, 1)[0] ?? '')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('>'))
      .slice(0, 20)
      .map((line) => line.slice(0, 200)),
  };
}
