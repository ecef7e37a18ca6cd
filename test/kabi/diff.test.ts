/**
 * Drives test/cases/review/*.txt: cases of a mail alone. A case is `# title`, one or more diffs (several patches are parted by a
 * line `---8<---`), and what is expected of its review: `=> verdict V`, `=> RULE FILE:LINE TEXT`, `=> guard IDIOM HONEST`,
 * `=> missing TEXT`. All findings and guards are listed; of `missing` only what the case names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Architecture, Review } from '../../src/kabi/review.js';
import { reviewSeries } from '../../src/kabi/review-series.js';
import { seriesFromDiffs } from './series.js';

for (const name of readdirSync('test/cases/review').filter((one) => one.endsWith('.txt'))) {
  describe(name, () => {
    const [, ...cases] = readFileSync(`test/cases/review/${name}`, 'utf8').split(/^# /m);
    for (const text of cases) {
      const [title = '', ...lines] = text.split('\n');
      test(title, () => {
        const arch = (/\[(\w+)\]$/.exec(title)?.[1] ?? 'x86_64') as Architecture;
        const diffs = lines
          .filter((line) => !line.startsWith('=> '))
          .join('\n')
          .split('---8<---\n');
        const review = Review.parse(reviewSeries({ series: seriesFromDiffs(diffs), arch }));
        const wanted = lines.filter((line) => line.startsWith('=> ')).map((line) => line.slice(3));
        const told = [
          `verdict ${review.verdict}`,
          ...review.findings.map((one) => `${one.rule} ${one.file}:${one.line} ${one.text}`),
          ...review.guards.map((one) => `guard ${one.idiom} ${one.honest}`),
          ...review.missing.map((one) => `missing ${one.what}`).filter((one) => wanted.includes(one)),
        ];
        expect(told.sort()).toEqual(wanted.sort());
      });
    }
  });
}
