/**
 * What one file says by name, whatever its conditions: the raw material of the tree's name index. Every token counts, dead
 * branches and macro bodies included, because the index serves all configurations; who asks reads the few files it names.
 */
import { type Conditions, selectLive } from '../c/conditions.js';
import { outlineOf, punct, type TypeName } from '../c/outline.js';
import { spellingOf, textOf } from '../c/spelling.js';
import { tokenize } from '../c/tokenize.js';
import { BeginsLine, End, Identifier, type TokenList } from '../c/tokens.js';

export type DeclaredKind = 'record' | 'typedef' | 'object' | 'macro';

export interface MacroMentions {
  readonly name: string;
  /** Members that it touches and tags that it spells; fixed: whatever its arguments are, as `current->pid` is. */
  readonly touched: readonly { readonly member: string; readonly isFixed: boolean }[];
  readonly calls: readonly string[];
}

export interface FileMentions {
  readonly declared: readonly { readonly kind: DeclaredKind; readonly name: string }[];
  /** `operand->member` and `operand.member`: operand is the name right before, '' where it is no name. */
  readonly accesses: readonly { readonly operand: string; readonly member: string }[];
  /** Names that stand alone as an argument, where a macro may take them for a member. */
  readonly bareArguments: readonly string[];
  /** `struct tag` and `union tag` in any use. */
  readonly tags: readonly string[];
  /** Members, objects and functions by the type they lead to. */
  readonly typed: readonly { readonly base: string; readonly name: string }[];
  /** Macros: members they touch and tags they spell, names they call. */
  readonly macros: readonly MacroMentions[];
  readonly calls: readonly string[];
  /** Operands of sizeof by name: `sizeof(*p)`, `sizeof(x)`. */
  readonly sizeofs: readonly string[];
  readonly includes: readonly string[];
}

const sizeofWord = spellingOf('sizeof');
const structWord = spellingOf('struct');
const unionWord = spellingOf('union');
const hash = spellingOf('#');
const include = spellingOf('include');

/** Conditions of a reader who knows no configuration: kernel code, seen by the compiler. */
export const anyConfiguration: Conditions = {
  defined: (name) => {
    if (name === '__KERNEL__') return true;
    return name === '__GENKSYMS__' || name === '__ASSEMBLY__' || name === '__cplusplus' ? false : null;
  },
};

export function mentionsOf(bytes: Uint8Array): FileMentions {
  const tokens = tokenize(bytes);
  const outline = outlineOf(tokens, anyConfiguration);
  const { macros } = selectLive(tokens, anyConfiguration);
  const declared: { kind: DeclaredKind; name: string }[] = [];
  const typed: { base: string; name: string }[] = [];
  const reaches = (type: TypeName, name: string) => {
    const base = type.base === '' ? (type.returns?.base ?? '') : type.base;
    if (base !== '' && base !== 'typeof' && !basic.has(base) && !base.startsWith('enum ')) typed.push({ base, name });
  };
  for (const record of outline.records.values()) {
    declared.push({ kind: 'record', name: record.base });
    for (const member of record.members.values()) reaches(member.type, member.name);
  }
  for (const [name, type] of outline.typedefs) {
    declared.push({ kind: 'typedef', name });
    reaches(type, name);
  }
  for (const one of outline.functions) {
    declared.push({ kind: 'object', name: one.name });
    reaches(one.returns, one.name);
  }
  for (const variable of outline.variables) {
    declared.push({ kind: 'object', name: variable.name });
    reaches(variable.type, variable.name);
  }
  const macroMentions: MacroMentions[] = [];
  for (const macro of macros.values()) {
    const first = macro.body.kind[0];
    const callable = macro.parameters !== null;
    if (macro.body.length === 0 || (!callable && first !== Identifier && macro.body.spelling[0] !== punct.open))
      continue;
    declared.push({ kind: 'macro', name: macro.name });
    const said = scan(macro.body, 0, macro.body.length);
    const parameters = new Set(macro.parameters ?? []);
    const touched = [...said.accesses].map((pair) => {
      const [operand = '', member = ''] = pair.split(' ');
      return { member, isFixed: operand !== '' && !parameters.has(operand) };
    });
    // `#define d_lock d_lockref.lock`: a member under another name.
    if (!callable && first === Identifier && (macro.body.length === 1 || macro.body.spelling[1] === punct.dot))
      touched.push({ member: textOf(macro.body.spelling[0] as number), isFixed: false });
    for (const tag of said.tags) touched.push({ member: tag, isFixed: true });
    macroMentions.push({ name: macro.name, touched, calls: [...said.calls] });
  }
  const said = scan(tokens, 0, tokens.length - 1);
  return {
    declared,
    typed: unique(typed, ({ base, name }) => `${base}>${name}`),
    accesses: [...said.accesses].map((pair) => {
      const [operand, member] = pair.split(' ');
      return { operand: operand as string, member: member as string };
    }),
    bareArguments: [...said.bareArguments],
    tags: [...said.tags],
    macros: macroMentions,
    calls: [...said.calls],
    sizeofs: [...said.sizeofs],
    includes: includesOf(tokens),
  };
}

