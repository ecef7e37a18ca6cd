/**
 * GNU make's functions (manual, chapter 8), and the kernel's own (scripts/Kbuild.include, scripts/Makefile.compiler) that
 * ask the compiler. No compiler is asked: an option that a makefile tries is taken to work, since what the kernel tries are
 * warnings and tuning; versions come from the config (CONFIG_GCC_VERSION, …).
 */
import { filterWords, patsubst, sortWords, wordsOf } from './words.js';

/** What a function may ask of the evaluation it runs in. */
export interface Evaluation {
  expand(text: string): string;
  /** The expanded value of a variable. */
  value(name: string): string;
  /** As written. */
  raw(name: string): string | null;
  origin(name: string): string;
  call(name: string, args: readonly string[]): string;
  withVariable<T>(name: string, value: string, act: () => T): T;
  /** Reads the text as a part of the makefile; ''. */
  evaluateText(text: string): '';
  wildcard(pattern: string): string;
  shell(command: string): string;
}

type Plain = (args: readonly string[], run: Evaluation) => string;

const dirOf = (word: string): string => (word.includes('/') ? word.slice(0, word.lastIndexOf('/') + 1) : './');
const notdirOf = (word: string): string => word.slice(word.lastIndexOf('/') + 1);
const suffixOf = (word: string): string => /\.[^./]*$/.exec(word)?.[0] ?? '';
const each = (text: string | undefined, change: (word: string) => string): string =>
  wordsOf(text ?? '')
    .map(change)
    .filter((word) => word !== '')
    .join(' ');

/**
 * Functions whose arguments are expanded before the call. How many arguments a function has decides which commas split.
 * `$(error …)` would end make; here the rest of the file is still read.
 */
export const plainFunctions: Readonly<Record<string, { readonly arity: number; readonly run: Plain }>> = {
  subst: { arity: 3, run: ([from = '', to = '', text = '']) => (from === '' ? text + to : text.split(from).join(to)) },
  patsubst: { arity: 3, run: ([pattern = '', to = '', text = '']) => patsubst(pattern.trim(), to.trim(), text) },
  strip: { arity: 1, run: ([text = '']) => wordsOf(text).join(' ') },
  findstring: { arity: 2, run: ([find = '', text = '']) => (text.includes(find) ? find : '') },
  filter: { arity: 2, run: ([patterns = '', text = '']) => filterWords(patterns, text, 'matching') },
  'filter-out': { arity: 2, run: ([patterns = '', text = '']) => filterWords(patterns, text, 'others') },
  sort: { arity: 1, run: ([text = '']) => sortWords(text) },
  word: { arity: 2, run: ([n = '', text = '']) => wordsOf(text)[Number(n) - 1] ?? '' },
  words: { arity: 1, run: ([text = '']) => String(wordsOf(text).length) },
  wordlist: {
    arity: 3,
    run: ([from = '', to = '', text = '']) =>
      wordsOf(text)
        .slice(Number(from) - 1, Number(to))
        .join(' '),
  },
  firstword: { arity: 1, run: ([text = '']) => wordsOf(text)[0] ?? '' },
  lastword: { arity: 1, run: ([text = '']) => wordsOf(text).at(-1) ?? '' },
  dir: { arity: 1, run: ([text]) => each(text, dirOf) },
  notdir: { arity: 1, run: ([text]) => each(text, notdirOf) },
  suffix: { arity: 1, run: ([text]) => each(text, suffixOf) },
  basename: { arity: 1, run: ([text]) => each(text, (word) => word.slice(0, word.length - suffixOf(word).length)) },
  addsuffix: { arity: 2, run: ([suffix = '', text]) => each(text, (word) => word + suffix) },
  addprefix: { arity: 2, run: ([prefix = '', text]) => each(text, (word) => prefix + word) },
  join: {
    arity: 2,
    run: ([first = '', second = '']) => {
      const [a, b] = [wordsOf(first), wordsOf(second)];
      return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? '') + (b[i] ?? '')).join(' ');
    },
  },
  wildcard: { arity: 1, run: ([text], run) => each(text, (pattern) => run.wildcard(pattern)) },
  realpath: { arity: 1, run: ([text = '']) => text },
  abspath: { arity: 1, run: ([text = '']) => text },
  origin: { arity: 1, run: ([name = ''], run) => run.origin(name) },
  flavor: { arity: 1, run: ([name = ''], run) => (run.raw(name) === null ? 'undefined' : 'recursive') },
  value: { arity: 1, run: ([name = ''], run) => run.raw(name) ?? '' },
  shell: { arity: 1, run: ([command = ''], run) => run.shell(command) },
  info: { arity: 1, run: () => '' },
  warning: { arity: 1, run: () => '' },
  error: { arity: 1, run: () => '' },
  file: { arity: 2, run: () => '' },
  eval: { arity: 1, run: ([text = ''], run) => run.evaluateText(text) },
  call: {
    arity: Number.POSITIVE_INFINITY,
    run: ([name = '', ...args], run) => {
      const known = kernelFunctions[name.trim()];
      return known === undefined ? run.call(name.trim(), args) : known(args, run);
    },
  },
};

