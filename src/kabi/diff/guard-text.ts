/**
 * Guards as they stand in the text: conditionals on `__GENKSYMS__` and known macros that the series adds or edits. What a
 * guard hides is what only the compiler sees; whether that is honest is judged from the views, not here.
 */

import { genksymsTruth } from './condition.js';
import type { Fragment, FragmentLine } from './fragment.js';

export interface GuardText {
  /** Line of the `#if`, or of the macro. */
  readonly line: number;
  readonly lastLine: number;
  /** `#ifndef __GENKSYMS__`, `guarded #include`, `RH_KABI_USE`, `suse_kabi_padding`, … */
  readonly idiom: string;
  /** Lines that only the compiler sees. */
  readonly hides: readonly string[];
  /** Lines that only genksyms sees. */
  readonly shows: readonly string[];
  /** An added line opens it and no `#endif` of the file's hunks closes it. */
  readonly open: boolean;
  /** It is no guard at all: the name that was meant to be `__GENKSYMS__`. */
  readonly misspelled: string | null;
  /** Whether genksyms sees what it hides depends on the configuration. */
  readonly isPartial?: boolean;
}

interface OpenGuard {
  readonly line: FragmentLine;
  readonly written: string;
  /** null: not about genksyms. */
  branch: 'compiler' | 'genksyms' | 'both' | null;
  readonly misspelled: string | null;
  readonly hides: string[];
  readonly shows: string[];
  touched: boolean;
  /** The line that opens it is an added one. */
  readonly opens: boolean;
  readonly isPartial: boolean;
}

const GENKSYMS = '__GENKSYMS__';

