/** `#include`, `#include_next` and `#import`: the header is found and opened, unless its guard or `#pragma once` says that it was read. */

import type { Directive } from '../lex/lexed-file.js';
import { type DirectiveLine, textOfLine } from './directive-line.js';
import type { FileStack, Frame } from './file-stack.js';
import type { IncludeSearch } from './include-search.js';
import type { MacroTable } from './macro-table.js';

const deepestInclude = 200;

export class Inclusion {
  readonly #search: IncludeSearch;
  readonly #line: DirectiveLine;
  readonly #stack: FileStack;
  readonly #macros: MacroTable;

  constructor(search: IncludeSearch, line: DirectiveLine, stack: FileStack, macros: MacroTable) {
    this.#search = search;
    this.#line = line;
    this.#stack = stack;
    this.#macros = macros;
  }

  include(frame: Frame, directive: Directive): void {
    // Met among the arguments of a macro, it ends up inside a stretch.
    this.#stack.keepable = false;
    const header = this.#line.header(frame, directive);
    if (header === null) {
      this.#stack.miss(
        `#include ${textOfLine(frame, directive.at + 2, directive.end)}`,
        'it names no header',
        directive.at,
      );
      return;
    }
    const found = this.#search.resolve(frame, header, directive.name === 'include_next');
    if (found === null) {
      this.#stack.miss(`header ${header.name}`, 'it is not in the tree or its build directory', directive.at);
      return;
    }
    if (this.#stack.once.has(found.path)) return;
    if (directive.name === 'import') this.#stack.once.add(found.path);
    if (found.file.guard !== 0 && this.#macros.get(found.file.guard) !== undefined) return;
    if (this.#stack.frames.length >= deepestInclude) {
      this.#stack.miss(`header ${header.name}`, `headers are nested more than ${deepestInclude} deep`, directive.at);
      return;
    }
    this.#stack.enter(found);
  }
}
