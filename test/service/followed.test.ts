/** One number leads through the log: from the mail that brings a patch, and from a webhook, to what is said in the end. */
import { expect, test } from '@jest/globals';
import { mailOf, series } from '../demo/thread.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, startProcess } from '../servers/service.js';
import { startSmallImap } from '../servers/small-imap.js';
import { startSmtp } from '../servers/smtp.js';

test('the number in the reply is that of every line since the first patch came', async () => {
  const folder = scratchFolder('followed');
  const imap = await startSmallImap('bot', 'secret');
  const smtp = await startSmtp();
  const servers = { imapPort: imap.port, user: 'bot', mailbox: 'INBOX', smtpPort: smtp.port };
  const service = startProcess(
    `${folder.path}/kabiwatch.yaml`,
    configuration(folder.path, servers, {}, { mode: 'list', reply: 'always', quiet: '2s' }),
  );
  try {
    await until('it watches', () => service.lines.some(({ detail }) => String(detail).startsWith('watching')), 60_000);
    for (const part of series('one')) imap.deliver(mailOf(part));
    await until('the first answer', () => smtp.mails.length > 0);
    for (const part of series('other')) imap.deliver(mailOf(part));
    const sent = () => service.lines.filter(({ msg }) => msg === 'reply sent').length;
    await until('both answers', () => smtp.mails.length > 1 && sent() > 1);
    const [, id = ''] = /^X-Kabi-Review: (r\d+);/m.exec(String(smtp.mails[0]?.raw)) ?? [];
    const followed = service.lines.filter(({ review }) => review === id);
    const steps = followed.map(({ msg }) => msg);
    expect(steps.filter((step, at) => step !== steps[at - 1])).toEqual([
      'part of a series stored',
      'due: handed to the workers',
      'review begins',
      'reviewed',
      'reply planned',
      'reply sent',
    ]);
    expect(followed.slice(0, 3).map(({ messageId }) => messageId)).toEqual(series('one').map((part) => part.id));
    expect(new Set(followed.map(({ thread }) => thread)).size).toBe(1);
    const others = service.lines.filter(({ thread, review }) => thread !== undefined && review !== id);
    expect(new Set(others.map(({ review }) => review)).size).toBe(1);
    expect(others.map(({ msg }) => msg)).toContain('reply sent');
  } finally {
    await service.stop();
    await imap.stop();
    await smtp.stop();
    folder.remove();
  }
}, 120_000);
