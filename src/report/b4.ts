/**
 * Review -> what b4's `review-perpatch-check-cmd` and `review-series-check-cmd` read from a command's output: a JSON array of
 * `{ tool, status: pass|warn|fail, summary, url?, details? }`, printed as one line of text each in `b4 review`.
 */
import type { Review, Verdict } from '../kabi/review.js';
import { plain } from './escape.js';
import { bySeverity, verdictLine } from './wording.js';

interface Check {
  readonly tool: 'kabiwatch';
  readonly status: 'pass' | 'warn' | 'fail';
  readonly summary: string;
  readonly details?: string;
}

const statusOf: Readonly<Record<Verdict, Check['status']>> = {
  none: 'pass',
  guarded: 'pass',
  conditional: 'warn',
  unknown: 'warn',
  'crc-break': 'fail',
  'silent-break': 'fail',
};

export function b4Report(reviews: readonly Review[]): string {
  return `${JSON.stringify(reviews.map(check), null, 2)}\n`;
}

function check(review: Review): Check {
  const said = [
    ...bySeverity(review.findings).map((one) => `${one.file}:${one.line}: ${one.rule}: ${plain(one.text)}`),
    ...review.missing.map((one) => `not known: ${plain(one.what)} (${plain(one.why)})`),
  ];
  const result = { tool: 'kabiwatch', status: statusOf[review.verdict], summary: plain(verdictLine(review)) } as const;
  return said.length === 0 ? result : { ...result, details: said.join('\n') };
}