const basic = new Set(
  ['void', 'char', 'short', 'int', 'long', 'float', 'double', 'signed', 'unsigned', '_Bool', 'bool'].concat(
    [
      'u8',
      'u16',
      'u32',
      'u64',
      's8',
      's16',
      's32',
      's64',
      '__u8',
      '__u16',
      '__u32',
      '__u64',
      '__le16',
      '__le32',
      '__le64',
      '__be16',
    ],
    [
      '__be32',
      '__be64',
      'uint8_t',
      'uint16_t',
      'uint32_t',
      'uint64_t',
      'size_t',
      'ssize_t',
      'gfp_t',
      'dma_addr_t',
      'loff_t',
      'uint',
    ],
  ),
);

function unique<T>(values: readonly T[], key: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}

interface Said {
  readonly accesses: Set<string>;
  readonly bareArguments: Set<string>;
  readonly tags: Set<string>;
  readonly calls: Set<string>;
  readonly sizeofs: Set<string>;
}

function scan(tokens: TokenList, start: number, end: number): Said {
  const said: Said = {
    accesses: new Set(),
    bareArguments: new Set(),
    tags: new Set(),
    calls: new Set(),
    sizeofs: new Set(),
  };
  const { spelling, kind } = tokens;
  for (let at = start; at < end; at++) {
    if (kind[at] !== Identifier) continue;
    const before = at > start ? spelling[at - 1] : 0;
    const after = at + 1 < end ? spelling[at + 1] : 0;
    if (before === punct.arrow || (before === punct.dot && !isDesignator(tokens, at - 2, start)))
      said.accesses.add(`${operandName(tokens, at - 2, start)} ${textOf(spelling[at] as number)}`);
    else if (
      (before === punct.comma || before === punct.open) &&
      (after === punct.close || after === punct.comma || after === punct.dot)
    ) {
      said.bareArguments.add(textOf(spelling[at] as number));
    }
    if (before === structWord || before === unionWord)
      said.tags.add(`${textOf(before as number)} ${textOf(spelling[at] as number)}`);
    if (after === punct.open) said.calls.add(textOf(spelling[at] as number));
    if (spelling[at] === sizeofWord) {
      const operand = sizeofOperand(tokens, at, end);
      if (operand !== '') said.sizeofs.add(operand);
    }
  }
  return said;
}

/** `.name = …` in an initialiser: nothing that has a value stands before the dot. */
function isDesignator(tokens: TokenList, at: number, start: number): boolean {
  if (at < start) return true;
  const spelling = tokens.spelling[at];
  return tokens.kind[at] !== Identifier && spelling !== punct.close && spelling !== punct.endBracket;
}

/** The name whose type the operand has: `a->b` before `[2].c` gives b; of a call, the function. */
function operandName(tokens: TokenList, at: number, start: number): string {
  let i = at;
  for (let steps = 0; i >= start && steps < 200; steps++) {
    const spelling = tokens.spelling[i] as number;
    if (tokens.kind[i] === Identifier) return textOf(spelling);
    if (spelling !== punct.endBracket && spelling !== punct.close) return '';
    let depth = 0;
    const open = spelling === punct.close ? punct.open : punct.bracket;
    for (; i >= start; i--) {
      if (tokens.spelling[i] === spelling) depth++;
      else if (tokens.spelling[i] === open && --depth === 0) break;
    }
    i--;
    if (spelling === punct.close && tokens.kind[i] !== Identifier) return '';
  }
  return '';
}

/** The last plain name in `sizeof(*a->b)` or `sizeof *x`; tags are found as tags. */
function sizeofOperand(tokens: TokenList, at: number, end: number): string {
  let name = '';
  let i = at + 1;
  if (tokens.spelling[i] === punct.open) i++;
  for (; i < end && i < at + 16; i++) {
    const spelling = tokens.spelling[i] as number;
    if (tokens.kind[i] === Identifier) name = textOf(spelling);
    else if (spelling !== punct.star && spelling !== punct.arrow && spelling !== punct.dot && spelling !== punct.open)
      break;
  }
  return name;
}

function includesOf(tokens: TokenList): string[] {
  const found: string[] = [];
  for (let at = 0; tokens.kind[at] !== End; at++) {
    if (
      tokens.spelling[at] !== hash ||
      ((tokens.flags[at] as number) & BeginsLine) === 0 ||
      tokens.spelling[at + 1] !== include
    )
      continue;
    let name = '';
    for (let i = at + 2; ((tokens.flags[i] as number) & BeginsLine) === 0 && tokens.kind[i] !== End; i++)
      name += textOf(tokens.spelling[i] as number);
    found.push(name.replace(/^[<"]|[>"]$/g, ''));
  }
  return found;
}
