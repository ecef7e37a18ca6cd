/** Raw mail -> what storing needs, and the mails of a thread -> its series. Runs in worker threads only. */
import { createHash } from 'node:crypto';
import { simpleParser } from 'mailparser';
import type { Patch, Series } from '../patch/series.js';
import { readDiff } from './diff-reader.js';
import type { Identity, MailFacts } from './tasks.js';

export interface ReadMail {
  readonly facts: MailFacts;
  readonly author: { readonly name: string; readonly address: string };
  readonly text: string;
  readonly rfc: boolean;
  /** Oldest first. */
  readonly references: readonly string[];
  readonly date: number;
}

const maxAncestors = 30;

export async function readMail(raw: Uint8Array, identity: Identity): Promise<ReadMail> {
  const mail = await simpleParser(Buffer.from(raw), {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
  });
  const attached = mail.attachments
    .filter(({ contentType, filename }) => /^text\//.test(contentType) || /\.(patch|diff)$/i.test(filename ?? ''))
    .map(({ content }) => content.toString('utf8'));
  const text = [mail.text ?? '', ...attached].join('\n');
  const from = mail.from?.value[0];
  const address = (from?.address ?? '').toLowerCase();
  const messageId =
    bare(mail.messageId) ?? `no-id-${createHash('sha256').update(raw).digest('hex').slice(0, 32)}@invalid`;
  const references = [mail.references ?? []].flat().flatMap((text) => ids(text));
  const nearest = ids(String(mail.inReplyTo ?? ''));
  const ancestors = [...new Set([...nearest, ...references.toReversed()])]
    .filter((id) => id !== messageId)
    .slice(0, maxAncestors);
  const subject = (mail.subject ?? '').replace(/\s+/g, ' ').trim();
  const tags = readTags(subject);
  const patch = /^(diff --git |@@ -\d)/m.test(text);
  const answer = /^(re|aw|fwd?|sv):/i.test(subject.replace(/^(\[[^\]]*\]\s*)*/, ''));
  const headers = mail.headers;
  return {
    facts: {
      messageId,
      ancestors,
      sender: address,
      subject,
      ...tags,
      patch: patch && !answer,
      series: !answer && (patch || tags.tagged),
      automatic: automaticBy(headers, address, messageId, identity),
      toBot: [mail.to ?? [], mail.cc ?? []]
        .flat(2)
        .some(
          (field) =>
            'value' in field &&
            field.value.some((one) => one.address?.toLowerCase() === identity.address.toLowerCase()),
        ),
      said: (mail.text ?? '')
        .split(/^---$/m, 1)
        .join()
        .split('\n')
        .filter((line) => line.trim() !== '' && !line.startsWith('>'))
        .slice(0, 20)
        .map((line) => line.slice(0, 200)),
    },
    author: { name: from?.name ?? '', address },
    text,
    rfc: tags.rfc,
    references: references.length > 0 ? references : nearest,
    date: mail.date?.getTime() ?? 0,
  };
}

function bare(id: string | undefined): string | null {
  return ids(id ?? '')[0] ?? null;
}

function ids(text: string): string[] {
  return [...text.matchAll(/<([^<>\s]{1,400})>/g)].map(([, id = '']) => id);
}

interface Tags {
  readonly version: number;
  readonly n: number;
  readonly total: number;
  readonly rfc: boolean;
  readonly tagged: boolean;
}

function readTags(subject: string): Tags {
  const [, tag] = /\[([^\]]*\b(?:PATCH|RFC)[^\]]*)\]/i.exec(subject) ?? [];
  const text = tag ?? '';
  const [, n = '1', total = '1'] = /\b(\d{1,4})\/(\d{1,4})\b/.exec(text) ?? [];
  return {
    version: Math.max(1, Number(/\bv(\d{1,4})\b/i.exec(text)?.[1] ?? 1)),
    n: Number(n),
    total: Math.max(1, Number(total)),
    rfc: /\brfc/i.test(text),
    tagged: tag !== undefined,
  };
}

/** Precedence: bulk is on every list mail and means nothing. */
function automaticBy(
  headers: Map<string, unknown>,
  address: string,
  messageId: string,
  identity: Identity,
): string | null {
  if (headers.has('x-kabi-review') || messageId.startsWith('kabi-')) return 'kabiwatch';
  if (address === identity.address.toLowerCase()) return 'our own mail';
  const submitted = String(headers.get('auto-submitted') ?? 'no').toLowerCase();
  if (!submitted.startsWith('no')) return `auto-submitted: ${submitted.slice(0, 40)}`;
  if (headers.has('x-autoreply') || headers.has('x-autorespond')) return 'an autoresponder';
  if (/^(mailer-daemon|postmaster|no-?reply)@/.test(address) || address === '') return 'a bounce';
  return null;
}

export interface ThreadSeries {
  readonly series: Series;
  readonly head: ReadMail;
  readonly complete: boolean;
  readonly ids: readonly string[];
}

/** The series of a thread: parts with the same version and total by the same cover letter. The oldest mail of a number counts. */
export function seriesOf(mails: readonly ReadMail[]): ThreadSeries[] {
  const groups = new Map<string, ReadMail[]>();
  for (const mail of mails.toSorted((a, b) => a.date - b.date)) {
    const { facts } = mail;
    if (!facts.series || facts.automatic !== null) continue;
    const key = facts.total === 1 ? `single ${facts.messageId}` : `${facts.version}/${facts.total}`;
    groups.set(key, [...(groups.get(key) ?? []), mail]);
  }
  return [...groups.values()].flatMap((parts) => {
    const byNumber = new Map<number, ReadMail>();
    for (const part of parts) if (!byNumber.has(part.facts.n)) byNumber.set(part.facts.n, part);
    const numbered = [...byNumber.values()].toSorted((a, b) => a.facts.n - b.facts.n);
    const patches = numbered.filter(({ facts }) => facts.patch && facts.n > 0);
    const [head] = numbered;
    if (head === undefined || patches.length === 0) return [];
    const series: Series = {
      subject: head.facts.subject,
      version: head.facts.version,
      rfc: head.rfc,
      messageId: head.facts.messageId,
      base: /^base-commit: ([0-9a-f]{40})$/m.exec(head.text)?.[1] ?? null,
      patches: patches.map(patchOf),
    };
    return [
      { series, head, complete: patches.length >= head.facts.total, ids: patches.map(({ facts }) => facts.messageId) },
    ];
  });
}

function patchOf(mail: ReadMail): Patch {
  const { facts, author } = mail;
  return {
    n: facts.n,
    total: facts.total,
    messageId: facts.messageId,
    subject: facts.subject,
    author: `${author.name} <${author.address}>`.trim(),
    ...readDiff(mail.text),
  };
}
