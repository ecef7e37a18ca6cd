/**
 * The inside of a struct, union or enum, token by token: members with the text of their type, enumerators with the text of
 * their value. Bodies come in parts, so a nested struct may be open at either end.
 */
import type { FragmentToken } from './view.js';

export interface Declared {
  /** The name C code uses; a member of a nested named struct is `outer.inner`. */
  readonly name: string;
  /** The type as a declaration without the name; of an enumerator the text of its value, or ''. */
  readonly type: string;
  /** Width of a bit-field as written, or null. */
  readonly width: string | null;
  /** What genksyms would hash: every token, the name too; several declarators of one declaration share it. */
  readonly text: string;
  readonly line: number;
  readonly changed: boolean;
  readonly condition: string;
  readonly idiom: string | null;
  /** Member of a nested anonymous union: its place is not after the one before it. */
  readonly union: boolean;
}

/** The index after the group that opens at `at`; the end where it is not closed. */
export function skipGroup(tokens: readonly FragmentToken[], at: number): number {
  let depth = 0;
  for (let end = at; end < tokens.length; end++) {
    const text = (tokens[end] as FragmentToken).text;
    if (text === '(' || text === '{' || text === '[') depth++;
    else if (text === ')' || text === '}' || text === ']') {
      depth--;
      if (depth <= 0) return end + 1;
    }
  }
  return tokens.length;
}

export function membersOf(tokens: readonly FragmentToken[], kind: 'struct' | 'union' | 'enum'): readonly Declared[] {
  return kind === 'enum' ? enumerators(tokens) : structMembers(tokens, kind === 'union', 0);
}

/** enumerator: name [= expression] */
function enumerators(tokens: readonly FragmentToken[]): Declared[] {
  const found: Declared[] = [];
  for (let at = 0; at < tokens.length; ) {
    const name = tokens[at] as FragmentToken;
    let end = at;
    while (end < tokens.length && tokens[end]?.text !== ',') {
      const text = tokens[end]?.text;
      end = text === '(' || text === '{' ? skipGroup(tokens, end) : end + 1;
    }
    const value = tokens.slice(at + 1, end).map((token) => token.text);
    if (name.identifier) {
      found.push({
        name: name.text,
        type: value[0] === '=' ? value.slice(1).join(' ') : '',
        width: null,
        text: [name.text, ...value].join(' '),
        line: name.line,
        changed: name.changed,
        condition: name.condition,
        idiom: name.idiom,
        union: false,
      });
    }
    at = end + 1;
  }
  return found;
}

/** Words that stand between members without a `;`. */
const markers =
  /^(randomized_struct_fields_(start|end)|__randomize_layout|CACHELINE_PADDING|ZONE_PADDING|public|private)$/;

function structMembers(tokens: readonly FragmentToken[], union: boolean, depth: number): Declared[] {
  let found: Declared[] = [];
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at] as FragmentToken;
    if (token.text === ';' || markers.test(token.text)) {
      at++;
      continue;
    }
    if (token.text === '}') {
      // Closes a nested struct that began before the fragment: what was read so far is inside it.
      const end = endOfDeclaration(tokens, at + 1);
      const name = tokens.slice(at + 1, end).find((word) => word.identifier && !word.text.startsWith('__'))?.text;
      found = name === undefined ? found : found.map((member) => ({ ...member, name: `${name}.${member.name}` }));
      at = end + 1;
      continue;
    }
    const macro = macroMember(tokens, at);
    if (macro !== null) {
      found.push(...macro.members);
      at = macro.end;
      continue;
    }
    const end = endOfDeclaration(tokens, at);
    const declaration = tokens.slice(at, end);
    const open = declaration.findIndex((word) => word.text === '{');
    if (open >= 0 && depth < 32) found.push(...nested(declaration, open, union, depth));
    else if (open < 0) found.push(...declared(declaration, union));
    at = end + 1;
  }
  return found;
}

function endOfDeclaration(tokens: readonly FragmentToken[], at: number): number {
  while (at < tokens.length && tokens[at]?.text !== ';') {
    const text = tokens[at]?.text;
    if (text === '}') return at;
    at = text === '(' || text === '{' || text === '[' ? skipGroup(tokens, at) : at + 1;
  }
  return at;
}

