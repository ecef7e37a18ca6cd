/** What `#` and `##` make, blank for blank, against gcc's own preprocessor. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { LexCache } from '../../src/c/lex/lex-cache.js';
import { textOf } from '../../src/c/lex/spelling.js';
import { preprocess } from '../../src/c/preprocess/preprocess.js';
import { memoryTree } from '../../src/tree/memory.js';
import { skipped } from '../truth/kernel.js';

const hasGcc = spawnSync('gcc', ['--version']).status === 0;
if (!hasGcc) skipped('gcc');
const withGcc = hasGcc ? test : test.skip;

function truth(text: string): string[] {
  const { stdout } = spawnSync('gcc', ['-E', '-P', '-std=gnu11', '-xc', '-'], {
    input: text,
    encoding: 'latin1',
  });
  return stdout.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
}

function ours(text: string): string[] {
  const unit = { path: 'unit.c', includePaths: [], forced: [], defines: [], predefined: '' };
  const { tokens } = preprocess(unit, memoryTree('unit', { 'unit.c': text }), new LexCache());
  const spelled = Array.from({ length: tokens.length }, (_, i) => textOf(tokens.spelling[i] as number));
  return spelled.filter((one) => one.startsWith('"'));
}

withGcc('blanks in what `#` makes, and the comma before `##`', () => {
  const text = readFileSync('test/cases/preprocess/blanks.c', 'latin1');
  expect(ours(text)).toEqual(truth(text));
});
