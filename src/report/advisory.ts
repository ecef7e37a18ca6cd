/** The reply where nothing is promised (upstream): one short paragraph, information and no complaint. */
import type { Review } from '../kabi/review.js';
import { plain } from './escape.js';
import { filled } from './table.js';
import { bySeverity, reproduceCommand, typeName, verdictLine } from './wording.js';

const WIDTH = 72;

export function advisoryReport(review: Review): string {
  const types = review.types.filter(({ verdict }) => verdict !== 'none' && verdict !== 'guarded');
  const named = types.slice(0, 3).map((type) => plain(typeName(type)));
  const more = types.length > 3 ? ` and ${types.length - 3} more` : '';
  const [worst] = bySeverity(review.findings);
  const what = worst === undefined ? '' : ` ${plain(worst.text)} (${worst.rule}).`;
  const about = named.length === 0 ? '' : ` It concerns ${named.join(', ')}${more}:`;
  const said = `For information only, since this tree promises no binary interface to modules built before.${about}${what} To repeat: ${plain(reproduceCommand(review))}`;
  return [...filled(plain(verdictLine(review)), WIDTH), '', ...filled(said, WIDTH)].join('\n').concat('\n');
}
