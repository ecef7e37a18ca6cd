import { describe, expect, test } from '@jest/globals';
import { readDeclarations } from '../../src/c/declarations.js';
import { targets } from '../../src/c/target.js';
import { tokenize } from '../../src/c/tokenize.js';
import { dwarfDump, dwarfRules } from '../../src/genksyms/dwarf-rules.js';

function dumpOf(text: string): string {
  const tokens = tokenize(Buffer.from(`${text}\nint f(struct s *p) { return 0; }`));
  const declared = readDeclarations(tokens, { target: targets.x86_64 });
  return JSON.stringify([...dwarfDump(declared, ['f'], dwarfRules(tokens))]);
}

const rule = (hint: string, target: string, value = '') =>
  `static const char __gendwarfksyms_rule_1[] __attribute__((section(".discard.gendwarfksyms.kabi_rules"))) = "1\\0" "${hint}\\0" "${target}\\0" "${value}";`;

describe('What gendwarfksyms hashes', () => {
  test.each([
    [
      'a reserved slot that is used',
      'struct s { int a; union { long __kabi_reserved0; }; };',
      'struct s { int a; union { long __kabi_reserved0; struct { int b; int c; }; }; };',
    ],
    [
      'a reserved slot that is a plain member before',
      'struct s { int a; long __kabi_reserved0; };',
      'struct s { int a; union { long __kabi_reserved1; struct { int b; int c; }; }; };',
    ],
    [
      'a member in a hole that is to be ignored',
      'struct s { int a; long b; };',
      'struct s { int a; union { struct { int new; }; int __kabi_ignored0; }; long b; };',
    ],
    ['a renamed member', 'struct s { int a; };', 'struct s { union { int __kabi_renamed_a; int b; }; };'],
    [
      'a size that a rule keeps',
      'struct s { int a; union { long __kabi_ignored1; }; };',
      `struct s { int a; union { long __kabi_ignored1; char more[64]; }; };${rule('byte_size', 's', '16')}`,
    ],
    [
      'a type that a rule hides',
      `struct s { int a; };${rule('declonly', 's')}`,
      `struct s { long a; };${rule('declonly', 's')}`,
    ],
    [
      'an enumerator that a rule hides',
      `enum e { A }; struct s { enum e e; };`,
      `enum e { A, B }; struct s { enum e e; };${rule('enumerator_ignore', 'e B')}`,
    ],
    [
      'a value that a rule keeps',
      `enum e { A, Z }; struct s { enum e e; };`,
      `enum e { A, B, Z }; struct s { enum e e; };${rule('enumerator_ignore', 'e B')}${rule('enumerator_value', 'e Z', '1')}`,
    ],
    ['how a type is spelled', 'struct s { unsigned int a, b; };', 'struct s { unsigned a; unsigned int b; };'],
  ])('%s: the same', (_, before, after) => expect(dumpOf(after)).toBe(dumpOf(before)));

  test.each([
    ['a new member', 'struct s { int a; };', 'struct s { int a; int b; };'],
    ['a member that __GENKSYMS__ would hide', 'struct s { int a; };', 'struct s { int a; char c; };'],
    ['another order', 'struct s { int a; int b; };', 'struct s { int b; int a; };'],
    ['a packed type', 'struct s { char a; int b; };', 'struct s { char a; int b; } __attribute__((packed));'],
    ['an enumerator', 'enum e { A }; struct s { enum e e; };', 'enum e { A, B }; struct s { enum e e; };'],
    [
      'a reserved slot of another size',
      'struct s { union { long __kabi_reserved0; }; };',
      'struct s { union { int __kabi_reserved0; }; };',
    ],
    [
      'what a member points to',
      'struct t { int a; }; struct s { struct t *t; };',
      'struct t { long a; }; struct s { struct t *t; };',
    ],
    [
      'a rule of an unknown version',
      'struct s { int a; };',
      `struct s { long a; };${rule('declonly', 's').replace('"1\\0"', '"9\\0"')}`,
    ],
  ])('%s: another', (_, before, after) => expect(dumpOf(after)).not.toBe(dumpOf(before)));
});
