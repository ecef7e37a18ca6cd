/** Specifiers and declarators read from a file alone: a type is a name, levels and what a call gives. */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, TokenList } from '../lex/tokens.js';
import { closing, punct, splitByCommas, word } from './brackets.js';

/**
 * A type by name. Worked example: `struct page **pages[4]` is
 * { base: 'struct page', depth: 3, arrays: 1, returns: null }; a pointer to a function, `struct file *(*open)(int)`, is
 * { base: '', depth: 1, arrays: 0, returns: { base: 'struct file', depth: 1, … } }.
 */
export interface TypeName {
  /** `struct tag`, `union tag`, `enum tag`, a typedef's name, or '' where nothing is known. */
  readonly base: string;
  /** Levels of pointer and array. */
  readonly depth: number;
  /** How many of the levels are array, outermost; an object by value has as many as `depth`. */
  readonly arrays: number;
  /** What a call gives, for functions and pointers to them. */
  readonly returns: TypeName | null;
  /** Tokens of a `typeof(…)` that stands for the base, still to be resolved. */
  readonly typeofTokens?: TokenRange;
}

export interface TokenRange {
  readonly tokens: TokenList;
  readonly start: number;
  readonly end: number;
}

export const unknownType: TypeName = { base: '', depth: 0, arrays: 0, returns: null };

const S = spellingOf;
export const qualifiers = new Set(
  [
    'const',
    'volatile',
    'static',
    'extern',
    'inline',
    'register',
    'auto',
    'typedef',
    '__inline',
    '__inline__',
    '__always_inline',
  ]
    .concat([
      '__extension__',
      '__const',
      '__const__',
      '__volatile__',
      'restrict',
      '__restrict',
      'noinline',
      'asmlinkage',
    ])
    .concat(['__init', '__exit', '__user', '__iomem', '__rcu', '__percpu', '__force', '__read_mostly', '__initdata'])
    .map(S),
);
const arithmetic = new Set(
  [
    'void',
    'char',
    'short',
    'int',
    'long',
    'float',
    'double',
    'signed',
    'unsigned',
    '_Bool',
    'bool',
    '__int128',
    '__signed__',
  ].map(S),
);
/** What a run of specifiers says: the base type, and where the declarators begin. */
export interface Specifiers {
  readonly type: TypeName;
  readonly next: number;
}

type RecordSeen = (kind: string, tag: string, open: number, close: number, at: number) => string;

export function isAttribute(spelling: number): boolean {
  return spelling === word.attribute || spelling === word.attribute1 || isAttributeWord(textOf(spelling));
}

const attributeWords = new RegExp(
  `^(__(${[
    'printf|scanf|aligned|section|must_hold|acquires|releases|cond_acquires|alloc_size|assume_aligned|counted_by\\w*|guarded_by',
    'randomize_layout|no_randomize_layout|packed|ro_after_init|maybe_unused|used|weak|cold|designated_init|nonstring|must_check',
    'pure|malloc|deprecated|cacheline_group\\w*|latent_entropy|private|kernel|percpu_\\w+|refdata|cpuinit\\w*|devinit\\w*',
  ].join('|')})|____cacheline\\w*|noinline_for_stack|asm|__asm__|__cacheline\\w*|asmlinkage|fastcall)$`,
);

/** Macros that the kernel writes where attributes stand: `__printf(1, 2)`, `__aligned(8)`, `__must_hold(x)`. */
function isAttributeWord(text: string): boolean {
  return attributeWords.test(text);
}

export function isTypeof(spelling: number): boolean {
  return spelling === word.typeof || spelling === word.typeof1 || spelling === word.typeof2;
}

/**
 * declaration-specifiers from `start`. A name counts as the base type when another name, a star or a bracketed declarator
 * follows; everything else that is a name there is a qualifier, an attribute macro or the declarator itself.
 */
