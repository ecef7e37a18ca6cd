/** What every report format keeps for every review: bounds, the verdict first, nothing of a stranger's that a reader's program obeys. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { type Review, verdicts } from '../../src/kabi/review.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import type { Series } from '../../src/patch/series.js';
import { b4Report } from '../../src/report/b4.js';
import { markdownReport } from '../../src/report/markdown.js';
import { sarifReport } from '../../src/report/sarif.js';
import { textReport } from '../../src/report/text.js';
import { seriesFromDiffs } from '../kabi/series.js';

/** OASIS's schema, from a package that carries it. */
const sarifSchema = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'),
    'utf8',
  ),
);
// Draft 4, of which it uses what later drafts kept.
const { $schema: _draft, id: _id, ...sarifRules } = sarifSchema;
const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(sarifRules);

const hostile =
  '\u001b[31m@maintainer fixes #12 GH-3 closes org/repo#4 <script>x</script> ![i](http://e) `` ` `` \u202eabc https://evil.example www.evil.example\r\n.\r\nBcc: x';

function hostileReview(base: Review): Review {
  const place = { file: `include/${hostile}.h`, line: 3 };
  return {
    ...base,
    series: { ...base.series, subject: hostile, messageId: `a'; rm -rf /;${hostile}@x` },
    target: { ...base.target, tree: hostile, base: hostile },
    types: [
      {
        kind: 'struct',
        name: hostile,
        ...place,
        verdict: 'crc-break',
        before: { size: 8, align: 8 },
        after: { size: 16, align: 8 },
        embeddedIn: [hostile],
        members: Array.from({ length: 400 }, (_, at) => ({
          name: `${hostile}${at}`,
          change: 'moved' as const,
          before: { bitOffset: at * 8, bitSize: 0, type: hostile },
          after: { bitOffset: at * 8 + 3, bitSize: 0, type: hostile },
        })),
      },
    ],
    symbols: {
      exported: 5,
      changed: [
        {
          name: hostile,
          module: 'vmlinux',
          before: '0x00000001',
          after: '0x00000002',
          stable: true,
          cause: 0,
          because: [hostile, hostile],
        },
      ],
      causes: [{ text: hostile, ...place, patch: 1, cosmetic: false, count: 1 }],
      added: [hostile],
      removed: [hostile],
    },
    guards: [{ ...place, idiom: hostile, hides: [hostile], honest: false, rule: 'guard-hides-break', why: hostile }],
    consumers: Array.from({ length: 90 }, () => ({
      type: hostile,
      member: hostile,
      kind: 'access' as const,
      place: 'module' as const,
      ...place,
      function: hostile,
    })),
    findings: Array.from({ length: 90 }, () => ({
      rule: 'member-inserted',
      severity: 'error' as const,
      type: hostile,
      symbol: hostile,
      ...place,
      patch: 1,
      text: hostile,
      evidence: 'diff' as const,
      verified: false,
    })),
    fixes: [{ title: hostile, verdict: 'none', diff: `--- a\n+++ b\n@@ -1 +1 @@\n+${hostile}` }],
    missing: [{ what: hostile, why: hostile }],
  };
}

function reviewsAndSeries(): { title: string; review: Review; series: Series }[] {
  const [, ...cases] = readFileSync('test/cases/review/diff.txt', 'utf8').split(/^# /m);
  const found = cases.map((text) => {
    const [title = '', ...lines] = text.split('\n');
    const diffs = lines.filter((line) => !line.startsWith('=> ')).join('\n');
    const series = seriesFromDiffs(diffs.split('---8<---\n'));
    return { title, review: reviewSeries({ series, arch: 'x86_64' }), series };
  });
  const first = found[0];
  if (first === undefined) throw new Error('no cases');
  const strange = seriesFromDiffs([
    `--- a/include/x.h\n+++ b/include/x.h\n@@ -1,1 +1,2 @@ ${'\u001b[2J'}\n int a;\n+int b;\u001b[2J\t\tx\n`,
  ]);
  return [
    ...found,
    ...verdicts.map((verdict) => ({
      title: `hostile ${verdict}`,
      review: { ...hostileReview(first.review), verdict },
      series: strange,
    })),
  ];
}

const all = reviewsAndSeries();

test('there are cases of every kind', () => {
  expect(readdirSync('test/cases/review').length).toBeGreaterThan(0);
  expect(all.length).toBeGreaterThan(verdicts.length);
});

describe.each(all)('$title', ({ review, series }) => {
  test('text: 72 columns, under 60 lines, no tab or control character, the verdict in the first line', () => {
    const text = textReport(review, series);
    const lines = text.split('\n');
    expect(lines.filter((line) => line.length > 72)).toEqual([]);
    expect(lines.length).toBeLessThan(60);
    expect(text.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    expect(lines[0]).toContain(review.verdict);
    expect(text).toContain('kabiwatch review');
    // A mail's end, a signature or a quoted header must not come from a stranger's text.
    expect(lines).not.toContain('.');
    expect(lines).not.toContain('-- ');
  });

  test('markdown: no mention, reference, closing keyword, HTML, image or link of a stranger', () => {
    const text = markdownReport(review);
    expect(text.split('\n')[0]).toContain(review.verdict);
    // What stands in code is not interpreted; the rest must hold nothing that is.
    const prose = text
      .replace(/^(`{3,})[^\n`]*\n[\s\S]*?\n\1$/gm, '')
      .replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
    expect(prose).not.toMatch(/@[a-z]/i);
    expect(prose).not.toMatch(/(^|[^&])#\d/);
    expect(prose).not.toMatch(/GH-\d/);
    expect(prose).not.toMatch(/<[a-z!/]/i);
    expect(prose).not.toMatch(/!\[|\]\(/);
    expect(prose).not.toMatch(/https?:\/\/|www\.\w/);
    expect(text.replace(/\n/g, '')).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  });

  test('b4: an array of what its check commands print', () => {
    const checks = JSON.parse(b4Report([review]));
    expect(checks).toHaveLength(1);
    expect(Object.keys(checks[0]).every((key) => ['tool', 'status', 'summary', 'url', 'details'].includes(key))).toBe(
      true,
    );
    expect(['pass', 'warn', 'fail']).toContain(checks[0].status);
    expect(checks[0].summary).toContain(review.verdict);
    expect(checks[0].summary).not.toMatch(/\p{Cc}/u);
  });

  test('sarif: a result a finding, each with its rule and a place', () => {
    const log = JSON.parse(sarifReport([review], '0'));
    const [run] = log.runs;
    expect([isSarif(log), isSarif.errors]).toEqual([true, null]);
    expect(log.version).toBe('2.1.0');
    expect(run.results).toHaveLength(review.findings.length);
    for (const result of run.results) {
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(result.locations[0].physicalLocation.region.startLine).toBeGreaterThan(0);
      expect(result.message.text).not.toMatch(/\p{Cc}/u);
      expect(result.locations[0].physicalLocation.artifactLocation.uri).toMatch(/^[\x21-\x7e]*$/);
    }
  });
});
