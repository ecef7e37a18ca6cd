/**
 * A list of tokens as parallel arrays: a unit has a million of them, and four views of it live at once.
 *
 * A token is an index into such a list. `file` and `offset` tell where it stands: for a token that came out of a macro,
 * where the outermost macro was used, which is what a person sees in the file.
 */
export const Identifier = 1;
export const Numeral = 2;
export const Text = 3; // a string literal, prefix and quotes included
export const Character = 4;
export const Punctuator = 5;
/** A byte that is no C token by itself (`@`, `\`, a lone quote): kept, so that nothing is lost. */
export const Other = 6;
export const End = 7;
/** A `#pragma` line that is still there after preprocessing; its spelling is the line's text: `pack(push, 1)`. */
export const Pragma = 8;

/** Flag: first token of its (logical) line. */
export const BeginsLine = 1;
/** Flag: white space or a comment stands before it. */
export const AfterSpace = 2;
/** Flag: an identifier that must not be expanded again (C11 6.10.3.4p2). */
export const Painted = 4;
/** Flag: a value of `__COUNTER__`, or pasted from one (counted.ts). */
export const Counted = 8;

export class TokenList {
  kind: Uint8Array;
  flags: Uint8Array;
  spelling: Int32Array;
  /** Byte offset in the file. */
  offset: Int32Array;
  /** Index into the run's list of files; 0 in the list of a single file. */
  file: Uint16Array;
  length = 0;

  constructor(capacity = 256) {
    this.kind = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.spelling = new Int32Array(capacity);
    this.offset = new Int32Array(capacity);
    this.file = new Uint16Array(capacity);
  }

  push(kind: number, flags: number, spelling: number, file: number, offset: number): void {
    const at = this.length;
    if (at === this.kind.length) this.#grow();
    this.kind[at] = kind;
    this.flags[at] = flags;
    this.spelling[at] = spelling;
    this.file[at] = file;
    this.offset[at] = offset;
    this.length = at + 1;
  }

  /** Tokens [start, end) of another list, all of them in `file`. */
  append(from: TokenList, start: number, end: number, file: number): void {
    const count = end - start;
    if (count === 0) return;
    const at = this.length;
    while (at + count > this.kind.length) this.#grow();
    if (count < 32)
      for (let i = start; i < end; i++)
        this.push(
          from.kind[i] as number,
          from.flags[i] as number,
          from.spelling[i] as number,
          file,
          from.offset[i] as number,
        );
    else {
      this.kind.set(from.kind.subarray(start, end), at);
      this.flags.set(from.flags.subarray(start, end), at);
      this.spelling.set(from.spelling.subarray(start, end), at);
      this.offset.set(from.offset.subarray(start, end), at);
      this.file.fill(file, at, at + count);
    }
    this.length = at + count;
  }

  /** Gives back the memory of a list that once was very long. */
  shrink(capacity: number): void {
    if (this.kind.length > capacity) Object.assign(this, new TokenList(capacity));
  }

  /** Appends the token at `at` of another list. */
  copy(from: TokenList, at: number): void {
    this.push(
      from.kind[at] as number,
      from.flags[at] as number,
      from.spelling[at] as number,
      from.file[at] as number,
      from.offset[at] as number,
    );
  }

  #grow(): void {
    const capacity = Math.max(16, this.kind.length * 2);
    const kind = new Uint8Array(capacity);
    kind.set(this.kind);
    this.kind = kind;
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
    const spelling = new Int32Array(capacity);
    spelling.set(this.spelling);
    this.spelling = spelling;
    const offset = new Int32Array(capacity);
    offset.set(this.offset);
    this.offset = offset;
    const file = new Uint16Array(capacity);
    file.set(this.file);
    this.file = file;
  }
}
