/**
 * A BTF type as a C declaration without the name: `const struct file_operations *`, `char[16]`, `int (*)(struct page *)`.
 *
 * Hostile BTF can nest pointers without end, and prototypes so that the text doubles at each step: after STEPS types the
 * rest is written `…`.
 */
import { type Btf, typeAt } from './read.js';
import type { BtfParameter, BtfType } from './types.js';

const STEPS = 256;

export function nameOfType(btf: Btf, id: number): string {
  return new Speller(btf).declare(id, '');
}

function join(specifier: string, declarator: string): string {
  return declarator === '' || declarator.startsWith('[') ? specifier + declarator : `${specifier} ${declarator}`;
}

class Speller {
  readonly #btf: Btf;
  #left = STEPS;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** `declarator` is what has been read so far, inside out: `*name`, `(*name)[4]`. */
  declare(id: number, declarator: string): string {
    if (this.#left-- <= 0) return join('…', declarator);
    const type = typeAt(this.#btf, id);
    switch (type.kind) {
      case 'void':
        return join('void', declarator);
      case 'struct':
      case 'union':
      case 'enum':
        return join(type.name === '' ? `${type.kind} {...}` : `${type.kind} ${type.name}`, declarator);
      case 'fwd':
        return join(`${type.union ? 'union' : 'struct'} ${type.name}`, declarator);
      case 'ptr':
        return this.declare(type.type, this.#pointed(type.type, declarator));
      case 'const':
      case 'volatile':
      case 'restrict':
        return this.#qualify(type, declarator);
      case 'type-tag':
        return this.declare(type.type, declarator);
      case 'array':
        return this.declare(type.type, `${declarator}[${type.length}]`);
      case 'func-proto':
        return this.declare(type.result, `${declarator}(${this.#parameters(type.parameters)})`);
      default:
        return join(type.name, declarator);
    }
  }

  #pointed(target: number, declarator: string): string {
    const { kind } = typeAt(this.#btf, target);
    return kind === 'array' || kind === 'func-proto' ? `(*${declarator})` : `*${declarator}`;
  }

  /** A qualifier stands before what it qualifies, but after the star of a pointer. */
  #qualify(type: Extract<BtfType, { kind: 'const' | 'volatile' | 'restrict' }>, declarator: string): string {
    const target = typeAt(this.#btf, type.type);
    if (target.kind !== 'ptr') return `${type.kind} ${this.declare(type.type, declarator)}`;
    const qualified = declarator === '' ? type.kind : `${type.kind} ${declarator}`;
    return this.declare(target.type, this.#pointed(target.type, qualified));
  }

  #parameters(parameters: readonly BtfParameter[]): string {
    if (parameters.length === 0) return 'void';
    const texts: string[] = [];
    for (const [i, { type }] of parameters.entries()) {
      if (this.#left <= 0) return [...texts, '…'].join(', ');
      texts.push(type === 0 && i === parameters.length - 1 ? '...' : this.declare(type, ''));
    }
    return texts.join(', ');
  }
}
