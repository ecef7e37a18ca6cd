/** Whatever the bytes say: a value, in bounded time, and what was cut is named. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LexCache } from '../../src/c/lex/lex-cache.js';
import { textOf } from '../../src/c/lex/spelling.js';
import { type Preprocessed, preprocess } from '../../src/c/preprocess/preprocess.js';
import { memoryTree } from '../../src/tree/memory.js';

function read(text: string, others: Readonly<Record<string, string>> = {}): Preprocessed {
  const unit = { path: 'a/a.c', includePaths: ['include'], forced: [], defines: [], predefined: '' };
  return preprocess(unit, memoryTree('t', { 'a/a.c': text, ...others }));
}

const named = ({ missing }: Preprocessed): string => missing.map(({ what, why }) => `${what}: ${why}`).join('\n');
const texts = ({ tokens }: Preprocessed): string[] =>
  Array.from(tokens.spelling.subarray(0, tokens.length - 1), textOf);

describe('Hostile text', () => {
  test('that doubles a macro forty times is cut and named', () => {
    const lines = Array.from({ length: 40 }, (_, i) => `#define x${i + 1} x${i} x${i}\n`);
    expect(named(read(`#define x0 lol\n${lines.join('')}x40\nint after;\n`))).toMatch(/too large/);
  });

  test('that was cut is not tried again for the next view, and leaves nothing of its expansion', () => {
    const lines = Array.from({ length: 40 }, (_, i) => `#define x${i + 1} x${i} x${i}\n`);
    const unit = { path: 'a/a.c', includePaths: [], forced: [], defines: [], predefined: '' };
    for (const use of ['x40 x40 x40\n', '#if x40\nint never;\n#endif\n']) {
      const text = `#define x0 lol\n${lines.join('')}int before;\n${use}int after;\n`;
      const tree = memoryTree('t', { 'a/a.c': text });
      const cache = new LexCache();
      const timed = () => {
        const began = process.cpuUsage();
        const got = preprocess(unit, tree, cache);
        return { got, spent: process.cpuUsage(began).user };
      };
      const [first, again] = [timed(), timed()];
      expect(texts(first.got)).toEqual(['int', 'before', ';']);
      expect(first.got.cut).toBe(true);
      expect(first.got.missing.map(({ what }) => what)).toEqual(['the rest of a/a.c']);
      expect(texts(again.got)).toEqual(texts(first.got));
      expect(again.got.missing).toEqual(first.got.missing);
      expect(again.spent).toBeLessThan(first.spent / 4);
    }
  });

  test('that doubles an argument forty times is cut and named', () => {
    const calls = `${'D('.repeat(40)}x${')'.repeat(40)}`;
    expect(named(read(`#define D(a) a a\n${calls}\n`))).toMatch(/too large|too many/);
  });

  test('that includes itself ends at a depth and goes on', () => {
    const got = read('#include "a.c"\nint a;\n');
    expect(named(got)).toMatch(/nested/);
    expect(texts(got).slice(-3)).toEqual(['int', 'a', ';']);
  });

  test('that includes what is outside finds nothing', () => {
    const got = read('#include "/etc/passwd"\n#include "../../x.h"\n#include <../../x.h>\nint a;\n', {
      'x.h': 'never',
    });
    expect(got.missing.length).toBe(3);
    expect(texts(got)).toEqual(['int', 'a', ';']);
  });

  test('of a line of ten megabytes is read', () => {
    expect(texts(read(`#define A ${'x '.repeat(5_000_000)}\nint a;\n`))).toEqual(['int', 'a', ';']);
  });

  test('of a hundred thousand nested parentheses, conditions or calls ends', () => {
    const deep = 100_000;
    read(`#if ${'('.repeat(deep)}1${')'.repeat(deep)}\n#endif\n`);
    read(`${'#if 1\n'.repeat(deep)}int a;\n${'#endif\n'.repeat(deep)}`);
    read(`#define F(a) a\n${'F('.repeat(deep)}x${')'.repeat(deep)}\n`);
    read(`#define F(a) a\n${'F('.repeat(deep)}`);
  });

  test('made of the pieces that directives are made of never throws', () => {
    const piece = fc.constantFrom(
      ...[
        '#',
        'define ',
        'undef ',
        'if ',
        'elif ',
        'else',
        'endif',
        'include ',
        'include_next ',
        'pragma once',
        'A',
        'B',
      ],
      ...[
        '(',
        ')',
        ',',
        '...',
        '##',
        '\n',
        '\n#',
        ' ',
        '__VA_ARGS__',
        '__VA_OPT__',
        '_Pragma',
        'defined',
        '"',
        "'",
        '\\',
      ],
      ...[
        '1',
        '0',
        '/',
        '*',
        '<',
        '>',
        '?',
        ':',
        '-',
        '__has_include',
        '__COUNTER__',
        '__LINE__',
        '"b.h"',
        '\\\n',
        '\u00ff',
      ],
    );
    const source = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(source, source, (text, header) => {
        const { tokens } = read(text, { 'a/b.h': header });
        return tokens.length > 0;
      }),
      { numRuns: 2000 },
    );
  });
});

describe('__FILE__', () => {
  test('spells the name as it was asked for, as gcc does', () => {
    const got = read('#include "../include/x.h"\n#include <../a/./y.h>\n__FILE__\n', {
      'include/x.h': '__FILE__\n',
      'a/y.h': '__FILE__\n',
    });
    expect(texts(got)).toEqual(['"a/../include/x.h"', '"include/../a/./y.h"', '"a/a.c"']);
    expect(got.files.slice(1)).toEqual(['a/a.c', 'include/x.h', 'a/y.h']);
  });
});
