/**
 * The declarations of a stretch of tokens, kept for the next unit that has it.
 *
 * What genksyms makes of a stretch depends on its tokens and on what the names in it were before: a typedef, an enumerator, or taken
 * by an earlier definition. Where those are the same again, so is what the stretch adds. Files of one content share their stretches, and
 * each symbol says which file declares it, so that has to be the same too.
 */
import type { Segment } from '../c/preprocess/segment.js';
import type { Added, NameFacts, SymbolTable } from './symbol-table.js';

interface Declarations {
  readonly file: string | null;
  readonly asked: NameFacts;
  readonly added: Added;
}

const mostVariants = 4;

export class DeclarationCache {
  readonly #bySegment = new WeakMap<Segment, Declarations[]>();

  /** Adds what the stretch of `symbols.file` declares, if that is known; says whether it did. */
  apply(segment: Segment, symbols: SymbolTable): boolean {
    const variants = this.#bySegment.get(segment);
    const known = variants?.find(({ file, asked }) => file === symbols.file && symbols.agrees(asked));
    if (known === undefined) return false;
    symbols.addAll(known.added);
    return true;
  }

  /** Keeps what `symbols` has noted since its `begin`. */
  keep(segment: Segment, symbols: SymbolTable): void {
    if (!symbols.isBetweenEnums) return;
    const variants = this.#bySegment.get(segment) ?? [];
    if (variants.length >= mostVariants) variants.pop();
    variants.unshift({ file: symbols.file, asked: symbols.asked, added: symbols.added });
    this.#bySegment.set(segment, variants);
  }
}
