/**
 * The one token that the grammar looks ahead, and the nodes of those that it has taken.
 *
 * A token is read only when a decision needs it: what is a type depends on what has been declared before it, as in genksyms, where
 * the lexer asks the table.
 */
import { type GenksymsLexer, token } from './lexer.js';
import { nodeSpelling, type Tag } from './symbol.js';

export class Lookahead {
  readonly lexer: GenksymsLexer;
  /** The end of the unit has been seen. */
  ended = false;
  /** The lookahead token, or -1 where it is not read yet. */
  #ahead = -1;
  /** How many nodes the lookahead token has appended. */
  #aheadNodes = 0;

  constructor(lexer: GenksymsLexer) {
    this.lexer = lexer;
  }

  /** The place between two tokens of the unit where reading stands, or -1 where a token has been looked at. */
  get between(): number {
    return this.#ahead < 0 ? this.lexer.between : -1;
  }

  /** The index after the nodes that have been taken; only while a token has been looked at. */
  get taken(): number {
    return this.lexer.nodes.length - this.#aheadNodes;
  }

  peek(): number {
    if (this.#ahead < 0) {
      const before = this.lexer.nodes.length;
      this.#ahead = this.lexer.next();
      this.#aheadNodes = this.lexer.nodes.length - before;
      if (this.#ahead === token.end) this.ended = true;
    }
    return this.#ahead;
  }

  /** Takes the lookahead and gives the index of its last node. */
  shift(): number {
    this.peek();
    this.#ahead = -1;
    return this.lexer.nodes.length - 1;
  }

  expect(kind: number): boolean {
    if (this.peek() !== kind) return false;
    this.shift();
    return true;
  }

  /** error X: drops tokens until one of the two comes, and takes it; gives which, or `end`. */
  recover(one: number, other: number): number {
    for (;;) {
      const kind = this.peek();
      if (kind === token.end) return kind;
      this.shift();
      if (kind === one || kind === other) return kind;
    }
  }

  remove(node: number): void {
    this.lexer.nodes[node] = -1;
  }

  spellingAt(node: number): number {
    return nodeSpelling(this.lexer.nodes[node] as number);
  }

  retag(node: number, kind: Tag): void {
    this.lexer.nodes[node] = (this.spellingAt(node) << 3) | kind;
  }

  /** The nodes [start, end) that are still there. */
  text(start: number, end: number): Int32Array {
    const { nodes } = this.lexer;
    const text = new Int32Array(end - start);
    let length = 0;
    for (let at = start; at < end; at++) {
      const node = nodes[at] as number;
      if (node >= 0) text[length++] = node;
    }
    return length === text.length ? text : text.slice(0, length);
  }
}
