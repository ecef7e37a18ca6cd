/**
 * A unit of a tree in one view: tokens with their macros expanded and their headers read (C11 6.10, with GNU's extensions).
 *
 * Comes in: which file, how it is compiled (Unit), the tree. Goes out: the tokens, each knowing the file and offset where a
 * person sees it, and what was missing. Never happens: an exception or a hang, whatever the bytes say; depth, size and the
 * work of one macro are bounded, and a bound that was met is named in `missing`.
 *
 * Files are frames on a stack. Between two directives the tokens of a frame are plain text: each is copied unless it names a
 * macro. A conditional group that is not taken is jumped over by the pairs that lexed-file.ts has found.
 */
import type { SourceTree } from '../tree/source-tree.js';
import { type Bodies, BodySkipper } from './bodies.js';
import { evaluateCondition } from './condition.js';
import { type CountedSpelling, CountedSpellings } from './counted.js';
import { builtinMacros, conditionOperators, Expander, type FileSource } from './expand.js';
import { answerOf } from './feature-answers.js';
import { type Found, type HeaderName, headerName, IncludeSearch } from './include-search.js';
import { LexCache } from './lex-cache.js';
import { type Directive, type LexedFile, lineAt } from './lexed-file.js';
import { type Definition, definitionAt, macroOf } from './macro.js';
import type { MacroTable } from './macro-table.js';
import type { Segment, SegmentStore, Stretch } from './segment.js';
import { spellingOf, textOf } from './spelling.js';
import {
  AfterSpace,
  BeginsLine,
  Counted,
  End,
  Identifier,
  Numeral,
  Pragma,
  Punctuator,
  Text,
  TokenList,
} from './tokens.js';

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
}

/** Something that the text asked for and that could not be had. */
export interface PreprocessMissing {
  readonly what: string;
  readonly why: string;
  readonly file: string;
  readonly line: number;
}

export interface Preprocessed {
  readonly tokens: TokenList;
  /** `tokens.file` is a place in this list; 0 is what the command line says. */
  readonly files: readonly string[];
  readonly missing: readonly PreprocessMissing[];
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

interface Frame extends Found {
  /** Place in `files`. */
  readonly id: number;
  at: number;
  /** The next directive's place in `file.directives`. */
  directive: number;
}

const deepestInclude = 200;
const mostTokens = 40_000_000;
const mostMissing = 1_000;
const commandLine = '<command line>';

const once = spellingOf('once');
const open = spellingOf('(');
const openBrace = spellingOf('{');
const pragmaOperator = spellingOf('_Pragma');
const S = spellingOf;
const hasOperators = new Set([...conditionOperators].filter((spelling) => textOf(spelling).startsWith('__has_')));
const hasInclude = S('__has_include');
const hasIncludeNext = S('__has_include_next');
const definedOperator = S('defined');

class Preprocessor implements FileSource {
  readonly #unit: Unit;
  readonly #search: IncludeSearch;
  readonly #cache: LexCache;
  readonly #segments: SegmentStore;
  readonly #keeps: boolean;
  readonly #skipper: BodySkipper | null;
  readonly #tokens: TokenList;
  readonly #files: string[] = [commandLine];
  readonly #fileIds = new Map<string, number>();
  readonly #macros: MacroTable;
  readonly #saved = new Map<number, (Definition | undefined)[]>();
  readonly #once = new Set<string>();
  readonly #missing: PreprocessMissing[] = [];
  readonly #stretches: Stretch[] = [];
  readonly #frames: Frame[] = [];
  readonly #expander: Expander;
  readonly #conditions: Expander;
  readonly #line = new TokenList(64);
  readonly #counted = new CountedSpellings();
  /** Of the stretch under way (segment.ts): may it be kept, and what beside macros has it asked for? */
  #keepable = false;
  #askedName = false;
  /** Where the macro being expanded was named: what a person sees. */
  #useFile = 0;
  #useOffset = 0;
  #useLexed: LexedFile | null = null;
  #stopped = false;

