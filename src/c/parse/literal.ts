/** The values of C's literals, from their spelling. */

export interface NumeralValue {
  readonly value: bigint;
  readonly unsigned: boolean;
  /** `l`s in the suffix: 0, 1 or 2. */
  readonly longs: number;
  readonly decimal: boolean;
}

/** The value of an integer literal; null for a floating one, or for what is no number. */
export function numeralOf(text: string): NumeralValue | null {
  const match = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)$/.exec(text);
  if (match === null || text.length > 200) return null;
  const digits = match[1] as string;
  const suffix = (match[2] as string).toLowerCase();
  const octal = /^0[0-9]+$/.test(digits);
  if (octal && /[89]/.test(digits)) return null;
  return {
    value: BigInt(octal ? `0o${digits.slice(1)}` : digits),
    unsigned: suffix.includes('u'),
    longs: suffix.replace('u', '').length,
    decimal: /^[1-9]|^0$/.test(digits),
  };
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27 };
const unit = /\\(x[0-9a-fA-F]+|[0-7]{1,3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|./gs;

/** The bytes between the quotes of a literal. */
function units(text: string): number[] {
  const body = text.slice(text.search(/['"]/) + 1, -1);
  return [...body.matchAll(unit)].flatMap(([whole, escaped]) => {
    if (escaped === undefined) return [whole.charCodeAt(0)];
    if (escaped.startsWith('x')) return [Number.parseInt(escaped.slice(1), 16) & 0xff];
    if (/^[0-7]/.test(escaped)) return [Number.parseInt(escaped, 8) & 0xff];
    if (/^[uU]./.test(escaped))
      return [...Buffer.from(String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(escaped.slice(1), 16))))];
    return [escapes[escaped] ?? escaped.charCodeAt(0)];
  });
}

/** The bytes of a string literal, without the closing zero. */
export function stringLength(text: string): number {
  return units(text).length;
}

/** The value of a character literal: `'a'` is 97; several characters make one int, as gcc does. */
export function characterValue(text: string): bigint {
  const bytes = units(text);
  if (bytes.length === 1) return BigInt(((bytes[0] as number) << 24) >> 24);
  return BigInt(bytes.reduce((value, byte) => (value << 8) | byte | 0, 0));
}
