/** Several kabiwatches on one list that know of each other only by what they post, and answering machines there: one answer, no loop. */
import { expect, test } from '@jest/globals';
import { waitBeforeReply } from '../../src/service/give-way.js';
import { mailOf, series } from '../demo/thread.js';
import { scratchFolder, until } from '../servers/run.js';
import { configuration, type ServiceProcess, startProcess } from '../servers/service.js';
import { startSmallImap } from '../servers/small-imap.js';
import { startSmtp } from '../servers/smtp.js';

const addresses = ['kabiwatch@one.example.org', 'kabiwatch@two.example.org'];
const quiet = '40s';

/** Answers whatever it gets, also its like: with the marks that RFC 3834 asks for, with old ones, or with none, as a person's mail program on holiday. */
function awayFrom(raw: Buffer, name: string, marks: string): Buffer {
  const [, id] = /^Message-ID: <(.*)>/im.exec(raw.toString('latin1')) ?? [];
  const [, subject] = /^Subject: (.*)$/im.exec(raw.toString('latin1')) ?? [];
  return Buffer.from(
    `From: ${name} <${name}@example.org>\r\nTo: kernel-list@example.org\r\n${marks}Subject: Re: ${subject}\r\nMessage-ID: <${name}-${id}>\r\nIn-Reply-To: <${id}>\r\nReferences: <${id}>\r\nList-Id: <kernel-list.example.org>\r\n\r\n${raw.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n')}`,
  );
}

test('a kabiwatch waits by its address, and behind those that it has met and whose address comes first', () => {
  const [one = '', two = ''] = addresses;
  const alone = waitBeforeReply(one, [], 900_000);
  expect(alone).toBeGreaterThanOrEqual(0);
  expect(alone).toBeLessThan(225_000);
  expect(waitBeforeReply(one.toUpperCase(), [], 900_000)).toBe(alone);
  expect(waitBeforeReply(one, [two], 900_000)).toBe(alone);
  expect(waitBeforeReply(two, [one], 900_000)).toBe(waitBeforeReply(two, [], 900_000) + 900_000);
  expect(waitBeforeReply(two, [one], 1000)).toBeGreaterThanOrEqual(30_000);
  // Far enough apart for the test below, where mail takes no time but a busy machine does.
  expect(Math.abs(waitBeforeReply(one, [], 40_000) - waitBeforeReply(two, [], 40_000))).toBeGreaterThan(4000);
});

test('two instances and three answering machines on the list they post to: one answer a series, no loop', async () => {
  const folders = addresses.map(() => scratchFolder('two'));
  const imap = await startSmallImap('bot', 'secret');
  let machines = 0;
  const smtp = await startSmtp(({ raw }) => {
    imap.deliver(raw);
    for (const [name, marks] of [
      ['away', 'Auto-Submitted: auto-replied\r\n'],
      ['robot', 'X-Autoreply: yes\r\n'],
      ['plain', ''],
    ] as const) {
      imap.deliver(awayFrom(raw, name, marks));
      machines++;
    }
  });
  const servers = { imapPort: imap.port, user: 'bot', mailbox: 'INBOX', smtpPort: smtp.port };
  const running: ServiceProcess[] = addresses.map((address, n) => {
    const folder = folders[n]?.path ?? '';
    const config = configuration(folder, servers, { bot: { address } }, { mode: 'list', reply: 'always', quiet });
    return startProcess(`${folder}/kabiwatch.yaml`, config);
  });
  const said = (msg: string) => running.flatMap(({ lines }) => lines.filter((line) => line.msg === msg));
  const settled = (count: number) => () => said('reply sent').length + said('reply withdrawn').length >= count;
  try {
    for (const { lines } of running)
      await until('it watches', () => lines.some(({ detail }) => String(detail).startsWith('watching')), 90_000);
    for (const part of series('first')) imap.deliver(mailOf(part));
    await until('one has answered, the other has seen it', settled(2), 90_000);
    expect(smtp.mails).toHaveLength(1);
    expect(said('reply withdrawn')).toMatchObject([{ why: 'another kabiwatch has answered in this thread' }]);
    // A newer version stays with who answered the first one.
    const newer = series('first').map((part) => ({
      ...part,
      id: part.id.replace('first', 'newer'),
      answers: part.answers?.replace('first', 'newer') ?? null,
      subject: part.subject.replace('[PATCH', '[PATCH v2'),
    }));
    for (const part of newer) imap.deliver(mailOf(part));
    await until('the newer one is answered', () => said('reply sent').length === 2, 90_000);
    const silent = () => said('reviewed').filter((line) => /a kabiwatch has answered/.test(String(line.silent)));
    await until('the other is silent', () => silent().length === 1, 90_000);
    expect(new Set(smtp.mails.map(({ from }) => from)).size).toBe(1);
    // A question to nobody by name is for who has answered.
    const question = { id: 'q@x', subject: 'Re: lantern', answers: 'newer.1@author.example.org' };
    imap.deliver(mailOf({ ...question, text: 'kabi: explain struct lantern_first\n' }));
    await until('it is explained', () => smtp.mails.length === 3, 90_000);
    await until('the other refuses', () => said('not obeyed').length === 1, 90_000);
    await until(
      'everything is read',
      () => running.every(({ lines }) => freshIn(lines) >= 6 + 1 + 3 + machines),
      90_000,
    );
    expect(smtp.mails).toHaveLength(3);
  } finally {
    for (const process of running) await process.stop();
    await imap.stop();
    await smtp.stop();
    for (const folder of folders) folder.remove();
  }
}, 400_000);

function freshIn(lines: readonly Record<string, unknown>[]): number {
  return lines.reduce((sum, line) => sum + Number(line.fresh ?? 0), 0);
}
