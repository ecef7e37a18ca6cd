/**
 * A unit of a tree in one view: tokens with their macros expanded and their headers read (C11 6.10, with GNU's extensions).
 *
 * Comes in: which file, how it is compiled (Unit), the tree. Goes out: the tokens, each knowing the file and offset where a
 * person sees it, and what was missing. Never happens: an exception or a hang, whatever the bytes say; depth, size and the
 * work of one macro are bounded, and a bound that was met is named in `missing`.
 *
 * Files are frames on a stack (file-stack.ts), read a stretch at a time (stretches.ts). Between two directives the tokens of a frame
 * are plain text: each is copied unless it names a macro. A conditional group that is not taken is jumped over by the pairs that
 * lexed-file.ts has found.
 */
import type { SourceTree } from '../../tree/source-tree.js';
import { LexCache } from '../lex/lex-cache.js';
import { type Directive, type LexedFile, lineAt } from '../lex/lexed-file.js';
import { spellingOf, textOf } from '../lex/spelling.js';
import { BeginsLine, End, Identifier, Numeral, Pragma, Punctuator, Text, TokenList } from '../lex/tokens.js';
import { type Bodies, BodySkipper } from './bodies.js';
import { CountedSpellings } from './counted.js';
import { DirectiveLine, definedOperator, textOfLine } from './directive-line.js';
import { builtinMacros, Expander, type FileSource } from './expand.js';
import { commandLine, FileStack, type Frame, isInclude, type PreprocessMissing, skipToEnd } from './file-stack.js';
import { IncludeSearch } from './include-search.js';
import { Inclusion } from './inclusion.js';
import { type Definition, definitionAt, macroOf } from './macro.js';
import type { MacroTable } from './macro-table.js';
import type { SegmentStore, Stretch } from './segment.js';
import { Stretches } from './stretches.js';

/** How one translation unit is compiled. Paths are relative to the tree. */
export interface Unit {
  readonly path: string;
  /** `-I`, in order. */
  readonly includePaths: readonly string[];
  /** `-include`, in order. */
  readonly forced: readonly string[];
  /** `-D`: `NAME` or `NAME=VALUE`. */
  readonly defines: readonly string[];
  /** The compiler's own macros as `cc -dM -E` prints them: lines of `#define NAME VALUE`. */
  readonly predefined: string;
  /** Built with -fms-extensions or the like. Absent: no. */
  readonly msExtensions?: boolean;
}

export interface Preprocessed {
  /** As the unit is built: `readDeclarations` is to know. */
  readonly msExtensions: boolean;
  readonly tokens: TokenList;
  /** `tokens.file` is a place in this list; 0 is what the command line says. */
  readonly files: readonly string[];
  readonly missing: readonly PreprocessMissing[];
  /** Reading ended before the unit did: what it declares is not all here, and what stands last may be half of it. */
  readonly cut: boolean;
  /** The parts of `tokens` that other units may have in the same words, in order; what lies between is this unit's alone. */
  readonly stretches: readonly Stretch[];
}

/** Without a cache nothing is kept: reading one unit once is quicker so. */
export function preprocess(
  unit: Unit,
  tree: SourceTree,
  cache: LexCache | null = null,
  bodies: Bodies = 'whole',
): Preprocessed {
  return new Preprocessor(unit, tree, cache, bodies).run();
}

const mostTokens = 40_000_000;

const once = spellingOf('once');
const open = spellingOf('(');
const openBrace = spellingOf('{');
const pragmaOperator = spellingOf('_Pragma');

class Preprocessor implements FileSource {
  readonly #unit: Unit;
  readonly #search: IncludeSearch;
  readonly #cache: LexCache;
  readonly #segments: SegmentStore;
  readonly #skipper: BodySkipper | null;
  readonly #tokens: TokenList;
  readonly #macros: MacroTable;
  readonly #saved = new Map<number, (Definition | undefined)[]>();
  readonly #stack: FileStack;
  readonly #stretches: Stretches;
  readonly #expander: Expander;
  readonly #line: DirectiveLine;
  readonly #inclusion: Inclusion;
  readonly #counted = new CountedSpellings();
  /** Where the macro being expanded was named: what a person sees. */
  #useFile = 0;
  #useOffset = 0;
  #useLexed: LexedFile | null = null;

