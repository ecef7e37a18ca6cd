/**
 * The leaves of a mail -> the text that a patch is looked for in, Latin-1, a character a byte: wide charsets become UTF-8, flowed lines
 * are joined as `git mailinfo` does, OpenPGP's dash escapes and a mailing list's footer go. HTML is never read: its text is not what was sent.
 */
import { type ParsedDiffs, parseDiffs } from '../patch/parse.js';
import type { Leaf } from './mime.js';

export interface Body {
  /** What the person wrote and what was attached as a patch. */
  readonly text: string;
  readonly patch: ParsedDiffs;
}

export function readBody(leaves: readonly Leaf[]): Body {
  const readable = leaves.filter(isReadable);
  const flowed = readable.some((leaf) => leaf.flowed);
  // A mailer that says `flowed` may or may not have done it: the reading with the least damage is the one that was sent.
  const ways = flowed ? [joined, unstuffed, (leaf: Leaf) => leaf.body] : [(leaf: Leaf) => leaf.body];
  const bodies = ways.map((way) => {
    const text = withoutFooter(unescaped(readable.map((leaf) => narrow(leaf, way(leaf))).join('\n')));
    return { text, patch: parseDiffs(text) };
  });
  const body = bodies.reduce((best, other) => (worth(other) > worth(best) ? other : best));
  if (!flowed || body.patch.damage.length === 0) return body;
  const [first] = body.patch.damage;
  const said = { kind: 'format-flowed', line: first?.line ?? 1, text: 'the mailer joined and broke lines' } as const;
  return { ...body, patch: { files: body.patch.files, damage: [said, ...body.patch.damage] } };
}

function worth({ patch }: Body): number {
  // What indents a line says nothing of where the line ends.
  const broken = patch.damage.filter(({ kind }) => kind !== 'tabs-to-spaces').length;
  return patch.files.reduce((sum, file) => sum + 1 + file.hunks.length, 0) * 2 - broken * 3;
}

function isReadable({ type, fileName, body }: Leaf): boolean {
  if (type === 'text/html' || type === 'text/calendar' || type === 'text/x-vcard' || type === 'text/rtf') return false;
  if (type.startsWith('text/')) return true;
  // Outlook and others send patches as bytes.
  const isPatchName = /\.(?:patch|diff|txt|eml|mbox)(?:\.txt)?$/i.test(fileName);
  const isBytes = /^application\/(?:octet-stream|x-patch|x-diff|mbox)$/.test(type);
  return (
    (isBytes || isPatchName) && (isPatchName || /^(?:diff --git |--- .*\r?\n\+\+\+ )/m.test(body.slice(0, 100_000)))
  );
}

const wide: Readonly<Record<string, string>> = {
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'ucs-2': 'utf-16le',
};

/** UTF-16, by its name or its byte order mark, as UTF-8 bytes; every other charset keeps its bytes. */
function narrow({ charset }: Leaf, body: string): string {
  const mark = body.startsWith('\xff\xfe') ? 'utf-16le' : body.startsWith('\xfe\xff') ? 'utf-16be' : undefined;
  const label = mark ?? (body.includes('\0') ? wide[charset] : undefined);
  if (label === undefined) return body.startsWith('\xef\xbb\xbf') ? body.slice(3) : body;
  const text = new TextDecoder(label).decode(Buffer.from(body, 'latin1'));
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** RFC 3676: a line that ends in a blank goes on in the next; a leading blank was added in transit. */
function joined({ body, flowed, delsp }: Leaf): string {
  if (!flowed) return body;
  const lines: string[] = [];
  let open = '';
  for (const sent of body.split(/\r?\n/)) {
    const line = sent.startsWith(' ') ? sent.slice(1) : sent;
    if (sent === '-- ') {
      if (open !== '') lines.push(open);
      open = '';
      lines.push(sent);
    } else if (line.endsWith(' ')) open += delsp ? line.slice(0, -1) : line;
    else {
      lines.push(open + line);
      open = '';
    }
  }
  return [...lines, ...(open === '' ? [] : [open])].join('\n');
}

function unstuffed({ body, flowed }: Leaf): string {
  return flowed ? body.replace(/^ /gm, '') : body;
}

function unescaped(text: string): string {
  if (!text.includes('-----BEGIN PGP SIGNED MESSAGE-----')) return text;
  return text
    .replace(/-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:[A-Za-z]+:.*\r?\n)*/g, '')
    .replace(/-----BEGIN PGP SIGNATURE-----[\s\S]*?(?:-----END PGP SIGNATURE-----|$)/g, '')
    .replace(/^- (?=-|From )/gm, '');
}

/** Mailman's line of underscores, and what stands under it. */
function withoutFooter(text: string): string {
  const at = text.search(/^_{40,}\r?\n[^\n]* mailing list\b/m);
  return at === -1 ? text : text.slice(0, at);
}
