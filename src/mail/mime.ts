/**
 * The leaves of a mail's MIME tree as bytes. mailparser turns text to Unicode, which loses the bytes of a patch whose charset is
 * mislabelled, and joins flowed lines; a patch must come out as it went in. So: bodies are ours, byte by byte, addresses and encoded
 * words are mailparser's (message.ts).
 *
 * All text is Latin-1, a character a byte. Bounded: `maxLeaves` leaves, `maxDepth` levels; the rest is not looked at and said so.
 */
import { signedContent } from './cms.js';

export interface Head {
  /** By name in lower case, unfolded, in the order in which they stand. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Where the body begins. */
  readonly end: number;
}

export interface Leaf {
  /** `text/plain`, in lower case. */
  readonly type: string;
  readonly charset: string;
  readonly fileName: string;
  readonly flowed: boolean;
  /** format=flowed: the blank of a soft break is to be deleted too. */
  readonly delsp: boolean;
  readonly attached: boolean;
  /** Content-Transfer-Encoding undone. */
  readonly body: string;
}

const maxHead = 512 * 1024;
const maxLeaves = 400;
const maxDepth = 24;

export function readHead(raw: string, from = 0, to = raw.length): Head {
  const limit = Math.min(to, from + maxHead);
  const fields = new Map<string, string[]>();
  let last: string[] | null = null;
  let at = from;
  while (at < limit) {
    const newline = raw.indexOf('\n', at);
    const stop = newline === -1 || newline >= limit ? limit : newline;
    const line = raw.slice(at, raw[stop - 1] === '\r' ? stop - 1 : stop);
    at = stop + 1;
    if (line === '') return { fields, end: Math.min(at, to) };
    if (/^[ \t]/.test(line)) {
      if (last !== null) last.push(`${last.pop()} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1 || /[\s]/.test(line.slice(0, colon).trimEnd())) {
      last = null;
      continue;
    }
    const name = line.slice(0, colon).trimEnd().toLowerCase();
    last = fields.get(name) ?? [];
    fields.set(name, last);
    last.push(line.slice(colon + 1).trim());
  }
  return { fields, end: Math.min(at, to) };
}

export interface Leaves {
  readonly leaves: readonly Leaf[];
  /** There was more than is looked at. */
  readonly cut: boolean;
}

export function readLeaves(raw: string, head: Head): Leaves {
  const walked: Walked = { leaves: [], cut: false };
  walk({ raw, head, to: raw.length }, 0, walked);
  return walked;
}

interface Walked {
  readonly leaves: Leaf[];
  cut: boolean;
}

/** A part: its header, and the text that it stands in as far as it goes. */
interface Entity {
  readonly raw: string;
  readonly head: Head;
  readonly to: number;
}

function walk({ raw, head, to }: Entity, depth: number, walked: Walked): void {
  const { leaves } = walked;
  if (leaves.length >= maxLeaves || depth > maxDepth) {
    walked.cut = true;
    return;
  }
  const { fields, end: from } = head;
  const { type, parameters } = contentType(fields.get('content-type')?.[0] ?? '');
  const boundary = parameters.get('boundary') ?? '';
  if (type.startsWith('multipart/') && boundary !== '') {
    for (const [start, end] of partsOf(raw, from, to, boundary)) {
      if (leaves.length >= maxLeaves) {
        walked.cut = true;
        break;
      }
      walk({ raw, head: readHead(raw, start, end), to: end }, depth + 1, walked);
    }
    return;
  }
  const body = decodedBody(raw.slice(from, to), fields.get('content-transfer-encoding')?.[0] ?? '');
  const [disposition = '', name] = dispositionOf(fields.get('content-disposition')?.[0] ?? '');
  const fileName = name ?? parameters.get('name') ?? '';
  const wrapped = type === 'message/rfc822' ? body : isCms(type, fileName) ? signedContent(body) : null;
  if (wrapped !== null) {
    walk({ raw: wrapped, head: readHead(wrapped), to: wrapped.length }, depth + 1, walked);
    return;
  }
  leaves.push({
    type,
    charset: (parameters.get('charset') ?? '').toLowerCase(),
    fileName,
    flowed: parameters.get('format')?.toLowerCase() === 'flowed',
    delsp: parameters.get('delsp')?.toLowerCase() === 'yes',
    attached: disposition.toLowerCase() === 'attachment',
    body,
  });
}

/** S/MIME that is not `multipart/signed`; older mailers name the file alone. */
function isCms(type: string, fileName: string): boolean {
  return /^application\/(?:x-)?pkcs7-mime$/.test(type) || (type.startsWith('application/') && /\.p7m$/i.test(fileName));
}

/** The ranges between boundary lines. A missing closing boundary ends with the mail. */
function* partsOf(raw: string, from: number, to: number, boundary: string): Generator<[number, number]> {
  const mark = `--${boundary}`;
  let start = -1;
  for (let at = raw.indexOf(mark, from); at !== -1 && at < to; at = raw.indexOf(mark, at + mark.length)) {
    if (at !== from && raw[at - 1] !== '\n') continue;
    const newline = raw.indexOf('\n', at);
    const stop = newline === -1 || newline > to ? to : newline;
    const tail = raw.slice(at + mark.length, stop).trim();
    if (tail !== '' && tail !== '--') continue;
    if (start !== -1) yield [start, Math.max(start, raw[at - 2] === '\r' ? at - 2 : at - 1)];
    if (tail === '--') return;
    start = Math.min(stop + 1, to);
  }
  if (start !== -1) yield [start, to];
}

interface ContentType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A missing or unreadable Content-Type is plain text, as RFC 2045 has it. */
function contentType(value: string): ContentType {
  const type = /^\s*([\w.+-]+\/[\w.+-]+)/.exec(value)?.[1]?.toLowerCase() ?? 'text/plain';
  return { type, parameters: parametersOf(value) };
}

function dispositionOf(value: string): [string | undefined, string | undefined] {
  return [/^\s*([\w-]+)/.exec(value)?.[1], parametersOf(value).get('filename')];
}

function parametersOf(value: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of value
    .slice(0, 4000)
    .matchAll(/;\s*([\w-]+)\*?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/g))
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain);
  return found;
}

function decodedBody(body: string, encoding: string): string {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(body.replace(/[^A-Za-z0-9+/=]+/g, ''), 'base64').toString('latin1');
    case 'quoted-printable':
      return body
        .replace(/[ \t]+(?=\r?\n|$)/g, '')
        .replace(/=\r?\n/g, '')
        .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    default:
      return body;
  }
}
