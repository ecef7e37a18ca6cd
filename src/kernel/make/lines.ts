/**
 * A makefile's text to logical lines (GNU make manual, 3.1.1 and 3.9): continuations joined, comments gone, bodies of
 * `define` kept raw. A line that begins with a tab may be a recipe; only the evaluation knows.
 */
export type MakeLine =
  | { readonly kind: 'line'; readonly text: string; readonly tab: boolean; readonly number: number }
  | { readonly kind: 'define'; readonly head: string; readonly body: string; readonly number: number };

export function makeLines(text: string): readonly MakeLine[] {
  const physical = text.split('\n');
  const lines: MakeLine[] = [];
  for (let i = 0; i < physical.length; i++) {
    const number = i + 1;
    const first = physical[i] as string;
    const parts = [first];
    while (isContinued(physical[i] as string) && i + 1 < physical.length) parts.push(physical[++i] as string);
    const joined = parts.length === 1 ? first : joinParts(parts);
    const define = /^\s*(?:override\s+|export\s+)*define\s+(.*)$/.exec(joined);
    if (define !== null && !first.startsWith('\t')) {
      const start = i + 1;
      i = endOfDefine(physical, start);
      const body = physical.slice(start, i).join('\n');
      lines.push({ kind: 'define', head: withoutComment(define[1] as string), body, number });
      continue;
    }
    const tab = first.startsWith('\t');
    const bare = withoutComment(joined).trimStart(); // blanks at the end belong to a value
    if (bare !== '') lines.push({ kind: 'line', text: bare, tab, number });
  }
  return lines;
}

/** An odd number of backslashes before the newline. */
function isContinued(line: string): boolean {
  let count = 0;
  while (line.charCodeAt(line.length - 1 - count) === 92) count++;
  return count % 2 === 1;
}

function joinParts(parts: readonly string[]): string {
  return parts
    .map((part, i) => (i < parts.length - 1 ? part.slice(0, -1).trimEnd() : part))
    .map((part, i) => (i > 0 ? part.trimStart() : part))
    .join(' ');
}

/** The index of the matching `endef`; definitions nest. */
function endOfDefine(physical: readonly string[], start: number): number {
  let depth = 1;
  for (let i = start; i < physical.length; i++) {
    const line = physical[i] as string;
    if (line.startsWith('\t')) continue;
    if (/^\s*define\s/.test(line)) depth++;
    else if (/^\s*endef\b/.test(line) && --depth === 0) return i;
  }
  return physical.length;
}

/** A `#` begins a comment unless it is escaped or inside of a `$(…)`. */
function withoutComment(line: string): string {
  if (!line.includes('#')) return line;
  let depth = 0;
  for (let at = 0; at < line.length; at++) {
    const c = line[at];
    if (c === '$' && (line[at + 1] === '(' || line[at + 1] === '{')) {
      depth++;
      at++;
    } else if (depth > 0 && (c === '(' || c === '{')) depth++;
    else if (depth > 0 && (c === ')' || c === '}')) depth--;
    else if (c === '\\' && line[at + 1] === '#') {
      line = line.slice(0, at) + line.slice(at + 1);
    } else if (c === '#' && depth === 0) return line.slice(0, at);
  }
  return line;
}
