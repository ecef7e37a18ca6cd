/** `_Pragma` as gcc carries it out: its operand is expanded first, and nothing of it is left among the tokens. */
import { describe, expect, test } from '@jest/globals';
import { textOf } from '../../src/c/lex/spelling.js';
import { Pragma } from '../../src/c/lex/tokens.js';
import { preprocess } from '../../src/c/preprocess/preprocess.js';
import { memoryTree } from '../../src/tree/memory.js';

function read(text: string): { pragmas: string[]; rest: string } {
  const unit = { path: 'a.c', includePaths: [], forced: [], defines: [], predefined: '' };
  const { tokens } = preprocess(unit, memoryTree('t', { 'a.c': text }));
  const all = Array.from(tokens.spelling.subarray(0, tokens.length - 1), (one, at) => [tokens.kind[at], textOf(one)]);
  const pick = (isPragma: boolean): string[] =>
    all.filter(([kind]) => (kind === Pragma) === isPragma).map(([, text]) => String(text));
  return { pragmas: pick(true), rest: pick(false).join(' ') };
}

const spelled = '#define S1(x) #x\n#define S(x) S1(x)\n#define D(s) _Pragma(S(GCC diagnostic s))\n';

describe('_Pragma', () => {
  test.each([
    ['with its text', '_Pragma("pack(1)") int a;', ['pack(1)']],
    ['with its text, in a macro', '#define P _Pragma("pack(1)")\nP int a;', ['pack(1)']],
    ['with a macro for its text', `${spelled}_Pragma(S(pack(2))) int a;`, ['pack(2)']],
    ['with a macro for its text, in a macro', `${spelled}D(push) int a;`, ['GCC diagnostic push']],
    ['with an object-like macro for its text', '#define T "pack(4)"\n_Pragma(T) int a;', ['pack(4)']],
    [
      'twice in one macro',
      `${spelled}#define B D(push) D(pop)\nB int a;`,
      ['GCC diagnostic push', 'GCC diagnostic pop'],
    ],
    ['over more than one line', `${spelled}_Pragma(\nS(pack\n(8))\n) int a;`, ['pack (8)']],
  ])('%s', (_, text, pragmas) => {
    expect(read(text)).toEqual({ pragmas, rest: 'int a ;' });
  });

  test('that the file ends in', () => {
    expect(read('int a; _Pragma').rest).toBe('int a ;');
    expect(read('int a; _Pragma(').rest).toBe('int a ;');
  });
});
