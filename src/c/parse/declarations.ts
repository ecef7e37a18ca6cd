/**
 * The tokens of one view of a unit -> its declarations.
 *
 * Comes in: a TokenList of preprocessed (or, for a fragment of a patch, merely tokenised) GNU C. Goes out: a DeclaredUnit, with all
 * types linked. Never happens: an error. A declaration that cannot be read becomes an entry of `missing` and reading goes on
 * after it; function bodies, initialisers and assembler are stepped over by their brackets.
 *
 * A fragment may use typedef names that it does not declare: where only a type can stand, such a name is an `unknown` type.
 */
import { Layouts } from '../layout.js';
import type { TokenList } from '../lex/tokens.js';
import type { Target } from '../target.js';
import type { Enumerator, EnumType, Place, RecordType, Type, TypedefType } from '../type.js';
import { Parser } from './parser.js';

export type StorageClass = 'extern' | 'static' | null;

/** `first` and `end` are tokens of `DeclaredUnit.tokens`, from the first specifier to the `;` or the end of the body. */
export type Declaration =
  | { readonly kind: 'record'; readonly type: RecordType }
  | { readonly kind: 'enum'; readonly type: EnumType }
  | { readonly kind: 'typedef'; readonly type: TypedefType }
  | FunctionDeclaration
  | VariableDeclaration;

export interface FunctionDeclaration extends Place {
  readonly kind: 'function';
  readonly name: string;
  /** A FunctionType, or a typedef of one. */
  readonly type: Type;
  readonly storage: StorageClass;
  readonly inline: boolean;
  /** The tokens between the braces, or null for a prototype. */
  readonly body: Place | null;
}

export interface VariableDeclaration extends Place {
  readonly kind: 'variable';
  readonly name: string;
  readonly type: Type;
  readonly storage: StorageClass;
  /** The tokens after `=`, or null. */
  readonly initializer: Place | null;
}

/** A declaration that was skipped. `at` is a token of `DeclaredUnit.tokens`: the one that could not be read. */
export interface UnreadDeclaration extends Place {
  readonly at: number;
  readonly why: string;
}

export interface DeclaredUnit {
  /** The tokens that every `first`, `end` and `at` counts: those that came in, without the lines that begin with `#`. */
  readonly tokens: TokenList;
  /** In the order of the text; a struct comes before the declaration that holds its definition. */
  readonly declarations: readonly Declaration[];
  /** Definitions by `struct TAG` or `union TAG`: several where scopes differ or the text repeats itself. */
  readonly records: ReadonlyMap<string, readonly RecordType[]>;
  /** Definitions by tag. */
  readonly enums: ReadonlyMap<string, readonly EnumType[]>;
  readonly typedefs: ReadonlyMap<string, TypedefType>;
  readonly enumerators: ReadonlyMap<string, Enumerator>;
  /** The last declaration of each name; the definition, where there is one. */
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly variables: ReadonlyMap<string, VariableDeclaration>;
  readonly missing: readonly UnreadDeclaration[];
  /** Sizes and offsets for the target that the unit was read for. */
  readonly layouts: Layouts;
}

export interface ReadOptions {
  readonly target: Target;
  /** Built with -fms-extensions: a tagged struct without a declarator embeds its members. */
  readonly msExtensions?: boolean;
}

/** Reads a unit. The target is needed while reading: array lengths and enumerators may hold `sizeof`. */
export function readDeclarations(tokens: TokenList, options: ReadOptions): DeclaredUnit {
  return new Parser(tokens, new Layouts(options.target), options.msExtensions ?? false).read();
}
