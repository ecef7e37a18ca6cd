/**
 * The tokens of a fragment, read as declarations: as much of C as headers need, in a text that begins and ends anywhere.
 *
 * Comes in: the tokens of one view and the hunk's heading. Goes out: the members of each struct, union and enum that is seen
 * (in part), prototypes, typedefs, exports. The hard idea is where a fragment begins: if its first line stands at the margin,
 * at file level; if it is indented, inside what the heading opens. A `}` at the margin that closes nothing seen closes the
 * heading's scope; an indented one closes a nested struct whose name follows it.
 *
 * Never happens: an error. What cannot be read is skipped to the next `;` or `}`.
 */
import { type Declared, membersOf, skipGroup } from './members.js';
import type { FragmentToken } from './view.js';

export interface Scope {
  readonly kind: 'struct' | 'union' | 'enum';
  /** The tag, or the typedef's name of a type without a tag; null where the fragment does not show it. */
  readonly name: string | null;
  readonly typedef: boolean;
  readonly line: number;
  readonly members: readonly Declared[];
  /** The opening brace is seen, or only the heading tells of it. */
  readonly begins: boolean;
  /** The closing brace is seen. */
  readonly ends: boolean;
  /** Where it closes, or the last line that is seen of it. */
  readonly lastLine: number;
  /** Attribute tokens after the closing brace, or between keyword and tag. */
  readonly attributes: string;
}

export interface Prototype {
  readonly kind: 'function' | 'variable' | 'typedef' | 'inline';
  readonly name: string;
  /** Token text without storage class and body; what genksyms hashes but for parameter names. */
  readonly text: string;
  readonly line: number;
  readonly condition: string;
  /** For an inline function: the body's token text. */
  readonly body: string;
  readonly idiom: string | null;
}

export interface Export {
  readonly name: string;
  readonly gpl: boolean;
  readonly namespace: string | null;
  readonly line: number;
}

export interface Declarations {
  readonly scopes: readonly Scope[];
  readonly prototypes: readonly Prototype[];
  readonly exports: readonly Export[];
}

export function declarationsOf(tokens: readonly FragmentToken[], heading: string): Declarations {
  return new Reader(tokens).read(heading);
}

/** What a heading opens: a type's body, a function's, an initialiser's, or nothing that it tells. */
interface Heading {
  readonly kind: 'struct' | 'union' | 'enum' | 'function' | 'other';
  readonly tag: string | null;
  readonly typedef: boolean;
}

