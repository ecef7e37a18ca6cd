/**
 * The kABI macros of distribution kernels, by what their definitions expand to. A mail does not carry those definitions, so
 * the families that share one text are known here: RH_KABI_*, CK_KABI_*, DEEPIN_KABI_*, UEK_KABI_* and KABI_* (openEuler)
 * are one header under several prefixes, ANDROID_KABI_* and gendwarfksyms' KABI_* differ where the table says so.
 * With a tree at hand nothing here is used: the preprocessor expands the real definitions.
 */
import type { FragmentToken, View } from './view.js';

const NAME = /^_*((?:[A-Z][A-Z0-9]*_)*KABI|ANDROID_VENDOR|ANDROID_OEM|ANDROID_BACKPORT)_([A-Z0-9_]+)$/;

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
    const call = name === null ? null : (argumentsAt(tokens, at + 1) ?? withoutArguments(name[2] as string, at + 1));
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

/** RH_KABI_CONST is an object-like macro. */
function withoutArguments(what: string, end: number): { list: Arguments; end: number } | null {
  return what === 'CONST' ? { list: [], end } : null;
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
  switch (what) {
    case 'RESERVE':
    case 'RESERVED':
    case 'RESERVE_P':
    case 'RESERVE_ARRAY':
    case 'DATA':
    case 'DATA_ARRAY': {
      const slot = slotOf(family, what, first, second);
      return { genksyms: slot, compiler: slot };
    }
    case 'USE':
    case 'USE_P':
    case 'USE2':
    case 'USE2_P':
    case 'USE_SPLIT':
    case 'RESERVED_USE':
    case 'RESERVED_USE2':
      return slotUse(family, what, given);
    case 'USE_ARRAY':
      return { genksyms: slotOf(family, 'RESERVE_ARRAY', first, second), compiler: [third, ';'] };
    case 'USE_AUX_PTR': {
      const slots = [first, second].flatMap((one) => slotOf(family, what, one, []));
      return { genksyms: slots, compiler: auxiliary(family, third, 'pointer', '').compiler };
    }
    case 'AUX_PTR':
    case 'AUX_EMBED':
      return auxiliary(family, first, what === 'AUX_PTR' ? 'pointer' : 'embedded', '');
    case 'SIZE_AND_EXTEND':
    case 'SIZE_AND_EXTEND_PTR':
      return auxiliary(family, first, what === 'SIZE_AND_EXTEND' ? 'embedded' : 'pointer', wordsOf(first));
    case 'REPLACE':
      return third.length > 0
        ? { genksyms: [first, second, ';'], compiler: [third, ';'] }
        : { genksyms: [first, ';'], compiler: [second, ';'] };
    case 'REPLACE2':
    case 'REPLACE_SPLIT':
      return { genksyms: [first, ';'], compiler: given.slice(1).flatMap((one) => [one, ';']) };
    case 'REPLACE_UNSAFE':
    case 'REPLACE_UNSAFE_SIZE':
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
    case 'EXCLUDE_WITH_SIZE': {
      const room = ['unsigned', 'long', `${prefixOf(family)}kabi_hidden`, '[', second, ']', ';'];
      return { genksyms: ['union', '{', ...room, '}', ';'], compiler: ['union', '{', first, ';', ...room, '}', ';'] };
    }
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
    case 'DEPRECATE_ENUM':
      return { genksyms: [first, ','], compiler: [deprecated(family, first), ','] };
    case 'DEPRECATE':
      return { genksyms: [first, second, ';'], compiler: [first, deprecated(family, second), ';'] };
    case 'DEPRECATE_FN': {
      const list = given.slice(2).flatMap((one, at) => (at === 0 ? [one] : [',', one]));
      const callback = (name: string | readonly FragmentToken[]): Words => [
        ...[first, '(', '*', name, ')', '('],
        ...list,
        ...[')', ';'],
      ];
      return { genksyms: callback(second), compiler: callback(deprecated(family, second)) };
    }
    case 'CONST':
    case 'ADD_MODIFIER':
      return { genksyms: [], compiler: what === 'CONST' ? ['const'] : [first] };
    case 'FORCE_CHANGE': {
      const word = `${family.toLowerCase()}_change${wordsOf(first)}`;
      return { genksyms: ['__attribute__', '(', '(', word, ')', ')'], compiler: [] };
    }
    default:
      return null;
  }
}

type Words = Expansion['genksyms'];

/** RH_KABI_USE(1, new), and newer RH_KABI_USE(1, 2, new): every number before the last argument is a slot. */
function slotUse(family: string, what: string, given: Arguments): Expansion {
  const isNumber = (one: readonly FragmentToken[]): boolean => one.length === 1 && /^\d+$/.test(one[0]?.text ?? '');
  const end = given.findIndex((one) => !isNumber(one));
  const slots = end < 1 ? given.slice(0, 1) : given.slice(0, end);
  return {
    genksyms: slots.flatMap((one) => slotOf(family, what, one, [])),
    compiler: given.slice(slots.length).flatMap((one) => [one, ';']),
  };
}

/** What a family calls its slots: rh_reserved1, kabi_reserved1, android_kabi_reserved1. */
function prefixOf(family: string): string {
  if (family.startsWith('ANDROID')) return `${family.toLowerCase()}_`;
  const vendor = family.slice(0, -'KABI'.length).toLowerCase();
  return vendor === '' ? 'kabi_' : vendor;
}

/** `number` is the slot's own; `length` that of an array. */
function slotOf(
  family: string,
  what: string,
  number: readonly FragmentToken[],
  length: readonly FragmentToken[],
): Words {
  const kind = what.startsWith('DATA') ? 'data' : 'reserved';
  const name = `${prefixOf(family)}${kind}${wordsOf(number)}`;
  if (what.endsWith('_P')) return ['void', '(', '*', name, ')', '(', 'void', ')', ';'];
  const bytes = what === 'RESERVE_ARRAY' ? ['unsigned', 'char'] : null;
  const type = bytes ?? (family.startsWith('ANDROID') ? ['u64'] : ['unsigned', 'long']);
  return [...type, name, ...(what.endsWith('_ARRAY') ? ['[', length, ']'] : []), ';'];
}

/** The size of a further struct, which genksyms sees, and that struct or a pointer to it, which it does not. */
function auxiliary(
  family: string,
  struct: readonly FragmentToken[],
  how: 'embedded' | 'pointer',
  member: string,
): Expansion {
  const suffix = family === 'KABI' ? 'rh' : prefixOf(family).replace(/_$/, '');
  const size = ['size_t', `${wordsOf(struct)}_size_${suffix}`, ';'];
  const what = [
    'struct',
    `${wordsOf(struct)}_${suffix}`,
    ...(how === 'pointer' ? ['*'] : []),
    `${member}_${suffix}`,
    ';',
  ];
  return { genksyms: size, compiler: [...size, ...what] };
}

function deprecated(family: string, name: readonly FragmentToken[]): string {
  return `${prefixOf(family)}reserved_${wordsOf(name)}`;
}

function wordsOf(tokens: readonly FragmentToken[]): string {
  return tokens.map((token) => token.text).join('');
}

export function isReservedName(name: string): boolean {
  return /(^|_)(kabi_reserved|kabi_padding|reserved_?\d|vendor_data|oem_data|android_kabi|__kabi_reserved)|^_*(rh_)?reserved\d*$/.test(
    name,
  );
}
