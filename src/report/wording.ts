/** What every format says in the same words: the verdict line, the evidence, the command that repeats the review. */
import type { Finding, Guard, Review, TypeChange, Verdict } from '../kabi/review.js';
import { plain } from './escape.js';

export const verdictText: Readonly<Record<Verdict, string>> = {
  none: 'no kABI effect',
  guarded: 'hidden from genksyms and harmless',
  conditional: 'hidden; harmless for the modules of this tree',
  unknown: 'cannot be decided from what is known',
  'crc-break': 'symbol versions change: old modules will not load',
  'silent-break': 'symbol versions do not change: old modules load and corrupt memory',
};

/** The same on GitHub. */
export const githubVerdictText: Readonly<Record<Verdict, string>> = {
  none: 'no kABI effect',
  guarded: 'hidden from the symbol versions, and harmless',
  conditional: 'hidden; harmless for the modules of this tree only',
  unknown: 'not known',
  'crc-break': 'symbol versions change: built modules will not load',
  'silent-break': 'a real break is hidden: built modules load and corrupt memory',
};

export const evidenceText: Readonly<Record<Review['evidence'], string>> = {
  diff: 'from the mail alone, without a tree',
  source: 'from the source tree',
  reference: 'checked against the released kernel',
};

/** A guard-free change of the versions that a mail alone shows is a break only for types that an export reaches. */
export function verdictLine(review: Review): string {
  if (review.verdict === 'crc-break' && review.evidence === 'diff') {
    return 'crc-break: what genksyms hashes changes, nothing hides it';
  }
  if (review.verdict === 'silent-break' && review.guards.some(({ honest }) => honest === false)) {
    return 'silent-break: the guard lies: old modules load and corrupt memory';
  }
  return `${review.verdict}: ${verdictText[review.verdict]}`;
}

export function typeName(type: TypeChange): string {
  return type.name === ''
    ? `an unnamed ${type.kind}`
    : type.kind === 'typedef'
      ? type.name
      : `${type.kind} ${type.name}`;
}

/** A member of the same spelling has another size where its own type grew. */
export function changeText({ change, before, after }: TypeChange['members'][number]): string {
  return change === 'retyped' && before !== null && before.type === after?.type ? 'resized' : change;
}

/** `1 place`, `2 places` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Worst first; of one severity in the order found. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  const order = { error: 0, warning: 1, info: 2 };
  return [...findings].sort((one, other) => order[one.severity] - order[other.severity]);
}

export function guardText(guard: Guard): string {
  const call = guard.honest === null ? 'not decided' : guard.honest ? 'honest' : 'not honest';
  return `${guard.idiom} at ${guard.file}:${guard.line}: ${call}; ${guard.why}`;
}

/** One command that repeats the review; FILE stands for the mail or patch that the reader has. */
export function reproduceCommand(review: Review): string {
  const { tree, reference, arch } = review.target;
  const words = ['kabiwatch', 'review', '--arch', arch];
  // Where the configuration lies on another machine, nobody can say.
  if (tree !== null) words.push('--tree', shellWord(tree), ...(reference === null ? ['--build', 'BUILD'] : []));
  if (reference !== null) words.push('--reference', shellWord(reference));
  const id = review.series.messageId ?? review.series.patches[0]?.messageId ?? null;
  return [...words, id === null ? 'FILE' : shellWord(`${id}.mbox`)].join(' ');
}

export function shellWord(given: string): string {
  const text = plain(given);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}
