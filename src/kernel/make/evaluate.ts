/**
 * One makefile, evaluated for its variables (GNU make manual, chapters 3 to 8): assignments, conditionals, includes,
 * functions. Rules and recipes are passed over: nothing is ever made, and no command runs; what a `$(shell …)` would have
 * said is asked of `world.shell`, which may answer ''.
 *
 * Any text ends: nesting and work are bounded, and beyond the bounds MakeLimit is thrown for the caller to name as missing.
 */
import { type Evaluation, lazyFunctions, plainFunctions } from './functions.js';
import { type MakeLine, makeLines } from './lines.js';
import { type Assignment, assignmentIn, matchingClose, splitArguments, topLevelColon } from './references.js';
import { normalised, patsubst, wordsOf } from './words.js';

export interface MakeWorld {
  /** The text of a file of the tree, or null. */
  read(path: string): string | null;
  /** The files that match a wildcard. */
  wildcard(pattern: string): string;
  shell(command: string): string;
}

export class MakeLimit extends Error {}

interface Variable {
  /** A simple variable's text is final; a recursive one's is expanded at each use. */
  readonly flavor: 'simple' | 'recursive';
  readonly text: string;
  readonly origin: 'file' | 'environment' | 'command line';
}

const DEPTH = 120;
/** Characters expanded for one makefile. The kernel's largest (amdgpu) needs some 200,000. */
const WORK = 50_000_000;

interface Frame {
  readonly kind: 'taken' | 'waiting' | 'done' | 'dead';
}

function isLive(frames: readonly Frame[]): boolean {
  return frames.every((frame) => frame.kind === 'taken');
}

export class Make implements Evaluation {
  readonly #world: MakeWorld;
  readonly #variables = new Map<string, Variable>();
  readonly #below: (name: string) => string | null;
  readonly exported = new Set<string>();
  readonly #parsed: Map<string, readonly MakeLine[]>;
  #depth = 0;
  #work = 0;

  /** `below` answers for variables that no makefile has set: the config's symbols. */
  constructor(
    world: MakeWorld,
    below: (name: string) => string | null,
    parsed = new Map<string, readonly MakeLine[]>(),
  ) {
    this.#world = world;
    this.#below = below;
    this.#parsed = parsed;
  }

  set(name: string, text: string, origin: Variable['origin'] = 'file'): void {
    this.#variables.set(name, { flavor: 'simple', text, origin });
  }

  value(name: string): string {
    const variable = this.#variables.get(name);
    if (variable === undefined) return this.#below(name) ?? '';
    return variable.flavor === 'simple' ? variable.text : this.expand(variable.text);
  }

  raw(name: string): string | null {
    return this.#variables.get(name)?.text ?? this.#below(name);
  }

  origin(name: string): string {
    return this.#variables.get(name)?.origin ?? (this.#below(name) === null ? 'undefined' : 'file');
  }

