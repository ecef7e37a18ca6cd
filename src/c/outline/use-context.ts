/** Where the reading of a file's uses stands: tokens, locals in scope, the macro call that is read; and what was found so far. */

import { textOf } from '../lex/spelling.js';
import { Identifier, type TokenList } from '../lex/tokens.js';
import type { MacroText } from './conditions.js';
import type { TypeName } from './declarators.js';
import type { Template } from './effects.js';
import { typeOfExpression, typeOfTypeName } from './expressions.js';
import { type Declarations, recordOf } from './meaning.js';
import type { RecordOutline } from './outline.js';

export interface UseNames extends Declarations {
  /** What a macro of these names does, read once. */
  template(macro: MacroText): Template;
}

export interface Use {
  readonly kind: 'access' | 'sizeof' | 'define';
  /** The record, or null where the operand's type could not be found. */
  readonly base: string | null;
  readonly member: string | null;
  /** Byte offset in the file: of the outermost macro call for what a macro's body does. */
  readonly offset: number;
  readonly function: string | null;
  /** The macro whose body spells it, and where in that macro's file; null for what the file itself spells. */
  readonly macro: { readonly text: MacroText; readonly offset: number } | null;
}

/** The call of a macro that is being read: where it stands, and the macros that its expansion came from. */
export interface Call {
  readonly offset: number;
  readonly origins: readonly MacroText[];
}

export class UseContext {
  readonly names: UseNames;
  readonly uses: Use[];
  tokens: TokenList;
  functionName: string | null;
  /** The innermost last. */
  scope: Map<string, TypeName>[] = [];
  call: Call | null = null;
  /** Types of the accesses just read, by the token of their member: `a->b` is the operand of `a->b->c`. */
  readonly read = new Map<number, { readonly first: number; readonly type: TypeName }>();

  constructor(tokens: TokenList, names: UseNames, functionName: string | null, uses: Use[]) {
    this.tokens = tokens;
    this.names = names;
    this.functionName = functionName;
    this.uses = uses;
  }

  /** Reads the tokens that a call comes to in place of those of the file. */
  within(tokens: TokenList, call: Call, reading: () => void): void {
    const outer = { tokens: this.tokens, call: this.call };
    this.tokens = tokens;
    this.call = call;
    this.read.clear();
    reading();
    this.read.clear();
    this.tokens = outer.tokens;
    this.call = outer.call;
  }

  isLocal(name: string): boolean {
    for (let i = this.scope.length - 1; i >= 0; i--) if (this.scope[i]?.has(name)) return true;
    return false;
  }

  /** The type of the expression from `first` to before `end`; null where it is not known. */
  typeOf(first: number, end: number): TypeName | null {
    const known = this.read.get(end - 1);
    return known !== undefined && known.first === first
      ? known.type
      : typeOfExpression(this.tokens, first, end, this.scope, this.names);
  }

  typeNamed(start: number, end: number): TypeName {
    return typeOfTypeName(this.tokens, start, end, this.scope, this.names);
  }

  recordOf(type: TypeName): RecordOutline | null {
    return recordOf(type, this.names);
  }

  startsTypeName(start: number, end: number): boolean {
    const text = textOf(this.tokens.spelling[start] as number);
    if (/^(struct|union|enum|const|volatile|unsigned|signed|void|char|short|int|long|typeof|__typeof__)$/.test(text))
      return true;
    if (this.tokens.kind[start] !== Identifier || this.isLocal(text)) return false;
    return end - start <= 2 && this.names.object(text) === null && this.names.typedef(text) !== null;
  }

  /** Notes what the token at `at` uses. */
  use(kind: Use['kind'], base: string | null, member: string | null, at: number): void {
    const origin = this.call === null ? 0 : (this.tokens.file[at] as number);
    const own = this.tokens.offset[at] as number;
    const text = origin === 0 ? undefined : this.call?.origins[origin - 1];
    this.uses.push({
      kind,
      base: base === null ? null : outermost(base),
      member,
      offset: origin === 0 ? own : (this.call as Call).offset,
      function: this.functionName,
      macro: text === undefined ? null : { text, offset: own },
    });
  }
}

/** `struct outer/@12` is an anonymous member of `struct outer`: its members are the outer one's. */
export function outermost(base: string): string {
  return base.replace(/\/@.*$/, '');
}
