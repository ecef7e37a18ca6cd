/**
 * Raw bytes -> Message: the one asynchronous call of the pure half (mailparser reads the header). Comes in: a mail as it was sent.
 * Goes out: who, when, what it answers, what its subject says, the patch in it. Never happens: an exception for what is in the mail.
 *
 * Worked example: `Subject: [PATCH v2 1/2] mm: count users`, `From: A via list <list@example.org>`, `Reply-To: A <a@example.org>` and a
 * body with a diff becomes { kind: 'patch', id: '20070518@example.org', tags: { version: 2, n: 1, total: 2, … },
 * sender: { name: 'A', address: 'a@example.org' }, patch: { files: [FilePatch], damage: [] }, … }.
 */
import { createHash } from 'node:crypto';
import { type AddressObject, type HeaderValue, simpleParser } from 'mailparser';
import type { ParsedDiffs } from '../patch/parse.js';
import { readVouchings, type Vouching } from './authentication.js';
import { automaticReason } from './automatic.js';
import { readBody } from './body.js';
import { type Head, readHead, readLeaves } from './mime.js';
import { readSubject, type SubjectTags } from './subject.js';
import { readTrailers, type Trailers } from './trailers.js';

export interface Person {
  readonly name: string;
  /** Bare, in lower case; empty where there is none. */
  readonly address: string;
}

export interface Message {
  /** Message-ID without angle brackets; made from the bytes where there is none. */
  readonly id: string;
  /** What it answers, nearest first: In-Reply-To, then References from the last to the first. Never its own id. */
  readonly ancestors: readonly string[];
  /** Milliseconds since 1970, by its Date field; 0 where none can be read. */
  readonly date: number;
  /** Who sent it, a list's rewriting undone. */
  readonly sender: Person;
  /** Who wrote the patch: an in-body `From:` wins. */
  readonly author: Person;
  /** Bare addresses of To and Cc, in lower case. */
  readonly recipients: readonly string[];
  /** Of List-Id, without angle brackets, in lower case; where there is none, the list's address written so (`linux-x.example.org`). */
  readonly lists: readonly string[];
  readonly tags: SubjectTags;
  /** `pull`: a request to pull a branch; recognised, not reviewed. `other`: neither patch, cover letter nor answer to one. */
  readonly kind: 'patch' | 'cover' | 'pull' | 'other';
  readonly automatic: string | null;
  /** Who says for which domains that the mail is theirs; to be believed of a trusted server only. */
  readonly vouchings: readonly Vouching[];
  readonly patch: ParsedDiffs;
  readonly trailers: Trailers;
  /** What a person wrote above the patch, in Unicode; quotes included. */
  readonly prose: string;
}

const maxIds = 200;
const maxProse = 100_000;

export async function readMessage(raw: Uint8Array, ownAddress = ''): Promise<Message> {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const head = readHead(text);
  const field = (name: string): string => head.fields.get(name)?.join(' ') ?? '';
  const given = idsIn(field('message-id'));
  const id = given[0] ?? `no-id-${createHash('sha256').update(raw).digest('hex').slice(0, 32)}@invalid`;
  const parsed = await readFields(head);
  const tags = readSubject(parsed.subject);
  const { leaves, cut } = readLeaves(text, head);
  const body = readBody(leaves);
  const damage = cut ? [{ kind: 'too-large', line: 1, text: 'more parts than are looked at' } as const] : [];
  const patch = { files: body.patch.files, damage: [...body.patch.damage, ...damage] };
  const sender = originalSender(parsed);
  const prose = proseOf(body.text);
  const inBody = inBodyFrom(prose);
  return {
    id,
    ancestors: ancestorsOf(idsIn(field('in-reply-to')), idsIn(field('references')), id),
    date: dateOf(head),
    sender,
    author: inBody ?? sender,
    recipients: parsed.recipients,
    lists: listsOf(head),
    tags,
    kind: kindOf(tags, patch, prose),
    automatic: automaticReason(head.fields, { messageId: id, sender: sender.address }, ownAddress),
    vouchings: readVouchings(head.fields),
    patch,
    trailers: readTrailers(body.text),
    prose,
  };
}

/** A patch wins over its tags; an answer is a patch only below a scissors line, where the writer cut one out for applying. */
function kindOf(tags: SubjectTags, patch: ParsedDiffs, prose: string): Message['kind'] {
  const carries = patch.files.length + patch.damage.filter(({ kind }) => kind === 'unsafe-path').length > 0;
  if (tags.reply) return carries && scissors.test(prose) ? 'patch' : 'other';
  // The text of `git request-pull` may end in the diff of a merge.
  const asks = /^The following changes since commit [0-9a-f]{7,64}/m.test(prose);
  if (!tags.numbered && (asks || (tags.pull && !carries))) return 'pull';
  if (carries) return 'patch';
  if (asks) return 'pull';
  return tags.numbered && tags.n === 0 ? 'cover' : 'other';
}

/** git's scissors: a line of dashes with `8<` or `>8` in it. */
const scissors = /^(?=.*(?:8<|>8|%<|>%))[-\s8<>%]*(?:cut here)?[-\s8<>%]*$/m;

export function idsIn(text: string): string[] {
  const found = [...text.slice(0, 100_000).matchAll(/<([^<>\s]{1,400})>/g)].map(([, id = '']) => id);
  if (found.length > 0) return found.slice(-maxIds);
  // One bracket, or both, were lost.
  const bare = text.trim().replace(/^<|>$/g, '');
  return /^[^\s<>]{1,400}@[^\s<>]{1,400}$/.test(bare) ? [bare] : [];
}

