/**
 * An mbox or mboxrd -> the bytes of its messages. A message begins at a line `From ` that stands first or below an empty line and has a
 * header field right after it, so that prose which begins with "From " splits nothing. `>From ` loses one `>`, as mboxrd has it.
 */
const newline = 0x0a;

/** Nothing where the bytes do not begin with `From `. */
export function* splitMbox(bytes: Buffer): Generator<Buffer> {
  let start = separatorEnd(bytes, 0);
  if (start === null) return;
  for (let at = bytes.indexOf('\nFrom ', start - 1); at !== -1; at = bytes.indexOf('\nFrom ', at + 1)) {
    if (!isBlankAbove(bytes, at)) continue;
    const next = separatorEnd(bytes, at + 1);
    if (next === null) continue;
    yield unquoted(bytes.subarray(start, at));
    start = next;
  }
  yield unquoted(bytes.subarray(start));
}

export function isMbox(bytes: Buffer): boolean {
  return separatorEnd(bytes, 0) !== null;
}

/** Where the last message of these bytes begins, its `From ` line included; 0 where there is only one. */
export function lastSeparator(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf('\nFrom '); at > 0; at = bytes.lastIndexOf('\nFrom ', at - 1))
    if (isBlankAbove(bytes, at) && separatorEnd(bytes, at + 1) !== null) return at + 1;
  return 0;
}

/** Where the message begins whose `From ` line stands at `at`; null where this is none. */
function separatorEnd(bytes: Buffer, at: number): number | null {
  if (bytes.subarray(at, at + 5).toString('latin1') !== 'From ') return null;
  const end = bytes.indexOf(newline, at);
  if (end === -1 || end - at > 1000) return null;
  // Every writer of mboxes puts a date there; prose rarely does.
  if (!/\d{4}|\d\d:\d\d/.test(bytes.toString('latin1', at, end))) return null;
  const below = bytes.subarray(end + 1, end + 200).toString('latin1');
  return /^(?:>?From |[A-Za-z][\w-]*[ \t]*:)/.test(below) ? end + 1 : null;
}

function isBlankAbove(bytes: Buffer, at: number): boolean {
  const before = bytes[at - 1];
  return before === newline || (before === 0x0d && bytes[at - 2] === newline);
}

function unquoted(message: Buffer): Buffer {
  if (message.indexOf('>From ') === -1) return message;
  return Buffer.from(message.toString('latin1').replace(/^>(>*From )/gm, '$1'), 'latin1');
}
