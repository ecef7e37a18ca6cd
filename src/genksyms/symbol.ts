/** genksyms' symbols: a name, a kind and a text whose references are tagged. */

/** The kind of a symbol and, in a text, of a reference to one. */
export const tag = { normal: 0, typedef: 1, enum: 2, struct: 3, union: 4, enumerator: 5 } as const;
export type Tag = (typeof tag)[keyof typeof tag];

/** The letter before `#` in a `-T` dump; none for plain words and exported symbols. */
export const tagLetters = ['', 't', 'e', 's', 'u', 'E'] as const;
/** The keyword that stands before a reference when it is expanded. */
export const tagWords = ['', 'typedef', 'enum', 'struct', 'union', 'enum constant'] as const;

/**
 * Worked example: of `struct s { u32 n; };` in a header comes { name: 's', tag: struct, text: [struct, s, {, t#u32, n, ;, }] },
 * where `t#u32` is a node tagged typedef.
 */
export interface GenksymsSymbol {
  /** Spelling. */
  readonly name: number;
  readonly tag: Tag;
  /** Nodes: spelling << 3 | tag. */
  readonly text: Int32Array;
  readonly isExtern: boolean;
  /** Path of the file that declares it; null where nothing does (UNKNOWN), or nobody asked. */
  readonly file: string | null;
}

export function nodeTag(node: number): Tag {
  return (node & 7) as Tag;
}

export function nodeSpelling(node: number): number {
  return node >> 3;
}
