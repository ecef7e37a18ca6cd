/**
 * The bytes of a CMS message (RFC 5652) -> the MIME entity that it signs, where that is all it does. S/MIME's opaque form carries the whole
 * mail so: base64 of a SignedData, with the text inside. Who signed is not asked: a review rests on what a mail says, not on who it is from.
 *
 * The structure, of which only the way to eContent is walked:
 *
 *   ContentInfo ::= SEQUENCE { OBJECT IDENTIFIER signedData, [0] SEQUENCE {             -- SignedData
 *     INTEGER version, SET digestAlgorithms,
 *     SEQUENCE { OBJECT IDENTIFIER data, [0] OCTET STRING eContent }, … } }
 *
 * BER as mailers write it: lengths may be indefinite (ended by two zero bytes), and the OCTET STRING may be cut in pieces. Strict: null for
 * anything else. Bounded: each byte is looked at no more than once a level, and there are `maxDepth` levels.
 *
 * All text is Latin-1, a character a byte.
 */

/** One element; its content is bytes[start, end), the next element stands at `next`. */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

const [sequence, set, integer, octets, cutOctets, objectId, context0] = [0x30, 0x31, 0x02, 0x04, 0x24, 0x06, 0xa0];
const constructed = 0x20;
const maxDepth = 16;
const signedData = '\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02';
const data = '\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01';

/** null where it is no signed data (it may be encrypted), holds no content (it is detached), or is malformed. */
export function signedContent(bytes: string): string | null {
  const inside = (within: Element | null, tag: number): Element | null =>
    within === null ? null : tagged(elementAt(bytes, within.start, within.end, 0), tag);
  const after = (one: Element | null, within: Element | null, tag: number): Element | null =>
    one === null || within === null ? null : tagged(elementAt(bytes, one.next, within.end, 0), tag);

  const outer = tagged(elementAt(bytes, 0, bytes.length, 0), sequence);
  const kind = inside(outer, objectId);
  if (outer === null || kind === null || bytes.slice(kind.start, kind.end) !== signedData) return null;
  const signed = inside(after(kind, outer, context0), sequence);
  const version = inside(signed, integer);
  const digests = after(version, signed, set);
  const encapsulated = after(digests, signed, sequence);
  const type = inside(encapsulated, objectId);
  if (type === null || bytes.slice(type.start, type.end) !== data) return null;
  const wrapped = after(type, encapsulated, context0);
  if (wrapped === null) return null;
  const content = elementAt(bytes, wrapped.start, wrapped.end, 0);
  const pieces: string[] = [];
  return content !== null && takeOctets(bytes, content, pieces, 0) ? pieces.join('') : null;
}

function tagged(element: Element | null, tag: number): Element | null {
  return element?.tag === tag ? element : null;
}

/** The element at `at`, which must end by `limit`. */
function elementAt(bytes: string, at: number, limit: number, depth: number): Element | null {
  if (depth > maxDepth || at + 2 > limit) return null;
  const tag = bytes.charCodeAt(at);
  // A tag number of several bytes occurs nowhere on the way.
  if ((tag & 0x1f) === 0x1f) return null;
  const first = bytes.charCodeAt(at + 1);
  if (first === 0x80) return (tag & constructed) === 0 ? null : endless(bytes, tag, at + 2, limit, depth);
  let [length, start] = [first, at + 2];
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4 || start + count > limit) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes.charCodeAt(start + i);
    start += count;
  }
  const end = start + length;
  return end > limit ? null : { tag, start, end, next: end };
}

/** Of indefinite length: it ends where an element of two zero bytes stands among its own. */
function endless(bytes: string, tag: number, start: number, limit: number, depth: number): Element | null {
  for (let at = start; at + 2 <= limit; ) {
    if (bytes.charCodeAt(at) === 0 && bytes.charCodeAt(at + 1) === 0) return { tag, start, end: at, next: at + 2 };
    const inner = elementAt(bytes, at, limit, depth + 1);
    if (inner === null) return null;
    at = inner.next;
  }
  return null;
}

/** An OCTET STRING, or the pieces of a cut one in their order. */
function takeOctets(bytes: string, element: Element, pieces: string[], depth: number): boolean {
  if (element.tag === octets) {
    pieces.push(bytes.slice(element.start, element.end));
    return true;
  }
  if (element.tag !== cutOctets || depth > maxDepth) return false;
  for (let at = element.start; at < element.end; ) {
    const piece = elementAt(bytes, at, element.end, 0);
    if (piece === null || !takeOctets(bytes, piece, pieces, depth + 1)) return false;
    at = piece.next;
  }
  return true;
}
