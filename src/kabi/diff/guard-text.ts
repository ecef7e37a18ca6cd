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
  /** No `#endif` for it in the hunk. */
  readonly open: boolean;
}

interface OpenGuard {
  readonly line: FragmentLine;
  readonly written: string;
  /** null: not about genksyms. */
  branch: 'compiler' | 'genksyms' | 'both' | null;
  readonly hides: string[];
  readonly shows: string[];
  touched: boolean;
}

const MACRO =
  /\b((?:[A-Z][A-Z0-9]*_)*KABI_(?:USE\w*|REPLACE\w*|EXTEND\w*|FILL_HOLE|RENAME|EXCLUDE\w*|DEPRECATE\w*|BROKEN_\w+|IGNORE|HIDE_INCLUDE|FAKE_INCLUDE|CONST|ADD_MODIFIER|AUX_\w+|SIZE_AND_EXTEND|FORCE_CHANGE|RESERVE\w*)|ANDROID_(?:VENDOR|OEM)_DATA\w*|ANDROID_BACKPORT_\w+|KABI_(?:DECLONLY|ENUMERATOR_\w+|BYTE_SIZE|TYPE_STRING))\s*\(/;

export function guardsIn(fragment: Fragment): GuardText[] {
  const found: GuardText[] = [];
  const stack: OpenGuard[] = [];
  let inMacro = false;
  for (const line of fragment.lines) {
    const directive = /^\s*#\s*(if|ifdef|ifndef|else|elif|endif|include|define)\b(.*)$/.exec(line.text);
    const name = directive?.[1] ?? '';
    const defines: boolean = name === 'define' || inMacro;
    inMacro = defines && /\\\s*$/.test(line.text);
    if (name === 'if' || name === 'ifdef' || name === 'ifndef') stack.push(openGuard(name, directive?.[2] ?? '', line));
    else if (name === 'else' || name === 'elif') {
      const top = stack.at(-1);
      if (top !== undefined && top.branch !== null) top.branch = top.branch === 'compiler' ? 'genksyms' : 'compiler';
      if (top !== undefined && line.changed) top.touched = true;
    } else if (name === 'endif') {
      const top = stack.pop();
      if (top !== undefined) found.push(...closed(top, line, false));
    } else {
      noteLine(stack, line);
      if (line.changed && !defines) found.push(...macroGuard(line));
    }
  }
  const last = fragment.lines.at(-1);
  if (last !== undefined) for (const top of stack) found.push(...closed(top, last, true));
  return found.sort((one, other) => one.line - other.line);
}

function openGuard(name: string, rest: string, line: FragmentLine): OpenGuard {
  const bare = rest.replace(/\/\*.*?\*\/|\/\/.*/g, '').trim();
  const text = name === 'if' ? bare : name === 'ifdef' ? `defined(${bare})` : `!defined(${bare})`;
  const compiler = genksymsTruth(text, false);
  const genksyms = genksymsTruth(text, true);
  const about = text.includes('__GENKSYMS__');
  const branch =
    !about || compiler === genksyms ? null : genksyms === false ? 'compiler' : compiler === false ? 'genksyms' : null;
  return { line, written: `#${name} ${bare}`, branch, hides: [], shows: [], touched: line.changed };
}

function noteLine(stack: readonly OpenGuard[], line: FragmentLine): void {
  const guard = stack.findLast((one) => one.branch !== null);
  const code = line.text.replace(/\/\*.*?\*\/|\/\/.*$/g, '').trim();
  if (guard === undefined || code === '' || /^(\/\*|\*)/.test(code)) return;
  if (line.changed) guard.touched = true;
  if (guard.branch === 'compiler') guard.hides.push(code);
  else guard.shows.push(code);
}

function closed(guard: OpenGuard, end: FragmentLine, open: boolean): GuardText[] {
  if (guard.branch === null || !guard.touched) return [];
  const { hides, shows } = guard;
  const includes = hides.length > 0 && hides.every((text) => /^#\s*include\b/.test(text));
  const idiom = includes ? 'guarded #include' : guard.written;
  return [{ line: guard.line.number, lastLine: end.number, idiom, hides, shows, open }];
}

function macroGuard(line: FragmentLine): GuardText[] {
  if (/^\s*(\*|\/\*|\/\/)/.test(line.text)) return [];
  const macro = MACRO.exec(line.text)?.[1] ?? (/\bsuse_kabi_padding\b/.test(line.text) ? 'suse_kabi_padding' : null);
  if (macro === null || /_RESERVE/.test(macro)) return [];
  return [
    { line: line.number, lastLine: line.number, idiom: macro, hides: [line.text.trim()], shows: [], open: false },
  ];
}
