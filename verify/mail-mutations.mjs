/**
 * Mutated mails: bits turned, cuts, fields put in, MIME nested, headers blown up. None may crash the reader, hold it up, or make memory
 * grow. Seeds are numbers: a failure names the one to run again.
 *
 *   npm run verify:mail [-- COUNT [FIRST-SEED]]
 */
import { existsSync, readFileSync } from 'node:fs';
import { assemble } from '../dist/mail/assemble.js';
import { splitMbox } from '../dist/mail/mbox.js';
import { readMessage } from '../dist/mail/message.js';

const [count = 20_000, first = 1] = process.argv.slice(2).map(Number);
const own =
  'From: A <a@example.org>\nSubject: [PATCH v2 1/2] x: y\nMessage-ID: <1@x>\nReferences: <0@x>\nContent-Type: multipart/mixed; boundary=b\n\n' +
  '--b\nContent-Type: text/plain; charset=utf-8; format=flowed\n\nText.\n---\n--b\nContent-Type: text/x-patch\nContent-Transfer-Encoding: base64\n\n' +
  `${Buffer.from('--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n a\n+b\n').toString('base64')}\n--b--\n`;
/** Opaque S/MIME, lengths known and not: all that is on the way to its text. */
const oid = (last) => Buffer.from([6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last]);
const endless = (tag, ...content) => Buffer.concat([Buffer.from([tag, 0x80]), ...content, Buffer.alloc(2)]);
const sized = (tag, content) =>
  Buffer.concat([Buffer.from([tag, 0x82, content.length >> 8, content.length & 255]), content]);
const text = Buffer.from(own.slice(own.indexOf('Content-Type')));
const digests = Buffer.from([2, 1, 1, 0x31, 0]);
const signed = endless(0x30, digests, endless(0x30, oid(1), endless(0xa0, endless(0x24, sized(4, text)))));
const opaque = `From: A <a@example.org>\nSubject: [PATCH] x: y\nMessage-ID: <2@x>\nContent-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n${endless(0x30, oid(2), endless(0xa0, signed)).toString('base64')}\n`;
const archive = '../shared/threads/linux-modules.mbox';
if (!existsSync(archive)) console.log(`skipped: no archive at ${archive}; own mail only`);
const mails = [Buffer.from(own), Buffer.from(opaque), ...(existsSync(archive) ? splitMbox(readFileSync(archive)) : [])];

/** The same numbers in every run (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pieces = [
  'Content-Type: multipart/mixed; boundary=""\n',
  'Content-Type: multipart/alternative; boundary=b\n',
  'Content-Type: message/rfc822\n',
  'Content-Type: application/pkcs7-mime; smime-type=signed-data\n',
  'Depends-on: <1@x>\nprerequisite-change-id: a-b-c:v2\n',
  'Content-Type: text/plain; charset=utf-16; format=flowed; delsp=yes\n',
  'Content-Transfer-Encoding: base64\n',
  'Content-Transfer-Encoding: quoted-printable\n',
  'References: <1@x> <1@x>\n',
  'From: =?utf-16?B?/v8A?= via x <l@x>\nReply-To: =?x?Q?=\n',
  'Date: Mon, 99 Foo 99999 99:99:99 +9999\n',
  'Subject: [PATCH v99999 0/99999] [[[[ Re: Re:\n',
  'From x Thu Jan  1 00:00:00 1970\n',
  '@@ -1,999999999 +1,999999999 @@\n',
  'diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n',
  '\n\n',
  '\0\r\r\n',
];

const mutations = [
  (mail, next) => {
    const copy = Buffer.from(mail);
    for (let times = next(20) + 1; times > 0; times--) copy[next(copy.length)] ^= 1 << next(8);
    return copy;
  },
  (mail, next) => mail.subarray(0, next(mail.length)),
  (mail, next) => mail.subarray(next(mail.length)),
  (mail, next) => {
    const at = mail.indexOf('\n', next(mail.length)) + 1;
    return Buffer.concat([mail.subarray(0, at), Buffer.from(pieces[next(pieces.length)]), mail.subarray(at)]);
  },
  (mail, next) => Buffer.concat([Buffer.from(`X: ${'a b,<>"(=?'.repeat(next(20_000))}\n`), mail]),
  (mail, next) => {
    let inner = mail;
    for (let depth = next(40); depth > 0; depth--) {
      const type = next(2) === 0 ? 'message/rfc822' : `multipart/mixed; boundary="n${depth}"`;
      inner = Buffer.concat([
        Buffer.from(`Content-Type: ${type}\n\n--n${depth}\n\n`),
        inner,
        Buffer.from(`\n--n${depth}--\n`),
      ]);
    }
    return inner;
  },
  (mail, next) => Buffer.concat([mail, mails[next(mails.length)]]),
];

let [slowest, slowestSeed] = [0, 0];
const started = performance.now();
let base = 0;
let batch = [];
for (let seed = first; seed < first + count; seed++) {
  const next = random(seed);
  let mail = mails[next(mails.length)];
  for (let times = next(3) + 1; times > 0 && mail.length > 0; times--)
    mail = mutations[next(mutations.length)](mail, next);
  const before = performance.now();
  try {
    batch.push(await readMessage(mail));
    if (batch.length === 50) {
      assemble(batch);
      batch = [];
    }
  } catch (error) {
    console.error(`seed ${seed}:`, error);
    process.exit(1);
  }
  const ms = performance.now() - before;
  if (ms > slowest) [slowest, slowestSeed] = [ms, seed];
  if (ms > 5000) {
    console.error(`seed ${seed}: ${Math.round(ms)} ms`);
    process.exit(1);
  }
  if (seed - first === Math.floor(count / 4)) base = process.memoryUsage().rss;
}
if ((await readMessage(Buffer.from(opaque))).patch.files.length !== 1)
  throw new Error('the S/MIME mail was not opened');
const seconds = (performance.now() - started) / 1000;
const rss = process.memoryUsage().rss;
console.log(
  `${count} mutated mails in ${seconds.toFixed(1)} s, no crash; slowest ${Math.round(slowest)} ms (seed ${slowestSeed}); ` +
    `memory ${Math.round(base / 1e6)} MB after a quarter, ${Math.round(rss / 1e6)} MB at the end`,
);
// What the reader keeps it would keep of each mail: a quarter of them more than doubles nothing.
if (rss > base * 1.5 + 100e6) {
  console.error('memory grew');
  process.exitCode = 1;
}
