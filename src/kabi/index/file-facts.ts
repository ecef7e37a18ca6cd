/**
 * One file -> its rows in the name index: what it spells, includes and declares, and every use of a record's member or size with the
 * receiver's type resolved.
 *
 * A use that the body of a public header's macro spells is told twice: where the macro is called, and in the header, as the macro's.
 */

import { LineTable } from '../../c/lex/line-table.js';
import { spellingOf, textOf } from '../../c/lex/spelling.js';
import { tokenize } from '../../c/lex/tokenize.js';
import { Identifier, type TokenList } from '../../c/lex/tokens.js';
import type { MacroText } from '../../c/outline/conditions.js';
import type { TypeName } from '../../c/outline/declarators.js';
import { isByValue, resolveType } from '../../c/outline/meaning.js';
import type { Outline } from '../../c/outline/outline.js';
import type { Use, UseNames } from '../../c/outline/use-context.js';
import { usesIn } from '../../c/outline/uses.js';
import { includesOf } from '../../kernel/mentions.js';
import type { FactSink } from '../../kernel/names.js';
import { isPublicHeader } from '../public-header.js';
import type { TreeNames } from './tree-names.js';

/** Where a file's number is found. */
export type FileNumbers = ReadonlyMap<string, number>;

const tagWords = ['struct', 'union', 'enum'].map(spellingOf);

export function fileFacts(
  path: string,
  bytes: Uint8Array,
  names: TreeNames,
  numbers: FileNumbers,
  sink: FactSink,
): void {
  const file = numbers.get(path) as number;
  const tokens = tokenize(bytes);
  const outline = names.read(path, tokens);
  const seen = names.seenFrom(path, outline);
  const lines = new LineTable(bytes);
  if (!path.endsWith('.h')) for (const name of includesOf(tokens)) sink.add('include', name, file);
  for (const [base, isCode] of tagsIn(outline)) sink.add('tag', base, file, isCode ? 1 : 0);
  if (path.endsWith('.h')) for (const base of tagsInMacros(outline)) sink.add('macroTag', base, file);
  for (const base of typesIn(outline)) sink.add('type', base, file);
  // A trace header makes its code where this is defined.
  if (outline.macros.has('CREATE_TRACE_POINTS')) sink.add('macro', 'CREATE_TRACE_POINTS', file);
  for (const use of usesIn(outline, seen)) {
    const place = { file, line: lines.lineOf(use.offset), name: use.function ?? '' };
    if (use.base === null) sink.addUse('open', use.member ?? '', place);
    else sink.addUse('use', keyOf(use), place);
    const header = use.macro === null ? null : names.placeOf(use.macro.text);
    if (use.macro === null || header === null || use.base === null || !isPublicHeader(header)) continue;
    if (use.member === null && isOfArgument(use.base, use.macro.text)) continue;
    const inHeader = { file: numbers.get(header) as number, line: names.lineIn(header, use.macro.offset) };
    sink.addUse('use', keyOf(use), { ...inHeader, name: use.macro.text.name });
  }
  embeddings(outline, seen, (base, offset) =>
    sink.addUse('use', `embed ${base}`, { file, line: lines.lineOf(offset), name: '' }),
  );
}

/** ARRAY_SIZE(x), alloc_percpu(type): what the macro measures or makes an object of is the caller's choice, the header knows nothing of it. */
function isOfArgument(base: string, { parameters, body }: MacroText): boolean {
  if (parameters === null) return false;
  const words = Array.from({ length: body.length }, (_, at) => textOf(body.spelling[at] as number));
  if (words.includes(base.slice(base.search(/[^ /]*$/)))) return false;
  const operands = words.flatMap((word, at) =>
    word === 'sizeof' ? [words.slice(at + 1, endOfOperand(words, at + 1))] : [],
  );
  return operands.every((operand) => operand.some((word) => parameters.includes(word)));
}

function endOfOperand(words: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < words.length; at++) {
    if (words[at] === '(') depth++;
    else if (words[at] === ')' && --depth <= 0) return at + 1;
    else if (depth === 0 && /^[;,]$/.test(words[at] as string)) return at;
  }
  return words.length;
}

function keyOf({ kind, base, member }: Use): string {
  return member === null ? `${kind} ${base}` : `${kind} ${base}.${member}`;
}

/** `struct tag` -> is it spelled in a function's head or body. */
function tagsIn({ tokens, functions }: Outline): Map<string, boolean> {
  const tags = new Map<string, boolean>();
  const heads = functions
    .flatMap(({ at, body }) => (body === null ? [] : [{ start: Math.max(0, at - 4), end: body.end }]))
    .sort((a, b) => a.start - b.start);
  let head = 0;
  for (let at = 0; at + 1 < tokens.length; at++) {
    const base = tagAt(tokens, at);
    if (base === null) continue;
    while (head < heads.length && (heads[head]?.end ?? 0) < at) head++;
    const isCode = (heads[head]?.start ?? tokens.length) <= at;
    tags.set(base, isCode || tags.get(base) === true);
  }
  return tags;
}

/** `struct tag`, `union tag` or `enum tag` where that is spelled at `at`. */
function tagAt({ spelling, kind }: TokenList, at: number): string | null {
  const word = spelling[at] as number;
  if (!tagWords.includes(word) || kind[at + 1] !== Identifier) return null;
  return `${textOf(word)} ${textOf(spelling[at + 1] as number)}`;
}

function tagsInMacros({ macros }: Outline): Set<string> {
  const tags = new Set<string>();
  for (const { body } of macros.values())
    for (let at = 0; at + 1 < body.length; at++) {
      const base = tagAt(body, at);
      if (base !== null) tags.add(base);
    }
  return tags;
}

/** Types by name of members, objects, functions and typedefs; of what code reaches through them, numbers left out. */
function typesIn(outline: Outline): Set<string> {
  const bases = new Set<string>();
  const reaches = (type: TypeName): void => {
    const base = type.base === '' ? (type.returns?.base ?? '') : type.base;
    if (base !== '' && base !== 'typeof' && !basic.has(base) && !base.startsWith('enum ')) bases.add(base);
  };
  for (const record of outline.records.values()) for (const member of record.members.values()) reaches(member.type);
  for (const type of outline.typedefs.values()) reaches(type);
  for (const one of outline.functions) reaches(one.returns);
  for (const variable of outline.variables) reaches(variable.type);
  return bases;
}

const basic = new Set(
  'void char short int long float double signed unsigned _Bool bool u8 u16 u32 u64 s8 s16 s32 s64 size_t ssize_t uint'.split(
    ' ',
  ),
);

/** Members of a record that hold another record by value. */
function embeddings(outline: Outline, names: UseNames, told: (base: string, offset: number) => void): void {
  for (const record of outline.records.values()) {
    for (const { type, at } of record.members.values()) {
      if (type.depth > type.arrays || !isByValue(type, names)) continue;
      const { base } = resolveType(type, names);
      if (/^(struct|union) /.test(base)) told(base, outline.tokens.offset[at] as number);
    }
  }
}
