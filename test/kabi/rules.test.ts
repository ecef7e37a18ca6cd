import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { verdicts } from '../../src/kabi/review.js';
import { ruleTable } from '../../src/kabi/rules/ids.js';
import { verdictOf, worstOf } from '../../src/kabi/verdict.js';

test('each rule has a page in docs/rules, and each page a rule', () => {
  const pages = readdirSync('docs/rules').map((name) => name.replace(/\.md$/, ''));
  expect(pages.sort()).toEqual(Object.keys(ruleTable).sort());
});

test.each(Object.keys(ruleTable))(
  'the page of %s says what it means, what breaks, what does not and what to do',
  (id) => {
    const page = readFileSync(`docs/rules/${id}.md`, 'utf8');
    const headings = page.split('\n').filter((line) => line.startsWith('#'));
    expect(headings).toEqual([`# ${id}`, '## Breaks', '## Does not break', '## What to do']);
    for (const part of page.split(/^#+ .*$/m).slice(1)) expect(part.trim().length).toBeGreaterThan(5);
  },
);

test('the verdict of a part is the row of the table', () => {
  expect(verdictOf('same', 'same')).toBe('none');
  expect(verdictOf('same', 'compatible')).toBe('guarded');
  expect(verdictOf('same', 'base only')).toBe('conditional');
  expect(verdictOf('same', 'incompatible')).toBe('silent-break');
  expect(verdictOf('same', 'not computable')).toBe('unknown');
  expect(verdictOf('not computable', 'same')).toBe('unknown');
  for (const compiler of ['same', 'compatible', 'base only', 'incompatible', 'not computable'] as const) {
    expect(verdictOf('differs', compiler)).toBe('crc-break');
  }
});

test('the verdict of a series is the worst of its parts', () => {
  expect(worstOf([])).toBe('none');
  expect(worstOf(['guarded', 'crc-break', 'unknown'])).toBe('crc-break');
  for (const [at, verdict] of verdicts.entries()) expect(worstOf(verdicts.slice(0, at + 1))).toBe(verdict);
});
