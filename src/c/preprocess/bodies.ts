/**
 * Function bodies, left out of a unit that is read for its types alone. Most of what a header expands to stands in the bodies of its
 * inline functions; not expanding that is half the time of reading a unit.
 *
 * A body begins with the `{` behind a declarator's `)` at file scope and ends with its `}`, both of which stay. In between the tokens
 * are taken as they are written, unless they name a macro that may change what a brace means, or that may define a type: from there
 * on the body is expanded like everything else. Directives in a body are carried out in any case.
 *
 * Not seen: a macro of that kind whose name is pasted together inside the body.
 */

import { spellingOf, textOf } from '../lex/spelling.js';
import { Identifier, Punctuator, type TokenList } from '../lex/tokens.js';
import { type Definition, paste } from './macro.js';
import type { MacroTable } from './macro-table.js';

/** `empty`: `{` and `}` alone are left of a body, but where it defines a type. */
export type Bodies = 'whole' | 'empty';

const open = spellingOf('(');
const close = spellingOf(')');
const openBrace = spellingOf('{');
const closeBrace = spellingOf('}');
const comma = spellingOf(',');
const semicolon = spellingOf(';');
const equals = spellingOf('=');
const records = new Set(['struct', 'union', 'enum'].map(spellingOf));
const attributes = new Set(['__attribute__', '__attribute'].map(spellingOf));
/** Words before a parenthesis that is no list of parameters. */
const operators = new Set(
  ['typeof', '__typeof__', '__typeof', 'typeof_unqual', '__typeof_unqual__', '_Alignas', 'alignas', '_BitInt']
    .concat(['asm', '__asm__', '__asm', '__declspec'])
    .map(spellingOf),
);

/** May the macro end or begin a brace that it does not begin or end itself, or define a type that has a name? */
function isOdd(definition: Definition): boolean {
  if (definition.isOdd === undefined) definition.isOdd = opensOrNames(definition);
  return definition.isOdd;
}

function opensOrNames({ tokens, at: first, end }: Definition): boolean {
  let depth = 0;
  for (let at = first + 1; at < end; at++) {
    const spelling = tokens.spelling[at] as number;
    if (spelling === openBrace) depth++;
    else if (spelling === closeBrace && --depth < 0) return true;
    else if (records.has(spelling) && namesRecord(tokens, at, end)) return true;
  }
  return depth !== 0;
}

/** `struct name {`, the name perhaps pasted together. */
function namesRecord({ kind, spelling }: TokenList, at: number, end: number): boolean {
  let next = at + 1;
  while (next < end && (kind[next] === Identifier || spelling[next] === paste)) next++;
  return next > at + 1 && next < end && spelling[next] === openBrace;
}

const mostSpreads = 50;

/** Follows the tokens that a unit puts out, and its definitions. */
export class BodySkipper {
  #depth = 0;
  #parentheses = 0;
  /** Spelling of the token put out last, 0 where that is no name or punctuator. */
  #last = 0;
  /** What stood before the parenthesis that is open at file scope. */
  #callee = 0;
  /** The parentheses that closed last can be a function's parameters. */
  #isHead = false;
  #inBody = false;
  #expands = false;
  #owed = 0;
  /** By spelling: 1 for a macro that is odd or names one that is. */
  #odd = new Uint8Array(1 << 16);
  /** By spelling: some macro's body names it. */
  #named = new Uint8Array(1 << 16);
  #spreads = 0;
  /** Names became odd too often after other macros had named them: from here on nothing is left out. */
  #gaveUp = false;
  readonly #macros: MacroTable;

  constructor(macros: MacroTable) {
    this.#macros = macros;
  }

  /** Between two declarations, as far as braces tell. */
  get isBetween(): boolean {
    return this.#depth === 0 && this.#parentheses === 0 && this.#last !== close;
  }

  get skips(): boolean {
    return this.#inBody && !this.#expands;
  }

