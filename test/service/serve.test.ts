/** `kabiwatch serve` as a process, with real servers: small versions of `npm run verify:kill`, `verify:faults` and `verify:servers`. */
import { expect, test } from '@jest/globals';
import { mailOf, series } from '../demo/thread.js';
import { until } from '../servers/run.js';
import { configuration, type Servers } from '../servers/service.js';
import { startSmallService } from '../servers/small-service.js';
import { smtpSwallows } from '../verify/fault-rounds.js';
import { killRounds } from '../verify/kill-rounds.js';

test('kill -9 while a list is busy: each series is answered exactly once', async () => {
  const result = await killRounds({ seed: 7, kills: 3, series: 8, store: 'folder', say: () => {} });
  if (result !== null) expect(result).toMatchObject({ answered: 8, twice: [], never: [] });
}, 120_000);

test('a send whose answer was lost is looked for on the list, not repeated', async () => {
  const result = await smtpSwallows();
  if (result !== null) expect(result).toMatchObject({ series: 3, answered: 3, twice: 0, healthAfter: true });
}, 120_000);

const answered = (folder: string, servers: Servers) =>
  configuration(folder, servers, {}, { mode: 'list', reply: 'always', quiet: '1s' });

test('the list it posts to, an autoresponder and a bounce: one answer, no loop', async () => {
  const answering = (raw: Buffer, name: string, headers: string) => {
    const [, id] = /^Message-ID: <(.*)>/im.exec(raw.toString('latin1')) ?? [];
    return Buffer.from(
      `From: Away <away@example.org>\r\nTo: kabiwatch@bot.example.org\r\n${headers}Subject: Re: away\r\nMessage-ID: <${name}-${id}>\r\nIn-Reply-To: <${id}>\r\n\r\n${raw.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n')}`,
    );
  };
  const { imap, smtp, service, stop } = await startSmallService(answered, ({ raw }, imap) => {
    imap.deliver(raw);
    imap.deliver(answering(raw, 'away', 'Auto-Submitted: auto-replied\r\n'));
    imap.deliver(answering(raw, 'robot', 'X-Autoreply: yes\r\nSubject: [PATCH] again\r\n'));
  });
  try {
    await until('it watches', () => service.lines.some(({ detail }) => String(detail).startsWith('watching')), 60_000);
    const health = await fetch(`http://127.0.0.1:${service.port()}/healthz`);
    expect(health.status).toBe(200);
    for (const part of series('loop')) imap.deliver(mailOf(part));
    await until('the answer', () => smtp.mails.length > 0);
    // Again, as when a mail comes over a second list; and a comment that quotes the patch.
    for (const part of series('loop')) imap.deliver(mailOf(part));
    const comment = {
      id: 'comment@x',
      subject: 'Re: [PATCH 1/2] lantern',
      answers: 'loop.1@author.example.org',
      text: '> diff --git a/x b/x\n\nNo.\n',
    };
    imap.deliver(mailOf(comment, 'B <b@example.org>'));
    await until('all is read', () => service.lines.reduce((sum, line) => sum + Number(line.fresh ?? 0), 0) >= 7);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(smtp.mails).toHaveLength(1);
    const raw = smtp.mails[0]?.raw.toString() ?? '';
    const body = raw.slice(raw.indexOf('\r\n\r\n') + 4).split('\r\n');
    expect(body.filter((line) => line.length > 72)).toEqual([]);
    const metrics = await (await fetch(`http://127.0.0.1:${service.port()}/metrics`)).text();
    expect(metrics).toContain('kabiwatch_sends_total{list="kernel-list",result="sent"} 1');
  } finally {
    await stop();
    expect(service.lines.at(-1)?.msg).toBe('stopped');
  }
}, 120_000);

test('people on the thread have it checked again and a type explained; strangers, and too many questions, do not', async () => {
  const { imap, smtp, service, stop } = await startSmallService(answered, ({ raw }, imap) => imap.deliver(raw));
  const ada = 'Ada Author <ada@example.org>';
  const ask = (id: string, text: string, from = ada) =>
    imap.deliver(mailOf({ id, subject: 'Re: [PATCH 1/2] lantern', answers: 'ask.1@author.example.org', text }, from));
  const refused = () => service.lines.filter(({ msg }) => msg === 'not obeyed').length;
  try {
    for (const part of series('ask')) imap.deliver(mailOf(part));
    await until('the reply', () => smtp.mails.length === 1, 60_000);
    ask('q0@x', 'kabi: recheck\n', 'Eve <eve@example.org>');
    await until('a stranger is refused', () => refused() === 1);
    ask('q1@x', '> kabi: recheck\nkabi: explain struct lantern_ask\n');
    await until('it is explained', () => smtp.mails.length === 2);
    const explained = smtp.mails[1]?.raw.toString() ?? '';
    expect(explained).toMatch(/^In-Reply-To: <q1@x>/m);
    expect(explained).toMatch(/^Auto-Submitted: auto-replied/m);
    expect(explained).toContain('struct lantern_ask: crc-break');
    expect(explained).toMatch(/^wicks +added/m);
    expect(smtp.mails[1]?.to).toEqual(['ada@example.org', 'kernel-list@example.org']);
    ask('q2@x', 'kabi: recheck\n');
    await until('it is checked again', () => smtp.mails.length === 3);
    expect(smtp.mails[2]?.raw.toString()).toContain('Checked again, as asked.');
    // The same mail once more, as over a second list; then one question too many after a last one.
    ask('q2@x', 'kabi: recheck\n');
    ask('q3@x', 'kabi: explain struct nothing\n');
    await until('a last answer', () => smtp.mails.length === 4);
    expect(smtp.mails[3]?.raw.toString()).toContain('does not change struct nothing');
    ask('q4@x', 'kabi: recheck\n');
    await until('enough was answered', () => refused() === 2);
    expect(smtp.mails).toHaveLength(4);
  } finally {
    await stop();
  }
}, 120_000);

test('a moderated reply waits for its owner, who decides with the code of the mail', async () => {
  const bot = { address: 'kabiwatch@bot.example.org', owner: 'owner@example.org' };
  const { imap, smtp, service, stop } = await startSmallService((folder, servers) =>
    configuration(folder, servers, { bot }, { mode: 'list', reply: 'always', moderation: true }),
  );
  const write = (id: string, text: string) =>
    imap.deliver(
      Buffer.from(
        `From: owner@example.org\r\nTo: kabiwatch@bot.example.org\r\nSubject: Re: held\r\nMessage-ID: <${id}>\r\n\r\n${text}\r\n`,
      ),
    );
  try {
    for (const part of series('held')) imap.deliver(mailOf(part));
    await until('the owner is asked', () => smtp.mails.length === 1, 60_000);
    expect(smtp.mails[0]?.to).toEqual(['owner@example.org']);
    const [line = '', review] = /^approve r(\d+) [\w-]+/m.exec(smtp.mails[0]?.raw.toString() ?? '') ?? [];
    write('guess@x', `approve r${review} guessed-code`);
    await until('the guess is refused', () => service.lines.some(({ msg }) => String(msg).startsWith('not obeyed')));
    expect(smtp.mails).toHaveLength(1);
    write('yes@x', line);
    await until('the reply', () => smtp.mails.length === 2);
    expect(smtp.mails[1]?.to).toEqual(['ada@example.org', 'kernel-list@example.org']);
  } finally {
    await stop();
  }
}, 120_000);