/** Functions that expand only some of their arguments: the untouched texts come in. */
export const lazyFunctions: Readonly<Record<string, { readonly arity: number; readonly run: Plain }>> = {
  if: {
    arity: 3,
    run: ([condition = '', yes = '', no = ''], run) =>
      run.expand(run.expand(condition.trim()).trim() === '' ? no : yes),
  },
  or: {
    arity: Number.POSITIVE_INFINITY,
    run: (args, run) => {
      for (const arg of args) {
        const text = run.expand(arg.trim());
        if (text !== '') return text;
      }
      return '';
    },
  },
  and: {
    arity: Number.POSITIVE_INFINITY,
    run: (args, run) => {
      let text = '';
      for (const arg of args) {
        text = run.expand(arg.trim());
        if (text === '') return '';
      }
      return text;
    },
  },
  foreach: {
    arity: 3,
    run: ([name = '', list = '', body = ''], run) =>
      wordsOf(run.expand(list))
        .map((word) => run.withVariable(run.expand(name).trim(), word, () => run.expand(body)))
        .join(' '),
  },
};

function versionAtLeast(variable: string): Plain {
  return ([wanted = ''], run) => (Number(run.value(variable)) >= Number(wanted) ? 'y' : '');
}

const first: Plain = ([option = '']) => option.trim();
const never: Plain = () => '';

/** `cc-ifversion, -lt, 0402, yes, no`: two digits each for major and minor, against CONFIG_GCC_VERSION's 40200. */
const ifVersion: Plain = ([operator = '', wanted = '', yes = '', no = ''], run) => {
  const have = Math.floor(Number(run.value('CONFIG_GCC_VERSION') || 40800) / 100);
  const want = Number(wanted);
  const holds =
    { '-lt': have < want, '-le': have <= want, '-gt': have > want, '-ge': have >= want, '-eq': have === want }[
      operator.trim()
    ] ?? false;
  return holds ? yes.trim() : no.trim();
};

const test =
  (holds: (a: number, b: number) => boolean): Plain =>
  ([a = '', b = '']) =>
    holds(Number(a), Number(b)) ? 'y' : '';

export const kernelFunctions: Readonly<Record<string, Plain>> = {
  'cc-option': first,
  '__cc-option': (args) => args[2]?.trim() ?? '',
  'cc-option-yn': () => 'y',
  'cc-option-align': () => '-falign',
  'cc-disable-warning': ([warning = '']) => `-Wno-${warning.trim()}`,
  'cc-ifversion': ifVersion,
  'gcc-ifversion': ifVersion,
  'gcc-min-version': versionAtLeast('CONFIG_GCC_VERSION'),
  'clang-min-version': versionAtLeast('CONFIG_CLANG_VERSION'),
  'rustc-min-version': versionAtLeast('CONFIG_RUSTC_VERSION'),
  'as-option': first,
  'as-option-yn': () => 'y',
  'as-instr': ([, yes = '']) => yes.trim(),
  'ld-option': first,
  'ld-ifversion': ([, , yes = '']) => yes.trim(),
  'hostcc-option': first,
  'try-run': ([, yes = '']) => yes.trim(),
  'cc-cross-prefix': never,
  'cc-ldoption': first,
  'test-ge': test((a, b) => a >= b),
  'test-gt': test((a, b) => a > b),
  'test-le': test((a, b) => a <= b),
  'test-lt': test((a, b) => a < b),
  if_changed: never,
  if_changed_dep: never,
  if_changed_rule: never,
  cmd: never,
  filechk: never,
};
