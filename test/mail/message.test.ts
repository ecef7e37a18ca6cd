/** What is read of one mail: the patch as it was sent, whatever carried it, and who sent it. */
import { describe, expect, test } from '@jest/globals';
import { splitMbox } from '../../src/mail/mbox.js';
import { readMessage } from '../../src/mail/message.js';
import { readSubject } from '../../src/mail/subject.js';
import { diff, message, rawMail } from './mails.js';

const subject = '[PATCH] x: one';
const type = (value: string): string[] => [`Content-Type: ${value}`];
const base64 = (text: string, encoding: BufferEncoding = 'latin1'): string =>
  Buffer.from(text, encoding).toString('base64');
const mixed = type('multipart/mixed; boundary="b"');
const part = (head: string, body: string): string => `--b\n${head}\n\n${body}\n`;
const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(diff, 'utf16le')]).toString('base64');
const oddBytes = diff.replace('int more;', 'int more; /* \xe4\xff */');

const carriers: Record<string, { fields?: string[]; body: string; line?: string }> = {
  'plain text': { body: `Why.\n---\n x | 1 +\n\n${diff}-- \n2.40\n` },
  'quoted-printable': {
    fields: ['Content-Transfer-Encoding: quoted-printable'],
    body: diff.replace('more', 'm=6F=\nre').replace('struct', '=73truct'),
  },
  'base64 with CRLF': { fields: ['Content-Transfer-Encoding: base64'], body: base64(diff.replace(/\n/g, '\r\n')) },
  'UTF-16': { fields: [...type('text/plain; charset=utf-16'), 'Content-Transfer-Encoding: base64'], body: wide },
  'bytes that are not what the charset says': {
    fields: [...type('text/plain; charset=utf-8'), 'Content-Transfer-Encoding: 8bit'],
    body: oddBytes,
    line: '+\tint more; /* \xe4\xff */',
  },
  'an attached text/x-patch': {
    fields: mixed,
    body:
      part('Content-Type: text/plain', 'See there.') +
      part('Content-Type: text/x-patch; name="0001.patch"\nContent-Disposition: attachment', diff),
  },
  'an attached application/octet-stream': {
    fields: mixed,
    body:
      part('Content-Type: text/plain', 'See there.') +
      part('Content-Type: application/octet-stream; name=x.diff\nContent-Transfer-Encoding: base64', base64(diff)),
  },
  'message/rfc822': {
    fields: mixed,
    body: part('Content-Type: message/rfc822', rawMail({ id: 'inner', subject, body: diff })),
  },
  'PGP/MIME, S/MIME signed': {
    fields: type('multipart/signed; boundary=b; protocol="application/pgp-signature"'),
    body:
      part('Content-Type: text/plain', diff) +
      part('Content-Type: application/pgp-signature', '-----BEGIN PGP SIGNATURE-----'),
  },
  'clear-signed OpenPGP': {
    body: `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${diff.replace(/^-/gm, '- -')}-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----`,
  },
  'flowed text, stuffed': {
    fields: type('text/plain; charset=utf-8; format=flowed'),
    body: diff.replace(/^ /gm, '  '),
  },
  'flowed text, broken': {
    fields: type('text/plain; format=flowed'),
    body: diff.replace(/^ /gm, '  ').replace('int more', 'int \nmore'),
  },
  'flowed text, broken, DelSp': {
    fields: type('text/plain; format="flowed"; DelSp=Yes'),
    body: diff.replace(/^ /gm, '  ').replace('int more', 'int  \nmore'),
  },
  'an octet-stream whose name is an encoded word': {
    fields: mixed,
    body:
      part('Content-Type: text/plain', 'See there.') +
      part(
        'Content-Type: application/octet-stream; name="=?utf-8?B?eC5wYXRjaA==?="\nContent-Transfer-Encoding: base64',
        base64(diff),
      ),
  },
  "an octet-stream whose name is RFC 2231's": {
    fields: mixed,
    body: part(
      "Content-Type: application/octet-stream; name*=utf-8''x%2Epatch\nContent-Transfer-Encoding: base64",
      base64(diff),
    ),
  },
  'plain text beside HTML': {
    fields: type('multipart/alternative; boundary="b"'),
    body: part('Content-Type: text/plain', diff) + part('Content-Type: text/html', `<pre>${diff}</pre>`),
  },
  'multipart/digest': {
    fields: type('multipart/digest; boundary="b"'),
    body: part('', rawMail({ id: 'inner', subject, body: diff })),
  },
  "majordomo's footer": {
    body: `${diff}-\nTo unsubscribe from this list: send the line "unsubscribe linux-x" in\nthe body of a message to majordomo@example.org\n`,
  },
  "a group's footer": { body: `${diff}-- \nYou received this message because you are subscribed to the group "x".\n` },
  'flowed by name only': { fields: type('text/plain; format=flowed'), body: diff },
  'a footer of mailman': { body: `${diff}\n${'_'.repeat(47)}\nlinux-x mailing list\nlinux-x@example.org\n` },
};