  /** The values of the exported variables, as a sub-make would see them. */
  environment(): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const name of this.exported) if (this.raw(name) !== null) values.set(name, this.value(name));
    return values;
  }

  names(): IterableIterator<string> {
    return this.#variables.keys();
  }

  /** False where there is no such file. */
  include(path: string): boolean {
    let lines = this.#parsed.get(path);
    if (lines === undefined) {
      const text = this.#world.read(path);
      if (text === null) return false;
      lines = makeLines(text);
      this.#parsed.set(path, lines);
    }
    this.#append('MAKEFILE_LIST', path);
    this.#deeper(() => this.#run(lines));
    return true;
  }

  evaluateText(text: string): '' {
    this.#deeper(() => this.#run(makeLines(text)));
    return '';
  }

  #deeper<T>(act: () => T): T {
    if (++this.#depth > DEPTH) throw new MakeLimit('nested too deep');
    try {
      return act();
    } finally {
      this.#depth--;
    }
  }

  // Lines

  #run(lines: readonly MakeLine[]): void {
    const frames: Frame[] = [];
    let inRule = false;
    for (const line of lines) {
      const live = isLive(frames);
      if (line.kind === 'define') {
        if (live) this.#define(line.head, line.body);
        inRule = false;
        continue;
      }
      if (line.tab && inRule) continue;
      if (this.#conditional(line.text.trimEnd(), frames) || !live) continue;
      inRule = this.#statement(line.text) === 'rule';
    }
  }

  /** conditional: `ifeq (a,b)` | `ifdef x` | `else [conditional]` | `endif` */
  #conditional(text: string, frames: Frame[]): boolean {
    const [, word = '', rest = ''] = /^(ifeq|ifneq|ifdef|ifndef|else|endif)\b\s*(.*)$/.exec(text) ?? [];
    if (word === '') return false;
    if (word === 'endif') frames.pop();
    else if (word === 'else') {
      const frame = frames.pop();
      if (frame === undefined) return true;
      if (frame.kind !== 'waiting' || !isLive(frames)) frames.push({ kind: frame.kind === 'dead' ? 'dead' : 'done' });
      else frames.push({ kind: rest === '' || this.#holds(rest) ? 'taken' : 'waiting' });
    } else if (!isLive(frames)) frames.push({ kind: 'dead' });
    else frames.push({ kind: this.#holds(text) ? 'taken' : 'waiting' });
    return true;
  }

  #holds(text: string): boolean {
    const [, word = '', rest = ''] = /^(ifeq|ifneq|ifdef|ifndef)\b\s*(.*)$/.exec(text) ?? [];
    switch (word) {
      case 'ifdef':
      case 'ifndef': {
        const name = this.expand(rest).trim();
        return ((this.raw(name) ?? '') !== '') === (word === 'ifdef');
      }
      case 'ifeq':
      case 'ifneq': {
        const [a, b] = this.#compared(rest.trim());
        return (this.expand(a) === this.expand(b)) === (word === 'ifeq');
      }
      default:
        return false;
    }
  }

  /** `(a,b)`, `"a" "b"`, `'a' 'b'` */
  #compared(text: string): readonly [string, string] {
    if (text.startsWith('(')) {
      const close = matchingClose(text, 0);
      const [a = '', ...b] = splitArguments(text.slice(1, close), '(', 2);
      return [a.trim(), b.join(',').trim()];
    }
    const quoted = /^(["'])(.*?)\1\s*(["'])(.*)\3$/.exec(text);
    return [quoted?.[2] ?? '', quoted?.[4] ?? ''];
  }

  #statement(text: string): 'rule' | 'other' {
    const include = /^(-include|sinclude|include)\s+(.*)$/.exec(text);
    if (include !== null) {
      for (const path of wordsOf(this.expand(include[2] as string))) this.include(normalised(path));
      return 'other';
    }
    const prefixed = /^(export|unexport|override|private|undefine)(?:\s+(.*))?$/.exec(text);
    if (prefixed !== null && !/^\S+\s*(?:[:+?!]?=)/.test(text))
      return this.#prefixed(prefixed[1] as string, prefixed[2] ?? '');
    const assignment = assignmentIn(text);
    if (assignment === null) {
      if (text.includes('$(eval') || text.includes('${eval') || /^\$[({](call|foreach|error|if)\b/.test(text))
        this.expand(text);
      return 'rule';
    }
    this.#assign(assignment);
    return 'other';
  }

  #prefixed(word: string, rest: string): 'rule' | 'other' {
    const assignment = assignmentIn(rest);
    if (word === 'export') {
      const names = assignment === null ? wordsOf(this.expand(rest)) : [this.expand(assignment.name).trim()];
      for (const name of names) this.exported.add(name);
    }
    if (word === 'unexport') for (const name of wordsOf(this.expand(rest))) this.exported.delete(name);
    if (word === 'undefine') this.#variables.delete(this.expand(rest).trim());
    else if (assignment !== null) this.#assign(assignment);
    else if (word === 'override' || word === 'private') return this.#statement(rest);
    return 'other';
  }

  #assign({ name: written, operator, text }: Assignment): void {
    const name = this.expand(written).trim();
    const known = this.#variables.get(name);
    if (known?.origin === 'command line') return;
    switch (operator) {
      case '=':
        this.#variables.set(name, { flavor: 'recursive', text, origin: 'file' });
        return;
      case '?=':
        if (this.raw(name) === null) this.#variables.set(name, { flavor: 'recursive', text, origin: 'file' });
        return;
      case '+=':
        this.#append(name, text);
        return;
      case '!=':
        this.set(name, this.#world.shell(this.expand(text)));
        return;
      default:
        this.set(name, this.expand(text));
    }
  }

  #append(name: string, text: string): void {
    const known = this.#variables.get(name);
    if (known === undefined) {
      const below = this.#below(name);
      this.#variables.set(name, {
        flavor: 'recursive',
        text: below === null ? text : `${below} ${text}`,
        origin: 'file',
      });
      return;
    }
    const added = known.flavor === 'simple' ? this.expand(text) : text;
    this.#spend(known.text.length >> 4);
    this.#variables.set(name, { ...known, text: known.text === '' ? added : `${known.text} ${added}` });
  }

  #define(head: string, body: string): void {
    const [, written = '', operator = '='] = /^(\S+)\s*([:+?]?:?=)?\s*$/.exec(head.trim()) ?? [];
    if (written !== '') this.#assign({ name: written, operator: operator.replace('::', ':'), text: body });
  }

  // Expansion

  #spend(characters: number): void {
    this.#work += characters + 1;
    if (this.#work > WORK) throw new MakeLimit('too much to expand');
  }

  expand(text: string): string {
    if (!text.includes('$')) return text;
    return this.#deeper(() => this.#expanded(text));
  }

  #expanded(text: string): string {
    let out = '';
    for (let at = 0; ; ) {
      const dollar = text.indexOf('$', at);
      if (dollar === -1) {
        out += text.slice(at);
        break;
      }
      out += text.slice(at, dollar);
      const next = text[dollar + 1];
      if (next === undefined) break;
      if (next === '(' || next === '{') {
        const close = matchingClose(text, dollar + 1);
        out += this.#reference(text.slice(dollar + 2, close), next);
        at = close + 1;
      } else {
        out += next === '$' ? '$' : this.value(next);
        at = dollar + 2;
      }
    }
    this.#spend(out.length);
    return out;
  }

  /** What stands between `$(` and `)`: a function call, a variable, or a variable with `:a=b`. */
  #reference(inner: string, open: '(' | '{'): string {
    const [, word = ''] = /^\s*([a-z-]+)[ \t]/.exec(inner) ?? [];
    if (word !== '') {
      const lazy = Object.hasOwn(lazyFunctions, word) ? lazyFunctions[word] : undefined;
      const plain = Object.hasOwn(plainFunctions, word) ? plainFunctions[word] : undefined;
      const known = lazy ?? plain;
      if (known !== undefined) {
        const args = splitArguments(inner.slice(inner.indexOf(word) + word.length).trimStart(), open, known.arity);
        return known.run(lazy === undefined ? args.map((arg) => this.expand(arg)) : args, this);
      }
    }
    const colon = topLevelColon(inner);
    if (colon !== -1) {
      const [from = '', ...to] = inner.slice(colon + 1).split('=');
      const pattern = this.expand(from);
      const value = this.value(this.expand(inner.slice(0, colon)));
      const target = this.expand(to.join('='));
      return pattern.includes('%') ? patsubst(pattern, target, value) : patsubst(`%${pattern}`, `%${target}`, value);
    }
    return this.value(this.expand(inner));
  }

  call(name: string, args: readonly string[]): string {
    const saved = new Map<string, Variable | undefined>();
    for (let i = 0; i <= Math.max(9, args.length); i++) {
      saved.set(String(i), this.#variables.get(String(i)));
      this.set(String(i), i === 0 ? name : (args[i - 1] ?? ''));
    }
    try {
      return this.value(name);
    } finally {
      for (const [key, variable] of saved)
        if (variable === undefined) this.#variables.delete(key);
        else this.#variables.set(key, variable);
    }
  }

  withVariable<T>(name: string, value: string, act: () => T): T {
    const saved = this.#variables.get(name);
    this.set(name, value);
    try {
      return act();
    } finally {
      if (saved === undefined) this.#variables.delete(name);
      else this.#variables.set(name, saved);
    }
  }

  wildcard(pattern: string): string {
    return this.#world.wildcard(pattern);
  }

  shell(command: string): string {
    return this.#world.shell(command);
  }
}
