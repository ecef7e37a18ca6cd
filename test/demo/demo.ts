/** `npm run demo`: a thread is delivered over IMAP, kabiwatch reviews it, and the reply that it sends over SMTP is printed. Nothing else is needed. */
import { scratchFolder, until } from '../servers/run.js';
import { configuration, startProcess } from '../servers/service.js';
import { startSmallImap } from '../servers/small-imap.js';
import { startSmtp } from '../servers/smtp.js';
import { mailOf, series } from './thread.js';

const started = performance.now();
const say = (text: string) => console.log(`[${((performance.now() - started) / 1000).toFixed(1)} s] ${text}`);

const folder = scratchFolder('demo');
const imap = await startSmallImap('bot', 'secret');
const smtp = await startSmtp();
say(`an IMAP server on port ${imap.port}, an SMTP server on port ${smtp.port}`);
const service = startProcess(
  `${folder.path}/kabiwatch.yaml`,
  configuration(
    folder.path,
    { imapPort: imap.port, user: 'bot', mailbox: 'INBOX', smtpPort: smtp.port },
    {},
    { mode: 'list', reply: 'always', quiet: '2s' },
  ),
);
try {
  await until(
    'the service watches its mailbox',
    () => service.lines.some(({ detail }) => String(detail).startsWith('watching')),
    50_000,
  );
  say('kabiwatch serve is up, with its store in a folder, and waits in IDLE');
  for (const part of series('demo')) imap.deliver(mailOf(part));
  say('a thread was delivered: cover letter and two patches');
  await until('a reply', () => smtp.mails.length > 0);
  const [reply] = smtp.mails;
  say(`the reply came over SMTP, from ${reply?.from} to ${reply?.to.join(', ')}:\n`);
  console.log(reply?.raw.toString('utf8').replaceAll('\r\n', '\n'));
} catch (error) {
  for (const line of service.lines.slice(-20)) console.error(JSON.stringify(line));
  console.error(error);
  process.exitCode = 1;
} finally {
  await service.stop();
  await imap.stop();
  await smtp.stop();
  folder.remove();
}
say('done');
process.exit();
