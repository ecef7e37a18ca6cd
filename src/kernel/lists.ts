/**
 * What a distribution has promised, read from the files that it already keeps:
 *
 *   - severities (SUSE, kabi/severities): `pattern PASS|FAIL`, the first match counts, no match is FAIL. A pattern with a
 *     slash, or `vmlinux`, is for modules; one in capitals for namespaces; any other for symbols. `*` and `?` are wild.
 *     Before SLE 11 SP2 the verdict was a number, 8 and more failed.
 *   - a list of symbols: RHEL's stable lists and white lists (`[rhel9_x86_64_stablelist]`), UEK's locked lists, Android's
 *     `[abi_symbol_list]`, or no header at all; one name a line, `#` comments.
 *   - a list with versions: Module.kabi_x86_64, in the form of Module.symvers.
 *   - kabi-module (RHEL): a file for each symbol, named like it; `kabiModuleList` makes one list of them.
 */
import { readSymvers, type SymbolVersion } from './symvers.js';

export interface SeverityRule {
  readonly pattern: string;
  readonly target: 'module' | 'namespace' | 'symbol';
  readonly verdict: 'pass' | 'fail';
  readonly line: number;
}

export interface ListedSymbol {
  readonly name: string;
  /** The promised version, where the list has one. */
  readonly crc: number | null;
  readonly line: number;
}

/**
 * Example: `kvm_x86_ops FAIL` is { kind: 'severities', rules: [{ pattern: 'kvm_x86_ops', target: 'symbol', verdict: 'fail',
 * line: 1 }] }; for `symbols`, what is not listed is not promised.
 */
export type PolicyList =
  | { readonly kind: 'severities'; readonly name: string; readonly rules: readonly SeverityRule[] }
  | { readonly kind: 'symbols'; readonly name: string; readonly symbols: ReadonlyMap<string, ListedSymbol> };

export interface PolicyRead {
  readonly list: PolicyList;
  /** Lines that are no rule. */
  readonly bad: readonly { readonly line: number; readonly text: string }[];
}

/** What a list needs to know of a symbol. */
export type Judged = Pick<SymbolVersion, 'name' | 'module' | 'namespace'>;

const symversLine = /^0x[0-9a-fA-F]+\s+\S+\s+\S/;
const severityLine = /^\S+\s+(PASS|FAIL|\d+)$/i;

/** `name` is the file's, for messages. The format shows in the first line that says something. */
export function readPolicyList(name: string, text: string): PolicyRead {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('[')) ?? '';
  if (symversLine.test(first)) return versions(name, text);
  return severityLine.test(first) ? severities(name, lines) : symbols(name, lines);
}

/** `files` are those of redhat/kabi/kabi-module/kabi_ARCH. */
export function kabiModuleList(
  name: string,
  files: readonly { readonly name: string; readonly text: string }[],
): PolicyRead {
  const found = files.map(({ name: symbol, text }, i) => {
    const version = readSymvers(text).symbols.find((one) => one.name === symbol);
    return { name: symbol, crc: version?.crc ?? null, line: i + 1 };
  });
  return { list: { kind: 'symbols', name, symbols: byName(found) }, bad: [] };
}

function byName(found: readonly ListedSymbol[]): ReadonlyMap<string, ListedSymbol> {
  return new Map(found.map((symbol) => [symbol.name, symbol]));
}

function versions(name: string, text: string): PolicyRead {
  const { symbols: found, bad } = readSymvers(text.replace(/^#.*$/gm, ''));
  const listed = found.map((symbol, i) => ({ name: symbol.name, crc: symbol.crc, line: i + 1 }));
  return { list: { kind: 'symbols', name, symbols: byName(listed) }, bad };
}

function severities(name: string, lines: readonly string[]): PolicyRead {
  const rules: SeverityRule[] = [];
  const bad: { line: number; text: string }[] = [];
  for (const [i, text] of lines.entries()) {
    if (text === '') continue;
    const [pattern = '', word = '', ...rest] = text.split(/\s+/);
    const verdict = rest.length === 0 ? verdictOf(word) : null;
    if (verdict === null) bad.push({ line: i + 1, text });
    else rules.push({ pattern, target: targetOf(pattern), verdict, line: i + 1 });
  }
  return { list: { kind: 'severities', name, rules }, bad };
}

function verdictOf(word: string): 'pass' | 'fail' | null {
  if (/^\d+$/.test(word)) return Number(word) >= 8 ? 'fail' : 'pass';
  const upper = word.toUpperCase();
  return upper === 'PASS' ? 'pass' : upper === 'FAIL' ? 'fail' : null;
}

function targetOf(pattern: string): SeverityRule['target'] {
  if (pattern.includes('/') || pattern === 'vmlinux') return 'module';
  return /[A-Z]/.test(pattern) && pattern === pattern.toUpperCase() ? 'namespace' : 'symbol';
}

function symbols(name: string, lines: readonly string[]): PolicyRead {
  const found: ListedSymbol[] = [];
  const bad: { line: number; text: string }[] = [];
  for (const [i, text] of lines.entries()) {
    if (text === '' || /^\[[^\]]*\]$/.test(text)) continue;
    if (/^[A-Za-z_.$][\w.$]*$/.test(text)) found.push({ name: text, crc: null, line: i + 1 });
    else bad.push({ line: i + 1, text });
  }
  return { list: { kind: 'symbols', name, symbols: byName(found) }, bad };
}

/** Is a change of this symbol one that the distribution has promised not to make? */
export function isPromised(list: PolicyList, symbol: Judged): boolean {
  if (list.kind === 'symbols') return list.symbols.has(symbol.name);
  return ruleFor(list.rules, symbol)?.verdict !== 'pass';
}

/** The rule that decides, or null where none matches. */
export function ruleFor(rules: readonly SeverityRule[], symbol: Judged): SeverityRule | null {
  return rules.find((rule) => matches(rule, symbol)) ?? null;
}

function matches({ target, pattern }: SeverityRule, symbol: Judged): boolean {
  switch (target) {
    case 'module':
      return matchesGlob(pattern, symbol.module);
    case 'namespace':
      return symbol.namespace !== null && matchesGlob(pattern, symbol.namespace);
    case 'symbol':
      return matchesGlob(pattern, symbol.name);
  }
}

/** Shell wildcards over the whole text; `*` passes slashes too. Linear but for one step back to the last `*`. */
export function matchesGlob(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Rules and names that no symbol of the kernel matches any more, as text with their lines. */
export function unusedRules(
  list: PolicyList,
  symbols: readonly Judged[],
): readonly { readonly line: number; readonly text: string }[] {
  if (list.kind === 'symbols') {
    const names = new Set(symbols.map((symbol) => symbol.name));
    return [...list.symbols.values()]
      .filter(({ name }) => !names.has(name))
      .map(({ name, line }) => ({ line, text: name }));
  }
  // A rule that an earlier one always hides matches nothing either: only the rule that decides is used.
  const used = new Set(symbols.map((symbol) => ruleFor(list.rules, symbol)));
  return list.rules
    .filter((rule) => !used.has(rule))
    .map(({ pattern, verdict, line }) => ({ line, text: `${pattern} ${verdict.toUpperCase()}` }));
}
