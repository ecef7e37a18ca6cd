/** Where references, `$(…)` and `${…}`, begin and end in a makefile's text, and what stands outside of them: assignments, commas, colons. */

export interface Assignment {
  readonly name: string;
  readonly operator: string;
  readonly text: string;
}

/** `name op text`, or null where a `:` of a rule comes first or there is no operator. */
export function assignmentIn(text: string): Assignment | null {
  for (let at = 0; at < text.length; at++) {
    const c = text[at] as string;
    if (c === '$' && (text[at + 1] === '(' || text[at + 1] === '{')) at = matchingClose(text, at + 1);
    else if (c === '=') return { name: text.slice(0, at), operator: '=', text: text.slice(at + 1).trimStart() };
    else if (c === ':' || ((c === '+' || c === '?' || c === '!') && text[at + 1] === '=')) {
      const [operator] = /^(?::{1,3}=|[+?!]=)/.exec(text.slice(at, at + 4)) ?? [];
      if (operator === undefined) return null;
      const rest = text.slice(at + operator.length).trimStart();
      return { name: text.slice(0, at), operator: operator.startsWith(':') ? ':=' : operator, text: rest };
    }
  }
  return null;
}

/** The index of the bracket that closes the one at `at`, or the end of the text. */
export function matchingClose(text: string, at: number): number {
  const open = text.charCodeAt(at);
  const close = open === 40 ? 41 : 125;
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === open) depth++;
    else if (c === close && --depth === 0) return i;
  }
  return text.length;
}

export function splitArguments(text: string, open: '(' | '{', arity: number): string[] {
  const close = open === '(' ? ')' : '}';
  const args: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length && args.length < arity - 1; at++) {
    const c = text[at];
    if (c === open) depth++;
    else if (c === close) depth--;
    else if (c === ',' && depth === 0) {
      args.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...args, text.slice(start)];
}

export function topLevelColon(inner: string): number {
  for (let at = 0; at < inner.length; at++) {
    const c = inner[at];
    if (c === '$' && (inner[at + 1] === '(' || inner[at + 1] === '{')) at = matchingClose(inner, at + 1);
    else if (c === ':') return inner.includes('=', at) ? at : -1;
  }
  return -1;
}
