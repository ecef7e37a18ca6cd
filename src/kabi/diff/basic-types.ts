/**
 * How big a type is that needs no declaration to be known: pointers, the language's own types and the kernel's fixed-width
 * names. Everything else (a struct, a typedef, an array of a macro's length) is null: never guessed.
 */
import type { Architecture } from '../review.js';

export interface BasicExtent {
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly align: number;
  readonly kind: 'pointer' | 'integer';
}

const narrow = new Set<Architecture>(['i386', 'arm']);
const fixed: Readonly<Record<string, number>> = {
  char: 1,
  bool: 1,
  _Bool: 1,
  short: 2,
  int: 4,
  'long long': 8,
  gfp_t: 4,
  ...Object.fromEntries(
    [8, 16, 32, 64].flatMap((bits) =>
      [
        `u${bits}`,
        `s${bits}`,
        `__u${bits}`,
        `__s${bits}`,
        `uint${bits}_t`,
        `int${bits}_t`,
        `__be${bits}`,
        `__le${bits}`,
      ].map((name) => [name, bits / 8]),
    ),
  ),
};

export function basicExtent(type: string, arch: Architecture): BasicExtent | null {
  const array = /^(.*?)\[(\d+)\]$/.exec(type);
  if (array !== null && !type.includes('(')) {
    const element = basicExtent((array[1] as string).trim(), arch);
    return element === null ? null : { ...element, size: element.size * Number(array[2]) };
  }
  const word = narrow.has(arch) ? 4 : 8;
  const words = type.replace(/\b(const|volatile|__user|__rcu|__iomem|__percpu|__kernel)\b/g, '').trim();
  if (/^[^[\]]*\*$/.test(words) || /\( ?\*.*\)\(.*\)$/.test(words) || /\(\*\)/.test(words)) {
    return { size: word, align: word, kind: 'pointer' };
  }
  if (!/^[\w ]+$/.test(words)) return null;
  const size = sizeOfInteger(words, word);
  if (size === null) return null;
  return { size, align: size === 8 && arch === 'i386' ? 4 : size, kind: 'integer' };
}

function sizeOfInteger(text: string, word: number): number | null {
  const words = text.split(/\s+/);
  const count = (name: string): number => words.filter((one) => one === name).length;
  const signed = count('unsigned') + count('signed');
  if (count('long') === 2) return 8;
  if (count('long') === 1 && words.every((one) => /^(long|int|unsigned|signed)$/.test(one))) return word;
  if (words.length === 1 && /^(size_t|ssize_t|uintptr_t|ptrdiff_t|loff_t)$/.test(text))
    return text === 'loff_t' ? 8 : word;
  const rest = words
    .filter((one) => !/^(unsigned|signed)$/.test(one))
    .filter((one, at, all) => !(one === 'int' && all[at - 1] === 'short'));
  if (rest.length === 0) return signed > 0 ? 4 : null;
  return rest.length === 1 ? (fixed[rest[0] as string] ?? null) : null;
}

/** The architecture that a file belongs to, where its path says so; else what was asked for. */
export function architectureOf(path: string, asked: Architecture): Architecture {
  const name = /^(?:include\/asm-|arch\/)([a-z0-9_]+)\//.exec(path)?.[1];
  const of: Readonly<Record<string, readonly Architecture[]>> = {
    i386: ['i386'],
    x86_64: ['x86_64'],
    x86: ['x86_64', 'i386'],
    arm: ['arm'],
    arm64: ['aarch64'],
    powerpc: ['ppc64le', 'ppc64'],
    ppc64: ['ppc64'],
    s390: ['s390x'],
    riscv: ['riscv64'],
  };
  const possible = name === undefined ? undefined : of[name];
  return possible === undefined || possible.includes(asked) ? asked : (possible[0] as Architecture);
}
