/** A review -> the check that a tracker of patches shows. A table, and tested as such. */
import type { Verdict } from '../kabi/review.js';
import { verdictLine } from '../report/wording.js';
import type { Config, ListConfig } from './config.js';
import type { Check } from './ports.js';
import type { SeriesResult } from './tasks.js';

const states: Readonly<Record<ListConfig['promise'], Readonly<Record<Verdict, Check['state']>>>> = {
  enforced: {
    none: 'success',
    guarded: 'success',
    conditional: 'warning',
    unknown: 'warning',
    'crc-break': 'fail',
    'silent-break': 'fail',
  },
  // Upstream promises nothing: only a guard that lies is wrong there.
  advisory: {
    none: 'success',
    guarded: 'success',
    conditional: 'success',
    unknown: 'success',
    'crc-break': 'success',
    'silent-break': 'fail',
  },
};

/** null where the list's results are not posted: elsewhere than in mode author and list nothing leaves the machine. */
export function checkOf(result: SeriesResult, review: number, list: ListConfig, config: Config): Check | null {
  const { patchwork, web } = config;
  if (patchwork === undefined || (list.mode !== 'author' && list.mode !== 'list')) return null;
  if (patchwork.lists !== undefined && !patchwork.lists.includes(list.name)) return null;
  return {
    patches: result.review.series.patches.flatMap(({ messageId }) => messageId ?? []),
    state: states[list.promise][result.review.verdict],
    description: verdictLine(result.review).replace(/\s+/g, ' ').slice(0, 250),
    url: web.url === undefined ? null : `${web.url.replace(/\/$/, '')}/reviews/r${review}`,
  };
}
