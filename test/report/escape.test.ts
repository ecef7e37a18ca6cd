/** Sentences of ours around the words of strangers, in Markdown. */
import { expect, test } from '@jest/globals';
import { marked } from 'marked';
import { prose } from '../../src/report/escape.js';

test.each([
  ['`tail` moves from byte 20', '<code>tail</code> moves from byte 20'],
  ['`struct s *a` becomes `struct s **a`', '<code>struct s *a</code> becomes <code>struct s **a</code>'],
  ['`__a__`, `b` and *c*', '<code>__a__</code>, <code>b</code> and *c*'],
  ['one ` alone, #4', 'one ` alone, #\u20604'],
  ['` @team ` says <b>', '<code>@team</code> says &lt;b&gt;'],
])('%s', (text, shown) => {
  expect(marked.parseInline(prose(text), { async: false })).toBe(shown);
});
