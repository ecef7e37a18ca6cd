/** A Message -> what storing, threading and commands need to know of it. */
import type { Message } from '../mail/message.js';
import type { Identity, MailFacts } from './tasks.js';

const maxAncestors = 30;

export function mailFacts(message: Message, identity: Identity): MailFacts {
  const { id, ancestors, sender, tags, kind, automatic, recipients, prose } = message;
  return {
    messageId: id,
    ancestors: ancestors.slice(0, maxAncestors),
    sender: sender.address,
    subject: tags.subject,
    version: tags.version,
    n: tags.n,
    total: Math.max(1, tags.total),
    patch: kind === 'patch',
    series: kind === 'patch' || kind === 'cover',
    automatic,
    toBot: recipients.includes(identity.address.toLowerCase()),
    said: (prose.split(/^---$/m, 1)[0] ?? '')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('>'))
      .slice(0, 20)
      .map((line) => line.slice(0, 200)),
  };
}
