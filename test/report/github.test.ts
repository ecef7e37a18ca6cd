/** What GitHub shows of foreign text, rendered as GitHub-flavoured Markdown: it links, loads and closes nothing. */
import { expect, test } from '@jest/globals';
import { marked } from 'marked';
import type { Review } from '../../src/kabi/review.js';
import { checkText, commentText, outputLimit } from '../../src/report/github.js';
import { actionAnnotations } from '../../src/report/github-action.js';
import { explainText, fixText } from '../../src/report/github-answers.js';
import { commentLimit } from '../../src/report/github-blocks.js';
import { emptyReview } from '../service/review.js';

const attacks = [
  '@org/team',
  'Fixes #1, closes org/repo#2, GH-3',
  '<img src=x onerror=alert(1)>',
  '![x](https://evil.example/x.png)',
  '[click](https://evil.example)',
  'https://github.com/o/r/issues/1 and www.evil.example',
  'someone@evil.example',
  '```\n</details>\n# heading',
  '`````` `` ` ``````',
  'a | b | c |\n|---|---|\n| x | y |',
  '</details></td></table><script>alert(1)</script>',
  '<!-- kabiwatch review -->',
  '- item\n1. item\n> quote\n***\n~~x~~ **b** _i_',
  '\\`@org/team\\`',
  'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
  '\u202eevil\u2066 \u200b@org/team',
  '&#64;org &lt;img&gt; &commat;org',
  '$$\\unicode{x}$$ [^1] :tada:',
];

function reviewWith(attack: string): Review {
  const place = { bitOffset: 8, bitSize: 8, type: attack };
  return emptyReview({
    verdict: 'crc-break',
    series: { subject: attack, version: 1, rfc: false, messageId: null, patches: [] },
    target: { tree: attack, base: attack, arch: 'x86_64', reference: attack, crcMode: 'genksyms' },
    types: [
      {
        kind: 'struct',
        name: attack,
        file: attack,
        line: 1,
        verdict: 'crc-break',
        before: { size: 8, align: 8 },
        after: { size: 16, align: 8 },
        embeddedIn: [attack],
        members: [{ name: attack, change: 'added', before: null, after: place }],
      },
    ],
    symbols: {
      exported: 9,
      changed: [
        {
          name: attack,
          module: attack,
          before: '0x00000001',
          after: '0x00000002',
          stable: true,
          cause: 0,
          because: [attack],
        },
      ],
      causes: [{ text: attack, file: attack, line: 1, patch: 1, cosmetic: true, count: 1 }],
      added: [],
      removed: [],
    },
    guards: [{ file: attack, line: 1, idiom: attack, hides: [], honest: false, rule: 'x', why: attack }],
    consumers: [
      { type: attack, member: attack, kind: 'access', place: 'module', file: attack, line: 1, function: attack },
    ],
    findings: [
      {
        rule: 'r',
        severity: 'error',
        type: null,
        symbol: null,
        file: 'a.h',
        line: 2,
        patch: 1,
        text: attack,
        evidence: 'diff',
        verified: false,
      },
    ],
    fixes: [{ title: attack, verdict: 'none', diff: `+${attack}\n` }],
    missing: [{ what: attack, why: attack }],
  });
}

const occasion = {
  targets: [],
  policy: 'enforced',
  accepted: { who: 'bob', reason: '' },
  url: null,
  head: 'abcdef0123456789',
  previous: null,
  elsewhere: [],
} as const;

/** Text outside code: there GitHub looks for mentions, references and addresses. */
function outsideCode(rendered: string): string {
  return rendered.replace(/<pre>[\s\S]*?<\/pre>/g, '').replace(/<code[^>]*>[\s\S]*?<\/code>/g, '');
}

test.each(attacks)('%j is inert everywhere', (attack) => {
  const review = reviewWith(attack);
  const accepted = { ...occasion, accepted: { who: attack, reason: attack } };
  const previous = { ...accepted, previous: { head: 'f'.repeat(40), review: reviewWith(`other ${attack}`) } };
  const { summary, text } = checkText(review, accepted);
  for (const markdown of [
    summary,
    text,
    commentText(review, previous),
    explainText(review, attack),
    fixText(review, []),
    fixText(review, [{ path: attack, first: 1, last: 2 }]),
  ]) {
    const rendered = marked.parse(markdown, { gfm: true, async: false });
    const outside = outsideCode(rendered);
    expect(outside).not.toMatch(/<(?!\/?(h3|p|strong|table|thead|tbody|tr|th|td|ul|li|details|summary|sub|em)\b)/);
    expect(outside).not.toMatch(/@[A-Za-z0-9]/);
    expect(outside).not.toMatch(/(^|[^&\w])#\d/);
    expect(outside).not.toMatch(/\bGH-\d/);
    expect(outside).not.toMatch(/\w:\/\/|\bwww\.\w/);
    expect(outside).not.toMatch(/\b[0-9a-f]{40}\b/);
    expect(outside).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(rendered).not.toMatch(/<(img|script|a)\b/);
    expect(rendered).not.toContain('<h1');
    // A cell that broke out of its table would change the number of its columns.
    for (const [row] of rendered.matchAll(/<tr>[\s\S]*?<\/tr>/g))
      expect([4, 5]).toContain(row.match(/<t[hd]/g)?.length);
    expect(rendered.match(/<details/g)?.length ?? 0).toBe(rendered.match(/<\/details>/g)?.length ?? 0);
  }
});

test('texts keep within the limits of GitHub, whatever there is to say', () => {
  const [type] = reviewWith('x').types;
  const [symbol] = reviewWith('x').symbols.changed;
  if (type === undefined || symbol === undefined) throw new Error('no type');
  const long = 'x'.repeat(3000);
  const review = emptyReview({
    verdict: 'crc-break',
    types: Array.from({ length: 2000 }, (_, n) => ({ ...type, name: `${long}${n}` })),
    symbols: {
      exported: 9000,
      changed: Array.from({ length: 8000 }, (_, n) => ({ ...symbol, name: `sym_${n}` })),
      causes: [],
      added: [],
      removed: [],
    },
    fixes: [{ title: long, verdict: 'none', diff: long.repeat(50) }],
    missing: [{ what: long.repeat(20), why: long }],
  });
  const { summary, text } = checkText(review, occasion);
  expect(summary.length).toBeLessThanOrEqual(outputLimit);
  expect(text.length).toBeLessThanOrEqual(outputLimit);
  for (const said of [commentText(review, occasion), fixText(review, []), explainText(review, `struct ${long}0`)])
    expect(said.length).toBeLessThanOrEqual(commentLimit);
});

test('the first 20 symbols are shown, the rest is folded', () => {
  const [symbol] = reviewWith('x').symbols.changed;
  if (symbol === undefined) throw new Error('no symbol');
  const changed = Array.from({ length: 25 }, (_, n) => ({ ...symbol, name: `sym_${n}` }));
  const said = commentText(
    emptyReview({ symbols: { exported: 30, changed, causes: [], added: [], removed: [] } }),
    occasion,
  );
  const [open = '', folded = ''] = said.split('<details>');
  expect(open).toContain('sym_19');
  expect(open).not.toContain('sym_20');
  expect(folded).toContain('sym_24');
});

test('workflow commands escape what would end them', () => {
  const review = reviewWith('a%b\r\n::error::fake');
  expect(actionAnnotations(review)).toBe('::error file=a.h,line=2,title=r::a%25b%0D%0A::error::fake\n');
});
