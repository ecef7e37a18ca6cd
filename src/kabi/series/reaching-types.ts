/**
 * Through which types genksyms can come to a changed one: the structs and unions of headers that spell it, those that spell these, and so on. A source
 * that exports something and spells none of them cannot reach the change, which is known without reading it.
 *
 * Told from each header alone, all branches of its conditionals together. Prototypes are not followed: the source that exports a function declares
 * it again, or, where it exports what another defines, spells its name. What is declared in a source file is opaque to genksyms. Where the text does not say what is declared (a typedef, whose users cannot be
 * asked for; a macro that declares something), nobody knows.
 */

import { textOf } from '../../c/lex/spelling.js';
import { tokenize } from '../../c/lex/tokenize.js';
import { BeginsLine, End, type TokenList } from '../../c/lex/tokens.js';
import { closing, punct } from '../../c/outline/brackets.js';
import { isFunction } from '../../c/outline/skeleton.js';
import type { NameIndex } from '../../kernel/names.js';
import type { SourceTree } from '../../tree/source-tree.js';
import { roleOf } from './triage.js';

/** More are not followed: a type that so many reach is reached by an export that is read first. */
const [mostTypes, mostHeaders] = [60, 150];

export interface Reaching {
  /** As they came in, `struct s`, `union u`; and `f()` for a function or an object that headers declare with one of them. */
  readonly types: readonly string[];
  /** Through no other type, function or object can genksyms come to one of these. */
  readonly isAll: boolean;
}

/** `types` as `struct s`, `union u`, `enum e`, or a typedef's name. */
export function typesReaching(types: readonly string[], tree: SourceTree, index: NameIndex): Reaching {
  const found = new Set(types);
  const objects = new Set<string>();
  const told = (isAll: boolean): Reaching => ({ types: [...found, ...objects], isAll });
  let isAll = true;
  let read = 0;
  for (const type of found) {
    isAll &&= /^(struct|union) \w+$/.test(type);
    const headers = headersSpelling(type, index);
    read += headers.length;
    if (read > mostHeaders) return told(false);
    for (const file of headers) {
      const bytes = tree.read(file);
      const declared = bytes === null ? nothing : declaredWith(type, tokenize(bytes));
      isAll &&= declared.isAll;
      for (const one of declared.types) (one.endsWith('()') ? objects : found).add(one);
    }
    if (found.size > mostTypes) return told(false);
  }
  return told(isAll);
}

const nothing: Reaching = { types: [], isAll: false };

function headersSpelling(type: string, index: NameIndex): string[] {
  const files = new Set([
    ...index.filesWithTag(type),
    ...index.filesWithType(type),
    ...index.headersWithTagInMacro(type),
  ]);
  return [...files].filter((file) => file.endsWith('.h') && roleOf(file) !== 'other');
}

/** The structs and unions of a header that spell the type, and the functions and objects; all where nothing else may pass it on. */
function declaredWith(type: string, tokens: TokenList): Reaching {
  const spells = new RegExp(`\\b${type}\\b`);
  const { declarations, macros } = partsOf(tokens);
  const inMacro = macros.some((text) => spells.test(text) && !isCode(text));
  // `#define parameter parameter64`: who spells the one means the other.
  const renamed = macros.some((text) => text.split(' ').slice(1).join(' ') === type.split(' ')[1]);
  const names = declarations.filter((text) => spells.test(text)).map(namesIn);
  const isAll = !inMacro && !renamed && !names.includes(null);
  return { types: names.flatMap((one) => one ?? []), isAll };
}

interface Parts {
  /** External declarations, a blank between words, without directives and the bodies of functions. */
  readonly declarations: readonly string[];
  /** Macro definitions, from the name on. */
  readonly macros: readonly string[];
}

function partsOf(tokens: TokenList): Parts {
  const parts = { declarations: [] as string[], macros: [] as string[] };
  let words: string[] = [];
  let depth = 0;
  const end = (): void => {
    parts.declarations.push(words.join(' '));
    words = [];
    depth = 0;
  };
  for (let at = 0; tokens.kind[at] !== End; at++) {
    const spelling = tokens.spelling[at] as number;
    if (spelling === punct.hash && beginsLine(tokens, at)) {
      const line = lineFrom(tokens, at);
      if (line[1] === 'define') parts.macros.push(line.slice(2).join(' '));
      at += line.length - 1;
    } else if (
      spelling === punct.brace &&
      depth === 0 &&
      tokens.spelling[at - 1] === punct.close &&
      isFunction(tokens, at - 1)
    ) {
      at = closing(tokens, at, tokens.length);
      end();
    } else {
      if (spelling === punct.brace) depth++;
      else if (spelling === punct.endBrace) depth--;
      words.push(textOf(spelling));
      if (spelling === punct.semi && depth <= 0) end();
    }
  }
  end();
  return parts;
}

function beginsLine(tokens: TokenList, at: number): boolean {
  return ((tokens.flags[at] as number) & BeginsLine) !== 0;
}

function lineFrom(tokens: TokenList, start: number): string[] {
  const words = [textOf(tokens.spelling[start] as number)];
  for (let at = start + 1; tokens.kind[at] !== End && !beginsLine(tokens, at); at++)
    words.push(textOf(tokens.spelling[at] as number));
  return words;
}

/** Structs and unions that a declaration defines, or `f()`, what it declares; null for a typedef and for a macro's call. */
function namesIn(declaration: string): string[] | null {
  if (/^(__extension__ )?typedef\b/.test(declaration)) return null;
  const heads = declaration.split('{').slice(0, -1);
  const records = heads.flatMap((head) => {
    const words = head.slice(1 + Math.max(head.lastIndexOf(';'), head.lastIndexOf('}'))).split(' ');
    const at = words.findLastIndex((one) => one === 'struct' || one === 'union');
    // Attributes may stand beside the tag: a name too many costs a look, no more.
    return at < 0
      ? []
      : words.slice(at + 1).flatMap((one) => (/^[A-Za-z_]\w*$/.test(one) ? [`${words[at]} ${one}`] : []));
  });
  if (records.length > 0) return records;
  if (/^\w+ \(/.test(declaration) && !declaration.startsWith('DECLARE_PER_CPU')) return null;
  const [, name] = /(\w+) \(/.exec(declaration) ?? /(\w+)(?: \[[^\]]*\])* ;$/.exec(declaration) ?? [];
  return name === undefined ? [] : [`${name}()`];
}

/** Is what a macro stands for an expression or a statement, by its first word? */
function isCode(macro: string): boolean {
  const body = macro.replace(/^\w+ (\( [^()]*\) ?)?/, '');
  return /^([({]|(do|for|if|while|sizeof|container_of|offsetof|list_entry)\b)/.test(body);
}