describe.each(Object.entries(carriers))('a patch in %s', (_, { fields = [], body, line = '+\tint more;' }) => {
  test('comes out as it went in', async () => {
    const { kind, patch } = await message({ id: '1@x', subject, body, fields });
    expect(kind).toBe('patch');
    expect(patch.damage).toEqual([]);
    expect(patch.files.map(({ after, hunks }) => [after, hunks.map(({ lines }) => lines)])).toEqual([
      ['include/linux/box.h', [[' struct box {', line, ' };']]],
    ]);
  });
});

test('HTML is never read as a patch', async () => {
  const read = await message({ id: '1@x', subject, body: `<pre>\n${diff}</pre>`, fields: type('text/html') });
  expect(read.patch.files).toEqual([]);
});

test('the sender behind a list that rewrites From', async () => {
  const via = { id: '1@x', subject, from: 'Ada Author via linux-x <linux-x@example.org>' };
  const ada = { name: 'Ada Author', address: 'ada@example.org' };
  expect((await message({ ...via, fields: ['Reply-To: Ada Author <Ada@example.org>'] })).sender).toEqual(ada);
  expect((await message({ ...via, fields: ['Cc: Bob <b@example.org>, Ada Author <ada@example.org>'] })).sender).toEqual(
    ada,
  );
  expect((await message({ ...via, fields: ['X-Original-From: Ada Author <ada@example.org>'] })).sender).toEqual(ada);
});

test('the sender where the list left no name to compare', async () => {
  const ada = { name: 'Ada Author', address: 'ada@example.org' };
  const relayed = { id: '1@x', subject, from: 'Ada Author via B4 Relay <devnull+ada.example.org@example.net>' };
  expect((await message({ ...relayed, fields: ['Reply-To: ada@example.org'] })).sender).toEqual(ada);
  // Answers that go to the list say nothing of the sender.
  const toList = ['To: linux-x@example.net', 'Reply-To: linux-x@example.net'];
  expect((await message({ ...relayed, fields: toList })).sender.address).toBe('devnull+ada.example.org@example.net');
  const bracketed = { id: '1@x', subject, from: '"Ada Author (via linux-x)" <linux-x@example.org>' };
  expect((await message({ ...bracketed, fields: ['Reply-To: "Ada Author" <ada@example.org>'] })).sender).toEqual(ada);
});

test('ids with comments, with one bracket, and twice', async () => {
  const raw =
    'Message-ID: 5899d592@example.org>\nIn-Reply-To: <2@x> (message from\n Ada on Thu, 1 Apr 2021)\nReferences: <1@x>\n\t<2@x> <5899d592@example.org>\nSubject: x\n\ny\n';
  const read = await readMessage(Buffer.from(raw));
  expect([read.id, read.ancestors]).toEqual(['5899d592@example.org', ['2@x', '1@x']]);
});

test('the author of an in-body From, below scissors too', async () => {
  const bob = { name: 'Bob', address: 'bob@example.org' };
  const first = await message({ id: '1@x', subject, body: `From: Bob <bob@example.org>\n\nWhy.\n${diff}` });
  const below = await message({
    id: '1@x',
    subject,
    body: `Hi.\n\n-- >8 --\nFrom: Bob <bob@example.org>\n\nWhy.\n${diff}`,
  });
  expect([first.author, below.author, first.sender.name]).toEqual([bob, bob, 'Ada Author']);
});

