/** Several lists in one mailbox: told apart by what their software writes, and each mail stored under its own. */
import { expect, test } from '@jest/globals';
import { parseConfig } from '../../src/service/config-file.js';
import { mailFacts } from '../../src/service/mail-facts.js';
import { listOf, listsByMailbox } from '../../src/service/which-list.js';
import { message } from '../mail/mails.js';

const config = (lists: string) =>
  parseConfig(
    `bot: { address: kabi@example.org }
accounts:
  - { name: a, host: imap.example.org, user: u, password: { env: P } }
  - { name: b, host: imap.example.org, user: v, password: { env: P } }
lists:
${lists}`,
    'k.yaml',
  ).lists;

const shared = config(`  - { name: one, address: one@lists.example.org, account: a }
  - { name: two, address: Two@example.org, listId: two-devel.example.net, account: a }
  - { name: own, address: kabi@example.org, account: a, mode: off }
`);

const fields: Record<string, readonly string[]> = {
  one: ['List-Id: The first <One.lists.example.org>', 'X-Mailman-Version: 2.1.39', 'To: two@example.org'],
  two: ['List-Id: <two-devel.example.net>', 'Cc: one@lists.example.org'],
  'one, of mailman without a List-Id': [
    'X-BeenThere: one@lists.example.org',
    'X-Mailman-Version: 2.0.13',
    'To: two@example.org',
  ],
  'one, of majordomo': ['X-Mailing-List: one@lists.example.org'],
  'one, of ezmlm': [
    'Mailing-List: contact one-help@lists.example.org; run by ezmlm',
    'List-Post: <mailto:one@lists.example.org>',
  ],
  'two, by its address': ['To: Somebody <x@example.org>, two@example.org'],
  own: ['To: kabi@example.org'],
  'own, of a list that is not watched': ['List-Id: <other.example.org>', 'To: other@example.org'],
};

test.each(Object.entries(fields))('a mail of %s', async (name, head) => {
  const facts = mailFacts(await message({ id: '1@x', subject: 'x', fields: head }), {
    address: 'kabi@example.org',
    authentication: null,
  });
  expect(listOf(shared, facts).name).toBe(name.replace(/,.*/, ''));
});

test('a list alone in its mailbox has all its mails; lists of one mailbox are read together', () => {
  const [one] = shared;
  expect(listOf([one as NonNullable<typeof one>], { lists: ['other.example.org'], recipients: [] }).name).toBe('one');
  const lists = config(`  - { name: one, address: one@example.org, account: a }
  - { name: two, address: two@example.org, account: b }
  - { name: three, address: three@example.org, account: a }
`);
  const names = listsByMailbox(lists, ({ account, mailbox }) => `${account}/${mailbox}`);
  expect(names.map((group) => group.map(({ name }) => name))).toEqual([['one', 'three'], ['two']]);
});
