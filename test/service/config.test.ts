import { expect, test } from '@jest/globals';
import { template } from '../../src/cli/init.js';
import { parseConfig } from '../../src/service/config-file.js';

const good = `bot: { address: kabi@example.org }
accounts:
  - { name: a, host: imap.example.org, user: u, password: { env: P } }
lists:
  - { name: l, address: l@example.org, account: a }
`;

function complaint(text: string): string {
  try {
    parseConfig(text, 'k.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'no complaint';
}

test('a short file is enough, and is quiet: nothing is sent', () => {
  const config = parseConfig(good, 'k.yaml');
  expect(config.lists[0]).toMatchObject({ mode: 'dry-run', reply: 'findings', start: { kind: 'now' }, quiet: 900_000 });
  expect(config.posting.perHour).toBe(20);
});

test('what kabiwatch init writes is a valid configuration, also with every comment taken away', () => {
  expect(parseConfig(template, 'k.yaml').lists[0]?.mode).toBe('dry-run');
  const all = template
    .replace('store:\n  folder: ./kabiwatch-data\n', '')
    .replace(/^(\s*)# (\s*[a-zA-Z]+:)/gm, '$1$2')
    .replace(/^# (.*)$/gm, '');
  expect(parseConfig(all, 'k.yaml')).toMatchObject({
    smtp: { tls: 'starttls' },
    posting: { quietHours: { from: '22:00' } },
  });
});

test.each([
  ['a key that is misspelt', good.replace('account: a', 'acount: a'), /k\.yaml:5: .*lists\[0\]\.acount is no key here/],
  [
    'a value that is none of the choices',
    good.replace('account: a', 'account: a, mode: loud'),
    /k\.yaml:5: lists\[0\]\.mode is "loud" \(.*"dry-run"/,
  ],
  ['a duration without a unit', `${good}watching: { poll: 10 }`, /k\.yaml:6: watching\.poll is 10/],
  [
    'an account that is not there',
    good.replace('account: a', 'account: b'),
    /lists\[0\]\.account is "b" \(use one of the accounts: a; or publicInbox\)/,
  ],
  ['neither an account nor an archive', good.replace(', account: a', ''), /lists\[0\]\.account is missing \(use one/],
  [
    'an account and an archive',
    good.replace('account: a', 'account: a, publicInbox: { path: x.git }'),
    /k\.yaml:5: lists\[0\]\.publicInbox .*not both/,
  ],
  ['a mode that needs smtp', good.replace('account: a', 'account: a, mode: list'), /add smtp:/],
  ['a list that is missing', good.replace(/lists:[\s\S]*$/, ''), /lists is missing/],
  ['text that is no YAML', 'bot: [', /k\.yaml:1: /],
  ['an empty file', '', /bot is missing/],
])('%s is named with its line and a remedy', (_name, text, told) => {
  expect(complaint(text)).toMatch(told);
});

test('a password written into the file is refused and not repeated', () => {
  const told = complaint(good.replace('{ env: P }', 'hunter2'));
  expect(told).toMatch(/k\.yaml:3: accounts\[0\]\.password \(name the secret/);
  expect(told).not.toContain('hunter2');
});