  constructor(unit: Unit, tree: SourceTree, known: LexCache | null, bodies: Bodies) {
    const cache = known ?? new LexCache();
    this.#skipper = bodies === 'empty' ? new BodySkipper(cache.macros) : null;
    this.#unit = unit;
    this.#stack = new FileStack(unit.path);
    this.#search = new IncludeSearch(tree, cache, unit.includePaths, unit.path);
    this.#cache = cache;
    this.#segments = cache.segments[bodies];
    this.#tokens = new TokenList(cache.lastLength);
    this.#macros = cache.macros;
    this.#macros.clear(this.#skipper);
    this.#expander = new Expander(this.#macros, this.#counted, this);
    const builtin = (name: string) => this.builtin(name, this.#useOffset);
    this.#line = new DirectiveLine(this.#macros, this.#counted, this.#stack, this.#search, builtin);
    this.#inclusion = new Inclusion(this.#search, this.#line, this.#stack, this.#macros);
    this.#stretches = new Stretches(
      {
        stack: this.#stack,
        tokens: this.#tokens,
        macros: this.#macros,
        counted: this.#counted,
        skipper: this.#skipper,
        segments: known === null ? null : this.#segments,
      },
      (frame) => this.#toInclude(frame),
    );
  }

  run(): Preprocessed {
    for (const macro of builtinMacros) this.#macros.set(macro.name, macro);
    this.#commandLine();
    for (const path of this.#unit.forced) {
      const found = this.#search.at(path, -1) ?? this.#search.search(path, 0);
      if (found === null)
        this.#stack.miss(`header ${path}`, 'it is included by every unit (-include) and is not in the tree');
      else this.#stack.enter(found);
      this.#runFrames();
    }
    const main = this.#search.at(this.#unit.path, -1);
    if (main === null) this.#stack.miss(`file ${this.#unit.path}`, 'it is not in the tree');
    else this.#stack.enter(main);
    this.#runFrames();
    this.#segments.settle();
    this.#tokens.push(End, BeginsLine, 0, 0, 0);
    this.#cache.lastLength = Math.max(1 << 12, this.#tokens.length + (this.#tokens.length >> 3));
    return {
      tokens: this.#tokens,
      files: this.#stack.files,
      missing: this.#stack.missing,
      cut: this.#stack.stopped,
      stretches: this.#stretches.list,
      msExtensions: this.#unit.msExtensions === true,
    };
  }

