/**
 * Two versions of a file: can declarations or macros differ between them? Told from the files alone, before anything is preprocessed, so that a
 * patch that only touches function bodies, comments or blanks costs no unit.
 *
 * The skeleton of a file is its tokens without the bodies of functions and without initialisers, directives kept. Braces are counted a branch of
 * a conditional at a time; a file in which the branches do not agree has no skeleton, and all of it counts.
 */
import type { LexedFile } from '../lex/lexed-file.js';
import { spellingOf, textOf } from '../lex/spelling.js';
import { End, Identifier } from '../lex/tokens.js';

/**
 * `bodies`: nothing that a declaration or a macro could depend on differs. `declarations`: declarations differ, alike for every unit of a
 * build that reads the file: every macro is defined, and every header included, under the same conditions as before, and nothing that only some
 * units see (`#ifdef MODULE`) differs. `macros`: anything else.
 */
export type FileDifference = 'bodies' | 'declarations' | 'macros';

export function differenceBetween(before: LexedFile, after: LexedFile): FileDifference {
  const [was, is] = [skeletonOf(before), skeletonOf(after)];
  if (was === null || is === null) return sameNumbers(wholeOf(before), wholeOf(after)) ? 'bodies' : 'macros';
  if (sameNumbers(was.kept, is.kept)) return 'bodies';
  const alike = sameNumbers(was.ofSome, is.ofSome) && effectsOf(before) === effectsOf(after);
  return alike ? 'declarations' : 'macros';
}

const openBrace = spellingOf('{');
const closeBrace = spellingOf('}');
const closeParenthesis = spellingOf(')');
const openParenthesis = spellingOf('(');
const typeWords = new Set(['struct', 'union', 'enum'].map(spellingOf));
/** Tokens that are looked at backwards from a brace; past it the brace is taken for no function's, which is safe. */
const mostParameters = 2_000;
const equals = spellingOf('=');
const semicolon = spellingOf(';');

function wholeOf({ tokens }: LexedFile): readonly number[] {
  return Array.from(tokens.spelling.subarray(0, tokens.length - 1));
}

interface Skeleton {
  readonly kept: readonly number[];
  /** The part of it that stands under conditions which one unit may meet and another not, directives included. */
  readonly ofSome: readonly number[];
}

interface Place {
  readonly depth: number;
  /** Depth at which the body that is being left out began; -1 outside of any. */
  readonly body: number;
}

/** null where the braces of conditional branches do not agree, or do not end. */
function skeletonOf(file: LexedFile): Skeleton | null {
  const { tokens, directives } = file;
  const kept: number[] = [];
  const ofSome: number[] = [];
  /** Of each open conditional: do all units decide it alike? */
  const shared: boolean[] = [];
  let isShared = true;
  const keep = (spelled: number): void => {
    kept.push(spelled);
    if (!isShared) ofSome.push(spelled);
  };
  const branches: { readonly start: Place; end: Place | null }[] = [];
  let place: Place = { depth: 0, body: -1 };
  let previous = semicolon;
  let directive = 0;
  for (let at = 0; at < tokens.length && tokens.kind[at] !== End; at++) {
    const next = directives[directive];
    if (next !== undefined && at === next.at) {
      directive++;
      if (next.name === 'endif') isShared = shared.slice(0, -1).every((one) => one);
      else if (next.name?.startsWith('el') === true) shared.push(shared.pop() === true && isForAll(file, next));
      else if (next.name?.startsWith('if') === true) shared.push(isForAll(file, next));
      if (next.name === 'endif') shared.pop();
      else isShared = shared.every((one) => one);
      for (let one = next.at; one < next.end; one++) keep(tokens.spelling[one] as number);
      const moved = atDirective(next.name, place, branches);
      if (moved === null) return null;
      place = moved;
      at = next.end - 1;
      continue;
    }
    const spelled = tokens.spelling[at] as number;
    if (spelled === openBrace) {
      const begins =
        place.body < 0 &&
        place.depth === 0 &&
        (previous === equals || (previous === closeParenthesis && isFunction(tokens, at - 1)));
      if (place.body < 0) keep(spelled);
      place = { depth: place.depth + 1, body: begins ? place.depth : place.body };
    } else if (spelled === closeBrace) {
      const depth = place.depth - 1;
      if (depth < 0) return null;
      const ends = place.body === depth;
      if (ends || place.body < 0) keep(spelled);
      place = { depth, body: ends ? -1 : place.body };
    } else if (place.body < 0) keep(spelled);
    previous = spelled;
  }
  return place.depth === 0 && branches.length === 0 ? { kept, ofSome } : null;
}

