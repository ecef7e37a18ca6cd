/** What the structure of a function tells of a place in it. */
import { expect, test } from '@jest/globals';
import { textOf } from '../../../src/c/lex/spelling.js';
import { tokenize } from '../../../src/c/lex/tokenize.js';
import { conditionsAt } from '../../../src/c/outline/known-conditions.js';

/** Conditions that hold at the word `here`. */
function known(body: string): string[] {
  const tokens = tokenize(Buffer.from(body));
  const words = Array.from(tokens.spelling.subarray(0, tokens.length - 1), textOf);
  const at = words.indexOf('here');
  return conditionsAt(tokens, { start: 0, end: words.length }, at).map(({ start, end }) =>
    words.slice(start, end).join(' '),
  );
}

test.each([
  ['if (a) here();', ['a']],
  ['if (a) b(); here();', []],
  ['if (a && !(b || c)) { if (d) { x(); } here(); }', ['a', '! ( b || c )']],
  ['if (a) b(); else here();', []],
  ['if (!a || b) return; here();', ['a']],
  ['if (!a) { x(); goto out; } here(); out: y();', ['a']],
  ['if (!a) { x(); } here();', []],
  ['if (!a) return; out: here();', []],
  ['if (c) { if (!a) return; out: here(); }', []],
  ['switch (a) { case 1: if (!b) break; here(); break; case 2: x(); }', ['b']],
  ['switch (a) { case 1: if (!b) break; case 2: here(); }', []],
  ['while (a && b) here();', ['a', 'b']],
  ['list_for_each(p, q) { if (!p->ok) continue; here(); }', ['p -> ok']],
  ['do { if (a) { here(); } } while (b);', ['a']],
  ['for (i = 0; i < n; i++) if (a[i]) here();', ['a [ i ]']],
  ['x = a && b && here;', ['a', 'b']],
  ['x = a || here;', []],
  ['x = !a || here;', ['a']],
  ['return a ? here : b;', ['a']],
  ['return !a && here;', ['! a']],
  ['return a ? b : here;', []],
  ['f(a, b && here(c));', ['b']],
  ['if (a || b) here();', []],
  ['if (!!(a & F)) here();', ['a & F']],
  ['if ((a & F) && (b || c)) here();', ['a & F']],
  ['if (a) { struct s x = { .m = b ? c : 0 }; here(); }', ['a']],
])('%s', (body, conditions) => expect(known(body)).toEqual(conditions));

test('text that does not close, or closes what it did not open, ends', () => {
  for (const body of [
    'if (a { here();',
    '} here',
    '((((here',
    'if (a) if (b) here',
    '{{{{ here',
    'else else here',
    'case case here',
  ])
    expect(Array.isArray(known(body))).toBe(true);
  expect(known(`${'if (a) {'.repeat(5_000)} here(); ${'}'.repeat(5_000)}`).length).toBeLessThan(1_000);
});
