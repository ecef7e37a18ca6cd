/** What a server's answer, or its absence, means: the states of the outbox rest on this. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../src/service/clock.js';
import type { OutgoingMail } from '../../src/service/ports.js';
import { smtpSink } from '../../src/smtp/smtp-sink.js';
import { type SmallSmtp, startSmtp } from '../servers/smtp.js';

const text = `The verdict.\n\n\tint users;  \nFrom the top\n.dot\n${'é'.repeat(10)}\n`;
const mail: OutgoingMail = {
  messageId: 'kabi-1@bot.example.org',
  from: 'kabiwatch <kabi@bot.example.org>',
  to: ['author@example.org'],
  cc: ['list@example.org'],
  bcc: ['archive@example.org'],
  replyTo: 'kabi-reviews@bot.example.org',
  subject: 'Re: [PATCH] x\r\nBcc: evil@example.org',
  inReplyTo: 'p1@example.org',
  references: ['c@example.org', 'p1@example.org'],
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Kabi-Review': 'r1' },
  text,
};

let server: SmallSmtp;
beforeAll(async () => {
  server = await startSmtp();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.mails.length = 0;
  server.plan.length = 0;
});

const sink = (port = server.port, timeoutMs = 2000) =>
  smtpSink({ host: '127.0.0.1', port, tls: 'none', user: null, password: null, timeoutMs }, systemClock);

test('the mail arrives as it was planned', async () => {
  expect(await sink().send(mail)).toMatchObject({ kind: 'sent', rejected: [] });
  const [taken] = server.mails;
  expect(taken?.from).toBe('kabi@bot.example.org');
  expect(taken?.to).toEqual(['author@example.org', 'list@example.org', 'archive@example.org']);
  const raw = taken?.raw.toString('latin1') ?? '';
  expect(raw).toContain('\r\nMessage-ID: <kabi-1@bot.example.org>\r\n');
  expect(raw).toContain('\r\nIn-Reply-To: <p1@example.org>\r\n');
  expect(raw).toContain('\r\nReferences: <c@example.org> <p1@example.org>\r\n');
  expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(raw).toContain('\r\nX-Kabi-Review: r1\r\n');
  expect(raw).not.toMatch(/^Bcc:/im);
  expect(raw).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m);
});

test('a mail that is refused for now may be offered again', async () => {
  server.plan.push({ kind: 'refuse', code: 421 }, { kind: 'refuse', code: 451 });
  expect(await sink().send(mail)).toMatchObject({ kind: 'retry' });
  expect(await sink().send(mail)).toMatchObject({ kind: 'retry' });
  expect(await sink().send(mail)).toMatchObject({ kind: 'sent' });
  expect(server.mails).toHaveLength(1);
});

test('a mail that is refused for good is not offered again', async () => {
  server.plan.push({ kind: 'refuse', code: 554 });
  expect(await sink().send(mail)).toMatchObject({ kind: 'failed', why: expect.stringContaining('not now') });
});

test('one refused recipient does not hide the others', async () => {
  server.plan.push({ kind: 'refuse-recipient', address: 'list@example.org' });
  expect(await sink().send(mail)).toMatchObject({ kind: 'sent', rejected: ['list@example.org'] });
});

test('a server that takes the mail and never answers leaves us unsure', async () => {
  server.plan.push({ kind: 'swallow' });
  expect(await sink(server.port, 500).send(mail)).toMatchObject({ kind: 'unsure' });
  expect(server.mails).toHaveLength(1);
});

test('a connection that ends in the text leaves us unsure', async () => {
  server.plan.push({ kind: 'drop' });
  expect(await sink().send({ ...mail, text: 'x\n'.repeat(200_000) })).toMatchObject({ kind: 'unsure' });
});

test('nobody there: nothing was taken', async () => {
  expect(await sink(1).send(mail)).toMatchObject({ kind: 'retry' });
});