/** struct-declaration with a body: `struct { … } name;`, `union { … };`, `enum { … } name;` */
function nested(tokens: readonly FragmentToken[], open: number, union: boolean, depth: number): Declared[] {
  const close = skipGroup(tokens, open);
  const closed = tokens[close - 1]?.text === '}';
  const keyword = tokens.slice(0, open).find((word) => /^(struct|union|enum)$/.test(word.text))?.text ?? 'struct';
  const tail = tokens.slice(close);
  if (keyword === 'enum') return declared([...tokens.slice(0, open), ...tail], union);
  const inner = structMembers(
    tokens.slice(open + 1, closed ? close - 1 : close),
    union || keyword === 'union',
    depth + 1,
  );
  const name = tail.find((word) => word.identifier && !word.text.startsWith('__'))?.text;
  return name === undefined ? inner : inner.map((member) => ({ ...member, name: `${name}.${member.name}` }));
}

/** A macro that declares a member: `DECLARE_BITMAP(name, bits)`, `struct_group(name, members)`, `FOO(x)` without a `;`. */
function macroMember(tokens: readonly FragmentToken[], at: number): { members: Declared[]; end: number } | null {
  const token = tokens[at] as FragmentToken;
  if (!token.identifier || tokens[at + 1]?.text !== '(' || !/^[A-Z][A-Z0-9_]*$|^struct_group/.test(token.text))
    return null;
  let end = skipGroup(tokens, at + 1);
  const inside = tokens.slice(at + 2, end - 1);
  if (tokens[end]?.text === ';') end++;
  if (token.text.startsWith('struct_group')) {
    const comma = inside.findIndex((word) => word.text === ',');
    return { members: structMembers(inside.slice(comma + 1), false, 1), end };
  }
  const text = [token, ...tokens.slice(at + 1, end)]
    .map((word) => word.text)
    .join(' ')
    .replace(/ ;$/, '');
  const named = /^(DECLARE_|DEFINE_)/.test(token.text) ? inside.find((word) => word.identifier)?.text : undefined;
  return {
    members: [
      {
        name: named ?? text.replace(/ /g, ''),
        type: token.text.startsWith('DECLARE_BITMAP')
          ? `unsigned long[BITS_TO_LONGS(${textOf(inside.slice(2))})]`
          : token.text,
        width: null,
        text,
        line: token.line,
        changed: token.changed,
        condition: token.condition,
        idiom: token.idiom,
        union: false,
      },
    ],
    end,
  };
}

/** specifiers declarator, declarator, … */
function declared(tokens: readonly FragmentToken[], union: boolean): Declared[] {
  const parts = splitAtCommas(tokens);
  const first = parts[0];
  if (first === undefined || first.length === 0) return [];
  const text = textOf(tokens);
  const lead = declarator(first);
  const specifiers = lead.before;
  return parts.flatMap((part, at) => {
    const own = at === 0 ? lead : declarator(part);
    const before = at === 0 ? specifiers : [...specifiers.filter((word) => word !== '*'), ...own.before];
    const place = part[0] as FragmentToken;
    if (own.name === null && own.width === null) return [];
    return [
      {
        name: own.name ?? `:${own.width}`,
        type: typeText([...before, ...own.after]),
        width: own.width,
        text,
        line: (part.find((word) => word.text === own.name) ?? place).line,
        changed: part.some((word) => word.changed),
        condition: place.condition,
        idiom: place.idiom,
        union,
      },
    ];
  });
}

interface Declarator {
  readonly name: string | null;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly width: string | null;
}

function declarator(tokens: readonly FragmentToken[]): Declarator {
  let end = tokens.length;
  let width: string | null = null;
  const colon = topLevel(tokens, ':');
  if (colon >= 0) {
    width = textOf(tokens.slice(colon + 1));
    end = colon;
  }
  const function_ = tokens.findIndex((word, at) => word.text === '*' && tokens[at - 1]?.text === '(');
  if (function_ >= 0) {
    const close = tokens.findIndex((word, at) => at > function_ && word.text === ')');
    const name = tokens.slice(function_, close < 0 ? end : close).findLast((word) => word.identifier);
    const at = name === undefined ? function_ : tokens.indexOf(name);
    return { name: name?.text ?? null, before: words(tokens, 0, at), after: words(tokens, at + 1, end), width };
  }
  const at = nameAt(tokens, end);
  // `unsigned int :4` has no name: the last word is part of the type.
  if (at < 0 || (width !== null && at >= 0 && basicWords.has((tokens[at] as FragmentToken).text))) {
    return { name: null, before: words(tokens, 0, end), after: [], width };
  }
  if (at === 0 && tokens.length === 1 && width === null)
    return { name: (tokens[0] as FragmentToken).text, before: [], after: [], width };
  return {
    name: (tokens[at] as FragmentToken).text,
    before: words(tokens, 0, at),
    after: words(tokens, at + 1, end),
    width,
  };
}