  constructor(unit: Unit, tree: SourceTree, known: LexCache | null, bodies: Bodies) {
    const cache = known ?? new LexCache();
    this.#keeps = known !== null;
    this.#skipper = bodies === 'empty' ? new BodySkipper(cache.macros) : null;
    this.#unit = unit;
    this.#search = new IncludeSearch(tree, cache, unit.includePaths, unit.path);
    this.#cache = cache;
    this.#segments = cache.segments[bodies];
    this.#tokens = new TokenList(cache.lastLength);
    this.#macros = cache.macros;
    this.#macros.clear(this.#skipper);
    this.#expander = new Expander(this.#macros, this.#counted, this);
    this.#conditions = new Expander(this.#macros, this.#counted, {
      nextToken: () => false,
      opensCall: () => false,
      builtin: (name) => {
        if (name === '__COUNTER__') this.#keepable = false;
        return this.builtin(name, this.#useOffset);
      },
      pragma: () => undefined,
      operator: (name, operand) => this.#operator(name, operand),
    });
  }

  run(): Preprocessed {
    for (const macro of builtinMacros) this.#macros.set(macro.name, macro);
    this.#commandLine();
    for (const path of this.#unit.forced) {
      const found = this.#search.at(path, -1) ?? this.#search.search(path, 0);
      if (found === null)
        this.#miss(`header ${path}`, 'it is included by every unit (-include) and is not in the tree');
      else this.#enter(found);
      this.#runFrames();
    }
    const main = this.#search.at(this.#unit.path, -1);
    if (main === null) this.#miss(`file ${this.#unit.path}`, 'it is not in the tree');
    else this.#enter(main);
    this.#runFrames();
    this.#segments.settle();
    this.#tokens.push(End, BeginsLine, 0, 0, 0);
    this.#cache.lastLength = Math.max(1 << 12, this.#tokens.length + (this.#tokens.length >> 3));
    return { tokens: this.#tokens, files: this.#files, missing: this.#missing, stretches: this.#stretches };
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
    if (file !== null) this.#enter({ path: commandLine, name: commandLine, searched: -1, file });
    this.#runFrames();
  }

  #runFrames(): void {
    while (this.#frames.length > 0 && !this.#stopped) {
      const frame = this.#frames.at(-1) as Frame;
      const here = frame.file.directives[frame.directive];
      if (here === undefined || here.at !== frame.at || !isInclude(here)) {
        this.#stretch(frame);
        if (this.#stopped || this.#frames.at(-1) !== frame) continue;
      }
      const directive = frame.file.directives[frame.directive];
      if (directive !== undefined && frame.at === directive.at) this.#directive(frame, directive);
      else this.#frames.pop();
    }
    this.#frames.length = 0;
  }

  /** From where the frame stands to the next `#include` that counts, or the end of the file; as it was kept, if it was. */
  #stretch(frame: Frame): void {
    const { file, directive } = frame;
    const isBetween = this.#skipper?.isBetween ?? true;
    const begins = isBetween && frame.at === (directive === 0 ? 0 : (file.directives[directive - 1] as Directive).end);
    const known = begins ? this.#segments.find(file, directive, this.#macros, frame.name) : undefined;
    if (known !== undefined) {
      this.#repeat(known, frame);
      return;
    }
    this.#keepable = begins && this.#keeps;
    this.#askedName = false;
    this.#counted.begin();
    if (this.#keepable) this.#macros.begin();
    const start = this.#tokens.length;
    this.#toInclude(frame);
    const ends = this.#skipper?.isBetween ?? true;
    const counted = ends && this.#keepable ? this.#countedSince(start) : null;
    if (counted === null) return;
    const segment: Segment = {
      reads: this.#macros.reads,
      writes: this.#macros.writes,
      fileName: this.#askedName ? frame.name : null,
      values: this.#counted.count,
      counted,
      at: frame.at,
      directive: frame.directive,
      list: this.#tokens,
      start,
      end: this.#tokens.length,
    };
    this.#segments.keep(file, directive, segment);
    this.#kept(segment, start);
  }

  #repeat(segment: Segment, frame: Frame): void {
    const start = this.#tokens.length;
    this.#tokens.append(segment.list, segment.start, segment.end, frame.id);
    for (const one of segment.counted) this.#tokens.spelling[start + one.at] = this.#counted.spelled(one);
    this.#counted.pass(segment.values);
    this.#macros.apply(segment.writes);
    this.#kept(segment, start);
    frame.at = segment.at;
    frame.directive = segment.directive;
  }

