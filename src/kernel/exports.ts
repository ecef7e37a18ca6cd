/**
 * What a source file exports, read from its tokens before preprocessing: the name, who may use it, its namespace. The
 * genksyms view has only the names left; this tells the rest of it.
 *
 * Conditionals are not evaluated, so an export of another configuration is found too; whoever knows the config takes the
 * names that its preprocessor let through. Works on assembler as well: the tokens are C's.
 */
import { spellingOf, textOf } from '../c/lex/spelling.js';
import { BeginsLine, End, Identifier, Punctuator, Text, type TokenList } from '../c/lex/tokens.js';
import { type ExportLicense, licenseOfMacro } from './symvers.js';

/** Example: `EXPORT_SYMBOL_NS_GPL(dma_buf_get, DMA_BUF);` gives { name: 'dma_buf_get', license: 'gpl', namespace: 'DMA_BUF' } */
export interface Export {
  readonly name: string;
  readonly license: ExportLicense;
  readonly namespace: string | null;
  /** The macro that exports it, as written. */
  readonly macro: string;
  /** Byte offset of the macro in the file. */
  readonly offset: number;
}

/** Macros of the kernel's headers that export under other names: what `x` becomes. Which of them exist depends on the config. */
const derived: Readonly<Record<string, { readonly license: ExportLicense; readonly names: readonly string[] }>> = {
  EXPORT_PER_CPU_SYMBOL: { license: 'any', names: ['x', 'per_cpu__x'] },
  EXPORT_PER_CPU_SYMBOL_GPL: { license: 'gpl', names: ['x', 'per_cpu__x'] },
  EXPORT_TRACEPOINT_SYMBOL: {
    license: 'any',
    names: ['__tracepoint_x', '__traceiter_x', '__SCK__tp_func_x', '__SCT__tp_func_x'],
  },
  EXPORT_TRACEPOINT_SYMBOL_GPL: {
    license: 'gpl',
    names: ['__tracepoint_x', '__traceiter_x', '__SCK__tp_func_x', '__SCT__tp_func_x'],
  },
  EXPORT_STATIC_CALL: { license: 'any', names: ['__SCK__x', '__SCT__x'] },
  EXPORT_STATIC_CALL_GPL: { license: 'gpl', names: ['__SCK__x', '__SCT__x'] },
  EXPORT_STATIC_CALL_TRAMP: { license: 'any', names: ['__SCT__x'] },
  EXPORT_STATIC_CALL_TRAMP_GPL: { license: 'gpl', names: ['__SCT__x'] },
  EXPORT_INDIRECT_CALLABLE: { license: 'any', names: ['x'] },
  EXPORT_IPV6_MOD: { license: 'any', names: ['x'] },
  EXPORT_IPV6_MOD_GPL: { license: 'gpl', names: ['x'] },
  EXPORT_SYMBOL_NOVERS: { license: 'any', names: ['x'] },
  // 6.16: for the modules that are listed, GPL, in a namespace of that list.
  EXPORT_SYMBOL_FOR_MODULES: { license: 'gpl', names: ['x'] },
  EXPORT_SYMBOL_GPL_FOR_MODULES: { license: 'gpl', names: ['x'] },
  EXPORT_SYMBOL_IF_KUNIT: { license: 'any', names: ['x'] },
};

const namespaceMacros = new Set(['EXPORT_SYMBOL_NS', 'EXPORT_SYMBOL_NS_GPL']);
const defaultNamespace = spellingOf('DEFAULT_SYMBOL_NAMESPACE');
const hash = spellingOf('#');
const define = spellingOf('define');
const include = spellingOf('include');
const open = spellingOf('(');
const comma = spellingOf(',');
const close = spellingOf(')');

/**
 * linux/export.h looks for DEFAULT_SYMBOL_NAMESPACE once, when it is included: a file that defines it after its includes, as
 * some do, exports into no namespace.
 *
 * `given` is the value of DEFAULT_SYMBOL_NAMESPACE on the command line (`ccflags-y := -D…`), or null.
 */
export function exportsOf(tokens: TokenList, given: string | null = null): readonly Export[] {
  const found: Export[] = [];
  let namespace = bare(given);
  let hasIncluded = false;
  for (let at = 0; at < tokens.length; at++) {
    if (tokens.spelling[at] === hash && ((tokens.flags[at] as number) & BeginsLine) !== 0) {
      const isDefine = tokens.spelling[at + 1] === define;
      hasIncluded ||= tokens.spelling[at + 1] === include;
      if (isDefine && !hasIncluded && tokens.spelling[at + 2] === defaultNamespace)
        namespace = bare(textOf(tokens.spelling[at + 3] as number));
      if (isDefine) at = endOfLine(tokens, at);
    } else if (tokens.kind[at] === Identifier && tokens.spelling[at + 1] === open)
      found.push(...exportAt(tokens, at, namespace));
  }
  return found;
}

/** The last token of the line that `at` begins. */
function endOfLine(tokens: TokenList, at: number): number {
  let last = at;
  while (
    tokens.kind[last + 1] !== End &&
    last + 1 < tokens.length &&
    ((tokens.flags[last + 1] as number) & BeginsLine) === 0
  )
    last++;
  return last;
}

function exportAt(tokens: TokenList, at: number, namespace: string | null): readonly Export[] {
  const macro = textOf(tokens.spelling[at] as number);
  if (!macro.startsWith('EXPORT_')) return [];
  const known = Object.hasOwn(derived, macro) ? derived[macro] : undefined;
  const license = licenseOfMacro.get(macro) ?? known?.license;
  const nameAt = at + 2;
  const after = tokens.spelling[nameAt + 1];
  if (license === undefined || tokens.kind[nameAt] !== Identifier || tokens.kind[nameAt + 1] !== Punctuator) return [];
  if (after !== comma && after !== close) return [];
  const symbol = textOf(tokens.spelling[nameAt] as number);
  const own = namespaceMacros.has(macro) && after === comma ? namespaceAt(tokens, nameAt + 2) : namespace;
  const names = known?.names ?? ['x'];
  const offset = tokens.offset[at] as number;
  return names.map((name) => ({ name: name.replace('x', () => symbol), license, namespace: own, macro, offset }));
}

/** An identifier, or since 6.13 a string. */
function namespaceAt(tokens: TokenList, at: number): string | null {
  const kind = tokens.kind[at];
  return kind === Identifier || kind === Text ? bare(textOf(tokens.spelling[at] as number)) : null;
}

function bare(namespace: string | null): string | null {
  return namespace === null || namespace === '' ? null : namespace.replaceAll('"', '');
}