  #commandLine(): void {
    const { predefined, defines } = this.#unit;
    // By their text in the cache: the same option is the same macro in every unit, which segment.ts counts on.
    this.#enterText(predefined);
    for (const define of defines) {
      const [, name, value] = /^([^=]*)=?(.*)$/s.exec(define) as RegExpExecArray;
      this.#enterText(`#define ${name} ${define.includes('=') ? value : '1'}\n`);
    }
  }

  #enterText(text: string): void {
    const file = this.#cache.lexed(`text ${text}`, () => Buffer.from(text, 'latin1'));
    if (file !== null) this.#stack.enter({ path: commandLine, name: commandLine, searched: -1, file });
    this.#runFrames();
  }

  #runFrames(): void {
    while (this.#stack.frames.length > 0 && !this.#stack.stopped) {
      const frame = this.#stack.frames.at(-1) as Frame;
      const here = frame.file.directives[frame.directive];
      if (here === undefined || here.at !== frame.at || !isInclude(here)) {
        this.#stretches.read(frame);
        if (this.#stack.stopped || this.#stack.frames.at(-1) !== frame) continue;
      }
      const directive = frame.file.directives[frame.directive];
      if (directive !== undefined && frame.at === directive.at) this.#directive(frame, directive);
      else this.#stack.frames.pop();
    }
    this.#stack.frames.length = 0;
  }

  #toInclude(frame: Frame): void {
    const { directives, tokens } = frame.file;
    const last = tokens.length - 1;
    while (!this.#stack.stopped) {
      this.#text(frame, directives[frame.directive]?.at ?? last);
      if (this.#stack.frames.at(-1) !== frame) return;
      const next = directives[frame.directive];
      if (next === undefined || frame.at !== next.at) {
        if (frame.at >= last) return;
        continue;
      }
      if (isInclude(next)) return;
      this.#directive(frame, next);
    }
  }

  /** Copies the frame's tokens up to `end`, expanding; returns early when an expansion moved on in the files. */
  #text(frame: Frame, end: number): void {
    const { kind, spelling, flags, offset } = frame.file.tokens;
    const out = this.#tokens;
    const { id } = frame;
    const macros = this.#macros;
    const skipper = this.#skipper;
    for (let at = frame.at; at < end; at++) {
      const spelled = spelling[at] as number;
      if (skipper?.skips) {
        if (skipper.leavesOut(frame.file.tokens, at)) continue;
        for (let owed = skipper.takeOwed(); owed > 0; owed--)
          out.push(Punctuator, 0, openBrace, id, offset[at] as number);
      }
      if (kind[at] === Identifier) {
        const macro = macros.get(spelled);
        if (macro !== undefined || spelled === pragmaOperator) {
          frame.at = at + 1;
          this.#use(macro, spelled, frame, at);
          if (this.#stack.stopped || this.#stack.frames.at(-1) !== frame) return;
          const next = frame.file.directives[frame.directive];
          if ((next?.at ?? frame.file.tokens.length - 1) !== end) return;
          at = frame.at - 1;
          continue;
        }
      }
      out.push(kind[at] as number, flags[at] as number, spelled, id, offset[at] as number);
      skipper?.follow(kind[at] as number, spelled);
    }
    frame.at = Math.max(frame.at, end);
    if (out.length > mostTokens) this.#stack.stop('the unit has too many tokens');
  }

  #use(definition: Definition | undefined, spelled: number, frame: Frame, at: number): void {
    const { flags, offset, kind } = frame.file.tokens;
    const id = frame.id;
    const place = offset[at] as number;
    this.#useFile = id;
    this.#useOffset = place;
    this.#useLexed = frame.file;
    const out = this.#tokens;
    const begins = out.length;
    const skipper = this.#skipper;
    const emit = (one: number, spelling: number, spaced: number): void => {
      out.push(one, spaced, spelling, id, place);
      skipper?.follow(one, spelling);
    };
    this.#expander.offset = place;
    const macro = definition === undefined ? null : macroOf(definition);
    if (frame.file.tooLarge.has(place)) this.#expander.work.exhausted = true;
    else if (definition === undefined) this.#expander.expandPragma(emit);
    else if (macro === null) emit(kind[at] as number, spelled, flags[at] as number);
    else this.#expander.expandUse(macro, kind[at] as number, spelled, flags[at] as number, emit);
    if (this.#expander.work.exhausted) {
      this.#expander.work.exhausted = false;
      frame.file.tooLarge.add(place);
      // Nobody reads a million tokens that are cut off in the middle.
      out.length = begins;
      this.#stack.stop(`the expansion of ${textOf(spelled)} is too large`);
    }
    if (out.length > mostTokens) this.#stack.stop('the unit has too many tokens');
  }

  // What the expander asks of the file.

  nextToken(): boolean {
    for (;;) {
      const frame = this.#stack.frames.at(-1);
      if (frame === undefined || this.#stack.stopped) return false;
      const directive = frame.file.directives[frame.directive];
      if (directive !== undefined && directive.at === frame.at) {
        this.#directive(frame, directive);
        continue;
      }
      const { tokens } = frame.file;
      if (frame.at >= tokens.length - 1) {
        // A call may not end in another file than it began in, but a header included among its arguments may end.
        if (frame.id === this.#useFile) return false;
        this.#stack.frames.pop();
        continue;
      }
      this.#expander.kind = tokens.kind[frame.at] as number;
      this.#expander.spelling = tokens.spelling[frame.at] as number;
      this.#expander.flags = tokens.flags[frame.at] as number;
      this.#expander.offset = tokens.offset[frame.at] as number;
      frame.at++;
      return true;
    }
  }

  opensCall(): boolean {
    const frame = this.#stack.frames.at(-1);
    if (frame === undefined) return false;
    const directive = frame.file.directives[frame.directive];
    return directive?.at !== frame.at && frame.file.tokens.spelling[frame.at] === open;
  }

  builtin(name: string, offset: number): { kind: number; text: string } {
    const path = this.#stack.files[this.#useFile] as string;
    switch (name) {
      case '__LINE__':
        return { kind: Numeral, text: String(this.#useLexed === null ? 0 : lineAt(this.#useLexed, offset)) };
      case '__COUNTER__':
        return { kind: Numeral, text: this.#counted.take() };
      case '__INCLUDE_LEVEL__':
        this.#stack.keepable = false;
        return { kind: Numeral, text: String(Math.max(0, this.#stack.frames.length - 1)) };
      case '__BASE_FILE__':
        this.#stack.keepable = false;
        return { kind: Text, text: `"${this.#unit.path}"` };
      case '__FILE__':
        this.#stack.askedName = true;
        return { kind: Text, text: `"${this.#stack.frames.findLast(({ id }) => id === this.#useFile)?.name ?? path}"` };
      case '__FILE_NAME__':
        this.#stack.askedName = true;
        return { kind: Text, text: `"${path.slice(path.lastIndexOf('/') + 1)}"` };
      case '__DATE__':
        return { kind: Text, text: '"Jan  1 1970"' };
      case '__TIME__':
        return { kind: Text, text: '"00:00:00"' };
      default:
        return { kind: Text, text: '"Thu Jan  1 00:00:00 1970"' };
    }
  }

  pragma(text: string): void {
    const words = /^\s*(push_macro|pop_macro)\s*\(\s*"(\w+)"\s*\)/.exec(text);
    if (words === null) {
      this.#tokens.push(Pragma, BeginsLine, spellingOf(text.trim()), this.#useFile, this.#useOffset);
      return;
    }
    this.#stack.keepable = false;
    const name = spellingOf(words[2] as string);
    const stack = this.#saved.get(name) ?? [];
    this.#saved.set(name, stack);
    if (words[1] === 'push_macro') stack.push(this.#macros.get(name));
    else if (stack.length > 0) this.#macros.set(name, stack.pop());
  }

  // Directives.

  #directive(frame: Frame, directive: Directive): void {
    frame.at = directive.end;
    frame.directive++;
    const { tokens } = frame.file;
    const first = directive.at + 2;
    switch (directive.name) {
      case 'define': {
        const { definitions } = frame.file;
        const index = frame.directive - 1;
        let macro = definitions[index];
        if (macro === undefined) {
          macro = definitionAt(tokens, first, directive.end);
          definitions[index] = macro;
        }
        if (macro !== null && macro.name !== definedOperator) this.#macros.set(macro.name, macro);
        break;
      }
      case 'undef':
        if (tokens.kind[first] === Identifier && first < directive.end)
          this.#macros.set(tokens.spelling[first] as number, undefined);
        break;
      case 'include':
      case 'include_next':
      case 'import':
        this.#inclusion.include(frame, directive);
        break;
      case 'if':
      case 'ifdef':
      case 'ifndef':
        if (!this.#line.holds(frame, directive)) this.#line.skipTo(frame, directive.next);
        break;
      case 'elif':
      case 'else':
      case 'elifdef':
      case 'elifndef':
        // Reached as text, so an earlier group was taken: on to the end.
        skipToEnd(frame, directive);
        break;
      case 'pragma':
        this.#pragmaLine(frame, directive);
        break;
      case 'error':
        this.#stack.miss(
          `#error ${textOfLine(frame, first, directive.end)}`,
          'the tree refuses this configuration or lacks a part',
          directive.at,
        );
        break;
      default:
        break;
    }
  }

  #pragmaLine(frame: Frame, directive: Directive): void {
    const { tokens } = frame.file;
    if (tokens.spelling[directive.at + 2] === once && directive.end > directive.at + 2) return;
    this.#useFile = frame.id;
    this.#useOffset = tokens.offset[directive.at] as number;
    this.pragma(textOfLine(frame, directive.at + 2, directive.end));
  }
}
