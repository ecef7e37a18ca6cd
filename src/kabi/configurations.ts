/**
 * Reviews of one series on several architectures and configurations -> one Review. The first configuration's facts stand; what another one
 * adds is added, with its name; the verdict is the worst, and a guard is honest where it is on all.
 */
import type { Guard, Review } from './review.js';
import { worstOf } from './verdict.js';

export function joinConfigurations(reviews: readonly Review[]): Review {
  const [first, ...others] = reviews;
  if (first === undefined) throw new Error('a review needs a configuration');
  return others.reduce(join, first);
}

function join(first: Review, other: Review): Review {
  const name = other.target.arch;
  const told = new Set(
    first.findings.map(({ rule, type, symbol, text }) => JSON.stringify([rule, type, symbol, text])),
  );
  const findings = other.findings
    .filter(({ rule, type, symbol, text }) => !told.has(JSON.stringify([rule, type, symbol, text])))
    .map((finding) => ({ ...finding, text: `on ${name}: ${finding.text}` }));
  const known = new Set(first.missing.map(({ what, why }) => `${what}: ${why}`));
  const missing = other.missing.filter(({ what, why }) => !known.has(`${what}: ${why}`));
  const types = other.types.filter(
    (type) => !first.types.some((one) => one.kind === type.kind && one.name === type.name && one.file === type.file),
  );
  return {
    ...first,
    verdict: worstOf([first.verdict, other.verdict]),
    types: [...first.types.map((type) => worseType(type, other)), ...types],
    guards: first.guards.map((guard) => worseGuard(guard, other, name)),
    findings: [
      ...findings.filter(({ severity }) => severity === 'error'),
      ...first.findings,
      ...findings.filter(({ severity }) => severity !== 'error'),
    ],
    consumers: [
      ...first.consumers,
      ...other.consumers.filter((one) => !first.consumers.some((known) => same(known, one))),
    ],
    missing: [...first.missing, ...missing.map(({ what, why }) => ({ what: `on ${name}: ${what}`, why }))],
  };
}

function worseType(type: Review['types'][number], other: Review): Review['types'][number] {
  const its = other.types.find((one) => one.kind === type.kind && one.name === type.name && one.file === type.file);
  if (its === undefined) return type;
  const embeddedIn = [...new Set([...type.embeddedIn, ...its.embeddedIn])].sort();
  return { ...type, verdict: worstOf([type.verdict, its.verdict]), embeddedIn };
}

/** A lie on one architecture is a lie; what is not known on one is not known. */
function worseGuard(guard: Guard, other: Review, name: string): Guard {
  const its = other.guards.find((one) => one.file === guard.file && one.line === guard.line);
  if (its === undefined || guard.honest === false || its.honest === true) return guard;
  if (its.honest === guard.honest) return guard;
  return { ...guard, honest: its.honest, rule: its.rule, why: `on ${name}: ${its.why}` };
}

function same(one: Review['consumers'][number], other: Review['consumers'][number]): boolean {
  return (
    one.file === other.file &&
    one.line === other.line &&
    one.kind === other.kind &&
    one.type === other.type &&
    one.member === other.member
  );
}
