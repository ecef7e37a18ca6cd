/**
 * The definition of a type as text: its lines in a file, and the pieces that declare its members. A rewrite moves whole pieces; a line that
 * declares several members is one piece.
 */
import { declarationsOf } from '../diff/declarations.js';
import type { Fragment } from '../diff/fragment.js';
import { viewOf } from '../diff/view.js';
import { lastLineOf } from '../guards/guard-places.js';

export interface Definition {
  /** The whole file. */
  readonly file: readonly string[];
  /** Lines of the file, from 0; `end` is the line of the closing brace. */
  readonly start: number;
  readonly end: number;
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Lines of the file, from 0, both included; comments directly above belong to it. */
  readonly from: number;
  readonly to: number;
  /** Members that the compiler sees in it, by the names that C code uses; empty where only genksyms sees it. */
  readonly names: readonly string[];
  /** Conditions around it but for `__GENKSYMS__`, as `#if` takes them; null where the two are mixed in one. */
  readonly condition: string | null;
}

/** `line`: where the declaration begins, from 1. null where no body is found there. */
export function definitionAt(file: readonly string[], line: number): Definition | null {
  const start = line - 1;
  const end = lastLineOf(file, line) - 1;
  if (start < 0 || end <= start || !file.slice(start, end + 1).some((text) => text.includes('{'))) return null;
  const lines = file.slice(start, end + 1).map((text, at) => ({ text, number: start + at, changed: false }));
  const fragment: Fragment = { heading: '', lines };
  const [scope] = declarationsOf(viewOf(fragment, 'compiler', []).tokens, '').scopes;
  const members = (scope?.members ?? []).map(({ name, line: at }) => ({ name, at }));
  const pieces = [...piecesOf(file, start, end)].map((piece) => ({
    ...piece,
    names: members.filter(({ at }) => at >= piece.from && at <= piece.to).map(({ name }) => name),
  }));
  return { file, start, end, pieces };
}

interface Open {
  readonly text: string;
  /** Both branches of a conditional on `__GENKSYMS__` are pieces of their own. */
  readonly genksyms: 'alone' | 'mixed' | 'not';
}

function* piecesOf(file: readonly string[], start: number, end: number): Generator<Omit<Piece, 'names'>> {
  const stack: Open[] = [];
  let depth = 0;
  let from = -1;
  let comment = false;
  for (let at = start; at <= end; at++) {
    const { code, open } = codeOf(file[at] as string, comment);
    comment = open;
    const directive = /^\s*#\s*(if|ifdef|ifndef|else|elif|endif)\b(.*)$/.exec(code);
    if (directive !== null) {
      follow(stack, directive[1] as string, (directive[2] as string).trim());
      if (depth <= 1) from = -1;
      continue;
    }
    const outside = depth === 0;
    for (const [brace] of code.matchAll(/[{}]/g)) depth += brace === '{' ? 1 : -1;
    if (outside || at === end || depth < 1) {
      from = -1;
      continue;
    }
    const blank = code.trim() === '';
    if (from < 0 && (!blank || (file[at] as string).trim() !== '')) from = at;
    if (blank && from === at && (file[at] as string).trim() === '') from = -1;
    if (depth === 1 && /;\s*$|^\s*[A-Z_0-9]+\(.*\)\s*$/.test(code) && from >= 0) {
      yield { from, to: at, condition: conditionOf(stack) };
      from = -1;
    }
    if ((file[at] as string).trim() === '' && depth === 1) from = -1;
  }
}

function follow(stack: Open[], name: string, rest: string): void {
  const kind = (text: string): Open['genksyms'] =>
    !text.includes('__GENKSYMS__')
      ? 'not'
      : /^!?\s*(defined)?\s*\(?\s*__GENKSYMS__\s*\)?$/.test(text)
        ? 'alone'
        : 'mixed';
  if (name === 'if') stack.push({ text: rest, genksyms: kind(rest) });
  else if (name === 'ifdef') stack.push({ text: `defined(${rest})`, genksyms: kind(rest) });
  else if (name === 'ifndef') stack.push({ text: `!defined(${rest})`, genksyms: kind(rest) });
  else {
    const top = stack.pop();
    if (top !== undefined && name !== 'endif')
      stack.push({ text: name === 'else' ? `!(${top.text})` : `!(${top.text}) && (${rest})`, genksyms: top.genksyms });
  }
}

function conditionOf(stack: readonly Open[]): string | null {
  if (stack.some(({ genksyms }) => genksyms === 'mixed')) return null;
  return stack
    .filter(({ genksyms }) => genksyms === 'not')
    .map(({ text }) => text)
    .join(' && ');
}

/** A line without its comments, and whether one is still open after it. */
export function codeOf(line: string, comment: boolean): { readonly code: string; readonly open: boolean } {
  let rest = comment ? `/*${line}` : line;
  rest = rest.replace(/\/\*.*?\*\//g, ' ').replace(/\/\/.*$/, '');
  const at = rest.indexOf('/*');
  return at < 0 ? { code: rest, open: false } : { code: rest.slice(0, at), open: true };
}

export function textOf({ file }: Definition, { from, to }: Pick<Piece, 'from' | 'to'>): string[] {
  return file.slice(from, to + 1);
}