/**
 * Names that mean one thing in all units of a build that export something: options, the view, the compiler and its target; what only the units
 * define that make constants or run in user space (kernel/bounds.c, the vDSO); what libc's headers would define (uapi/linux/libc-compat.h).
 */
const commonNames =
  /^(__GENERATING_\w+|BUILD_VDSO\w*|__UAPI_DEF_\w+|CONFIG_\w+|defined|IS_ENABLED|IS_BUILTIN|IS_MODULE|__GENKSYMS__|__KERNEL__|__ASSEMBLY__|__cplusplus|__CHECKER__|__GNUC__|__GNUC_MINOR__|__clang__|_*BITS_PER_LONG|__(LITTLE|BIG)_ENDIAN\w*|__\w+__)$/;

/** A condition that all units of a build decide alike, and the include guard. */
function isForAll({ tokens, guard }: LexedFile, { at, end, name }: LexedFile['directives'][number]): boolean {
  for (let one = at + 2; one < end; one++) {
    const spelled = tokens.spelling[one] as number;
    if (tokens.kind[one] !== Identifier || (spelled === guard && name !== 'elif')) continue;
    if (!commonNames.test(textOf(spelled))) return false;
  }
  return true;
}

/** Parameters of a function, not the attribute of `struct __attribute__((packed)) {`. */
export function isFunction({ spelling }: LexedFile['tokens'], close: number): boolean {
  let at = close;
  for (let steps = 0; spelling[at] === closeParenthesis; ) {
    let depth = 0;
    do {
      if (spelling[at] === closeParenthesis) depth++;
      else if (spelling[at] === openParenthesis) depth--;
      at--;
      if (at < 0 || ++steps > mostParameters) return false;
    } while (depth > 0);
    at--; // over the name before the parenthesis
  }
  return !typeWords.has(spelling[at] as number);
}

function atDirective(
  name: string | null,
  place: Place,
  branches: { readonly start: Place; end: Place | null }[],
): Place | null {
  const agree = (one: Place | null): boolean => one === null || (one.depth === place.depth && one.body === place.body);
  const open = branches.at(-1);
  switch (name) {
    case 'if':
    case 'ifdef':
    case 'ifndef':
      branches.push({ start: place, end: null });
      return place;
    case 'elif':
    case 'elifdef':
    case 'elifndef':
    case 'else':
      if (open === undefined || !agree(open.end)) return null;
      open.end = place;
      return open.start;
    case 'endif':
      if (open === undefined || !agree(open.end)) return null;
      branches.pop();
      return place;
    default:
      return place;
  }
}

const effective = new Set<string | null>(['define', 'undef', 'include', 'include_next', 'import', 'pragma']);

/** Everything that changes what later text means, each with the conditions under which it does. */
function effectsOf({ tokens, directives }: LexedFile): string {
  const conditions: string[] = [];
  const effects: string[] = [];
  for (const { name, at, end } of directives) {
    const text = tokens.spelling.subarray(at + 1, end).join(' ');
    if (name === 'if' || name === 'ifdef' || name === 'ifndef') conditions.push(text);
    else if (name === 'endif') conditions.pop();
    else if (name === 'else' || name?.startsWith('elif') === true) conditions.push(`${conditions.pop()} not, ${text}`);
    else if (effective.has(name)) effects.push([...conditions, text].join(' and '));
  }
  return effects.join('\n');
}

function sameNumbers(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}
