/** A mail once more, as if somebody else had written the same thread at another time: ids, titles and dates differ, the patches do not. */

/** `n` 0 is the mail itself. What ties mails together (ids, change-ids, titles, times) is moved as one, so that no copy is a version of another. */
export function copyOf(raw: Uint8Array, n: number): Buffer {
  if (n === 0) return Buffer.from(raw);
  const text = Buffer.from(raw).toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  const headEnd = end === null ? text.length : end.index;
  const head = text
    .slice(0, headEnd)
    .replace(fieldOf('message-id|in-reply-to|references'), (field) => field.replace(/<([^<>@]*)@/g, `<$1.copy${n}@`))
    .replace(fieldOf('subject'), (field) => `${field} copy${n}`)
    .replace(fieldOf('date'), (field) => movedBy(field, n));
  const body = text.slice(headEnd).replace(/^(change-id: .*?)(\r?)$/gim, `$1-copy${n}$2`);
  return Buffer.from(head + body, 'latin1');
}

/** With its folded lines. */
function fieldOf(names: string): RegExp {
  return new RegExp(`^(?:${names}):[^\\r\\n]*(?:\\r?\\n[ \\t][^\\r\\n]*)*`, 'gim');
}

const yearMs = 366 * 86_400_000;

function movedBy(field: string, years: number): string {
  const at = Date.parse(field.replace(/^date:/i, '').replace(/\(.*\)/, ''));
  return Number.isNaN(at) ? field : `Date: ${new Date(at + years * yearMs).toUTCString().replace('GMT', '+0000')}`;
}
