/**
 * Two reviews of the versions of one series -> what the newer changes in the kABI, a sentence each. Compares what the reviews say; judges
 * nothing. Worked example: v1 grew `struct s` in the open, v2 hides the member behind an honest guard:
 * `struct s: crc-break becomes guarded: the guard added in v2 makes it harmless`.
 */
import type { Guard, Review, TypeChange } from '../kabi/review.js';
import { typeName } from './wording.js';

export interface Earlier {
  readonly version: number;
  readonly review: Review;
}

/** First the verdicts, then what differs; one sentence where nothing does. */
export function sinceLines({ version, review: before }: Earlier, after: Review): string[] {
  const lines = [...typeLines(before, after), ...symbolLines(before, after), ...guardLines(before, after)];
  const evidence =
    before.evidence === after.evidence
      ? ''
      : ` (v${version} was judged by ${before.evidence}, this by ${after.evidence})`;
  const verdicts =
    before.verdict === after.verdict
      ? `the verdict stays ${after.verdict}`
      : `${before.verdict} becomes ${after.verdict}`;
  const told = lines.length === 0 ? ['nothing changes in the kABI'] : lines;
  return [`Since v${version}: ${verdicts}${evidence}.`, ...told.map((line) => `- ${line}`)];
}

function typeLines(before: Review, after: Review): string[] {
  const [old, fresh] = [byName(before.types), byName(after.types)];
  const newGuards = after.guards.filter((guard) => !before.guards.some((one) => sameGuard(one, guard)));
  const lines: string[] = [];
  for (const [name, type] of fresh) {
    const was = old.get(name);
    if (was === undefined) lines.push(`${name}: changes now, ${type.verdict}`);
    else if (was.verdict !== type.verdict)
      lines.push(`${name}: ${was.verdict} becomes ${type.verdict}${because(type, newGuards, after)}`);
    else if (shapeOf(was) !== shapeOf(type)) lines.push(`${name}: changed otherwise, still ${type.verdict}`);
  }
  for (const [name, type] of old) if (!fresh.has(name)) lines.push(`${name}: no longer changed (was ${type.verdict})`);
  return lines;
}

function because(type: TypeChange, guards: readonly Guard[], { series }: Review): string {
  const guard = guards.find((one) => one.file === type.file && one.honest === true);
  if (guard === undefined) return '';
  if (type.verdict === 'guarded' || type.verdict === 'none')
    return `: the guard added in v${series.version} makes it harmless`;
  if (type.verdict === 'conditional')
    return `: the guard added in v${series.version} hides it, and only the base kernel can notice`;
  return '';
}

function symbolLines(before: Review, after: Review): string[] {
  const names = ({ symbols }: Review) => new Set(symbols.changed.map(({ name }) => name));
  const [old, fresh] = [names(before), names(after)];
  const gone = [...old].filter((name) => !fresh.has(name)).length;
  const added = [...fresh].filter((name) => !old.has(name)).length;
  return [
    ...(gone > 0 ? [`${counted(gone, 'exported symbol')} no longer changed in version`] : []),
    ...(added > 0 ? [`${counted(added, 'more exported symbol')} changed in version`] : []),
  ];
}

function guardLines(before: Review, after: Review): string[] {
  return after.guards.flatMap((guard) => {
    const was = before.guards.find((one) => sameGuard(one, guard));
    return was === undefined || was.honest === guard.honest
      ? []
      : [`the guard in ${guard.file} is ${guard.honest === true ? 'honest now' : `no longer honest: ${guard.why}`}`];
  });
}

function sameGuard(one: Guard, other: Guard): boolean {
  return one.file === other.file && one.idiom === other.idiom && one.hides.join('\n') === other.hides.join('\n');
}

function byName(types: readonly TypeChange[]): Map<string, TypeChange> {
  return new Map(types.map((type) => [typeName(type), type]));
}

/** What changed in it, lines and files apart. */
function shapeOf({ members, before, after }: TypeChange): string {
  return JSON.stringify([members, before, after]);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
