/** The words before a declarator, collected: which may come in any order (`long unsigned static int`). */

import { type FloatType, integers, type Type, voidType } from '../type.js';
import { Attributes } from './attributes.js';
import type { Cursor } from './cursor.js';
import type { StorageClass } from './declarations.js';
import { Word } from './keywords.js';

export class Specified {
  readonly first: number;
  readonly attributes = new Attributes();
  typedef = false;
  inline = false;
  storage: StorageClass = null;
  const = false;
  volatile = false;
  restrict = false;
  atomic = false;
  /** The type, where it is not made of basic words. */
  named: Type | null = null;
  /** The whole, once all has been read. */
  type: Type = integers.int;
  base = 0; // the basic word seen: Void, Char, Int, …
  longs = 0;
  short = false;
  signed = false;
  unsigned = false;
  complex = false;
  #words = 0;

  constructor(first: number) {
    this.first = first;
  }

  get hasType(): boolean {
    return this.named !== null || this.base !== 0 || this.longs > 0 || this.short || this.signed || this.unsigned;
  }

  get empty(): boolean {
    return this.#words === 0;
  }

  /** Takes a specifier of one word, or says that it is none. */
  take(word: number): boolean {
    this.#words++;
    switch (word) {
      case Word.Typedef:
        this.typedef = true;
        return true;
      case Word.Extern:
        this.storage = 'extern';
        return true;
      case Word.Static:
        this.storage = 'static';
        return true;
      case Word.Inline:
        this.inline = true;
        return true;
      case Word.Const:
        this.const = true;
        return true;
      case Word.Volatile:
        this.volatile = true;
        return true;
      case Word.Restrict:
        this.restrict = true;
        return true;
      case Word.Long:
        this.longs++;
        return true;
      case Word.Short:
        this.short = true;
        return true;
      case Word.Signed:
        this.signed = true;
        return true;
      case Word.Unsigned:
        this.unsigned = true;
        return true;
      case Word.Complex:
        this.complex = true;
        return true;
      case Word.Register:
      case Word.Auto:
      case Word.Thread:
      case Word.Noreturn:
      case Word.Extension:
        return true;
      case Word.Int:
        if (this.base === 0) this.base = word;
        return true;
      case Word.Void:
      case Word.Char:
      case Word.Bool:
      case Word.Float:
      case Word.Double:
      case Word.Int128:
      case Word.Half:
      case Word.Float32:
      case Word.Float64:
      case Word.Quad:
        this.base = word;
        return true;
      default:
        this.#words--;
        return false;
    }
  }

  qualified(type: Type): Type {
    const { const: isConst, volatile, restrict, atomic } = this;
    if (!isConst && !volatile && !restrict && !atomic) return type;
    return { kind: 'qualified', type, const: isConst, volatile, restrict, atomic };
  }
}

/** The type that the basic words make together. No type word at all is `int`, as it was before 1999. */
export function baseType(found: Specified, cursor: Cursor): Type {
  const { unsigned } = found;
  switch (found.base) {
    case Word.Void:
      return voidType;
    case Word.Bool:
      return integers.bool;
    case Word.Char:
      if (unsigned) return integers.uchar;
      return found.signed ? integers.schar : integers.char;
    case Word.Int128:
      return unsigned ? integers.uint128 : integers.int128;
    case Word.Float:
    case Word.Float32:
      return float('float', 'single', found.complex);
    case Word.Double:
    case Word.Float64:
      return found.longs > 0
        ? float('long double', 'long double', found.complex)
        : float('double', 'double', found.complex);
    case Word.Half:
      return float('_Float16', 'half', found.complex);
    case Word.Quad:
      return float('_Float128', 'quad', found.complex);
    default:
  }
  if (found.short) return unsigned ? integers.ushort : integers.short;
  if (found.longs === 1) return unsigned ? integers.ulong : integers.long;
  if (found.longs > 1) return unsigned ? integers.ulonglong : integers.longlong;
  if (found.complex && !found.hasType) return float('double', 'double', true);
  if (!found.hasType && !found.typedef && found.storage === null && !found.inline && found.empty)
    cursor.fail('no type');
  return unsigned ? integers.uint : integers.int;
}

function float(name: string, format: FloatType['format'], complex: boolean): FloatType {
  return { kind: 'float', name: complex ? `complex ${name}` : name, format, complex };
}
