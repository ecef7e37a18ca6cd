/** Opaque S/MIME: the patch inside a SignedData, as OpenSSL and other mailers write it; nothing else is opened. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signedContent } from '../../src/mail/cms.js';
import { readMessage } from '../../src/mail/message.js';
import { scratchFolder } from '../servers/run.js';
import { diff, message } from './mails.js';

const entity = `Content-Type: text/plain; charset=utf-8\r\n\r\nWhy.\r\n---\r\n${diff.replace(/\n/g, '\r\n')}`;

/** DER, lengths as short as they may be. */
function der(tag: number, ...content: string[]): string {
  const body = content.join('');
  const size = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return String.fromCharCode(tag, ...size) + body;
}

/** BER, ended by two zero bytes. */
function ber(tag: number, ...content: string[]): string {
  return `${String.fromCharCode(tag, 0x80)}${content.join('')}\0\0`;
}

const oid = (last: string): string => der(0x06, `\x2a\x86\x48\x86\xf7\x0d\x01\x07${last}`);
const version = der(0x02, '\x01');
const digests = der(0x31, der(0x30, der(0x06, '\x60\x86\x48\x01\x65\x03\x04\x02\x01')));
const signers = der(0x31);

function cms(content: string, write = der, kind = '\x02'): string {
  const signed = write(0x30, version, digests, write(0x30, oid('\x01'), write(0xa0, content)), signers);
  return write(0x30, oid(kind), write(0xa0, signed));
}

const pieces = [entity.slice(0, 40), entity.slice(40, 41), entity.slice(41)].map((piece) => der(0x04, piece));
const written: Record<string, string> = {
  'with lengths that are known': cms(der(0x04, entity)),
  'with lengths that are not, in pieces': cms(ber(0x24, ...pieces), ber),
  'in pieces of pieces': cms(ber(0x24, der(0x24, ...pieces.slice(0, 2)), pieces[2] as string), ber),
};

function mail(content: string, type = 'application/pkcs7-mime; smime-type=signed-data; name=smime.p7m') {
  return message({
    id: 's@x',
    subject: '[PATCH] x: one',
    fields: [`Content-Type: ${type}`, 'Content-Transfer-Encoding: base64'],
    body: Buffer.from(content, 'latin1').toString('base64'),
  });
}

describe.each(Object.entries(written))('a SignedData %s', (_, content) => {
  test('is opened, whatever the mailer calls it', async () => {
    expect(signedContent(content)).toBe(entity);
    for (const type of [
      'application/pkcs7-mime; smime-type=signed-data; name=smime.p7m',
      'application/x-pkcs7-mime',
      'application/octet-stream; name="smime.p7m"',
    ]) {
      const { kind, patch, prose } = await mail(content, type);
      expect([kind, patch.files.map(({ after }) => after), patch.damage]).toEqual([
        'patch',
        ['include/linux/box.h'],
        [],
      ]);
      expect(prose).toContain('Why.');
    }
  });

  test('that is cut or changed gives nothing or text, never an exception', () => {
    for (let end = 0; end < content.length; end++) expect(signedContent(content.slice(0, end))).toBeNull();
    const change = fc.tuple(fc.nat(Math.min(content.length, 90) - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(content, 'latin1');
        for (const [at, byte] of changes) bytes[at] = byte;
        const found = signedContent(bytes.toString('latin1'));
        return found === null || found.length <= content.length;
      }),
      { numRuns: 3000 },
    );
  });
});

test('a mail signed twice, and one with several parts inside', async () => {
  const parts = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--b\r\nContent-Type: text/x-patch\r\n\r\n${diff}\r\n--b--\r\n`;
  const inner = Buffer.from(cms(der(0x04, parts)), 'latin1').toString('base64');
  const head = 'Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n';
  const { patch } = await mail(cms(der(0x04, head + inner)));
  expect(patch.files.map(({ after }) => after)).toEqual(['include/linux/box.h']);
});

test('what is encrypted, detached, or nested without end is left alone', async () => {
  expect(signedContent(cms(der(0x04, entity), der, '\x03'))).toBeNull();
  expect(
    signedContent(der(0x30, oid('\x02'), der(0xa0, der(0x30, version, digests, der(0x30, oid('\x01')))))),
  ).toBeNull();
  const started = process.cpuUsage();
  expect(signedContent('\x30\x80'.repeat(1_000_000))).toBeNull();
  expect(signedContent(cms(`${'\x24\x80'.repeat(200_000)}${'\0'.repeat(400_000)}`, ber))).toBeNull();
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(2);
  const { kind, patch } = await mail(cms(der(0x04, entity), der, '\x03'));
  expect([kind, patch.files]).toEqual(['other', []]);
});

const folder = scratchFolder('cms');
afterAll(() => folder.remove());

test('OpenSSL signs, we read, by each of its ways', async () => {
  if (spawnSync('openssl', ['version']).status !== 0) return console.log('skipped: no openssl');
  const file = (name: string): string => join(folder.path, name);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  const subject = ['-subj', '/CN=t', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  openssl('req', '-x509', ...subject, '-keyout', file('key'), '-out', file('cert'));
  writeFileSync(file('in'), entity, 'latin1');
  for (const way of [['smime'], ['cms'], ['cms', '-stream']]) {
    const to = ['-nodetach', '-binary', '-in', file('in'), '-signer', file('cert'), '-inkey', file('key')];
    openssl(...way.slice(0, 1), '-sign', ...way.slice(1), ...to, '-out', file('out'));
    const raw = Buffer.concat([Buffer.from('Message-ID: <o@x>\nSubject: [PATCH] x\n'), readFileSync(file('out'))]);
    const { patch } = await readMessage(raw);
    expect([way, patch.files.map(({ after }) => after)]).toEqual([way, ['include/linux/box.h']]);
  }
}, 60_000);
