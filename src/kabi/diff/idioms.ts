/**
 * The kABI macros of distribution kernels, by what their definitions expand to. A mail does not carry those definitions, so
 * the families that share one text are known here: RH_KABI_*, CK_KABI_*, DEEPIN_KABI_*, UEK_KABI_* and KABI_* (openEuler)
 * are one header under several prefixes, ANDROID_KABI_* and gendwarfksyms' KABI_* differ where the table says so.
 * With a tree at hand nothing here is used: the preprocessor expands the real definitions.
 */
import type { FragmentToken, View } from './view.js';

const NAME = /^((?:[A-Z][A-Z0-9]*_)?KABI|ANDROID_VENDOR|ANDROID_OEM|ANDROID_BACKPORT)_([A-Z0-9_]+)$/;

type Arguments = readonly (readonly FragmentToken[])[];

/** Both texts that a use stands for; `;` and `,` that the macro adds itself included. A word in '' is taken literally. */
interface Expansion {
  readonly genksyms: readonly (string | readonly FragmentToken[])[];
  readonly compiler: readonly (string | readonly FragmentToken[])[];
}

/** Tokens of a view with the known macros replaced by what they stand for in it. */
export function expandIdioms(tokens: readonly FragmentToken[], view: View): readonly FragmentToken[] {
  if (!tokens.some((token) => token.identifier && NAME.test(token.text))) return tokens;
  const out: FragmentToken[] = [];
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at] as FragmentToken;
    const name = token.identifier ? NAME.exec(token.text) : null;
    const call = name === null ? null : argumentsAt(tokens, at + 1);
    const expansion = call === null ? null : expansionOf(name?.[1] as string, name?.[2] as string, call.list);
    if (call === null || expansion === null) {
      out.push(token);
      at++;
      continue;
    }
    for (const part of expansion[view]) {
      const words = typeof part === 'string' ? part.split(' ').map((text) => ({ ...token, text })) : part;
      for (const word of words) {
        out.push({
          ...word,
          identifier: /^\w/.test(word.text),
          idiom: token.text,
          atMargin: false,
          changed: token.changed,
        });
      }
    }
    at = call.end;
    if (tokens[at]?.text === ';' && out.at(-1)?.text === ';') at++;
  }
  return out;
}

function argumentsAt(tokens: readonly FragmentToken[], at: number): { list: Arguments; end: number } | null {
  if (tokens[at]?.text !== '(') return null;
  const list: FragmentToken[][] = [[]];
  let depth = 0;
  for (let end = at; end < tokens.length; end++) {
    const token = tokens[end] as FragmentToken;
    if (token.text === '(' || token.text === '{' || token.text === '[') depth++;
    if (token.text === ')' || token.text === '}' || token.text === ']') depth--;
    if (depth === 0) return { list, end: end + 1 };
    if (depth === 1 && token.text === ',') list.push([]);
    else if (depth > 1 || token.text !== '(') (list.at(-1) as FragmentToken[]).push(token);
  }
  return null;
}

function expansionOf(family: string, what: string, given: Arguments): Expansion | null {
  const [first = [], second = [], third = []] = given;
  const slot = [...slotType(family), ...reservedName(family, first), ';'];
  switch (what) {
    case 'RESERVE':
    case 'DATA':
      return { genksyms: slot, compiler: slot };
    case 'USE':
      return { genksyms: slot, compiler: [second, ';', ...(third.length > 0 ? [third, ';'] : [])] };
    case 'USE2':
    case 'USE_SPLIT':
      return { genksyms: slot, compiler: given.slice(1).flatMap((one) => [one, ';']) };
    case 'REPLACE':
      return third.length > 0
        ? { genksyms: [first, second, ';'], compiler: [third, ';'] }
        : { genksyms: [first, ';'], compiler: [second, ';'] };
    case 'REPLACE2':
    case 'REPLACE_SPLIT':
      return { genksyms: [first, ';'], compiler: given.slice(1).flatMap((one) => [one, ';']) };
    case 'BROKEN_REPLACE':
      return { genksyms: [first, ';'], compiler: [second, ';'] };
    case 'RENAME':
      return { genksyms: [first], compiler: [second] };
    case 'EXTEND':
    case 'EXTEND_WITH_SIZE':
    case 'FILL_HOLE':
    case 'EXCLUDE':
    case 'BROKEN_INSERT':
      return { genksyms: [], compiler: [first, ';'] };
    case 'IGNORE':
      return { genksyms: [], compiler: [second, ';'] };
    case 'BROKEN_INSERT_BLOCK':
      return { genksyms: [], compiler: [first] };
    case 'BROKEN_REMOVE':
      return { genksyms: [first, ';'], compiler: [] };
    case 'BROKEN_REMOVE_BLOCK':
      return { genksyms: [first], compiler: [] };
    case 'EXTEND_ENUM':
    case 'BROKEN_INSERT_ENUM':
      return { genksyms: [], compiler: [first, ','] };
    case 'BROKEN_REMOVE_ENUM':
      return { genksyms: [first, ','], compiler: [] };
    case 'DEPRECATE':
      return { genksyms: [first, second, ';'], compiler: [first, ...reservedName(family, second), ';'] };
    case 'CONST':
    case 'ADD_MODIFIER':
      return { genksyms: [], compiler: what === 'CONST' ? ['const'] : [first] };
    case 'FORCE_CHANGE':
      return { genksyms: ['__attribute__', '(', '(', ...reservedName(family, first), ')', ')'], compiler: [] };
    default:
      return null;
  }
}

function slotType(family: string): string[] {
  return family.startsWith('ANDROID') ? ['u64'] : ['unsigned', 'long'];
}

function reservedName(family: string, suffix: readonly FragmentToken[]): string[] {
  return [`${family.toLowerCase()}_reserved${suffix.map((token) => token.text).join('')}`];
}

export function isReservedName(name: string): boolean {
  return /(^|_)(kabi_reserved|kabi_padding|reserved_?\d|vendor_data|android_kabi|__kabi_reserved)|^_*reserved\d*$/.test(
    name,
  );
}
