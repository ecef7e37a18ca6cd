/**
 * The compiler's flags of an object (the kernel's scripts/Makefile.lib: _c_flags, modkern_cflags, modname_flags), cut into
 * what a preprocessor needs: macros, include directories, files included first. All else is in `options`.
 */
import type { Make } from './make/evaluate.js';
import { filterWords, normalised } from './make/words.js';

export interface UnitFlags {
  /** `-D` and `-U` in their order; a value of null undefines. `-DX` gives '1'. */
  readonly defines: readonly (readonly [name: string, value: string | null])[];
  /** Directories of `-I`, `-isystem`, `-iquote`, as paths of the tree, in order, each once. */
  readonly includes: readonly string[];
  /** Files of `-include`, in order. */
  readonly preincludes: readonly string[];
  /** Everything else, as spelled: `-m64`, `-O2`, `-fshort-wchar`. Decides predefined macros. */
  readonly options: readonly string[];
}

/** Sanitizers and the like: on for an object unless its makefile says `n` for it or for its directory. */
const instruments: readonly {
  readonly config: string;
  readonly say: string;
  readonly flags: string;
  readonly all: string | null;
}[] = [
  { config: 'CONFIG_GCOV_KERNEL', say: 'GCOV_PROFILE', flags: 'CFLAGS_GCOV', all: 'CONFIG_GCOV_PROFILE_ALL' },
  { config: 'CONFIG_KASAN', say: 'KASAN_SANITIZE', flags: 'CFLAGS_KASAN', all: null },
  { config: 'CONFIG_KMSAN', say: 'KMSAN_SANITIZE', flags: 'CFLAGS_KMSAN', all: null },
  { config: 'CONFIG_UBSAN', say: 'UBSAN_SANITIZE', flags: 'CFLAGS_UBSAN', all: 'CONFIG_UBSAN_SANITIZE_ALL' },
  { config: 'CONFIG_KCOV', say: 'KCOV_INSTRUMENT', flags: 'CFLAGS_KCOV', all: 'CONFIG_KCOV_INSTRUMENT_ALL' },
  { config: 'CONFIG_KCSAN', say: 'KCSAN_SANITIZE', flags: 'CFLAGS_KCSAN', all: null },
];

/** The flags of the objects of one directory; objects without flags of their own share one value. */
export class DirectoryFlags {
  readonly #make: Make;
  readonly #dir: string;
  readonly #shared = new Map<string, UnitFlags>();
  readonly #instruments: typeof instruments;

  constructor(make: Make, dir: string) {
    this.#make = make;
    this.#dir = dir;
    this.#instruments = instruments.filter(({ config }) => make.value(config) === 'y');
  }

  /** `stem` is the object's name in the directory without `.o`: `fork`, `libxfs/xfs_bmap`. */
  of(stem: string, place: 'builtin' | 'module'): UnitFlags {
    const make = this.#make;
    const basetarget = stem.slice(stem.lastIndexOf('/') + 1);
    const names = stem === basetarget ? [stem] : [stem, basetarget];
    const own = names
      .map((name) => make.value(`CFLAGS_${name}.o`))
      .join(' ')
      .trim();
    const removed = names
      .map((name) => make.value(`CFLAGS_REMOVE_${name}.o`))
      .join(' ')
      .trim();
    const instrumented = this.#instruments.map(({ say, flags, all }) => {
      const said = make.value(`${say}_${basetarget}.o`) + make.value(say) + (all === null ? 'y' : make.value(all));
      return said !== '' && !said.startsWith('n') ? make.value(flags) : '';
    });
    const key = [place, own, removed, ...instrumented].join('\0');
    let flags = this.#shared.get(key);
    if (flags === undefined) {
      const text = `${filterWords(removed, `${this.#common()} ${own}`, 'others')} ${instrumented.join(' ')}`;
      flags = cutFlags(
        `${make.value('LINUXINCLUDE')} ${this.#compilerTypes()} ${text} -I ${this.#dir} ${this.#placed(place)}`,
      );
      this.#shared.set(key, flags);
    }
    return flags;
  }

  /** 2.6.23 and older say CPPFLAGS and CFLAGS; 2.6.24 began to call them KBUILD_…. */
  #common(): string {
    const make = this.#make;
    const cpp = make.value('KBUILD_CPPFLAGS') || make.value('CPPFLAGS');
    const c = make.value('KBUILD_CFLAGS') || make.value('CFLAGS');
    const all = `${cpp} ${c} ${make.value('subdir-ccflags-y')} ${make.value('ccflags-y')} ${make.value('EXTRA_CFLAGS')}`;
    return filterWords(make.value('ccflags-remove-y'), all, 'others');
  }

  #placed(place: 'builtin' | 'module'): string {
    const names =
      place === 'module' ? ['KBUILD_CFLAGS_MODULE', 'CFLAGS_MODULE'] : ['KBUILD_CFLAGS_KERNEL', 'CFLAGS_KERNEL'];
    return names.map((name) => this.#make.value(name)).join(' ');
  }

  /** Makefile.lib itself includes this header first since 4.16. */
  #compilerTypes(): string {
    return this.#make.wildcard('include/linux/compiler_types.h') === ''
      ? ''
      : '-include include/linux/compiler_types.h';
  }
}

/** Words as the shell would pass them on: quotes and backslashes gone. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const c = text[at] as string;
    if (quote !== '') {
      if (c === quote) quote = '';
      else if (c === '\\' && quote === '"' && /["\\$`]/.test(text[at + 1] ?? '')) word += text[++at] as string;
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      word ??= '';
    } else if (c === '\\') word = (word ?? '') + (text[++at] ?? '');
    else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  return word === null ? words : [...words, word];
}

/** Options of cpp that take a word of their own where none is joined to them; longest first. */
const withArgument = ['-include', '-isystem', '-iquote', '-idirafter', '-D', '-U', '-I'];

function cutFlags(text: string): UnitFlags {
  const defines: [string, string | null][] = [];
  const includes = new Set<string>();
  const preincludes: string[] = [];
  const options: string[] = [];
  const words = shellWords(text);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const option = withArgument.find((prefix) => word.startsWith(prefix));
    if (option === undefined) {
      if (word === '-o' || word === '-x' || word === '--param') at++;
      else if (word.startsWith('-')) options.push(word);
      continue;
    }
    const argument = word.length > option.length ? word.slice(option.length) : (words[++at] ?? '');
    if (option === '-D') defines.push(definition(argument));
    else if (option === '-U') defines.push([argument, null]);
    else if (option === '-include') preincludes.push(normalised(argument));
    else includes.add(normalised(argument));
  }
  return { defines, includes: [...includes], preincludes, options };
}

function definition(argument: string): [string, string] {
  const equals = argument.indexOf('=');
  return equals === -1 ? [argument, '1'] : [argument.slice(0, equals), argument.slice(equals + 1)];
}