test('tools trailers, requests to pull, machines', async () => {
  const body = `Why.\n\nDepends-on: <0@y>\nbase-commit: ${'ab'.repeat(20)}\nprerequisite-patch-id: ${'cd'.repeat(20)}\n`;
  const { trailers } = await message({ id: '1@x', subject: '[PATCH 0/2] x', body });
  const needs = [
    { kind: 'message', id: '0@y' },
    { kind: 'patch', id: 'cd'.repeat(20) },
  ];
  expect(trailers).toMatchObject({ base: 'ab'.repeat(20), needs });
  const pull = await message({
    id: '2@x',
    subject: '[GIT PULL] x',
    body: `The following changes since commit ${'0'.repeat(40)}:\n`,
  });
  expect(pull.kind).toBe('pull');
  const bulk = await message({ id: '3@x', subject, fields: ['Precedence: bulk'] });
  const away = await message({ id: '4@x', subject, fields: ['Auto-Submitted: auto-replied'] });
  expect([bulk.automatic, away.automatic]).toEqual([null, 'auto-submitted: auto-replied']);
});

test('a mail without Message-ID has the same made-up id each time', async () => {
  const raw = Buffer.from(`Subject: x\n\n${diff}`);
  expect((await readMessage(raw)).id).toBe((await readMessage(raw)).id);
});

test.each([
  ['[PATCH] mm: x', { version: 1, n: 1, total: 1, numbered: false, title: 'mm: x' }],
  [
    'Re: [list] [RFC PATCH net-next v2 03/17] mm: x',
    { version: 2, n: 3, total: 17, rfc: true, reply: true, title: 'mm: x' },
  ],
  ['[RFC][PATCH 2/2] uprobes: x', { n: 2, total: 2, rfc: true }],
  ['[PATCHv3 1/4] x', { version: 3, n: 1, total: 4 }],
  ['[PATCH 1/4 v3] x', { version: 3, n: 1, total: 4 }],
  ['[net,v2,1/2] net: x', { version: 2, n: 1, total: 2, tagged: true }],
  ['[PATCH 0 of 7] x', { n: 0, total: 7 }],
  ['[PATCH V2 3/n] x', { version: 2, n: 3, total: 0 }],
  ['PATCH V2 3/4] x', { version: 2, n: 3, total: 4 }],
  ['[PATCH RESEND v2] x', { version: 2, resend: true }],
  ['[PATCH 5.10 3/9] x', { version: 1, n: 3, total: 9 }],
  ['[PATCH 5.10.y] x', { version: 1, n: 1, numbered: false }],
  ['[PATCH v2.1 2/3] x', { version: 2, n: 2, total: 3 }],
  ['[PATCH v5.10-rc1 2/3] x', { n: 2, total: 3 }],
  ['[PATCH1/8] x', { version: 1, n: 1, total: 8 }],
  ['[PATCH100/123] x', { n: 100, total: 123 }],
  ['[v2PATCH1 of 4] x', { version: 2, n: 1, total: 4 }],
  ['[v2.3PATCH1/4] x', { version: 2, n: 1, total: 4 }],
  ['Re [PATCH 1/2] x', { reply: true, n: 1, total: 2 }],
  ['RE meep', { reply: false, numbered: false }],
  ['[PATCH x86/64 1/2] x', { n: 1, total: 2 }],
  ['[PATCH] x (V6)', { version: 6 }],
  ['v2 of the thing', { tagged: false, numbered: false }],
])('%s', (subject, tags) => {
  expect(readSubject(subject)).toMatchObject(tags);
});

test('an mbox is split at From lines alone, and unquoted once', () => {
  const text =
    'From a Thu Jan  1 00:00:00 1970\nSubject: one\n\nFrom here on.\n\nFrom now prose\n>From >>From\n>>From x\n\nFrom b Fri Jan  2 10:00:00 1970\nSubject: two\n\nz\n';
  expect([...splitMbox(Buffer.from(text))].map(String)).toEqual([
    'Subject: one\n\nFrom here on.\n\nFrom now prose\nFrom >>From\n>From x\n',
    'Subject: two\n\nz\n',
  ]);
  expect([...splitMbox(Buffer.from('no mbox'))]).toEqual([]);
});
