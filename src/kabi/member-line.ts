/** The line of a member in its type's declaration, as the file is after the series: where a reader, and an annotation, looks for it. */
import type { SourceTree } from '../tree/source-tree.js';

/** `place` is the line of the type; it is also the answer where the member is not spelled there (gone, or made by a macro). */
export function memberLine(
  tree: SourceTree,
  place: { readonly file: string; readonly line: number },
  member: string,
): number {
  const name = /[^.]*$/.exec(member.replace(/\[.*$/, ''))?.[0] ?? '';
  const bytes = tree.read(place.file);
  if (bytes === null || !/^\w+$/.test(name)) return place.line;
  const spelled = new RegExp(`\\b${name}\\s*(?:$|[[:;,)=]|__)`);
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  let depth = 0;
  let comment = false;
  for (let line = place.line; line > 0 && line <= lines.length; line++) {
    const code = withoutComments(lines[line - 1] ?? '', comment);
    comment = code.open;
    if (depth > 0 && spelled.test(code.text)) return line;
    for (const [brace] of code.text.matchAll(/[{}]/g)) depth += brace === '{' ? 1 : -1;
    if (depth <= 0 && code.text.includes('}')) break;
  }
  return place.line;
}

function withoutComments(line: string, open: boolean): { readonly text: string; readonly open: boolean } {
  const whole = (open ? `/*${line}` : line).replace(/\/\*.*?\*\//g, ' ').replace(/\/\/.*$/, '');
  const at = whole.indexOf('/*');
  return at < 0 ? { text: whole, open: false } : { text: whole.slice(0, at), open: true };
}
