/**
 * Text of a patch or a mail, made harmless for the medium it is printed in. Every word that a stranger wrote passes through
 * one of these; nothing else in a report is theirs.
 */

/** A hunk's line, a character a byte, for people: as UTF-8 where it is. */
export function fromBytes(line: string): string {
  if (!/[\x80-\xff]/.test(line)) return line;
  const text = Buffer.from(line, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? line : text;
}

/** No control characters (a terminal obeys them, a mail client may), no bidirectional overrides; one line. */
export function plain(text: string): string {
  return text
    .replace(/[\t\n\r\v\f]+/g, ' ')
    .replace(/\p{Cc}|[\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]/gu, '?')
    .trim();
}

/** A line of code: tabs become blanks up to the next stop, so that columns are columns. */
export function code(text: string): string {
  let out = '';
  for (const char of text) out += char === '\t' ? ' '.repeat(8 - (out.length % 8)) : char;
  return harmless(out).trimEnd();
}

function harmless(line: string): string {
  return line.replace(/(?!\t)\p{Cc}|[\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]/gu, '?');
}

/** In running Markdown: no markup, no mention, no issue reference, no closing keyword, no HTML, no link is made of it. */
export function markdown(text: string): string {
  return (
    plain(text)
      .replace(/[\\`*_{}[\]()#+!|<>~&:]/g, (char) => `&#${char.charCodeAt(0)};`)
      // GitHub links what it finds in the rendered text, so an entity is not enough: a word joiner parts sign and name.
      .replace(/@/g, '@\u2060')
      .replace(/&#35;/g, '&#35;\u2060')
      .replace(/\b(GH)-(?=\d)/gi, '$1-\u2060')
      .replace(/\b(https?|ftp)(?=&#58;)/gi, '$1\u2060')
      .replace(/\bwww\./gi, 'www\u2060.')
      // Seven hex digits and more are a commit to GitHub; a dash or a number that begins a line is a list to Markdown.
      .replace(/\b([0-9a-f]{7})(?=[0-9a-f]{0,33}\b)/gi, '$1\u2060')
      .replace(/^-/, '&#45;')
      .replace(/^(\d+)\./, '$1&#46;')
  );
}

/** A code span: a fence longer than any run of backticks inside; what stands in it is not interpreted. */
export function codeSpan(text: string): string {
  const inside = plain(text);
  const longest = Math.max(0, ...(inside.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = inside.startsWith('`') || inside.endsWith('`') || inside === '' ? ' ' : '';
  return `${fence}${pad}${inside}${pad}${fence}`;
}

/** A sentence of ours with words of strangers between backticks: those become code spans, the rest running Markdown. */
export function prose(text: string): string {
  return plain(text)
    .split(/`([^`]+)`/)
    .map((part, at) => (at % 2 === 1 ? codeSpan(part) : part.trim() === '' ? part : around(part)))
    .join('');
}

/** As markdown(), with the blanks around it: code spans follow. */
function around(part: string): string {
  const [, before = '', after = ''] = /^(\s*).*?(\s*)$/s.exec(part) ?? [];
  return `${before}${markdown(part)}${after}`;
}

/** A code span for a table cell, where a bare `|` would end the cell even inside code. */
export function tableCell(text: string): string {
  return codeSpan(text).replace(/\|/g, '\\|');
}

/** A code block whose fence nothing in it can close. Tabs and blanks at the end stay: what is copied from it must still apply. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.split('\n').map(harmless).join('\n')}\n${fence}`;
}

/** Cut at `limit` UTF-16 units, never inside a character. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = limit - 1;
  const last = text.charCodeAt(end - 1);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end)}…`;
}

/** For text and for quoted attributes; characters that XML refuses become `?`. */
export function xml(text: string): string {
  return text
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
