/**
 * gendwarfksyms' KABI_RULE records (scripts/gendwarfksyms/kabi.c): strings in the section .discard.gendwarfksyms.kabi_rules that say what is
 * hashed in place of what debug information has.
 */
import { textOf } from '../c/lex/spelling.js';
import { Identifier, Text, type TokenList } from '../c/lex/tokens.js';

export interface DwarfRules {
  readonly declarationsOnly: ReadonlySet<string>;
  readonly byteSizes: ReadonlyMap<string, number>;
  /** `s#name` of a type, or the name of a symbol, -> what is hashed in its place. */
  readonly typeStrings: ReadonlyMap<string, string>;
  /** `enum name enumerator` */
  readonly ignoredEnumerators: ReadonlySet<string>;
  readonly enumeratorValues: ReadonlyMap<string, string>;
}

/** A record is a string: version, hint, target and value, each ended by a NUL. Records of an unknown version or hint say nothing. */
export function dwarfRules(tokens: TokenList): DwarfRules {
  const rules = {
    declarationsOnly: new Set<string>(),
    byteSizes: new Map<string, number>(),
    typeStrings: new Map<string, string>(),
    ignoredEnumerators: new Set<string>(),
    enumeratorValues: new Map<string, string>(),
  };
  for (const [version, hint, target = '', value = ''] of recordsIn(tokens)) {
    if (version !== '1') continue;
    if (hint === 'declonly') rules.declarationsOnly.add(target);
    else if (hint === 'byte_size') rules.byteSizes.set(target, Number(value));
    else if (hint === 'type_string') rules.typeStrings.set(target, value);
    else if (hint === 'enumerator_ignore') rules.ignoredEnumerators.add(target);
    else if (hint === 'enumerator_value') rules.enumeratorValues.set(target, value);
  }
  return rules;
}

/** Initialisers of variables that the rule macros define: `__gendwarfksyms_rule_7[] … = "1\0" "declonly\0" "s" "\0" ""`. */
function* recordsIn({ kind, spelling, length }: TokenList): Generator<string[]> {
  for (let at = 0; at < length; at++) {
    if (kind[at] !== Identifier || !textOf(spelling[at] as number).startsWith('__gendwarfksyms_rule')) continue;
    let text = '';
    for (; at < length && textOf(spelling[at] as number) !== ';'; at++)
      if (kind[at] === Text && isValue(spelling, at)) text += unescaped(textOf(spelling[at] as number));
    yield text.split('\0');
  }
}

/** The section's name is a string too, inside the parentheses of an attribute. */
function isValue(spelling: Int32Array, at: number): boolean {
  const before = textOf(spelling[at - 1] as number);
  return before !== '(';
}

function unescaped(literal: string): string {
  return literal
    .slice(literal.indexOf('"') + 1, -1)
    .replace(/\\0/g, '\0')
    .replace(/\\(["\\])/g, '$1');
}
