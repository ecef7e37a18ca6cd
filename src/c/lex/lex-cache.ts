/** What a process keeps from unit to unit: files as tokens, by content, and what their stretches came to. */
import type { Bodies } from '../preprocess/bodies.js';
import { MacroTable } from '../preprocess/macro-table.js';
import { SegmentStore } from '../preprocess/segment.js';
import { type LexedFile, lexFile } from './lexed-file.js';

/** Tokens take some ten times the text; past this the cache begins anew rather than grow for ever. */
const mostBytes = 60_000_000;
/** Units' own files: the views and versions of one unit follow one another. */
const mostOwn = 4;

export class LexCache {
  readonly macros = new MacroTable();
  readonly segments: Readonly<Record<Bodies, SegmentStore>> = { whole: new SegmentStore(), empty: new SegmentStore() };
  /** How many tokens the last unit had: the next will have about as many. */
  lastLength = 3 << 18;
  readonly #files = new Map<string, LexedFile>();
  readonly #own = new Map<string, LexedFile>();
  #bytes = 0;

  /** `read` is called only where the content is new; null where it cannot be read. */
  lexed(contentId: string, read: () => Uint8Array | null): LexedFile | null {
    const known = this.#files.get(contentId) ?? this.#own.get(contentId);
    if (known !== undefined) return known;
    const file = lexedFrom(read);
    if (file === null) return null;
    if (this.#bytes > mostBytes) {
      this.#files.clear();
      this.#bytes = 0;
    }
    this.#files.set(contentId, file);
    this.#bytes += file.bytes.length;
    return file;
  }

  /** The same for a unit's own file: headers are read for thousands of units, this for one. */
  lexedOwn(contentId: string, read: () => Uint8Array | null): LexedFile | null {
    const known = this.#own.get(contentId) ?? this.#files.get(contentId);
    if (known !== undefined) return known;
    const file = lexedFrom(read);
    if (file === null) return null;
    for (const oldest of this.#own.keys()) if (this.#own.size >= mostOwn) this.#own.delete(oldest);
    this.#own.set(contentId, file);
    return file;
  }
}

function lexedFrom(read: () => Uint8Array | null): LexedFile | null {
  const bytes = read();
  return bytes === null ? null : lexFile(bytes);
}
