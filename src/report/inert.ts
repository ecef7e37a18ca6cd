/**
 * Foreign text (patch subjects, names from C, finding texts that quote either) made inert in GitHub-flavoured Markdown: it mentions nobody,
 * refers to nothing, closes nothing, loads nothing, and opens no markup. The one implementation for every report that writes Markdown.
 *
 * Inside code GitHub links nothing, so names go into code spans and patches into fences, whose ticks outnumber those of the content.
 * Prose is escaped; the signs that make links of bare text (`@org/team`, `#1`, `GH-1`, `https://`, `a@b.c`) are parted from what follows
 * by U+2060 WORD JOINER, which shows as nothing and ends the match. An entity would not do: GitHub looks for mentions after decoding.
 */
const joiner = '\u2060';

/** On one line, with controls and marks that reorder or hide text spelled out. */
function visible(text: string): string {
  return (
    text
      .replace(/\s+/g, ' ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      .replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (mark) => {
        const point = (mark.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
        return `\u27e8U+${point}\u27e9`;
      })
  );
}

/** A run of prose: one line, no markup. */
export function inert(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]()#+!|~<>&^$=-]/g, (mark) => (mark === '&' ? '&amp;' : mark === '<' ? '&lt;' : `\\${mark}`))
    .replace(/^(\s*\d+)\./, '$1\\.')
    .replace(/@/g, `@${joiner}`)
    .replace(/#/g, `#${joiner}`)
    .replace(/\b(GH)\\-(?=\d)/gi, `$1\\-${joiner}`)
    .replace(/:\/\//g, `:${joiner}//`)
    .replace(/\b(www)\./gi, `$1${joiner}.`)
    .replace(/\b([0-9a-f]{7})(?=[0-9a-f]{0,33}\b)/gi, `$1${joiner}`);
}

/** A code span, on one line. */
export function code(text: string): string {
  const shown = visible(text).trim();
  if (shown === '') return '–';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${shown}${pad}${ticks}`;
}

/** A code span for a table cell, where a bare `|` would end the cell even inside code. */
export function cell(text: string): string {
  return code(text).replace(/\|/g, '\\|');
}

/** A fenced block; lines are kept. `language` is ours, never from the patch. */
export function fence(text: string, language: string): string {
  const shown = text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) =>
      line
        .split(/([\t ])/)
        .map((part) => (part === '\t' ? part : visible(part)))
        .join(''),
    )
    .join('\n')
    .replace(/\n+$/, '');
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${shown}\n${ticks}`;
}

/** Cut at `limit` UTF-16 units, never inside a character. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = limit - 1;
  const last = text.charCodeAt(end - 1);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end)}…`;
}