export function readSpecifiers(tokens: TokenList, start: number, end: number, seen: RecordSeen): Specifiers {
  let base = '';
  let typeofTokens: TokenRange | undefined;
  let at = start;
  for (; at < end; at++) {
    const spelling = tokens.spelling[at] as number;
    if (tokens.kind[at] !== Identifier) break;
    const opens = tokens.spelling[at + 1] === punct.open && at + 1 < end;
    if (qualifiers.has(spelling)) continue;
    if (isAttribute(spelling)) {
      if (opens) at = closing(tokens, at + 1, end);
    } else if (isTypeof(spelling) && opens) {
      const close = closing(tokens, at + 1, end);
      typeofTokens = copyOf(tokens, at + 2, close);
      at = close;
      base = 'typeof';
    } else if (spelling === word.struct || spelling === word.union || spelling === word.enum) {
      const kind = textOf(spelling);
      let next = at + 1;
      let tag = '';
      for (; next < end && tokens.kind[next] === Identifier; next++) {
        if (isAttribute(tokens.spelling[next] as number)) next = closing(tokens, next + 1, end);
        else if (tag === '' || tokens.spelling[next + 1] === punct.brace) tag = textOf(tokens.spelling[next] as number);
        else break;
        if (tag !== '' && tokens.spelling[next + 1] !== punct.brace && !/^__/.test(tag)) {
          next++;
          break;
        }
      }
      if (tokens.spelling[next] === punct.brace && next < end) {
        const close = closing(tokens, next, end);
        base = seen(kind, tag, next, close, at);
        at = close;
      } else {
        base = `${kind} ${tag}`;
        at = next - 1;
      }
    } else if (arithmetic.has(spelling)) base = base === '' ? textOf(spelling) : base;
    else if (base !== '' || !isBase(tokens, at, end)) break;
    else base = textOf(spelling);
  }
  const type = { base, depth: 0, arrays: 0, returns: null };
  return { type: typeofTokens === undefined ? type : { ...type, typeofTokens }, next: at };
}

/** A copy, so that a declaration that is kept does not keep its whole file. */
export function copyOf(tokens: TokenList, start: number, end: number): TokenRange {
  const range = new TokenList(Math.max(4, end - start));
  for (let at = start; at < end; at++) range.copy(tokens, at);
  return { tokens: range, start: 0, end: range.length };
}

function isBase(tokens: TokenList, at: number, end: number): boolean {
  if (at + 1 >= end) return true;
  const next = tokens.spelling[at + 1] as number;
  if (tokens.kind[at + 1] === Identifier) return true;
  if (next === punct.star) return true;
  return next === punct.open && tokens.spelling[at + 2] === punct.star;
}

export interface Declared {
  readonly name: string;
  readonly type: TypeName;
  readonly at: number;
  /** Tokens between the parentheses, for a function's declarator. */
  readonly parameters: { readonly start: number; readonly end: number } | null;
}

/** init-declarator-list */
export function readDeclarators(tokens: TokenList, specifiers: Specifiers, end: number): Declared[] {
  const found: Declared[] = [];
  for (const part of splitByCommas(tokens, specifiers.next, end)) {
    const declared = readDeclarator(tokens, part.start, part.end, specifiers.type);
    if (declared !== null) found.push(declared);
  }
  return found;
}

function readDeclarator(tokens: TokenList, start: number, end: number, base: TypeName): Declared | null {
  let stars = 0;
  let name = -1;
  let at = start;
  for (; at < end; at++) {
    const spelling = tokens.spelling[at] as number;
    if (spelling === punct.star) stars++;
    else if (tokens.kind[at] === Identifier) {
      if (isAttribute(spelling)) at = tokens.spelling[at + 1] === punct.open ? closing(tokens, at + 1, end) : at;
      else if (!qualifiers.has(spelling)) name = at;
    } else break;
  }
  const type: TypeName = { ...base, depth: base.depth + stars };
  const stop = tokens.spelling[at] as number;
  if (at < end && stop === punct.open) {
    const close = closing(tokens, at, end);
    if (name >= 0) {
      const parameters = { start: at + 1, end: close };
      return {
        name: textOf(tokens.spelling[name] as number),
        type: { ...unknownType, returns: type },
        at: name,
        parameters,
      };
    }
    const inner = readDeclarator(tokens, at + 1, close, unknownType);
    if (inner === null) return null;
    const isFunction = tokens.spelling[close + 1] === punct.open && close + 1 < end;
    if (isFunction) return { ...inner, type: { ...inner.type, returns: type }, parameters: null };
    return {
      ...inner,
      type: { ...type, depth: type.depth + inner.type.depth, arrays: inner.type.arrays },
      parameters: null,
    };
  }
  if (name < 0) return null;
  let arrays = 0;
  while (at < end && tokens.spelling[at] === punct.bracket) {
    arrays++;
    at = closing(tokens, at, end) + 1;
  }
  return {
    name: textOf(tokens.spelling[name] as number),
    type: { ...type, depth: type.depth + arrays, arrays },
    at: name,
    parameters: null,
  };
}