/**
 * Where the name stands: the last word that is no attribute. Where that is the type's own, the name is the word behind it that is
 * written as attributes are, as in `u32 __pad __aligned(4)`. -1: nowhere.
 */
function nameAt(tokens: readonly FragmentToken[], end: number): number {
  let at = end - 1;
  for (; at >= 0; at--) {
    const word = tokens[at] as FragmentToken;
    if (word.text === ']' || word.text === ')') at = opening(tokens, at);
    else if (word.identifier && !isAttribute(word.text)) break;
  }
  if (at >= 0 && !endsType(tokens, at)) return at;
  const pointer = tokens.findLastIndex((word, star) => word.text === '*' && star < end);
  const behind = Math.max(at, pointer, 0);
  const named = tokens.findIndex(
    (word, own) => own > behind && own < end && word.identifier && !hasArguments(tokens, own),
  );
  return named < 0 ? at : named;
}

/** Can the word not be a name: a basic type's, a tag, or all that is there of a type? */
function endsType(tokens: readonly FragmentToken[], at: number): boolean {
  const { text } = tokens[at] as FragmentToken;
  if (basicWords.has(text) || /^(struct|union|enum)$/.test(tokens[at - 1]?.text ?? '')) return true;
  return !tokens.slice(0, at).some((word) => word.identifier && !/^(const|volatile)$/.test(word.text));
}

function hasArguments(tokens: readonly FragmentToken[], at: number): boolean {
  return tokens[at + 1]?.text === '(';
}

const basicWords = new Set(['int', 'unsigned', 'signed', 'char', 'short', 'long', '_Bool', 'bool']);

function isAttribute(text: string): boolean {
  return /^__(?!u\d|s\d|be\d|le\d|kernel)\w*$|^_{4}cacheline|_aligned\w*$/.test(text);
}

function opening(tokens: readonly FragmentToken[], at: number): number {
  let depth = 0;
  for (let from = at; from >= 0; from--) {
    const text = (tokens[from] as FragmentToken).text;
    if (text === ']' || text === ')') depth++;
    else if (text === '[' || text === '(') {
      depth--;
      if (depth === 0) return from;
    }
  }
  return 0;
}

function topLevel(tokens: readonly FragmentToken[], text: string): number {
  for (let at = 0; at < tokens.length; at++) {
    const word = (tokens[at] as FragmentToken).text;
    if (word === text) return at;
    if (word === '(' || word === '[' || word === '{') at = skipGroup(tokens, at) - 1;
  }
  return -1;
}

function splitAtCommas(tokens: readonly FragmentToken[]): FragmentToken[][] {
  const parts: FragmentToken[][] = [[]];
  for (let at = 0; at < tokens.length; ) {
    const text = (tokens[at] as FragmentToken).text;
    const end = text === '(' || text === '[' || text === '{' ? skipGroup(tokens, at) : at + 1;
    if (text === ',') parts.push([]);
    else (parts.at(-1) as FragmentToken[]).push(...tokens.slice(at, end));
    at = end;
  }
  return parts.filter((part, at) => at === 0 || part.length > 0);
}

function words(tokens: readonly FragmentToken[], from: number, to: number): string[] {
  return tokens.slice(from, to).map((token) => token.text);
}

function textOf(tokens: readonly FragmentToken[]): string {
  return tokens.map((token) => token.text).join(' ');
}

/** As pahole prints it: `struct list_head *`, `unsigned int`, `char[16]`. */
function typeText(parts: readonly string[]): string {
  return parts
    .join(' ')
    .replace(/ (\[|\]|\)|,)/g, '$1')
    .replace(/([[(]) /g, '$1')
    .replace(/\* (?=\*)/g, '*');
}
