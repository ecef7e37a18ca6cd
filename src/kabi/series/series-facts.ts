/** The facts of a series that every review repeats: who, which version, which files. */
import type { Series } from '../../patch/series.js';
import type { Review } from '../review.js';
import { pathOf } from './triage.js';

export function seriesOf(series: Series): Review['series'] {
  return {
    subject: series.subject,
    version: series.version,
    rfc: series.rfc,
    messageId: series.messageId,
    patches: series.patches.map(({ n, total, messageId, subject, files }) => ({
      n,
      total,
      messageId,
      subject,
      files: files.map(pathOf),
    })),
  };
}