  /** The tokens of the stretch that hold a value of the counter; null where one cannot be told from its text. */
  #countedSince(start: number): Segment['counted'] | null {
    if (this.#counted.count === 0) return [];
    const { flags, spelling, length } = this.#tokens;
    const found: (CountedSpelling & { at: number })[] = [];
    for (let at = start; at < length; at++) {
      if (((flags[at] as number) & Counted) === 0) continue;
      const counted = this.#counted.of(spelling[at] as number);
      if (counted === undefined) return null;
      found.push({ at: at - start, ...counted });
    }
    return found;
  }

  #kept(segment: Segment, start: number): void {
    if (start < this.#tokens.length) this.#stretches.push({ segment, start, end: this.#tokens.length });
  }

  #toInclude(frame: Frame): void {
    const { directives, tokens } = frame.file;
    const last = tokens.length - 1;
    while (!this.#stopped) {
      this.#text(frame, directives[frame.directive]?.at ?? last);
      if (this.#frames.at(-1) !== frame) return;
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
          if (this.#frames.at(-1) !== frame) return;
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
    if (out.length > mostTokens) this.#stop('the unit has too many tokens');
  }

  #use(definition: Definition | undefined, spelled: number, frame: Frame, at: number): void {
    const { flags, offset, kind } = frame.file.tokens;
    const id = frame.id;
    const place = offset[at] as number;
    this.#useFile = id;
    this.#useOffset = place;
    this.#useLexed = frame.file;
    const out = this.#tokens;
    const skipper = this.#skipper;
    const emit = (one: number, spelling: number, spaced: number): void => {
      out.push(one, spaced, spelling, id, place);
      skipper?.follow(one, spelling);
    };
    this.#expander.offset = place;
    const macro = definition === undefined ? null : macroOf(definition);
    if (definition === undefined) this.#expander.expandPragma(emit);
    else if (macro === null) emit(kind[at] as number, spelled, flags[at] as number);
    else this.#expander.expandUse(macro, kind[at] as number, spelled, flags[at] as number, emit);
    if (this.#expander.work.exhausted) {
      this.#expander.work.exhausted = false;
      this.#stop(`the expansion of ${textOf(spelled)} is too large`);
    }
    if (out.length > mostTokens) this.#stop('the unit has too many tokens');
  }

  // What the expander asks of the file.

  nextToken(): boolean {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined || this.#stopped) return false;
      const directive = frame.file.directives[frame.directive];
      if (directive !== undefined && directive.at === frame.at) {
        this.#directive(frame, directive);
        continue;
      }
      const { tokens } = frame.file;
      if (frame.at >= tokens.length - 1) {
        // A call may not end in another file than it began in, but a header included among its arguments may end.
        if (frame.id === this.#useFile) return false;
        this.#frames.pop();
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
    const frame = this.#frames.at(-1);
    if (frame === undefined) return false;
    const directive = frame.file.directives[frame.directive];
    return directive?.at !== frame.at && frame.file.tokens.spelling[frame.at] === open;
  }

  builtin(name: string, offset: number): { kind: number; text: string } {
    const path = this.#files[this.#useFile] as string;
    switch (name) {
      case '__LINE__':
        return { kind: Numeral, text: String(this.#useLexed === null ? 0 : lineAt(this.#useLexed, offset)) };
      case '__COUNTER__':
        return { kind: Numeral, text: this.#counted.take() };
      case '__INCLUDE_LEVEL__':
        this.#keepable = false;
        return { kind: Numeral, text: String(Math.max(0, this.#frames.length - 1)) };
      case '__BASE_FILE__':
        this.#keepable = false;
        return { kind: Text, text: `"${this.#unit.path}"` };
      case '__FILE__':
        this.#askedName = true;
        return { kind: Text, text: `"${this.#frames.findLast(({ id }) => id === this.#useFile)?.name ?? path}"` };
      case '__FILE_NAME__':
        this.#askedName = true;
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
    this.#keepable = false;
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
        this.#include(frame, directive);
        break;
      case 'if':
      case 'ifdef':
      case 'ifndef':
        if (!this.#holds(frame, directive)) this.#skipTo(frame, directive.next);
        break;
      case 'elif':
      case 'else':
      case 'elifdef':
      case 'elifndef':
        // Reached as text, so an earlier group was taken: on to the end.
        this.#skipToEnd(frame, directive);
        break;
      case 'pragma':
        this.#pragmaLine(frame, directive);
        break;
      case 'error':
        this.#miss(
          `#error ${this.#textOf(frame, first, directive.end)}`,
          'the tree refuses this configuration or lacks a part',
          directive.at,
        );
        break;
      default:
        break;
    }
  }

  #skipToEnd(frame: Frame, from: Directive): void {
    let at = from.next;
    while (at >= 0 && frame.file.directives[at]?.name !== 'endif') at = frame.file.directives[at]?.next ?? -1;
    this.#continueAfter(frame, at);
  }

  /** From a group that is not taken: the next group of the same conditional that is. */
  #skipTo(frame: Frame, from: number): void {
    let at = from;
    for (;;) {
      const directive = frame.file.directives[at];
      if (directive === undefined || directive.name === 'endif' || directive.name === 'else') break;
      // The condition may span expansions that ask for the line: stand on it.
      frame.at = directive.end;
      if (this.#holds(frame, directive)) break;
      at = directive.next;
    }
    this.#continueAfter(frame, at);
  }

  #continueAfter(frame: Frame, directive: number): void {
    const found = frame.file.directives[directive];
    frame.at = found?.end ?? frame.file.tokens.length - 1;
    frame.directive = found === undefined ? frame.file.directives.length : directive + 1;
  }

  #holds(frame: Frame, directive: Directive): boolean {
    const { tokens } = frame.file;
    const first = directive.at + 2;
    switch (directive.name) {
      case 'ifdef':
      case 'elifdef':
        return this.#isDefined(tokens.spelling[first] as number);
      case 'ifndef':
      case 'elifndef':
        return !this.#isDefined(tokens.spelling[first] as number);
      default:
        break;
    }
    const line = this.#line;
    line.length = 0;
    this.#conditions.expandLine(tokens, first, directive.end, (kind, spelling, flags) =>
      line.push(kind, flags, spelling, 0, 0),
    );
    if (this.#conditions.work.exhausted) {
      this.#miss('a condition', 'its expansion is too large', directive.at);
      return false;
    }
    const result = evaluateCondition(line);
    if (!result.ok) this.#miss(`condition "${this.#textOf(frame, first, directive.end)}"`, result.why, directive.at);
    return result.ok && result.value;
  }

  #isDefined(spelling: number): boolean {
    return this.#macros.get(spelling) !== undefined || hasOperators.has(spelling);
  }

  #operator(name: number, operand: TokenList): string {
    const spelling = operand.spelling[0] as number;
    if (name === definedOperator) return this.#isDefined(spelling) ? '1' : '0';
    if (name === hasInclude || name === hasIncludeNext) {
      this.#keepable = false;
      const header = headerName(this.#joined(operand));
      const frame = this.#frames.at(-1);
      return header !== null &&
        frame !== undefined &&
        this.#search.resolve(frame, header, name === hasIncludeNext) !== null
        ? '1'
        : '0';
    }
    return answerOf(textOf(name), textOf(spelling));
  }

  #joined(tokens: TokenList): string {
    let text = '';
    for (let at = 0; at < tokens.length; at++) text += textOf(tokens.spelling[at] as number);
    return text;
  }

  #pragmaLine(frame: Frame, directive: Directive): void {
    const { tokens } = frame.file;
    if (tokens.spelling[directive.at + 2] === once && directive.end > directive.at + 2) return;
    this.#useFile = frame.id;
    this.#useOffset = tokens.offset[directive.at] as number;
    this.pragma(this.#textOf(frame, directive.at + 2, directive.end));
  }

  /** The tokens of a line as text, one blank where white space was. */
  #textOf(frame: Frame, start: number, end: number): string {
    const { tokens } = frame.file;
    let text = '';
    for (let at = start; at < end && text.length < 500; at++) {
      text +=
        (at > start && ((tokens.flags[at] as number) & AfterSpace) !== 0 ? ' ' : '') +
        textOf(tokens.spelling[at] as number);
    }
    return text;
  }

  // Headers.

  #include(frame: Frame, directive: Directive): void {
    // Met among the arguments of a macro, it ends up inside a stretch.
    this.#keepable = false;
    const header = this.#header(frame, directive);
    if (header === null) {
      this.#miss(
        `#include ${this.#textOf(frame, directive.at + 2, directive.end)}`,
        'it names no header',
        directive.at,
      );
      return;
    }
    const found = this.#search.resolve(frame, header, directive.name === 'include_next');
    if (found === null) {
      this.#miss(`header ${header.name}`, 'it is not in the tree or its build directory', directive.at);
      return;
    }
    if (this.#once.has(found.path)) return;
    if (directive.name === 'import') this.#once.add(found.path);
    if (found.file.guard !== 0 && this.#macros.get(found.file.guard) !== undefined) return;
    if (this.#frames.length >= deepestInclude) {
      this.#miss(`header ${header.name}`, `headers are nested more than ${deepestInclude} deep`, directive.at);
      return;
    }
    this.#enter(found);
  }

  #header(frame: Frame, directive: Directive): HeaderName | null {
    const { tokens, bytes } = frame.file;
    const first = directive.at + 2;
    if (first >= directive.end) return null;
    const offset = tokens.offset[first] as number;
    if (bytes[offset] === 0x3c || bytes[offset] === 0x22) {
      const close = bytes[offset] === 0x3c ? 0x3e : 0x22;
      let end = offset + 1;
      while (end < bytes.length && bytes[end] !== close && bytes[end] !== 10) end++;
      return headerName(Buffer.from(bytes.subarray(offset, Math.min(end + 1, bytes.length))).toString('latin1'));
    }
    let text = '';
    this.#conditions.expandLine(tokens, first, directive.end, (_kind, spelling) => {
      text += textOf(spelling);
    });
    return headerName(text);
  }

  #enter({ path, name, searched, file }: Found): void {
    let id = this.#fileIds.get(path);
    if (id === undefined) {
      id = path === commandLine ? 0 : this.#files.push(path) - 1;
      this.#fileIds.set(path, id);
    }
    if (id > 65_535) {
      this.#stop('the unit includes more than 65,535 files');
      return;
    }
    if (file.pragmaOnce) this.#once.add(path);
    this.#frames.push({ path, name, id, searched, file, at: 0, directive: 0 });
  }

  // What is missing.

  #stop(why: string): void {
    this.#keepable = false;
    if (!this.#stopped) this.#miss(`the rest of ${this.#unit.path}`, why);
    this.#stopped = true;
  }

  #miss(what: string, why: string, at?: number): void {
    this.#keepable = false;
    if (this.#missing.length >= mostMissing) return;
    const frame = this.#frames.at(-1);
    const token = frame === undefined ? 0 : (at ?? Math.max(0, frame.at - 1));
    const line = frame === undefined ? 0 : lineAt(frame.file, frame.file.tokens.offset[token] as number);
    this.#missing.push({ what, why, file: frame?.path ?? this.#unit.path, line });
  }
}

function isInclude({ name }: Directive): boolean {
  return name === 'include' || name === 'include_next' || name === 'import';
}
