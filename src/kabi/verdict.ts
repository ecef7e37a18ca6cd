/**
 * DESIGN's table, as a function. Do not add reasons to it: what decides a row is found out elsewhere.
 *
 * Comes in: what the two views say of one part of the series. Goes out: its verdict.
 */
import { type Verdict, verdicts } from './review.js';

/** The view that the tree's CRC mode hashes, before against after. */
export type GenksymsView = 'same' | 'differs' | 'not computable';

/** The compiler's view, before against after; `base only`: incompatible, but only the base kernel uses what moved. */
export type CompilerView = 'same' | 'compatible' | 'base only' | 'incompatible' | 'not computable';

export function verdictOf(genksyms: GenksymsView, compiler: CompilerView): Verdict {
  if (genksyms === 'differs') return 'crc-break';
  if (genksyms === 'not computable') return 'unknown';
  switch (compiler) {
    case 'same':
      return 'none';
    case 'compatible':
      return 'guarded';
    case 'base only':
      return 'conditional';
    case 'incompatible':
      return 'silent-break';
    case 'not computable':
      return 'unknown';
  }
}

/** The verdict of a series is the worst of its parts; of no parts, `none`. */
export function worstOf(parts: Iterable<Verdict>): Verdict {
  let worst = 0;
  for (const part of parts) worst = Math.max(worst, verdicts.indexOf(part));
  return verdicts[worst] as Verdict;
}