  /** The macro that a name stands for from here on. */
  define(name: number, definition: Definition | undefined): void {
    if (definition === undefined || this.#gaveUp) return;
    const odd = this.#namesOdd(definition) || isOdd(definition);
    if (!odd && this.#odd[name] !== 1) return;
    if (name >= this.#odd.length) this.#grow(name);
    const isNew = odd && this.#odd[name] !== 1;
    this.#odd[name] = odd ? 1 : 0;
    if (isNew && this.#named[name] === 1) this.#spread();
  }

  /** Does the body name a macro that is odd? Notes what it names. */
  #namesOdd({ tokens, at: first, end }: Definition): boolean {
    let odd = false;
    for (let at = first + 1; at < end; at++) {
      if (tokens.kind[at] !== Identifier) continue;
      const spelling = tokens.spelling[at] as number;
      if (spelling >= this.#named.length) this.#grow(spelling);
      this.#named[spelling] = 1;
      if (this.#odd[spelling] === 1) odd = true;
    }
    return odd;
  }

  /** A name became odd that other macros may have named before: they are odd as well, and so on. */
  #spread(): void {
    this.#gaveUp = ++this.#spreads > mostSpreads;
    for (let again = !this.#gaveUp; again; ) {
      again = false;
      for (const [name, definition] of this.#macros.defined()) {
        if (this.#odd[name] === 1 || !this.#namesOdd(definition)) continue;
        this.#odd[name] = 1;
        again = true;
      }
    }
  }

  #grow(spelling: number): void {
    const length = Math.max(spelling + 1, this.#odd.length * 2);
    const odd = new Uint8Array(length);
    odd.set(this.#odd);
    this.#odd = odd;
    const named = new Uint8Array(length);
    named.set(this.#named);
    this.#named = named;
  }

  /** Inside a body: is token `at` of a file left out? Where not, it is put out like any other. */
  leavesOut(tokens: TokenList, at: number): boolean {
    const spelling = tokens.spelling[at] as number;
    if (tokens.kind[at] === Punctuator) {
      if (spelling === openBrace) this.#depth++;
      else if (spelling === closeBrace) {
        if (this.#depth === 1) return false;
        this.#depth--;
      }
      return true;
    }
    if (tokens.kind[at] !== Identifier) return true;
    // The answer holds as long as the name means the same.
    this.#macros.get(spelling);
    this.#expands = this.#odd[spelling] === 1 || (records.has(spelling) && definesRecord(tokens, at));
    if (this.#expands) this.#owed = this.#depth - 1;
    return !this.#expands;
  }

  /** Braces that were left out and are open where the body begins to be expanded: they must be put out after all. */
  takeOwed(): number {
    const owed = this.#owed;
    this.#owed = 0;
    return owed;
  }

  /** A token is put out. */
  follow(kind: number, spelling: number): void {
    if (kind === Punctuator) this.#punctuator(spelling);
    else if (kind !== Identifier) this.#last = 0;
    else {
      if (this.#parentheses === 0 && records.has(spelling)) this.#isHead = false;
      this.#last = spelling;
    }
  }

  #punctuator(spelling: number): void {
    const atFileScope = this.#depth === 0;
    switch (spelling) {
      case open:
        if (this.#parentheses++ === 0 && atFileScope) this.#callee = this.#last;
        break;
      case close:
        if (this.#parentheses > 0 && --this.#parentheses === 0 && atFileScope) this.#closed();
        break;
      case openBrace:
        if (atFileScope && this.#parentheses === 0 && this.#last === close && this.#isHead && !this.#gaveUp)
          this.#inBody = true;
        this.#depth++;
        break;
      case closeBrace:
        if (this.#depth > 0 && --this.#depth === 0) this.#ended();
        break;
      case comma:
      case semicolon:
      case equals:
        if (this.#parentheses === 0) this.#isHead = false;
        break;
      default:
        break;
    }
    this.#last = spelling;
  }

  #closed(): void {
    // Attributes behind the parameters leave the head what it is.
    if (attributes.has(this.#callee)) return;
    this.#isHead =
      this.#callee === close || (this.#callee !== 0 && !operators.has(this.#callee) && isName(this.#callee));
  }

  #ended(): void {
    this.#inBody = false;
    this.#expands = false;
    this.#isHead = false;
    this.#parentheses = 0;
  }
}

function isName(spelling: number): boolean {
  return /^[\w$]/.test(textOf(spelling));
}

/** `struct name {`, with whatever macros may stand in between. */
function definesRecord({ spelling, length }: TokenList, at: number): boolean {
  for (let next = at + 1; next < length && next < at + 24; next++) {
    const one = spelling[next];
    if (one === openBrace) return next > at + 1;
    if (one === semicolon || one === comma || one === close || one === equals) return false;
  }
  return false;
}
