/** Who may keep a list free of answers by a mail to the bot. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pino from 'pino';
import { systemClock } from '../../src/service/clock.js';
import { obeyMail } from '../../src/service/commands.js';
import type { Config } from '../../src/service/config.js';
import { parseConfig } from '../../src/service/config-file.js';
import type { Store } from '../../src/service/database.js';
import { migrate } from '../../src/service/migrate.js';
import { openFolder } from '../../src/service/pglite.js';
import { historyOf } from '../../src/service/store/reviews.js';
import type { MailFacts } from '../../src/service/tasks.js';
import { scratchFolder } from '../servers/run.js';
import { configuration } from '../servers/service.js';

const folder = scratchFolder('opt-out');
let store: Store;
let config: Config;
beforeAll(async () => {
  store = await openFolder(folder.path);
  await migrate(store);
  const servers = { imapPort: 1, user: 'bot', mailbox: 'INBOX', smtpPort: 1 };
  config = parseConfig(configuration(folder.path, servers, {}, { owners: ['carol@example.org'] }), 'kabiwatch.yaml');
}, 120_000);
afterAll(async () => {
  await store.close();
  folder.remove();
});

async function say(sender: string, line: string, vouched: boolean | null = null): Promise<boolean> {
  const mail = { sender, vouched, said: [line], toBot: true, automatic: null, series: false, messageId: 'm@x' };
  const bot = { name: 'k', address: 'kabiwatch@bot.example.org', replyTo: null, archive: null };
  await obeyMail(
    { store, log: pino({ level: 'silent' }), clock: systemClock, config, engine: 'e', bot, planned: () => {} },
    config.lists[0] as Config['lists'][number],
    { ...mail, ancestors: [] } as unknown as MailFacts,
  );
  const about = { thread: 0, author: 'a@example.org', list: 'kernel-list' };
  return (await historyOf(store, about, new Date())).optedOut;
}

test('the owners of a list opt it out and in again, by its name or address', async () => {
  expect(await say('carol@example.org', 'unsubscribe kernel-list')).toBe(true);
  expect(await say('carol@example.org', 'subscribe kernel-list')).toBe(false);
  expect(await say('kernel-list-owner@example.org', 'unsubscribe Kernel-List@example.org')).toBe(true);
  expect(await say('kernel-list-owner@example.org', 'kabi: subscribe kernel-list')).toBe(false);
});

test('nobody else does, nor who is not vouched for, nor for a list that is not there', async () => {
  expect(await say('mallory@example.org', 'unsubscribe kernel-list')).toBe(false);
  expect(await say('kernel-list@example.org', 'unsubscribe kernel-list')).toBe(false);
  expect(await say('carol@example.org', 'unsubscribe kernel-list', false)).toBe(false);
  expect(await say('carol@example.org', 'unsubscribe another-list')).toBe(false);
});
