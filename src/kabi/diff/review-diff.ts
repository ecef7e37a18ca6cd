/**
 * A review from the mail alone (`evidence: diff`): what changed and how, what is hidden, and, where a tree would be needed
 * to say more, what for.
 */
import type { Series } from '../../patch/series.js';
import type { Architecture, Missing, Review } from '../review.js';
import { seriesOf } from '../series/series-facts.js';
import { worstOf } from '../verdict.js';
import { changesOf } from './changes.js';
import type { DiffChanges, TypeDifference } from './differences.js';
import { type Judged, judgeDirectives, judgeExports, judgeGuards, judgePrototypes } from './judge-rest.js';
import { judgeType, nameOfType, type TypeJudgement } from './judge-type.js';

export function reviewDiff(series: Series, arch: Architecture): Review {
  const changes = changesOf(series);
  const judged: Judged = { findings: [], verdicts: [], missing: [] };
  const shown = changes.types.filter((one) => one.existence === 'both');
  const types = shown.map((one) => judgeType(one, arch));
  judged.verdicts.push(...types.map((one) => one.verdict));
  judged.findings.push(...types.flatMap((one) => one.findings));
  const guards = judgeGuards(changes.guards, types, judged);
  judgeExports(changes, judged);
  judgePrototypes(changes, judged);
  judgeDirectives(changes, judged);
  missingOf(changes, shown, types, judged);
  return {
    schema: 'kabiwatch.review/1',
    series: seriesOf(series),
    target: { tree: null, base: series.base, arch, reference: null, crcMode: null },
    evidence: 'diff',
    verdict: worstOf(judged.verdicts),
    types: types.map((one) => one.type),
    symbols: {
      exported: 0,
      changed: [],
      causes: [],
      added: changes.exports.filter((one) => one.before === null).map((one) => one.after?.name ?? ''),
      removed: changes.exports.filter((one) => one.after === null).map((one) => one.before?.name ?? ''),
    },
    guards,
    consumers: [],
    findings: judged.findings,
    fixes: [],
    missing: judged.missing,
  };
}

/** What a tree would be needed for, once for the series and not once a member. */
function missingOf(
  changes: DiffChanges,
  shown: readonly TypeDifference[],
  types: readonly TypeJudgement[],
  out: Judged,
): void {
  const add = (what: string, why: string): number => out.missing.push({ what, why } satisfies Missing);
  const laidOut = shown.filter((one) => one.kind !== 'enum' && (one.compiler.differs || one.attributes !== null));
  if (laidOut.length > 0) {
    const names = listed(laidOut.map(nameOfType));
    add(`offsets and sizes of ${names}`, 'a mail shows no other members, no configuration and no sizes of other types');
    add(`which types embed ${names}`, 'members after an embedded type move when it grows; that needs the tree');
  }
  const shifted = types.flatMap(({ type, verdict }) => (type.kind === 'enum' && verdict === 'unknown' ? [type] : []));
  if (shifted.length > 0)
    add(`who uses the values of ${listed(shifted.map(({ name }) => `enum ${name}`))}`, 'that needs the tree');
  for (const one of shown.filter((type) => type.compiler.reconditioned.length > 0)) {
    add(
      `in which configurations ${listed(one.compiler.reconditioned)} of ${nameOfType(one)} is there`,
      'its #if changes',
    );
  }
  const hashed = shown.filter((one) => one.genksyms.differs);
  if (hashed.length > 0)
    add(
      `which exported symbols reach ${listed(hashed.map(nameOfType))}`,
      'symbol versions are computed from the whole tree',
    );
  const removed = changes.types.filter(
    (one) => one.existence === 'removed' && one.role === 'public' && one.name !== '' && one.name !== null,
  );
  if (removed.length > 0) {
    out.verdicts.push('unknown');
    add(`whether an export reached ${listed(removed.map(nameOfType))}`, 'the definition is removed');
  }
  for (const { file, why } of changes.unread) {
    out.verdicts.push('unknown');
    add(`the changes in ${file}`, `too long to read: ${why}`);
  }
}

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)].map((name) => `\`${name}\``);
  if (unique.length <= 3) return unique.join(', ');
  return `${unique.slice(0, 3).join(', ')} and ${unique.length - 3} more`;
}
