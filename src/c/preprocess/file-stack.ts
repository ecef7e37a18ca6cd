/**
 * The files of a unit that are open, each included by the one below it, and what could not be had of them.
 *
 * Also what forbids to keep the stretch under way (segment.ts): whatever it asks for beside its text and macros says so here.
 */

import { type Directive, lineAt } from '../lex/lexed-file.js';
import type { Found } from './include-search.js';

/** Something that the text asked for and that could not be had. */
export interface PreprocessMissing {
  readonly what: string;
  readonly why: string;
  readonly file: string;
  readonly line: number;
}

export interface Frame extends Found {
  /** Place in `files`. */
  readonly id: number;
  at: number;
  /** The next directive's place in `file.directives`. */
  directive: number;
}

const mostMissing = 1_000;
/** The name of what the compiler's command line says, as gcc has it. */
export const commandLine = '<command line>';

export class FileStack {
  readonly frames: Frame[] = [];
  /** `Frame.id` is a place in this list. */
  readonly files: string[] = [commandLine];
  /** Paths that `#pragma once` or `#import` keeps from being read again. */
  readonly once = new Set<string>();
  readonly missing: PreprocessMissing[] = [];
  stopped = false;
  /** May the stretch under way be kept, and has it asked for the name of its file? */
  keepable = false;
  askedName = false;
  readonly #unit: string;
  readonly #fileIds = new Map<string, number>();

  /** `unit` is the path of the unit's own file. */
  constructor(unit: string) {
    this.#unit = unit;
  }

  /** A file is read from its beginning, on top of the one that includes it. */
  enter({ path, name, searched, file }: Found): void {
    let id = this.#fileIds.get(path);
    if (id === undefined) {
      id = path === commandLine ? 0 : this.files.push(path) - 1;
      this.#fileIds.set(path, id);
    }
    if (id > 65_535) {
      this.stop('the unit includes more than 65,535 files');
      return;
    }
    if (file.pragmaOnce) this.once.add(path);
    this.frames.push({ path, name, id, searched, file, at: 0, directive: 0 });
  }

  /** Nothing more of the unit is read; `at` as of `miss`. */
  stop(why: string, at?: number): void {
    this.keepable = false;
    if (!this.stopped) this.miss(`the rest of ${this.#unit}`, why, at);
    this.stopped = true;
  }

  /** At token `at` of the file on top, or where that stands. */
  miss(what: string, why: string, at?: number): void {
    this.keepable = false;
    if (this.missing.length >= mostMissing) return;
    const frame = this.frames.at(-1);
    const token = frame === undefined ? 0 : (at ?? Math.max(0, frame.at - 1));
    const line = frame === undefined ? 0 : lineAt(frame.file, frame.file.tokens.offset[token] as number);
    this.missing.push({ what, why, file: frame?.path ?? this.#unit, line });
  }
}

export function isInclude({ name }: Directive): boolean {
  return name === 'include' || name === 'include_next' || name === 'import';
}

/** From a group that was taken: behind the `#endif` of its conditional. */
export function skipToEnd(frame: Frame, from: Directive): void {
  let at = from.next;
  while (at >= 0 && frame.file.directives[at]?.name !== 'endif') at = frame.file.directives[at]?.next ?? -1;
  continueAfter(frame, at);
}

/** To behind a directive of the frame, or to the end where there is none. */
export function continueAfter(frame: Frame, directive: number): void {
  const found = frame.file.directives[directive];
  frame.at = found?.end ?? frame.file.tokens.length - 1;
  frame.directive = found === undefined ? frame.file.directives.length : directive + 1;
}