function ancestorsOf(nearest: readonly string[], references: readonly string[], own: string): string[] {
  return [...new Set([...nearest.toReversed(), ...references.toReversed()])]
    .filter((id) => id !== own)
    .slice(0, maxIds);
}

interface Fields {
  readonly subject: string;
  readonly from: Person;
  readonly originalFrom: Person | null;
  /** Reply-To or Cc is where a list that rewrites From leaves the sender. */
  readonly replyTo: readonly Person[];
  readonly cc: readonly Person[];
  readonly recipients: readonly string[];
}

const wanted = ['from', 'subject', 'to', 'cc', 'reply-to', 'x-original-from'] as const;

/** Addresses and encoded words by mailparser, from these few fields only: the rest of a header can be hostile and large. */
async function readFields(head: Head): Promise<Fields> {
  const lines = wanted.flatMap((name) => {
    const value = head.fields.get(name)?.[0];
    return value === undefined ? [] : [`${name}: ${value.slice(0, 50_000)}`];
  });
  const mail = await simpleParser(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
  }).catch(() => null);
  const people = (value: HeaderValue | AddressObject | AddressObject[] | undefined): Person[] =>
    [value ?? []]
      .flat()
      .flatMap((one) =>
        typeof one === 'object' && one !== null && 'value' in one && Array.isArray(one.value) ? one.value : [],
      )
      .flatMap((one) => (one.group === undefined ? [one] : one.group))
      .map(({ name, address }) => ({ name: (name ?? '').trim(), address: (address ?? '').trim().toLowerCase() }));
  const original = mail?.headers.get('x-original-from');
  const [to, cc] = [people(mail?.to), people(mail?.cc)];
  return {
    subject: mail?.subject ?? head.fields.get('subject')?.[0] ?? '',
    from: people(mail?.from)[0] ?? { name: '', address: '' },
    originalFrom: typeof original === 'string' ? personIn(original) : null,
    replyTo: people(mail?.replyTo),
    cc,
    recipients: [...to, ...cc].map(({ address }) => address).filter((address) => address !== ''),
  };
}

export function personIn(text: string): Person | null {
  const match =
    /^\s*"?([^"<>]{0,200}?)"?\s*<([^<>\s]+@[^<>\s]+)>/.exec(text) ?? /^()\s*([^<>\s]+@[^<>\s]+)\s*$/.exec(text);
  return match === null ? null : { name: (match[1] ?? '').trim(), address: (match[2] ?? '').toLowerCase() };
}

/**
 * `NAME via LIST <list@…>`: the list stands in From because of DMARC. X-Original-From says who; else Reply-To or Cc of the same name, else
 * the only one to whom answers are to go, where that is nobody who got the mail.
 */
function originalSender({ from, originalFrom, replyTo, cc, recipients }: Fields): Person {
  const [, name] = /^'?(.*?)'? \(?via\b/.exec(from.name) ?? [];
  if (originalFrom !== null) return { name: name ?? (originalFrom.name || from.name), address: originalFrom.address };
  if (name === undefined) return from;
  const same = [...replyTo, ...cc].find((one) => one.name === name && one.address !== from.address);
  if (same !== undefined) return same;
  const [only, ...more] = replyTo.filter(({ address }) => address !== from.address && !recipients.includes(address));
  return { name, address: (more.length === 0 ? only?.address : undefined) ?? from.address };
}

/** What stands above the first diff. */
function proseOf(text: string): string {
  const at = text.search(/^(?:diff --git |Index: |--- \S.*\n\+\+\+ )/m);
  const prose = (at === -1 ? text : text.slice(0, at)).slice(0, maxProse);
  const decoded = Buffer.from(prose, 'latin1').toString('utf8');
  return (decoded.includes('\ufffd') ? prose : decoded).replace(/\r\n/g, '\n');
}

/** git's rule: the first lines of the body, or below the scissors. */
function inBodyFrom(prose: string): Person | null {
  const cut = scissors.exec(prose);
  const [, line] =
    /^\s*(?:(?:Subject|Date): .*\n)*From: (.*)/.exec(cut === null ? prose : prose.slice(cut.index + cut[0].length)) ??
    [];
  return line === undefined ? null : personIn(line);
}

/** What mailman, mlmmj, ezmlm and majordomo write where they write no List-Id. */
const listFields = ['x-beenthere', 'x-mailing-list', 'mailing-list', 'list-post'];

function listsOf({ fields }: Head): string[] {
  const ids = (fields.get('list-id') ?? [])
    .map((one) => (/<([^<>]*)>/.exec(one)?.[1] ?? one).trim().toLowerCase())
    .filter((id) => id !== '');
  if (ids.length > 0) return ids;
  const addresses = listFields
    .flatMap((name) => fields.get(name) ?? [])
    .flatMap((value) => /[^\s<>@:,;"]+@[^\s<>@:,;"?]+/.exec(value.slice(0, 1000))?.[0] ?? []);
  return [...new Set(addresses.map((address) => address.toLowerCase().replace('@', '.')))];
}

function dateOf(head: Head): number {
  const received = head.fields.get('received')?.[0]?.split(';').at(-1) ?? '';
  for (const text of [head.fields.get('date')?.[0] ?? '', received]) {
    const time = Date.parse(text.replace(/\([^()]*\)/g, ' ').trim());
    if (Number.isFinite(time) && time > 0 && time < 4e12) return time;
  }
  return 0;
}