function headingOf(text: string): Heading {
  const type = /^(typedef\s+)?(struct|union|enum)\b([^()=;*]*)$/.exec(text);
  if (type === null) return { kind: text.includes('(') ? 'function' : 'other', tag: null, typedef: false };
  const words = (type[3] as string).replace(/\{.*$/, '').match(/\w+/g) ?? [];
  const tag = words.filter((word) => !/^__/.test(word)).at(-1) ?? words.at(-1) ?? null;
  return { kind: type[2] as 'struct' | 'union' | 'enum', tag, typedef: type[1] !== undefined };
}

const storage = new Set(['static', 'extern', 'inline', '__inline', '__inline__', '__always_inline', 'noinline']);

class Reader {
  readonly #tokens: readonly FragmentToken[];
  readonly #scopes: Scope[] = [];
  readonly #prototypes: Prototype[] = [];
  readonly #exports: Export[] = [];
  #at = 0;

  constructor(tokens: readonly FragmentToken[]) {
    this.#tokens = tokens;
  }

  read(heading: string): Declarations {
    const first = this.#tokens[0];
    if (first !== undefined && heading !== '' && (!first.atMargin || first.text === '}' || first.text === '{')) {
      this.#enclosed(headingOf(heading), first.line);
    } else if (first !== undefined && !first.atMargin) this.#skipToMargin();
    while (this.#at < this.#tokens.length) this.#external();
    return { scopes: this.#scopes, prototypes: this.#prototypes, exports: this.#exports };
  }

  /** The part of the fragment that belongs to what the heading opened. */
  #enclosed(heading: Heading, line: number): void {
    if (this.#text() === '{') this.#at++;
    if (heading.kind === 'function' || heading.kind === 'other') {
      this.#skipToMargin();
      return;
    }
    const end = this.#closing(this.#at);
    const body = membersOf(this.#tokens.slice(this.#at, end), heading.kind);
    this.#at = end;
    const tail = this.#tail();
    const last = this.#tokens[end] ?? this.#tokens.at(-1);
    this.#scopes.push({
      kind: heading.kind,
      name: heading.tag ?? (heading.typedef ? tail.declarator : null),
      typedef: heading.tag === null && heading.typedef,
      line,
      members: body,
      begins: false,
      ends: end < this.#tokens.length,
      lastLine: last?.line ?? line,
      attributes: tail.attributes,
    });
  }

  /** From inside a body: the index of the `}` at the margin that closes it, or the end. */
  #closing(from: number): number {
    let depth = 0;
    for (let at = from; at < this.#tokens.length; at++) {
      const token = this.#tokens[at] as FragmentToken;
      if (token.text === '{') depth++;
      else if (token.text === '}') {
        if (token.atMargin) return at;
        if (depth > 0) depth--;
      } else if (token.atMargin && depth === 0 && /^(struct|union|enum|typedef|static|extern)$/.test(token.text)) {
        if (this.#tokens[at - 1]?.text === ';' && this.#opensBody(at)) return at;
      }
    }
    return this.#tokens.length;
  }

  #opensBody(at: number): boolean {
    for (let next = at; next < this.#tokens.length; next++) {
      const text = (this.#tokens[next] as FragmentToken).text;
      if (text === '{' || text === '(') return true;
      if (text === ';') return false;
    }
    return false;
  }

  /** `} attributes declarators ;` */
  #tail(): { attributes: string; declarator: string | null } {
    if (this.#text() !== '}') return { attributes: '', declarator: null };
    this.#at++;
    const words: string[] = [];
    let declarator: string | null = null;
    while (this.#at < this.#tokens.length && this.#text() !== ';') {
      const token = this.#tokens[this.#at] as FragmentToken;
      if (token.atMargin && token.text !== '__attribute__') break;
      if (
        token.identifier &&
        !/^_|_aligned/.test(token.text) &&
        words.join('').split('(').length === words.join('').split(')').length
      ) {
        declarator ??= token.text;
      } else if (token.text !== ',') words.push(token.text);
      this.#at++;
    }
    if (this.#text() === ';') this.#at++;
    return { attributes: words.filter((word) => word !== '*').join(' '), declarator };
  }

  #skipToMargin(): void {
    while (this.#at < this.#tokens.length && !this.#tokens[this.#at]?.atMargin) this.#at++;
    if (this.#text() === '{') {
      this.#at = skipGroup(this.#tokens, this.#at);
    }
    while (this.#text() === '}' || this.#text() === ';') this.#at++;
  }

  #text(): string {
    return this.#tokens[this.#at]?.text ?? '';
  }

  /** external-declaration: a type with a body, a function, a declaration, or a macro's call */
  #external(): void {
    const start = this.#at;
    let body = -1;
    let call = -1;
    let at = start;
    for (; at < this.#tokens.length; at++) {
      const token = this.#tokens[at] as FragmentToken;
      if (token.text === ';') break;
      if (at > start && token.atMargin && this.#beginsAnew(start, at)) break;
      if (token.text === '(') {
        if (call < 0) call = at;
        at = skipGroup(this.#tokens, at) - 1;
      } else if (token.text === '=' && body < 0) {
        at = this.#endOfInitialiser(at) - 1;
      } else if (token.text === '{') {
        if (body < 0) body = at;
        const end = skipGroup(this.#tokens, at);
        at = end - 1;
        if (call >= 0 && call < body) {
          this.#function(start, body, end);
          this.#at = end;
          return;
        }
      } else if (token.text === '}') break;
    }
    const declaration = this.#tokens.slice(start, at);
    this.#at = this.#text() === '}' || this.#tokens[at]?.text === ';' || this.#tokens[at]?.text === '}' ? at + 1 : at;
    if (this.#at <= start) this.#at = start + 1;
    if (declaration.length === 0) return;
    if (body >= 0) this.#type(declaration, body - start);
    else this.#simple(declaration, call < 0 ? -1 : call - start);
  }

  /** A macro's call without `;` ends where the next line begins at the margin: `EXPORT_SYMBOL(x)`, `MODULE_…`. */
  #beginsAnew(start: number, at: number): boolean {
    const before = this.#tokens[at - 1] as FragmentToken;
    const first = this.#tokens[start] as FragmentToken;
    const token = this.#tokens[at] as FragmentToken;
    if (before.text === ')' && /^[A-Z_0-9]+$/.test(first.text) && first.identifier) return true;
    return before.text === '}' && /^(struct|union|enum|typedef|static|extern|EXPORT_SYMBOL\w*)$/.test(token.text);
  }

  #endOfInitialiser(at: number): number {
    while (at < this.#tokens.length && this.#tokens[at]?.text !== ';') {
      const text = this.#tokens[at]?.text;
      at = text === '{' || text === '(' || text === '[' ? skipGroup(this.#tokens, at) : at + 1;
    }
    return at;
  }

  #function(start: number, body: number, end: number): void {
    const head = this.#tokens.slice(start, body);
    const inline = head.some((token) => /inline/.test(token.text));
    this.#prototype(head, inline ? 'inline' : 'function', this.#tokens.slice(body, end));
  }

  #prototype(head: readonly FragmentToken[], kind: Prototype['kind'], body: readonly FragmentToken[]): void {
    const open = head.findIndex((token, at) => token.text === '(' && head[at - 1]?.identifier === true && at > 0);
    const name = head[open - 1]?.text;
    const first = head[0];
    if (open < 1 || name === undefined || first === undefined || /^__(attribute|asm)/.test(name)) return;
    this.#prototypes.push({
      kind,
      name,
      text: head
        .filter((token) => !storage.has(token.text))
        .map((token) => token.text)
        .join(' '),
      line: first.line,
      condition: first.condition,
      body: body.map((token) => token.text).join(' '),
      idiom: first.idiom,
    });
  }

  /** struct, union or enum with a body, also in a typedef; an initialised object is none of these. */
  #type(tokens: readonly FragmentToken[], body: number): void {
    const head = tokens.slice(0, body);
    const keyword = head.findIndex((token) => /^(struct|union|enum)$/.test(token.text));
    if (keyword < 0 || head.some((token) => token.text === '=' || (token.text === '(' && keyword > 1))) return;
    const end = skipGroup(tokens, body);
    const kind = (head[keyword] as FragmentToken).text as Scope['kind'];
    const behind = head.slice(keyword + 1).filter((token) => token.identifier);
    const plain = behind.filter((token) => !/^__|_aligned|^KABI_/.test(token.text));
    // `struct __call_data {`: the tag is written as an attribute is.
    const names = plain.length > 0 || head.at(-1)?.text === ')' ? plain : behind.slice(-1);
    const typedef = head[0]?.text === 'typedef';
    const saved = this.#at;
    const tail = new Reader(tokens.slice(end - 1)).#tail();
    this.#at = saved;
    const tag = names.at(-1)?.text ?? null;
    const name = tag ?? (typedef ? tail.declarator : null);
    const closed = tokens[end - 1]?.text === '}';
    this.#scopes.push({
      kind,
      name: name ?? (kind === 'enum' ? '' : null),
      typedef: tag === null && typedef,
      line: (tokens[keyword] as FragmentToken).line,
      members: membersOf(tokens.slice(body + 1, closed ? end - 1 : end), kind),
      begins: true,
      ends: closed,
      lastLine: (tokens[end - 1] as FragmentToken).line,
      attributes: [
        ...head
          .slice(keyword + 1)
          .filter((token) => !names.includes(token))
          .map((t) => t.text),
        tail.attributes,
      ]
        .join(' ')
        .trim(),
    });
  }

  #simple(tokens: readonly FragmentToken[], call: number): void {
    const first = tokens[0] as FragmentToken;
    if (/^EXPORT_\w*SYMBOL\w*$/.test(first.text)) {
      const words = tokens.slice(2).filter((token) => token.text !== ',' && token.text !== ')');
      const name = words[0]?.text;
      if (name !== undefined) {
        const namespace = /_NS/.test(first.text) ? (words[1]?.text.replace(/^"|"$/g, '') ?? null) : null;
        this.#exports.push({ name, gpl: first.text.includes('GPL'), namespace, line: first.line });
      }
      return;
    }
    if (first.text === 'typedef') {
      const name = [...tokens].reverse().find((token) => token.identifier)?.text ?? '';
      const pointer = tokens.findIndex((token, at) => token.text === '*' && tokens[at - 1]?.text === '(');
      const named = pointer >= 0 ? (tokens[pointer + 1]?.text ?? name) : name;
      this.#prototypes.push({
        kind: 'typedef',
        name: named,
        text: tokens.map((token) => token.text).join(' '),
        line: first.line,
        condition: first.condition,
        body: '',
        idiom: first.idiom,
      });
      return;
    }
    if (call > 0 && first.identifier && tokens.length > call + 1 && call > 1) this.#prototype(tokens, 'function', []);
  }
}
