/** What mailing lists, mailers and archives do to patches and subjects. */
import { describe, expect, test } from '@jest/globals';
import { assemble } from '../../src/mail/assemble.js';
import { type Message, readMessage } from '../../src/mail/message.js';
import { readSubject } from '../../src/mail/subject.js';
import { diff, message, patch } from './mails.js';

const subjects: Record<string, [subject: string, seen: Record<string, unknown>]> = {
  "a list's tag before the patch's": [
    '[linux-x] [PATCH v2 3/7] mm: count',
    { version: 2, n: 3, total: 7, title: 'mm: count' },
  ],
  'subsystem prefixes': ['[PATCH net-next,v4 02/12] x: y', { version: 4, n: 2, total: 12, title: 'x: y' }],
  "mercurial's way": ['[PATCH 1 of 3] x: y', { n: 1, total: 3, title: 'x: y' }],
  'RFC and RESEND': ['[RFC PATCH RESEND v3] x', { rfc: true, resend: true, version: 3, n: 1, total: 1 }],
  'an answer to a tagged one': ['Re: [linux-x] [PATCH 1/2] x', { reply: true, n: 1, total: 2 }],
  'a release that it is for': ['[PATCH 6.1.y 2/2] x', { releases: ['6.1.y'], n: 2, total: 2 }],
  'a number in the title is none of the series': ['[PATCH] x: use 1/2 of it', { n: 1, total: 1, numbered: false }],
};

describe.each(Object.entries(subjects))('%s', (_, [subject, seen]) => {
  test('is read so', () => expect(readSubject(subject)).toMatchObject(seen));
});

const files = ({ patch: { files: found } }: Message): string[] =>
  found.map(({ after, before }) => after ?? before ?? '');
const tabbed = diff.replace(' struct box {\n', ' struct box {\n \tint one;\n').replace('-1,2 +1,3', '-1,3 +1,4');

const bodies: Record<
  string,
  { readonly fields?: readonly string[]; readonly body: string; readonly damage: readonly string[] }
> = {
  'Outlook: tabs are blanks': {
    body: `--- a/include/linux/box.h\n+++ b/include/linux/box.h\n@@ -1,3 +1,4 @@\n         int a;\n+        int b;\n         int c;\n         int d;\n`,
    damage: ['tabs-to-spaces'],
  },
  'a mailer indents by no-break spaces': {
    fields: ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'],
    body: diff.replace(' struct box {\n+\tint more;\n };', ' \xc2\xa0 int a;\n+\xc2\xa0 int b;\n \xc2\xa0 int c;'),
    damage: ['tabs-to-spaces'],
  },
  'flowed text indented by no-break spaces keeps its lines': {
    fields: ['Content-Type: text/plain; charset=utf-8; format=flowed', 'Content-Transfer-Encoding: 8bit'],
    body: diff.replace(' struct box {\n+\tint more;\n };', '  \xc2\xa0 int a;\n+\xc2\xa0 int b;\n  \xc2\xa0 int c;'),
    damage: ['format-flowed', 'tabs-to-spaces'],
  },
  'Gmail: long lines are wrapped': {
    body: `--- a/include/linux/box.h\n+++ b/include/linux/box.h\n@@ -1,2 +1,3 @@\n struct box {\n+\tint more; /* ${'a comment that is long '.repeat(3)}\nand goes on */\n };\n`,
    damage: ['wrapped-lines'],
  },
  'CRLF all over': { body: tabbed.replace(/\n/g, '\r\n'), damage: [] },
  'no newline at the end of file': {
    body: '--- a/include/linux/box.h\n+++ b/include/linux/box.h\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n',
    damage: [],
  },
  "a list's footer right below": {
    body: `${diff}_______________________________________________\nlinux-x mailing list\nhttp://lists.example.org/x\n`,
    damage: [],
  },
  'a footer in a part of its own': {
    fields: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    body: `--b\nContent-Type: text/plain\n\n${diff}\n--b\nContent-Type: text/plain; name=footer\n\n_______________________________________________\nlinux-x mailing list\n--b--\n`,
    damage: [],
  },
  'a patch forwarded as message/rfc822': {
    fields: ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    body: `--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: message/rfc822\n\nFrom: x@example.org\nSubject: [PATCH] x\n\n${diff}\n--b--\n`,
    damage: [],
  },
};

describe.each(Object.entries(bodies))('%s', (_, { fields = [], body, damage }) => {
  test('the file is found, and the damage said', async () => {
    const made = await message({ id: 'q', subject: '[PATCH] x', fields, body });
    expect(made.kind).toBe('patch');
    expect(files(made)).toEqual(['include/linux/box.h']);
    expect(made.patch.damage.map(({ kind }) => kind)).toEqual(damage);
  });
});

test('List-Id tells lists apart, whatever the addresses say', async () => {
  const made = await message({
    id: 'l',
    subject: 'x',
    fields: ['List-Id: Two words <one.example.org>', 'X-Mailman-Version: 2.1'],
  });
  expect(made.lists).toEqual(['one.example.org']);
});

test('of two mails with one Message-ID the one that kept its patch counts, in any order', async () => {
  const whole = await patch('twice', '[PATCH] x: one', 0);
  const bare = await message({ id: 'twice', subject: '[PATCH] x: one', at: 0, body: 'The list took it away.' });
  for (const mails of [
    [whole, bare],
    [bare, whole],
  ])
    expect(assemble(mails).series.map(({ patches }) => patches[0]?.message.patch.files.length)).toEqual([1]);
});

test('a request to pull is recognised and not reviewed', async () => {
  const pull = await message({
    id: 'pull',
    subject: '[GIT PULL] x updates',
    body: `The following changes since commit 1234567890123456789012345678901234567890:\n\nare available in the Git repository at:\n\n${diff}`,
  });
  expect(assemble([pull])).toMatchObject({ series: [], pulls: [{ id: 'pull' }] });
});

test('bytes that are no UTF-8 stay as they are', async () => {
  const raw = Buffer.concat([
    Buffer.from('From: a@x.org\nSubject: [PATCH] x\nMessage-ID: <b@x>\nContent-Type: text/plain; charset=utf-8\n\n'),
    Buffer.from(diff.replace('more', 'm\xf6re'), 'latin1'),
  ]);
  const { patch: read } = await readMessage(raw);
  expect(read.files[0]?.hunks[0]?.lines[1]).toBe('+\tint m\xf6re;');
});