const MACRO =
  /\b(_*(?:[A-Z][A-Z0-9]*_)*KABI_(?:USE\w*|REPLACE\w*|EXTEND\w*|FILL_HOLE|RENAME|EXCLUDE\w*|DEPRECATE\w*|BROKEN_\w+|IGNORE|HIDE_INCLUDE|FAKE_INCLUDE|ADD_MODIFIER|AUX_PTR|AUX_EMBED|SIZE_AND_EXTEND\w*|FORCE_CHANGE)|ANDROID_BACKPORT_(?:RESERVED_)?USE\w*|(?:[A-Z][A-Z0-9]*_)*KABI_(?:DECLONLY|ENUMERATOR_\w+|BYTE_SIZE|TYPE_STRING))\s*(?=\()|\b(_*(?:[A-Z][A-Z0-9]*_)*KABI_CONST)\b/;

/** A guard that is judged by what it is for: it hides nothing. null: the views decide. */
export function plainPurpose({
  idiom,
  shows,
}: GuardText): { readonly honest: boolean | null; readonly why: string } | null {
  if (idiom === PADDING && shows.length === 0) return { honest: null, why: 'room for later: nothing is hidden' };
  if (/KABI_FORCE_CHANGE$/.test(idiom))
    return { honest: true, why: 'changes versions on purpose: modules built before do not load' };
  return null;
}

/** The tag of which one of gendwarfksyms' rules speaks, from wherever it stands: `KABI_BYTE_SIZE(box, 16)`, `KABI_TYPE_STRING("s#box", …)`. */
export function ruleTarget({ idiom, hides }: GuardText): string | null {
  if (!/KABI_(DECLONLY|ENUMERATOR_\w+|BYTE_SIZE|TYPE_STRING)$/.test(idiom)) return null;
  return /\(\s*"?(?:[steu]#)?(\w+)/.exec(hides.join(' '))?.[1] ?? null;
}

/**
 * The guards of a file, from its hunks in order (or from the whole file as one fragment). A conditional that an added line opens goes on in
 * the next hunk; one that stands in a hunk's context is only known as far as the hunk shows it.
 */
export function guardsIn(fragments: readonly Fragment[]): GuardText[] {
  const found: GuardText[] = [];
  let carried: OpenGuard[] = [];
  for (const fragment of fragments) {
    const reader = new GuardReader(carried);
    for (const line of conditionsJoined(fragment.lines)) reader.take(line);
    found.push(...reader.found);
    carried = reader.stack.filter((one) => one.opens);
    const last = fragment.lines.at(-1);
    const left = reader.stack.filter((one) => !one.opens);
    if (last !== undefined) for (const top of left) found.push(...closed(top, last, false));
  }
  for (const top of carried) found.push(...closed(top, top.line, true));
  return found.sort((one, other) => one.line - other.line);
}

/** A condition that goes on behind a backslash is one line, where it begins. */
function conditionsJoined(lines: readonly FragmentLine[]): readonly FragmentLine[] {
  const joined: FragmentLine[] = [];
  let isOpen = false;
  for (const line of lines) {
    const begun = isOpen ? joined.pop() : undefined;
    const text = begun === undefined ? line.text : `${begun.text.replace(/\s*\\\s*$/, '')} ${line.text.trim()}`;
    if (begun === undefined) joined.push(line);
    // A line that went away leaves the condition as it is, and changed.
    else if (line.removal === true) joined.push({ ...begun, changed: true });
    else joined.push({ ...begun, text, changed: begun.changed || line.changed });
    isOpen = /^\s*#\s*(el)?if.*\\\s*$/.test(joined.at(-1)?.text ?? '');
  }
  return joined;
}

class GuardReader {
  readonly found: GuardText[] = [];
  readonly stack: OpenGuard[];
  /** A macro's call whose parenthesis is not closed yet. */
  #call: MacroCall | null = null;
  #inMacro = false;
  #inComment = false;

  constructor(carried: readonly OpenGuard[]) {
    this.stack = [...carried];
  }

  take(raw: FragmentLine): void {
    const line = { ...raw, text: this.#code(raw.text) };
    const directive = /^\s*#\s*(if|ifdef|ifndef|else|elif|endif|include|define)\b(.*)$/.exec(line.text);
    const name = directive?.[1] ?? '';
    const defines: boolean = name === 'define' || this.#inMacro;
    this.#inMacro = defines && /\\\s*$/.test(line.text);
    if (name === 'if' || name === 'ifdef' || name === 'ifndef')
      this.stack.push(openGuard(name, directive?.[2] ?? '', line));
    else if (name === 'else' || name === 'elif') {
      const top = this.stack.at(-1);
      if (top !== undefined && top.branch !== null) top.branch = top.branch === 'compiler' ? 'genksyms' : 'compiler';
      if (top !== undefined && line.changed) top.touched = true;
    } else if (name === 'endif') {
      const top = this.stack.pop();
      if (top !== undefined) this.found.push(...closed(top, line, false));
    } else {
      noteLine(this.stack, line);
      if (!defines) this.#macro(line);
    }
  }

  #macro(line: FragmentLine): void {
    const call = this.#call ?? callOn(line);
    if (call === null) return;
    const text = this.#call === null ? line.text.slice(call.start) : line.text;
    for (const [mark] of text.matchAll(/[()]/g)) {
      if (mark === '(') call.depth++;
      else if (--call.depth === 0) break;
    }
    call.lines.push(line.text.trim());
    call.changed ||= line.changed;
    this.#call = call.depth > 0 && call.lines.length < CALL_LINES ? call : null;
    if (this.#call !== null || !call.changed) return;
    const isPadding = call.idiom === PADDING;
    const isSwapped = isPadding && this.stack.some(({ branch }) => branch === 'genksyms');
    const [hides, shows] = [isPadding ? [] : call.lines, isSwapped ? call.lines : []];
    const { line: first, idiom } = call;
    this.found.push({ line: first, lastLine: line.number, idiom, hides, shows, open: false, misspelled: null });
  }

  /** The line without its comments, which may go over several lines. */
  #code(text: string): string {
    let code = '';
    let rest = text;
    while (rest !== '') {
      if (this.#inComment) {
        const end = rest.indexOf('*/');
        if (end < 0) return code;
        this.#inComment = false;
        rest = rest.slice(end + 2);
      }
      const [, before = '', mark = '', after = ''] = /^(.*?)(\/\*|\/\/|$)(.*)$/s.exec(rest) ?? [];
      code += before;
      if (mark !== '/*') return code;
      this.#inComment = true;
      rest = after;
    }
    return code;
  }
}

function openGuard(name: string, rest: string, line: FragmentLine): OpenGuard {
  const bare = rest.trim();
  const text = name === 'if' ? bare : name === 'ifdef' ? `defined(${bare})` : `!defined(${bare})`;
  const compiler = genksymsTruth(text, false);
  const genksyms = genksymsTruth(text, true);
  const about = text.includes('__GENKSYMS__');
  const hides = genksyms === false || compiler === true;
  const branch = !about || compiler === genksyms ? null : hides ? 'compiler' : 'genksyms';
  // `!(defined(__GENKSYMS__) && defined(CONFIG_X))`: some configurations hide it, others do not.
  const isPartial = branch !== null && genksyms === 'unknown';
  const misspelled = branch === null && line.changed ? (misspelling(bare) ?? null) : null;
  const written = `#${name} ${bare}`;
  const { changed } = line;
  return { line, written, branch, misspelled, hides: [], shows: [], touched: changed, opens: changed, isPartial };
}

function noteLine(stack: readonly OpenGuard[], line: FragmentLine): void {
  const guard = stack.findLast((one) => one.branch !== null || one.misspelled !== null);
  const code = line.text.trim();
  if (guard !== undefined && line.removal === true) guard.touched = true;
  if (guard === undefined || code === '') return;
  if (line.changed) guard.touched = true;
  if (guard.branch === 'compiler' || guard.misspelled !== null) guard.hides.push(code);
  else guard.shows.push(code);
}

function closed(guard: OpenGuard, end: FragmentLine, open: boolean): GuardText[] {
  const { hides, shows, misspelled, isPartial } = guard;
  if ((guard.branch === null && misspelled === null) || !guard.touched) return [];
  const includes = hides.length > 0 && hides.every((text) => /^#\s*include\b/.test(text));
  const idiom = includes ? 'guarded #include' : guard.written;
  return [{ line: guard.line.number, lastLine: end.number, idiom, hides, shows, open, misspelled, isPartial }];
}

/** A name that is nearly `__GENKSYMS__`, such as `__GENKSYSMS__`: nobody defines it. */
function misspelling(text: string): string | undefined {
  return (text.match(/\b\w{6,16}\b/g) ?? []).find(
    (name) => name !== GENKSYMS && distance(name.replace(/^_+|_+$/g, ''), 'GENKSYMS') <= 2,
  );
}

/** Levenshtein's, on two short words. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const swap = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}

const PADDING = 'suse_kabi_padding';

/** No macro's call goes over more lines. */
const CALL_LINES = 40;

interface MacroCall {
  readonly line: number;
  readonly idiom: string;
  /** Where in the line its parenthesis opens. */
  readonly start: number;
  readonly lines: string[];
  depth: number;
  changed: boolean;
}

function callOn({ text, number }: FragmentLine): MacroCall | null {
  const macro = MACRO.exec(text);
  const named = { line: number, lines: [], depth: 0, changed: false };
  if (macro !== null)
    return {
      ...named,
      idiom: (macro[1] ?? macro[2]) as string,
      start: macro[1] === undefined ? text.length : macro.index,
    };
  return text.includes(PADDING) ? { ...named, idiom: PADDING, start: text.length } : null;
}
