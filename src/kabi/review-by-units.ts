/**
 * A review without a reference. A series that changes a header must know whose exports reach it: a first review says which types change, a
 * second one reads, with the units that the series touches, some of those that show these types to genksyms.
 */

import type { Missing, Review } from './review.js';
import { type ReviewRequest, reviewSeries } from './review-series.js';
import { type ExportingUnits, exportingUnits, type UnitsKnown } from './series/exporting-units.js';
import { roleOf } from './series/triage.js';

export function reviewByUnits(request: ReviewRequest, known: UnitsKnown, most: number): Review {
  const { source, also = [] } = request;
  if (source == null) return reviewSeries(request);
  const first = reviewSeries({ ...request, advice: false });
  if (first.evidence === 'diff') return first;
  const paths = first.series.patches.flatMap(({ files }) => files);
  const headers = paths.filter((path) => path.endsWith('.h') && roleOf(path) === 'public');
  const isQuiet = first.types.length === 0 && headers.length === 0;
  const { units, left, settled } = isQuiet ? noUnits : exportingUnits(first.types, headers, known, most);
  if (units.length + settled.size === 0)
    return request.advice === true && first.verdict !== 'none' ? reviewSeries(request) : first;
  const touched = paths.filter((path) => path.endsWith('.c'));
  const read = [...new Set([...touched, ...units])];
  const second = reviewSeries({
    ...request,
    source: { ...source, units: read, settled },
    also: also.map((one) => ({ ...one, units: read, settled })),
  });
  return settled.size > 0 ? second : { ...second, missing: [...second.missing, notRead(units.length, left)] };
}

const noUnits: ExportingUnits = { units: [], left: 0, settled: new Set() };

function notRead(read: number, left: number): Missing {
  const more = left === 0 ? '' : `, ${left} more show them`;
  const why = `of those that show the changed types ${read} were read${more}; name more with --unit`;
  return { what: 'exports of other units', why };
}
