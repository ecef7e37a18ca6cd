/** The package's own entry: a mail becomes a report by the names that it exports. */
import { expect, test } from '@jest/globals';
import { assemble, readMessage, reviewSeries, seriesOf, textReport } from '../src/index.js';
import { mailOf, series } from './demo/thread.js';

test('mails in, a report out', async () => {
  const messages = await Promise.all(series('library').map((part) => readMessage(mailOf(part))));
  const [assembled] = assemble(messages).series;
  if (assembled === undefined) throw new Error('no series');
  const proposed = seriesOf(assembled);
  const review = reviewSeries({ series: proposed, arch: 'x86_64' });
  expect(textReport(review, proposed).split('\n')[0]).toContain(review.verdict);
});
